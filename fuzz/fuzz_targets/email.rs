//! See `parlour::fuzzing::email`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::email(data));
