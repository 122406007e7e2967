//! Facts derived from cases: the catalog of fact kinds and the clock reports of commitments.

pub mod catalog;
pub mod commitment_clock;
pub mod fact_kind;
pub mod hold_period;
pub mod life_cycle_facts;
pub mod place;
