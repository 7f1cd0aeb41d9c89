#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| program::fuzz::json(input));
