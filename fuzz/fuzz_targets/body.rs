//! Fuzz target of `entry::body`.
#![no_main]

#[path = "../../tests/fuzz/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::body(bytes));
