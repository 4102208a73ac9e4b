//! Fuzzes received messages; see `ayaz_ingest::any_payload`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ayaz_ingest::any_payload::check(input));
