//! When which case must be judged again because time alone changes its facts.
//!
//! Timers are never cancelled: a case that is judged when nothing changed costs a look, and finding its timers would cost
//! more. So there is at most one entry for each time a case ever asked for.

use super::time::{SECOND, Timestamp};
use std::collections::BTreeMap;

/// The cases that asked to be judged again, by second.
#[derive(Debug, Default)]
pub struct Timers {
    seconds: BTreeMap<i64, Vec<u32>>,
}

impl Timers {
    /// Asks for the case at `slot` to be judged at `time`.
    pub fn set(&mut self, time: Timestamp, slot: u32) {
        self.seconds.entry(time.0.div_euclid(SECOND)).or_default().push(slot);
    }

    /// The cases that may be due when `now` is reached, each once, in no order that depends on when they asked. Those due
    /// later in the same second are among them; they ask again.
    pub fn due(&mut self, now: Timestamp) -> Vec<u32> {
        let second = now.0.div_euclid(SECOND);
        if self.seconds.first_key_value().is_none_or(|(first, _)| *first > second) {
            return Vec::new();
        }
        let later = self.seconds.split_off(&(second + 1));
        let mut due: Vec<u32> = std::mem::replace(&mut self.seconds, later).into_values().flatten().collect();
        due.sort_unstable();
        due.dedup();
        due
    }
}
