//! Gauges: number of cases in a state now, and the start of the oldest.

mod active_since;

use self::active_since::ActiveSince;
use super::rollup_group::RollupGroups;
use crate::domain::facts::catalog::FactKind;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Active facts of one kind and rollup group.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct GaugeState {
    count: i64,
    /// Start times of the active facts. Filled only for kinds whose age is tracked.
    active_since: ActiveSince,
}

/// Gauges of all current-state facts.
#[derive(Debug)]
pub struct Gauges {
    /// By kind, then by rollup group.
    kinds: Vec<Vec<GaugeState>>,
    /// True for each kind whose age some indicator uses.
    age_tracked: Vec<bool>,
}

/// Encoded gauges: by kind, then by case group.
#[derive(Serialize)]
struct EncodedGauges<'l> {
    kinds: Vec<Vec<&'l GaugeState>>,
    age_tracked: &'l [bool],
}

/// Decoded gauges of a snapshot.
#[derive(Debug, Deserialize)]
pub struct DecodedGauges {
    kinds: Vec<Vec<GaugeState>>,
    age_tracked: Vec<bool>,
}

impl DecodedGauges {
    /// Returns the number of kinds.
    #[must_use]
    pub fn kind_count(&self) -> usize {
        self.kinds.len()
    }

    /// Inserts kinds without active facts before the kind `before`, for facts that the snapshot's
    /// format did not have.
    pub fn insert_kinds(&mut self, before: FactKind, count: usize) {
        let at = usize::from(before.0).min(self.kinds.len()).min(self.age_tracked.len());
        self.kinds.splice(at..at, std::iter::repeat_with(Vec::new).take(count));
        self.age_tracked.splice(at..at, std::iter::repeat_n(false, count));
    }
}

impl Gauges {
    /// Creates empty gauges. `age_tracked` is true for each kind whose age some indicator uses.
    #[must_use]
    pub fn new(age_tracked: Vec<bool>) -> Gauges {
        Gauges { kinds: vec![Vec::new(); age_tracked.len()], age_tracked }
    }

    /// Adds a rollup group.
    pub fn add_rollup_group(&mut self) {
        self.kinds.iter_mut().for_each(|kind| kind.push(GaugeState::default()));
    }

    /// Returns the gauges in snapshot form.
    pub fn to_snapshot<'l>(&'l self, rollup_groups: &'l RollupGroups) -> impl Serialize + 'l {
        static EMPTY_STATE: GaugeState = GaugeState { count: 0, active_since: ActiveSince::new() };
        EncodedGauges {
            kinds: self
                .kinds
                .iter()
                .map(|kind| rollup_groups.values_by_group(kind, &EMPTY_STATE))
                .collect(),
            age_tracked: &self.age_tracked,
        }
    }

    /// Restores decoded gauges for these rollup groups.
    ///
    /// # Errors
    /// Returns a message if the kinds or the groups do not match.
    pub fn restore_snapshot(
        mut self,
        decoded: DecodedGauges,
        rollup_groups: &RollupGroups,
    ) -> Result<Gauges, &'static str> {
        let is_valid = |state: &GaugeState| {
            (state.active_since.active_count()..=i64::from(u32::MAX)).contains(&state.count)
        };
        let groups = rollup_groups.group_count();
        let known = self.age_tracked == decoded.age_tracked
            && self.kinds.len() == decoded.kinds.len()
            && decoded.kinds.iter().all(|kind| kind.len() <= groups);
        if !known || !decoded.kinds.iter().flatten().all(is_valid) {
            return Err("the gauges do not match the standard");
        }
        for (states, decoded) in self.kinds.iter_mut().zip(decoded.kinds) {
            for (group, added) in (0..).zip(decoded) {
                let state = &mut states[rollup_groups.rollup_of_group(group) as usize];
                state.count += added.count;
                state.active_since.merge(&added.active_since);
            }
        }
        Ok(self)
    }

    /// Records a fact that is active since `since`.
    #[inline]
    pub fn record_start(&mut self, kind: FactKind, rollup_group: u32, since: Timestamp) {
        let state = &mut self.kinds[usize::from(kind.0)][rollup_group as usize];
        state.count += 1;
        if self.age_tracked[usize::from(kind.0)] {
            state.active_since.add_starts(since, 1);
        }
    }

    /// Records the end of a fact that was active since `since`.
    #[inline]
    pub fn record_end(&mut self, kind: FactKind, rollup_group: u32, since: Timestamp) {
        let state = &mut self.kinds[usize::from(kind.0)][rollup_group as usize];
        state.count -= 1;
        if self.age_tracked[usize::from(kind.0)] {
            state.active_since.remove_start(since);
        }
    }

    /// Returns the number of active facts.
    #[must_use]
    pub fn active_count(&self, kind: FactKind, rollup_group: u32) -> i64 {
        self.kinds[usize::from(kind.0)][rollup_group as usize].count
    }

    /// Returns the start of the oldest active fact, or `None` if none is active.
    #[must_use]
    pub fn oldest_active_since(&self, kind: FactKind, rollup_group: u32) -> Option<Timestamp> {
        self.kinds[usize::from(kind.0)][rollup_group as usize].active_since.oldest_start()
    }
}
