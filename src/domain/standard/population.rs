//! User populations of scopes, for rates such as complaints per 10 000 users.

use super::scope::Scope;
use crate::domain::standard::Standard;
use std::collections::BTreeMap;

/// Number of users for each value of one dimension.
#[derive(Clone, Debug)]
pub struct PopulationTable {
    /// Name, as in `users`.
    pub name: String,
    /// Dimension that divides the users, an index into [`super::EventSchema::dimensions`].
    pub dimension: usize,
    /// Number of users by the dimension's value.
    pub users_by_value: BTreeMap<String, u64>,
}

/// Number of users of a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PopulationCount {
    /// Number of users.
    Known(u64),
    /// The standard has no number for the scope's value, for example for a newly opened center.
    Unknown,
    /// The scope does not name the dimension that divides the users.
    NotDividedByScope,
}

impl PopulationTable {
    /// Returns the number of users in a scope.
    ///
    /// The whole organization has all users. A scope that names the dimension has the users of its
    /// value, regardless of its other dimensions.
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
