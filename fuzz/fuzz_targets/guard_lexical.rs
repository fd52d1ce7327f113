//! See `parlour::fuzzing::guard_lexical`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::guard_lexical(data));
