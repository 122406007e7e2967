//! Fuzz target of `entry::queue_log`.
#![no_main]

#[path = "../../tests/fuzz/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::queue_log(bytes));
