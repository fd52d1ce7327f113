//! See `parlour::fuzzing::socket_frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::socket_frames(data));
