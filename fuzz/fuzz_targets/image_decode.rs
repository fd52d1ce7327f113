//! See `parlour::fuzzing::image_decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::image_decode(data));
