//! See `parlour::fuzzing::socket_protocol`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::socket_protocol(data));
