//! Levels: how many cases stand in a state now, and since when the oldest does.

mod active_since;

use self::active_since::ActiveSince;
use super::rollup_group::RollupGroups;
use crate::domain::facts::catalog::FactKind;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The standing facts of one kind and leaf.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct GaugeState {
    count: i64,
    /// Since when they stand; only kept for kinds whose age is read.
    active_since: ActiveSince,
}

/// All standing facts.
#[derive(Debug)]
pub struct Gauges {
    /// By kind, then by leaf.
    kinds: Vec<Vec<GaugeState>>,
    /// For each kind, whether its ages are read.
    age_tracked: Vec<bool>,
}

/// Levels as they are written down: by kind, then by group.
#[derive(Serialize)]
struct EncodedGauges<'l> {
    kinds: Vec<Vec<&'l GaugeState>>,
    age_tracked: &'l [bool],
}

/// Levels as they were read.
#[derive(Debug, Deserialize)]
pub struct DecodedGauges {
    kinds: Vec<Vec<GaugeState>>,
    age_tracked: Vec<bool>,
}

impl Gauges {
    /// Nothing stands; `aged` says of each kind whether its ages are read.
    #[must_use]
    pub fn new(aged: Vec<bool>) -> Gauges {
        Gauges { kinds: vec![Vec::new(); aged.len()], age_tracked: aged }
    }

    /// Makes room for a leaf.
    pub fn add_rollup_group(&mut self) {
        self.kinds.iter_mut().for_each(|kind| kind.push(GaugeState::default()));
    }

    /// The levels, to be written down.
    pub fn to_snapshot<'l>(&'l self, leaves: &'l RollupGroups) -> impl Serialize + 'l {
        static EMPTY_STATE: GaugeState = GaugeState { count: 0, active_since: ActiveSince::new() };
        EncodedGauges {
            kinds: self
                .kinds
                .iter()
                .map(|kind| leaves.values_by_group(kind, &EMPTY_STATE))
                .collect(),
            age_tracked: &self.age_tracked,
        }
    }

    /// The levels as they were read, of these leaves.
    ///
    /// # Errors
    /// What is wrong with them, if they are not of the kinds that these are, or of other groups.
    pub fn restore_snapshot(
        mut self,
        read: DecodedGauges,
        leaves: &RollupGroups,
    ) -> Result<Gauges, &'static str> {
        let sound = |standing: &GaugeState| {
            (standing.active_since.active_count()..=i64::from(u32::MAX)).contains(&standing.count)
        };
        let groups = leaves.group_count();
        let known = self.age_tracked == read.age_tracked
            && self.kinds.len() == read.kinds.len()
            && read.kinds.iter().all(|kind| kind.len() <= groups);
        if !known || !read.kinds.iter().flatten().all(sound) {
            return Err("a level is none of this standard's");
        }
        for (own, read) in self.kinds.iter_mut().zip(read.kinds) {
            for (group, standing) in (0..).zip(read) {
                let own = &mut own[leaves.rollup_of_group(group) as usize];
                own.count += standing.count;
                own.active_since.merge(&standing.active_since);
            }
        }
        Ok(self)
    }

    /// One more stands since `since`.
    #[inline]
    pub fn record_start(&mut self, kind: FactKind, leaf: u32, since: Timestamp) {
        let standing = &mut self.kinds[usize::from(kind.0)][leaf as usize];
        standing.count += 1;
        if self.age_tracked[usize::from(kind.0)] {
            standing.active_since.add_starts(since, 1);
        }
    }

    /// One that stood since `since` does no more.
    #[inline]
    pub fn record_end(&mut self, kind: FactKind, leaf: u32, since: Timestamp) {
        let standing = &mut self.kinds[usize::from(kind.0)][leaf as usize];
        standing.count -= 1;
        if self.age_tracked[usize::from(kind.0)] {
            standing.active_since.remove_start(since);
        }
    }

    /// How many stand.
    #[must_use]
    pub fn active_count(&self, kind: FactKind, leaf: u32) -> i64 {
        self.kinds[usize::from(kind.0)][leaf as usize].count
    }

    /// Since when the oldest stands.
    #[must_use]
    pub fn oldest_active_since(&self, kind: FactKind, leaf: u32) -> Option<Timestamp> {
        self.kinds[usize::from(kind.0)][leaf as usize].active_since.oldest_start()
    }
}
