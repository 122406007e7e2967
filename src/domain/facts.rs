//! Facts: what a case means at a time. The catalog of their kinds, and the report of a commitment's clock.

pub mod catalog;
pub mod commitment_clock;
pub mod fact_kind;
