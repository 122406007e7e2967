//! Outside series: figures of others, such as the industry's appeals in each month.

use super::LocalizedTitle;
use super::indicator::RATE_BASES;
use crate::domain::events::event::Symbol;

/// Outside series whose values come as events `benchmark.reported`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Benchmark {
    /// Name in events, as in `industry_appeals`.
    pub name: String,
    /// The name as events carry it.
    pub symbol: Symbol,
    /// Display title.
    pub title: LocalizedTitle,
    /// Unit of the values, one of [`Benchmark::units`].
    pub unit: &'static str,
}

impl Benchmark {
    /// Iterates over the units that a series may have.
    pub fn units() -> impl Iterator<Item = &'static str> {
        let rates = RATE_BASES.iter().map(|(_, unit)| *unit);
        ["count", "ratio", "seconds", "points", "score"].into_iter().chain(rates)
    }
}
