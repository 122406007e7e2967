//! When which case must be judged again because time alone changes its facts.
//!
//! Timers are never cancelled: a case that is judged when nothing changed costs a look, and finding its timers would cost
//! more. So there is at most one entry for each time a case ever asked for.

use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many steps lie near: an hour of seconds, or almost three days of minutes, in which nearly all timers ring.
const NEAR_STEPS: usize = 4_096;

/// The cases that asked to be judged again, by the step of time in which they did.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "TimerSnapshot", into = "TimerSnapshot")]
pub struct TimerWheel {
    step_ms: i64,
    /// The first step that is not over.
    first_open_step: i64,
    /// The steps from there on, found without a search.
    near: VecDeque<Vec<u32>>,
    /// Steps that lay behind those when somebody asked for them.
    far: BTreeMap<i64, Vec<u32>>,
}

/// Timers as they are written down, which does not show what was near when.
#[derive(Serialize, Deserialize)]
struct TimerSnapshot {
    step_ms: i64,
    steps: BTreeMap<i64, Vec<u32>>,
}

impl From<TimerSnapshot> for TimerWheel {
    fn from(TimerSnapshot { step_ms: step, steps }: TimerSnapshot) -> TimerWheel {
        TimerWheel { far: steps, ..TimerWheel::new(step) }
    }
}

impl From<TimerWheel> for TimerSnapshot {
    fn from(timers: TimerWheel) -> TimerSnapshot {
        let mut steps = timers.far;
        for (step, slots) in
            (timers.first_open_step..).zip(timers.near).filter(|(_, slots)| !slots.is_empty())
        {
            // Who asked while the step was far asked first.
            steps.entry(step).or_default().extend(slots);
        }
        TimerSnapshot { step_ms: timers.step_ms, steps }
    }
}

impl TimerWheel {
    /// Timers that ring in steps of so many milliseconds.
    #[must_use]
    pub fn new(step: i64) -> TimerWheel {
        TimerWheel {
            step_ms: step,
            first_open_step: i64::MIN,
            near: VecDeque::new(),
            far: BTreeMap::new(),
        }
    }

    /// The timers as they were read, if they ring as `new` ones do, and for some of so many places.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn restore(self, new: &TimerWheel, slots: usize) -> Result<TimerWheel, &'static str> {
        let known = self.far.values().flatten().all(|slot| (*slot as usize) < slots);
        if self.step_ms == new.step_ms && known {
            Ok(self)
        } else {
            Err("a timer rings for a place that there is not")
        }
    }

    /// Asks for the case at `slot` to be judged at `time`.
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

    /// Whether some case may be due when `now` is reached.
    #[must_use]
    pub fn is_any_due(&self, now: Timestamp) -> bool {
        let step = now.0.div_euclid(self.step_ms);
        let mut near = (self.first_open_step..=step).zip(&self.near);
        near.any(|(_, slots)| !slots.is_empty())
            || self.far.first_key_value().is_some_and(|(first, _)| *first <= step)
    }

    /// The cases that may be due when `now` is reached, each once, in no order that depends on when they asked. Those due
    /// later in the same step are among them; they ask again. Time does not go back.
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

        /// Timers against a plain list, near and far, before and after they were written down.
        #[test]
        fn fires_each_timer_once(steps in prop::collection::vec((0..4_u8, 0..9_000_i64, 0..20_u32), 0..80)) {
            let mut timers = TimerWheel::new(SECOND);
            let mut asked: Vec<(i64, u32)> = Vec::new();
            let mut now = 1_000_000;
            for (what, seconds, slot) in steps {
                match what {
                    0 => {
                        now += seconds / 3;
                        let time = Timestamp(now * SECOND);
                        let mut expected: Vec<u32> = asked.extract_if(.., |(at, _)| *at <= now).map(|(_, slot)| slot).collect();
                        expected.sort_unstable();
                        expected.dedup();
                        prop_assert_eq!(timers.is_any_due(time), !expected.is_empty());
                        prop_assert_eq!(timers.take_due(time), expected);
                        prop_assert!(!timers.is_any_due(time));
                    }
                    1 => timers = TimerWheel::from(TimerSnapshot::from(timers)),
                    _ => {
                        timers.schedule(Timestamp((now + 1 + seconds) * SECOND), slot);
                        asked.push((now + 1 + seconds, slot));
                    }
                }
                let written = TimerSnapshot::from(timers.clone()).steps;
                let mut steps: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
                asked.iter().for_each(|(at, slot)| steps.entry(*at).or_default().push(*slot));
                prop_assert_eq!(written, steps);
            }
        }
    }
}
