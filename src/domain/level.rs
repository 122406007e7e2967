//! Levels: how many cases stand in a state now, and since when the oldest does.

mod ages;

use super::fact::FactKind;
use super::leaf::Leaves;
use super::time::Timestamp;
use ages::Ages;
use serde::{Deserialize, Serialize};

/// The standing facts of one kind and leaf.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Standing {
    count: i64,
    /// Since when they stand; only kept for kinds whose age is read.
    since: Ages,
}

/// All standing facts.
#[derive(Debug)]
pub struct Levels {
    /// By kind, then by leaf.
    kinds: Vec<Vec<Standing>>,
    /// For each kind, whether its ages are read.
    aged: Vec<bool>,
}

/// Levels as they are written down: by kind, then by group.
#[derive(Serialize)]
struct Written<'l> {
    kinds: Vec<Vec<&'l Standing>>,
    aged: &'l [bool],
}

/// Levels as they were read.
#[derive(Debug, Deserialize)]
pub struct Remembered {
    kinds: Vec<Vec<Standing>>,
    aged: Vec<bool>,
}

impl Levels {
    /// Nothing stands; `aged` says of each kind whether its ages are read.
    #[must_use]
    pub fn new(aged: Vec<bool>) -> Levels {
        Levels { kinds: vec![Vec::new(); aged.len()], aged }
    }

    /// Makes room for a leaf.
    pub fn welcome(&mut self) {
        self.kinds.iter_mut().for_each(|kind| kind.push(Standing::default()));
    }

    /// The levels, to be written down.
    pub fn memory<'l>(&'l self, leaves: &'l Leaves) -> impl Serialize + 'l {
        static NOTHING: Standing = Standing { count: 0, since: Ages::new() };
        Written { kinds: self.kinds.iter().map(|kind| leaves.by_groups(kind, &NOTHING)).collect(), aged: &self.aged }
    }

    /// The levels as they were read, of these leaves.
    ///
    /// # Errors
    /// What is wrong with them, if they are not of the kinds that these are, or of other groups.
    pub fn remembered(mut self, read: Remembered, leaves: &Leaves) -> Result<Levels, &'static str> {
        let sound = |standing: &Standing| (standing.since.count()..=i64::from(u32::MAX)).contains(&standing.count);
        let groups = leaves.groups();
        let known = self.aged == read.aged && self.kinds.len() == read.kinds.len() && read.kinds.iter().all(|kind| kind.len() <= groups);
        if !known || !read.kinds.iter().flatten().all(sound) {
            return Err("a level is none of this standard's");
        }
        for (own, read) in self.kinds.iter_mut().zip(read.kinds) {
            for (group, standing) in (0..).zip(read) {
                let own = &mut own[leaves.of(group) as usize];
                own.count += standing.count;
                own.since.add(&standing.since);
            }
        }
        Ok(self)
    }

    /// One more stands since `since`.
    #[inline]
    pub fn begin(&mut self, kind: FactKind, leaf: u32, since: Timestamp) {
        let standing = &mut self.kinds[usize::from(kind.0)][leaf as usize];
        standing.count += 1;
        if self.aged[usize::from(kind.0)] {
            standing.since.begin(since, 1);
        }
    }

    /// One that stood since `since` does no more.
    #[inline]
    pub fn end(&mut self, kind: FactKind, leaf: u32, since: Timestamp) {
        let standing = &mut self.kinds[usize::from(kind.0)][leaf as usize];
        standing.count -= 1;
        if self.aged[usize::from(kind.0)] {
            standing.since.end(since);
        }
    }

    /// How many stand.
    #[must_use]
    pub fn count(&self, kind: FactKind, leaf: u32) -> i64 {
        self.kinds[usize::from(kind.0)][leaf as usize].count
    }

    /// Since when the oldest stands.
    #[must_use]
    pub fn oldest(&self, kind: FactKind, leaf: u32) -> Option<Timestamp> {
        self.kinds[usize::from(kind.0)][leaf as usize].since.oldest()
    }
}
