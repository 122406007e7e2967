//! Populations: how many users stand behind a scope, so that complaints can be told per 10 000 of them.

use super::Standard;
use crate::domain::scope::Scope;
use std::collections::BTreeMap;

/// A number of users for each value of one dimension.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name, as in `users`.
    pub name: String,
    /// The dimension by which they are counted: a place in [`super::Schema::dimensions`].
    pub by: usize,
    /// How many there are, by the dimension's value.
    pub values: BTreeMap<String, u64>,
}

/// How many users a scope has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Users {
    /// So many.
    Are(u64),
    /// The standard could say, but does not: a center that was opened yesterday.
    Unsaid,
    /// The standard cannot say, because they are counted by something that the scope does not name.
    Undivided,
}

impl Population {
    /// How many users stand behind a scope: all of them behind the whole organisation, and those of its value behind a scope
    /// that names the dimension, whatever else it names.
    #[must_use]
    pub fn of(&self, scope: &Scope, standard: &Standard) -> Users {
        if scope.values.is_empty() {
            return Users::Are(self.values.values().sum());
        }
        match standard.scopes[scope.kind].iter().zip(&scope.values).find(|(dimension, _)| **dimension == self.by) {
            Some((_, value)) => self.values.get(&**value).map_or(Users::Unsaid, |users| Users::Are(*users)),
            None => Users::Undivided,
        }
    }
}
