//! Scopes: parts of the organization that readings cover. A group of cases belongs to several.
//!
//! Scope numbers depend on the order of arrival and must not appear in any output.

use crate::domain::events::event::Attributes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Scope: the values of some dimensions, in the order of the standard's declaration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// Kind of scope, an index into [`super::Standard::scopes`].
    pub kind: usize,
    /// Values of its dimensions.
    pub values: Vec<Box<str>>,
}

/// All scopes with their numbers.
#[derive(Debug, Default)]
pub struct ScopeTable {
    all: Vec<Scope>,
    by_scope: BTreeMap<Scope, u32>,
}

impl ScopeTable {
    /// Returns the numbers of the scopes to which cases with these attributes belong. Adds new
    /// scopes.
    pub fn scopes_of_attributes(
        &mut self,
        attributes: &Attributes,
        declared: &[Vec<usize>],
    ) -> Vec<u32> {
        let mut numbers = Vec::new();
        for (kind, dimensions) in declared.iter().enumerate() {
            let values: Option<Vec<Box<str>>> = dimensions
                .iter()
                .map(|&at| attributes.values().get(at).cloned().flatten())
                .collect();
            let Some(values) = values else { continue };
            let scope = Scope { kind, values };
            let next = self.all.len() as u32;
            let number = *self.by_scope.entry(scope).or_insert_with_key(|scope| {
                self.all.push(scope.clone());
                next
            });
            numbers.push(number);
        }
        numbers
    }

    /// Returns the scopes by number.
    #[must_use]
    pub fn all(&self) -> &[Scope] {
        &self.all
    }
}
