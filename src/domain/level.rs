//! Levels: how many cases stand in a state now, and since when the oldest does.

use super::fact::FactKind;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The standing facts of one kind and group.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Standing {
    count: i64,
    /// How many stand since when; only kept for kinds whose age is read.
    since: BTreeMap<Timestamp, u32>,
}

/// All standing facts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Levels {
    /// By kind, then by group.
    kinds: Vec<Vec<Standing>>,
    /// For each kind, whether its ages are read.
    aged: Vec<bool>,
}

impl Levels {
    /// Nothing stands; `aged` says of each kind whether its ages are read.
    #[must_use]
    pub fn new(aged: Vec<bool>) -> Levels {
        Levels { kinds: vec![Vec::new(); aged.len()], aged }
    }

    /// The levels as they were read, if they are of the kinds that `new` ones are, and of some of so many groups.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn remembered(self, new: &Levels, groups: usize) -> Result<Levels, &'static str> {
        let sound = |standing: &Standing| {
            let since = standing.since.values().fold(0, |sum, count| sum + i64::from(*count));
            (since..=i64::from(u32::MAX)).contains(&standing.count) && standing.since.values().all(|count| *count > 0)
        };
        let known = self.aged == new.aged && self.kinds.len() == new.kinds.len() && self.kinds.iter().all(|kind| kind.len() <= groups);
        if known && self.kinds.iter().flatten().all(sound) { Ok(self) } else { Err("a level is none of this standard's") }
    }

    /// One more stands since `since`.
    pub fn begin(&mut self, kind: FactKind, group: u32, since: Timestamp) {
        let aged = self.aged[usize::from(kind.0)];
        let standing = self.standing(kind, group);
        standing.count += 1;
        if aged {
            *standing.since.entry(since).or_default() += 1;
        }
    }

    /// One that stood since `since` does no more.
    pub fn end(&mut self, kind: FactKind, group: u32, since: Timestamp) {
        let standing = self.standing(kind, group);
        standing.count -= 1;
        if let Some(count) = standing.since.get_mut(&since) {
            *count -= 1;
            if *count == 0 {
                standing.since.remove(&since);
            }
        }
    }

    fn standing(&mut self, kind: FactKind, group: u32) -> &mut Standing {
        let groups = &mut self.kinds[usize::from(kind.0)];
        let group = group as usize;
        if group >= groups.len() {
            groups.resize_with(group + 1, Standing::default);
        }
        &mut groups[group]
    }

    /// How many stand.
    #[must_use]
    pub fn count(&self, kind: FactKind, group: u32) -> i64 {
        self.kinds[usize::from(kind.0)].get(group as usize).map_or(0, |standing| standing.count)
    }

    /// Since when the oldest stands.
    #[must_use]
    pub fn oldest(&self, kind: FactKind, group: u32) -> Option<Timestamp> {
        let standing = self.kinds[usize::from(kind.0)].get(group as usize)?;
        standing.since.first_key_value().map(|(since, _)| *since)
    }
}
