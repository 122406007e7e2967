//! Timers for cases whose facts change without a new event.
//!
//! Timers are never cancelled. An evaluation without effect costs less than a search for the timer.
//! Therefore the number of entries is at most one per time that a case has scheduled.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Number of near steps: an hour of seconds or almost three days of minutes, where most timers
/// fall.
const NEAR_STEPS: usize = 4_096;

/// Timer wheel: slots of cases by the time step in which they are due.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "TimerSnapshot", into = "TimerSnapshot")]
pub struct TimerWheel {
    step_ms: i64,
    /// First step that is not over.
    first_open_step: i64,
    /// Near steps, starting at `first_open_step`, in constant-time reach.
    near: VecDeque<Vec<u32>>,
    /// Steps that were beyond the near ones when they were scheduled.
    far: BTreeMap<i64, Vec<u32>>,
}

/// Stored form of the timers, which does not distinguish near and far steps.
#[derive(Serialize, Deserialize)]
struct TimerSnapshot {
    step_ms: i64,
    steps: BTreeMap<i64, Vec<u32>>,
}

impl From<TimerSnapshot> for TimerWheel {
    fn from(TimerSnapshot { step_ms, steps }: TimerSnapshot) -> TimerWheel {
        TimerWheel { far: steps, ..TimerWheel::new(step_ms) }
    }
}

impl From<TimerWheel> for TimerSnapshot {
    fn from(timers: TimerWheel) -> TimerSnapshot {
        let mut steps = timers.far;
        for (step, slots) in
            (timers.first_open_step..).zip(timers.near).filter(|(_, slots)| !slots.is_empty())
        {
            // Entries of a far step are older than those of the same step when it became near.
            steps.entry(step).or_default().extend(slots);
        }
        TimerSnapshot { step_ms: timers.step_ms, steps }
    }
}

impl TimerWheel {
    /// Returns a timer wheel with steps of `step_ms` milliseconds.
    #[must_use]
    pub fn new(step_ms: i64) -> TimerWheel {
        TimerWheel {
            step_ms,
            first_open_step: i64::MIN,
            near: VecDeque::new(),
            far: BTreeMap::new(),
        }
    }

    /// Validates timers from a snapshot against the step of `new` and the number of slots.
    ///
    /// # Errors
    /// Returns a message if the step differs or a timer refers to an unknown slot.
    pub fn restore(self, new: &TimerWheel, slots: usize) -> Result<TimerWheel, &'static str> {
        let known = self.far.values().flatten().all(|slot| (*slot as usize) < slots);
        if self.step_ms == new.step_ms && known {
            Ok(self)
        } else {
            Err("snapshot has a timer for an unknown case or with a different step")
        }
    }

    /// Schedules an evaluation of the case at `slot` for `time`.
    pub fn schedule(&mut self, time: Timestamp, slot: u32) {
        let step = time.0.div_euclid(self.step_ms);
        let place = step
            .checked_sub(self.first_open_step)
            .and_then(|place| usize::try_from(place).ok())
            .filter(|place| *place < NEAR_STEPS);
        let Some(place) = place else {
            self.far.entry(step).or_default().push(slot);
            return;
        };
        if place >= self.near.len() {
            self.near.resize(place + 1, Vec::new());
        }
        self.near[place].push(slot);
    }

    /// Returns true if a case may be due once `now` is reached.
    #[must_use]
    pub fn is_any_due(&self, now: Timestamp) -> bool {
        let step = now.0.div_euclid(self.step_ms);
        let mut near = (self.first_open_step..=step).zip(&self.near);
        near.any(|(_, slots)| !slots.is_empty())
            || self.far.first_key_value().is_some_and(|(first, _)| *first <= step)
    }

    /// Removes and returns the cases that may be due once `now` is reached, without duplicates.
    ///
    /// Their order does not depend on the order of scheduling. The result includes cases that are
    /// due later in the same step; these must be scheduled again. `now` must not decrease.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<u32> {
        let step = now.0.div_euclid(self.step_ms);
        let mut due = Vec::new();
        while self.first_open_step <= step {
            let Some(slots) = self.near.pop_front() else {
                self.first_open_step = step.saturating_add(1);
                break;
            };
            due.extend(slots);
            self.first_open_step += 1;
        }
        if self.far.first_key_value().is_some_and(|(first, _)| *first <= step) {
            let later = self.far.split_off(&step.saturating_add(1));
            due.extend(std::mem::replace(&mut self.far, later).into_values().flatten());
        }
        due.sort_unstable();
        due.dedup();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::SECOND;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Compares the timers with a plain list, near and far, before and after a snapshot.
        #[test]
        fn fires_each_timer_once(steps in prop::collection::vec((0..4_u8, 0..9_000_i64, 0..20_u32), 0..80)) {
            let mut timers = TimerWheel::new(SECOND);
            let mut scheduled: Vec<(i64, u32)> = Vec::new();
            let mut now = 1_000_000;
            for (action, seconds, slot) in steps {
                match action {
                    0 => {
                        now += seconds / 3;
                        let time = Timestamp(now * SECOND);
                        let mut expected: Vec<u32> = scheduled.extract_if(.., |(at, _)| *at <= now).map(|(_, slot)| slot).collect();
                        expected.sort_unstable();
                        expected.dedup();
                        prop_assert_eq!(timers.is_any_due(time), !expected.is_empty());
                        prop_assert_eq!(timers.take_due(time), expected);
                        prop_assert!(!timers.is_any_due(time));
                    }
                    1 => timers = TimerWheel::from(TimerSnapshot::from(timers)),
                    _ => {
                        timers.schedule(Timestamp((now + 1 + seconds) * SECOND), slot);
                        scheduled.push((now + 1 + seconds, slot));
                    }
                }
                let written = TimerSnapshot::from(timers.clone()).steps;
                let mut steps: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
                scheduled.iter().for_each(|(at, slot)| steps.entry(*at).or_default().push(*slot));
                prop_assert_eq!(written, steps);
            }
        }
    }
}
