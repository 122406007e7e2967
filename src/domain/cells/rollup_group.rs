//! Leaves: groups of cases that the standard does not tell apart, and that share their sums.
//!
//! Events say more of a case than anybody asks: a call's channel makes a group of its own where no scope, no condition of an
//! indicator and no time zone looks at channels. To the readings such groups are one: a *leaf*, the least that sums are kept for.
//!
//! The numbers of leaves depend on the order of arrival, as those of groups do. What is written down goes by groups, so that
//! it can be read whatever is made a leaf.

use super::cell::{CellPlan, UpdateProgram, UpdateSteps};
use crate::domain::cases::groups::CaseGroup;
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::Standard;
use crate::domain::standard::scope::ScopeTable;
use std::collections::BTreeMap;

/// What the standard asks of a group: leaves differ in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct RollupKey {
    /// The scopes it belongs to.
    scopes: Vec<u32>,
    /// Which of the programs says what its facts add to.
    program: usize,
    /// In which of the standard's time zones its cases live.
    zone: u8,
}

/// Groups that share their sums.
#[derive(Debug)]
pub struct RollupGroup {
    key: RollupKey,
    /// The number of its first group, and what its cases have in common: all that the standard asks of it holds for every group.
    first_group: u32,
    attributes: Attributes,
}

/// All leaves.
#[derive(Debug, Default)]
pub struct RollupGroups {
    all: Vec<RollupGroup>,
    by_key: BTreeMap<RollupKey, u32>,
    /// By group.
    rollup_by_group: Vec<u32>,
    programs: Vec<UpdateProgram>,
    /// The scopes that leaves belong to.
    pub scopes: ScopeTable,
}

impl RollupGroup {
    /// The scopes it belongs to.
    #[must_use]
    pub fn scopes(&self) -> &[u32] {
        &self.key.scopes
    }

    /// In which of the standard's time zones its cases live.
    #[must_use]
    pub fn zone_number(&self) -> usize {
        usize::from(self.key.zone)
    }

    /// Attributes of some of its cases: what the standard asks of them, it would hear of the others as well.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The group under whose number its sums are written down.
    #[must_use]
    pub fn first_group(&self) -> u32 {
        self.first_group
    }
}

impl RollupGroups {
    /// Makes the next group part of a leaf; true if that one is new.
    pub fn add_group(&mut self, group: &CaseGroup, plan: &CellPlan, standard: &Standard) -> bool {
        let program = plan.update_program(&group.attributes);
        let program =
            self.programs.iter().position(|known| *known == program).unwrap_or_else(|| {
                self.programs.push(program);
                self.programs.len() - 1
            });
        let traits = RollupKey {
            scopes: self.scopes.scopes_of_attributes(&group.attributes, &standard.scopes),
            program,
            zone: group.zone,
        };
        let next = self.all.len() as u32;
        let leaf = *self.by_key.entry(traits).or_insert_with_key(|traits| {
            let first = self.rollup_by_group.len() as u32;
            self.all.push(RollupGroup {
                key: traits.clone(),
                first_group: first,
                attributes: group.attributes.clone(),
            });
            next
        });
        self.rollup_by_group.push(leaf);
        leaf == next
    }

    /// The leaves by their numbers.
    #[must_use]
    pub fn all(&self) -> &[RollupGroup] {
        &self.all
    }

    /// How many groups there are.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.rollup_by_group.len()
    }

    /// The leaf of a group.
    #[inline]
    #[must_use]
    pub fn rollup_of_group(&self, group: u32) -> u32 {
        self.rollup_by_group[group as usize]
    }

    /// What facts of this kind add to in a leaf.
    #[inline]
    #[must_use]
    pub fn update_steps(&self, leaf: u32, kind: FactKind) -> &UpdateSteps {
        &self.programs[self.all[leaf as usize].key.program].steps[usize::from(kind.0)]
    }

    /// The same of every leaf, by groups: as it is written down. Groups that are not the first of their leaf have `nothing`.
    pub fn values_by_group<'l, T>(&'l self, all: &'l [T], nothing: &'l T) -> Vec<&'l T> {
        let is_first = |group: u32, leaf: &u32| self.all[*leaf as usize].first_group == group;
        let groups = (0..).zip(&self.rollup_by_group);
        groups
            .map(|(group, leaf)| if is_first(group, leaf) { &all[*leaf as usize] } else { nothing })
            .collect()
    }
}
