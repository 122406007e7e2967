//! Targets of an indicator in force in a scope.

use super::scope::Scope;
use super::target::{DatedTargets, ScopedTarget, Target, TargetDirection};
use super::{Indicator, Standard};
use crate::domain::time::timestamp::Timestamp;

impl Indicator {
    /// Returns the target of the whole organization in force at `at`, or `None` without one. `None`
    /// for `at` means the beginning of time.
    #[must_use]
    pub fn overall_target_at(&self, at: Option<Timestamp>) -> Option<Target> {
        self.scoped_target_at(&[], &[], at).map(|entry| entry.target)
    }

    /// Returns the targets of the version in force at `at`.
    #[must_use]
    pub fn targets_at(&self, at: Option<Timestamp>) -> Option<&DatedTargets> {
        let at = at.unwrap_or(Timestamp(i64::MIN));
        self.targets.iter().find(|dated| dated.since <= at)
    }

    /// Returns the target in force at `at` in the scope with these values of these dimensions.
    #[must_use]
    pub fn scoped_target_at(
        &self,
        dimensions: &[usize],
        values: &[Box<str>],
        at: Option<Timestamp>,
    ) -> Option<&ScopedTarget> {
        let at = at.unwrap_or(Timestamp(i64::MIN));
        self.targets_at(Some(at))?.target_at(dimensions, values, at)
    }

    /// Iterates over the targets of all versions, scopes and dates.
    pub fn all_targets(&self) -> impl Iterator<Item = Target> {
        self.targets.iter().flat_map(|dated| &dated.entries).map(|entry| entry.target)
    }

    /// Returns true if any version has a target, in any scope.
    #[must_use]
    pub fn has_target(&self) -> bool {
        self.all_targets().next().is_some()
    }

    /// Returns the good side of the targets of the newest version that has any.
    #[must_use]
    pub fn target_direction(&self) -> Option<TargetDirection> {
        self.all_targets().next().map(|target| target.better)
    }

    /// Returns true if a version has a target for some scopes only, or from a date on. Then
    /// `/metrics` has the target of each scope.
    #[must_use]
    pub fn has_scoped_targets(&self) -> bool {
        self.targets
            .iter()
            .flat_map(|dated| &dated.entries)
            .any(|entry| !entry.conditions.is_empty() || entry.from.is_some())
    }
}

impl Standard {
    /// Returns the kind of the narrowest scope that has all of these dimensions.
    #[must_use]
    pub fn narrowest_scope_with(&self, dimensions: &[usize]) -> Option<usize> {
        let kinds = self.scopes.iter().enumerate();
        kinds
            .filter(|(_, scope)| dimensions.iter().all(|dimension| scope.contains(dimension)))
            .min_by_key(|(_, scope)| scope.len())
            .map(|(kind, _)| kind)
    }

    /// Returns the dimensions that divide the scopes of a dimension further, as a bit set: those
    /// that follow it in a kind of scope.
    #[must_use]
    pub fn narrower_dimensions(&self, dimension: usize) -> u16 {
        let narrower = self.scopes.iter().filter_map(|scope| {
            let place = scope.iter().position(|known| *known == dimension)?;
            Some(&scope[place + 1..])
        });
        narrower.flatten().fold(0, |all, dimension| all | 1 << dimension)
    }

    /// Returns the target of an indicator in force in a scope at `at`. `None` for `at` means the
    /// beginning of time.
    #[must_use]
    pub fn target_in_scope(
        &self,
        indicator: &Indicator,
        scope: &Scope,
        at: Option<Timestamp>,
    ) -> Option<Target> {
        let dimensions = self.scopes.get(scope.kind).map_or(&[][..], Vec::as_slice);
        indicator.scoped_target_at(dimensions, &scope.values, at).map(|entry| entry.target)
    }
}
