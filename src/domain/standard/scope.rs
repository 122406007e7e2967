//! Scopes: the parts of the organisation that readings are made for. A group of cases belongs to several.
//!
//! The numbers of scopes depend on the order of arrival; nothing that leaves the core may.

use crate::domain::events::event::Attributes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A scope: the values of some dimensions, in the order of the standard's scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// Which of the standard's scopes.
    pub kind: usize,
    /// The values of its dimensions.
    pub values: Vec<Box<str>>,
}

/// All scopes that there are.
#[derive(Debug, Default)]
pub struct ScopeTable {
    all: Vec<Scope>,
    by_scope: BTreeMap<Scope, u32>,
}

impl ScopeTable {
    /// The scopes to which cases with these attributes belong, by their numbers.
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

    /// The scopes by their numbers.
    #[must_use]
    pub fn all(&self) -> &[Scope] {
        &self.all
    }
}
