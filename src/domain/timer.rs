//! When which case must be judged again because time alone changes its facts.
//!
//! Timers are never cancelled: a case that is judged when nothing changed costs a look, and finding its timers would cost
//! more. So there is at most one entry for each time a case ever asked for.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The cases that asked to be judged again, by the step of time in which they did.
#[derive(Debug, Serialize, Deserialize)]
pub struct Timers {
    step: i64,
    steps: BTreeMap<i64, Vec<u32>>,
}

impl Timers {
    /// Timers that ring in steps of so many milliseconds.
    #[must_use]
    pub fn new(step: i64) -> Timers {
        Timers { step, steps: BTreeMap::new() }
    }

    /// The timers as they were read, if they ring as `new` ones do, and for some of so many places.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn remembered(self, new: &Timers, slots: usize) -> Result<Timers, &'static str> {
        let known = self.steps.values().flatten().all(|slot| (*slot as usize) < slots);
        if self.step == new.step && known { Ok(self) } else { Err("a timer rings for a place that there is not") }
    }

    /// Asks for the case at `slot` to be judged at `time`.
    pub fn set(&mut self, time: Timestamp, slot: u32) {
        self.steps.entry(time.0.div_euclid(self.step)).or_default().push(slot);
    }

    /// Whether some case may be due when `now` is reached.
    #[must_use]
    pub fn ring_by(&self, now: Timestamp) -> bool {
        self.steps.first_key_value().is_some_and(|(first, _)| *first <= now.0.div_euclid(self.step))
    }

    /// The cases that may be due when `now` is reached, each once, in no order that depends on when they asked. Those due
    /// later in the same step are among them; they ask again.
    pub fn due(&mut self, now: Timestamp) -> Vec<u32> {
        if !self.ring_by(now) {
            return Vec::new();
        }
        let step = now.0.div_euclid(self.step);
        let later = self.steps.split_off(&(step + 1));
        let mut due: Vec<u32> = std::mem::replace(&mut self.steps, later).into_values().flatten().collect();
        due.sort_unstable();
        due.dedup();
        due
    }
}
