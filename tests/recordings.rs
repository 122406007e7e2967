//! Compares `firstline replay` with figures that were computed independently from real recordings,
//! and with those of small recorded cases.
//!
//! The tests cover every count, rate, duration and gauge of `../shared/data/*/expected.json`. They
//! run the binary with the standards in `tests/standards` and the mappings in `tests/mappings`.
//! Each module lists the figures it does not compare, with the reason.
//!
//! Tests are skipped with a message if the data beside the repository is missing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test without its data panics, a skipped test prints a message"
)]

#[path = "recordings/asterisk.rs"]
mod asterisk;
#[path = "recordings/boston311.rs"]
mod boston311;
#[path = "recordings/comparison.rs"]
mod comparison;
#[path = "recordings/first_contact_cases.rs"]
mod first_contact_cases;
#[path = "recordings/replay.rs"]
mod replay;
#[path = "recordings/servicenow.rs"]
mod servicenow;
#[path = "recordings/technion.rs"]
mod technion;
