//! Sources that the standard knows by name, each with the rhythm in which it speaks.

use super::scope::Scope;
use crate::domain::standard::Standard;

/// A source and what it feeds.
#[derive(Clone, Debug)]
pub struct DeclaredSource {
    /// Its name, as in `hefei_calls`. What its events call it stands in [`super::Schema::sources`].
    pub name: String,
    /// After this many milliseconds without a word it is silent.
    pub silent_after_ms: i64,
    /// For each dimension named, the values that its cases have; all if empty.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// The families of its cases, a bit each.
    pub families: u64,
}

impl DeclaredSource {
    /// The most sources a standard may declare: one bit each in a word.
    pub const MAX_SOURCES: usize = 63;

    /// Whether its cases are among those that a reading speaks of: the families meet, and the scope says nothing else. The
    /// whole organisation is fed by every source.
    #[must_use]
    pub fn feeds_scope(&self, families: u64, scope: &Scope, standard: &Standard) -> bool {
        let dimensions = &standard.scopes[scope.kind];
        let value_of = |dimension: usize| {
            dimensions.iter().position(|one| *one == dimension).map(|place| &*scope.values[place])
        };
        let fits = |(dimension, values): &(usize, Vec<String>)| {
            value_of(*dimension).is_none_or(|value| values.iter().any(|one| one == value))
        };
        self.families & families != 0 && self.conditions.iter().all(fits)
    }
}
