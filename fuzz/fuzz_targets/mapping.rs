//! Fuzz target of `entry::mapping`.
#![no_main]

#[path = "../../tests/fuzz/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::mapping(bytes));
