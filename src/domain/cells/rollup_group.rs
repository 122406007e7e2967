//! Rollup groups: case groups that the standard does not distinguish and that share their sums.
//!
//! Events report more about a case than the standard uses. A call's channel forms a case group of
//! its own even if no scope, condition or time zone depends on channels. Such case groups share one
//! *rollup group*, the smallest unit of sums.
//!
//! Rollup group numbers depend on the order of arrival, as case group numbers do. Snapshots store
//! sums by case group, so they stay readable if the grouping changes.

use super::cell::{CellPlan, UpdateProgram, UpdateSteps};
use crate::domain::cases::groups::{CaseGroup, ScopeReach};
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::Standard;
use crate::domain::standard::scope::ScopeTable;
use std::collections::BTreeMap;

/// Properties that distinguish rollup groups under the standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct RollupKey {
    /// Numbers of the scopes it belongs to.
    scopes: Vec<u32>,
    /// Index of the update program.
    program: usize,
    /// Number of the time zone of its cases.
    zone: u8,
}

/// Case groups that share their sums.
#[derive(Debug)]
pub struct RollupGroup {
    key: RollupKey,
    /// Number of its first case group, and that group's attributes. The standard gives the same
    /// result for all groups of the rollup group.
    first_group: u32,
    attributes: Attributes,
}

/// All rollup groups.
#[derive(Debug, Default)]
pub struct RollupGroups {
    all: Vec<RollupGroup>,
    by_key: BTreeMap<RollupKey, u32>,
    /// Rollup group number by case group.
    rollup_by_group: Vec<u32>,
    programs: Vec<UpdateProgram>,
    /// Scopes of the rollup groups.
    pub scopes: ScopeTable,
}

impl RollupGroup {
    /// Returns the numbers of the scopes it belongs to.
    #[must_use]
    pub fn scopes(&self) -> &[u32] {
        &self.key.scopes
    }

    /// Returns the number of the time zone of its cases.
    #[must_use]
    pub fn zone_number(&self) -> usize {
        usize::from(self.key.zone)
    }

    /// Returns the attributes of its first case group, which represent all of them.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Returns the case group under whose number snapshots store its sums.
    #[must_use]
    pub fn first_group(&self) -> u32 {
        self.first_group
    }
}

impl RollupGroups {
    /// Assigns the next case group to a rollup group. Returns true if that one is new.
    pub fn add_group(&mut self, group: &CaseGroup, plan: &CellPlan, standard: &Standard) -> bool {
        let program = plan.update_program(&group.attributes);
        let program =
            self.programs.iter().position(|known| *known == program).unwrap_or_else(|| {
                self.programs.push(program);
                self.programs.len() - 1
            });
        let key = RollupKey {
            scopes: {
                let all = self.scopes.scopes_of_attributes(&group.attributes, &standard.scopes);
                self.scopes_in_reach(all, group.reach, standard)
            },
            program,
            zone: group.zone,
        };
        let next = self.all.len() as u32;
        let rollup_group = *self.by_key.entry(key).or_insert_with_key(|key| {
            let first = self.rollup_by_group.len() as u32;
            self.all.push(RollupGroup {
                key: key.clone(),
                first_group: first,
                attributes: group.attributes.clone(),
            });
            next
        });
        self.rollup_by_group.push(rollup_group);
        rollup_group == next
    }

    /// Returns the scopes of `all` in which facts with this reach count.
    fn scopes_in_reach(&self, mut all: Vec<u32>, reach: ScopeReach, standard: &Standard) -> Vec<u32> {
        all.retain(|scope| {
            let kind = self.scopes.all()[*scope as usize].kind;
            reach.includes_scope(&standard.scopes[kind], standard)
        });
        all
    }

    /// Returns the rollup groups by number.
    #[must_use]
    pub fn all(&self) -> &[RollupGroup] {
        &self.all
    }

    /// Returns the number of case groups.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.rollup_by_group.len()
    }

    /// Returns the rollup group of a case group.
    #[inline]
    #[must_use]
    pub fn rollup_of_group(&self, group: u32) -> u32 {
        self.rollup_by_group[group as usize]
    }

    /// Returns the update steps of facts of this kind in a rollup group.
    #[inline]
    #[must_use]
    pub fn update_steps(&self, rollup_group: u32, kind: FactKind) -> &UpdateSteps {
        &self.programs[self.all[rollup_group as usize].key.program].steps[usize::from(kind.0)]
    }

    /// Returns the values by case group, as in snapshots. Case groups that are not the first of
    /// their rollup group have `empty`.
    pub fn values_by_group<'l, T>(&'l self, all: &'l [T], empty: &'l T) -> Vec<&'l T> {
        let is_first =
            |group: u32, rollup_group: &u32| self.all[*rollup_group as usize].first_group == group;
        let groups = (0..).zip(&self.rollup_by_group);
        groups
            .map(
                |(group, rollup_group)| {
                    if is_first(group, rollup_group) { &all[*rollup_group as usize] } else { empty }
                },
            )
            .collect()
    }
}
