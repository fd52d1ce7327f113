//! See `parlour::fuzzing::guard_cost`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parlour::fuzzing::guard_cost(data));
