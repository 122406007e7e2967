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
#[path = "recordings/asterisk22.rs"]
mod asterisk22;
#[path = "recordings/asterisk22_agents.rs"]
mod asterisk22_agents;
#[path = "recordings/boston311.rs"]
mod boston311;
#[expect(dead_code, reason = "shared with the tests of legs, which use more of it")]
#[path = "legs/breakages.rs"]
mod breakages;
#[path = "recordings/comparison.rs"]
mod comparison;
#[expect(dead_code, reason = "shared with the tests of legs, which use more of it")]
#[path = "legs/event.rs"]
mod event;
#[path = "recordings/first_contact_cases.rs"]
mod first_contact_cases;
#[path = "legs/model.rs"]
mod model;
#[path = "recordings/replay.rs"]
mod replay;
#[path = "recordings/servicenow.rs"]
mod servicenow;
#[path = "recordings/technion.rs"]
mod technion;
