//! See `parlour::fuzzing::search_words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::search_words(data));
