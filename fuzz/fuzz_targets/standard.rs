//! Fuzz target of `entry::standard`.
#![no_main]

#[path = "../../tests/fuzz/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::standard(bytes));
