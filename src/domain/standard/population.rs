//! Populations: how many users stand behind a scope, so that complaints can be told per 10 000 of them.

use super::scope::Scope;
use crate::domain::standard::Standard;
use std::collections::BTreeMap;

/// A number of users for each value of one dimension.
#[derive(Clone, Debug)]
pub struct PopulationTable {
    /// Its name, as in `users`.
    pub name: String,
    /// The dimension by which they are counted: a place in [`super::Schema::dimensions`].
    pub dimension: usize,
    /// How many there are, by the dimension's value.
    pub users_by_value: BTreeMap<String, u64>,
}

/// How many users a scope has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PopulationCount {
    /// So many.
    Known(u64),
    /// The standard could say, but does not: a center that was opened yesterday.
    Unknown,
    /// The standard cannot say, because they are counted by something that the scope does not name.
    NotDividedByScope,
}

impl PopulationTable {
    /// How many users stand behind a scope: all of them behind the whole organisation, and those of its value behind a scope
    /// that names the dimension, whatever else it names.
    #[must_use]
    pub fn users_in_scope(&self, scope: &Scope, standard: &Standard) -> PopulationCount {
        if scope.values.is_empty() {
            return PopulationCount::Known(self.users_by_value.values().sum());
        }
        match standard.scopes[scope.kind]
            .iter()
            .zip(&scope.values)
            .find(|(dimension, _)| **dimension == self.dimension)
        {
            Some((_, value)) => self
                .users_by_value
                .get(&**value)
                .map_or(PopulationCount::Unknown, |users| PopulationCount::Known(*users)),
            None => PopulationCount::NotDividedByScope,
        }
    }
}
