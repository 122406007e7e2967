//! The proof that `firstline replay` gives the figures that others computed from real recordings: every count, rate,
//! duration and level of `../shared/data/*/expected.json`, through the real binary, with the standards in
//! `tests/standards` and the mappings in `tests/mappings`. What is not compared is named, with its reason, beside the set.
//!
//! Without the data, which lies beside the repository, a test says that it is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot read its own data fails, and says so when it is skipped"
)]

#[path = "recordings/asterisk.rs"]
mod asterisk;
#[path = "recordings/boston311.rs"]
mod boston311;
#[path = "recordings/comparison.rs"]
mod comparison;
#[path = "recordings/replay.rs"]
mod replay;
#[path = "recordings/servicenow.rs"]
mod servicenow;
#[path = "recordings/technion.rs"]
mod technion;
