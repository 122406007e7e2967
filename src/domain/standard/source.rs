//! Declared sources of events and the silence after which they count as silent.

use super::scope::Scope;
use crate::domain::standard::Standard;

/// Declared source and the cases that it feeds.
#[derive(Clone, Debug)]
pub struct DeclaredSource {
    /// Name, as in `hefei_calls`. Its name in events is in [`super::EventSchema::sources`].
    pub name: String,
    /// Time in ms without an event after which the source is silent, or
    /// [`DeclaredSource::NEVER_SILENT`].
    pub silent_after_ms: i64,
    /// Time in ms after the end of a case from which an arrival of the same subject begins a new
    /// case. `None` means as in the standard.
    pub reuse_after_ms: Option<i64>,
    /// Values of its cases for each dimension with a condition. Empty matches all cases.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Bit mask of the families of its cases.
    pub families: u64,
}

impl DeclaredSource {
    /// Maximum number of declared sources, one bit each in a `u64`.
    pub const MAX_SOURCES: usize = 63;

    /// Value of `silent_after_ms` of a source that may be silent for any time.
    pub const NEVER_SILENT: i64 = i64::MAX;

    /// Returns true if the source feeds a reading with these families in this scope.
    ///
    /// A family must be shared, and the scope's values must match the conditions. Every source
    /// feeds the whole organization.
    #[must_use]
    pub fn feeds_scope(&self, families: u64, scope: &Scope, standard: &Standard) -> bool {
        let dimensions = &standard.scopes[scope.kind];
        let value_of = |dimension: usize| {
            dimensions
                .iter()
                .position(|known| *known == dimension)
                .map(|index| &*scope.values[index])
        };
        let matches = |(dimension, values): &(usize, Vec<String>)| {
            value_of(*dimension).is_none_or(|value| values.iter().any(|known| known == value))
        };
        self.families & families != 0 && self.conditions.iter().all(matches)
    }
}
