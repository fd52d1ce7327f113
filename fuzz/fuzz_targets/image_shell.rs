//! See `parlour::fuzzing::image_shell`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::image_shell(data));
