//! Event schema: the event types and dimensions that a standard accepts.

use super::score_scale::ScoreScale;
use crate::domain::events::event::{CaseFamily, EventType, EventVerb, LifeCycle};
use std::collections::BTreeMap;

/// Event types and dimensions that the standard accepts.
#[derive(Clone, Debug, Default)]
pub struct EventSchema {
    /// Fields of `data` that define groups of cases.
    pub dimensions: Vec<String>,
    /// Bit mask of the dimensions whose last reported value applies. For the others the first one
    /// applies.
    pub changing_dimensions: u16,
    /// Names of declared sources.
    pub sources: Vec<String>,
    /// Bit mask of the dimensions whose value decides which legs a scope counts, see
    /// [`EventSchema::is_leg_scope`].
    pub leg_dimensions: u16,
    /// Names of the outside series. Their family comes last, if there are any.
    pub benchmarks: Vec<String>,
    /// Scale of survey scores, if the standard declares one.
    pub score_scale: Option<ScoreScale>,
    /// Names of case families, by family number.
    pub families: Vec<String>,
    life_cycles: Vec<LifeCycle>,
    types: BTreeMap<String, EventType>,
}

impl EventSchema {
    /// Maximum number of dimensions.
    pub const MAX_DIMENSIONS: usize = 16;
    /// Maximum number of families, one bit each in a `u64`.
    pub const MAX_FAMILIES: usize = 64;

    /// Families that every standard has, with their life cycles.
    pub const BUILT_IN_FAMILIES: [(&str, LifeCycle); 4] = [
        ("call", LifeCycle::Contact),
        ("queue", LifeCycle::HallTicket),
        ("survey", LifeCycle::Survey),
        ("agent", LifeCycle::Agent),
    ];

    /// Family of the values of outside series.
    pub const BENCHMARK_FAMILY: &str = "benchmark";

    /// Creates a schema with the built-in families, further contact families and order families, and
    /// the outside series `benchmarks`.
    #[must_use]
    pub fn new(
        dimensions: Vec<String>,
        contacts: &[String],
        orders: &[String],
        benchmarks: Vec<String>,
    ) -> EventSchema {
        let series = if benchmarks.is_empty() { None } else { Some(Self::BENCHMARK_FAMILY) };
        let declared = |names: &'_ [String], life_cycle| {
            names.iter().map(|name| (name.clone(), life_cycle)).collect::<Vec<_>>()
        };
        let (families, life_cycles): (Vec<String>, Vec<LifeCycle>) = Self::BUILT_IN_FAMILIES
            .into_iter()
            .map(|(name, life_cycle)| (name.to_owned(), life_cycle))
            .chain(declared(contacts, LifeCycle::Contact))
            .chain(declared(orders, LifeCycle::Order))
            .chain(series.map(|name| (name.to_owned(), LifeCycle::Series)))
            .unzip();
        let mut types = BTreeMap::new();
        for (number, (name, life_cycle)) in families.iter().zip(&life_cycles).enumerate() {
            let family = CaseFamily(u8::try_from(number).unwrap_or(u8::MAX));
            for (verb_name, verb) in EventVerb::of_life_cycle(*life_cycle) {
                types.insert(format!("{name}.{verb_name}"), EventType { family, verb: *verb });
            }
        }
        EventSchema {
            dimensions,
            changing_dimensions: 0,
            leg_dimensions: 0,
            benchmarks,
            score_scale: None,
            sources: Vec::new(),
            families,
            life_cycles,
            types,
        }
    }

    /// Returns the life cycle of a family. Unknown families count as orders.
    #[must_use]
    pub fn life_cycle(&self, family: CaseFamily) -> LifeCycle {
        self.life_cycles.get(usize::from(family.0)).copied().unwrap_or(LifeCycle::Order)
    }

    /// Iterates over the families with their life cycles, by family number.
    pub fn families_with_life_cycle(&self) -> impl Iterator<Item = (&str, LifeCycle)> {
        self.families.iter().map(String::as_str).zip(self.life_cycles.iter().copied())
    }

    /// Returns true if a scope with these dimensions counts legs and not contacts.
    #[must_use]
    pub fn is_leg_scope(&self, dimensions: &[usize]) -> bool {
        dimensions.iter().any(|dimension| self.leg_dimensions >> dimension & 1 == 1)
    }

    /// Returns the event type of this name, or `None` if it is unknown.
    #[must_use]
    pub fn event_type(&self, name: &str) -> Option<EventType> {
        self.types.get(name).copied()
    }

    /// Returns the index plus one of a declared source, or 0 for any other source.
    #[must_use]
    pub fn source_number(&self, name: &str) -> u8 {
        self.sources.iter().position(|known| known == name).map_or(0, |place| place as u8 + 1)
    }

    /// Returns the families with one of these life cycles, as a bit set.
    #[must_use]
    pub fn families_of(&self, life_cycles: &[LifeCycle]) -> u64 {
        let families = (0..64).zip(&self.life_cycles);
        families
            .filter(|(_, life_cycle)| life_cycles.contains(life_cycle))
            .fold(0, |families, (family, _)| families | 1 << family)
    }

    /// Iterates over all event types with their names.
    pub fn event_types(&self) -> impl Iterator<Item = (&str, EventType)> {
        self.types.iter().map(|(name, kind)| (name.as_str(), *kind))
    }
}
