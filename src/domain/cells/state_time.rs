//! Time in states inside a window, from sums of start and end times.
//!
//! A state may begin before a window and last beyond its end. Only the time inside counts. No state
//! is split for this. For each set of states, a window sums two numbers over the starts and ends
//! that lie in it: the starts minus the ends, and the start times minus the end times. Both follow
//! exactly from the facts, so a correction withdraws what it replaces. With the number of active
//! states they give the time in the states, see [`StateSums::millis_between`].
//!
//! A window covers its milliseconds up to the current one, which belongs to it. So an agent who works
//! for a whole half hour counts 1 800 s in the last millisecond of the interval.

use crate::domain::facts::catalog::Fact;
use crate::domain::time::timestamp::Timestamp;

/// Returns the end of the time that windows cover at `now`: the end of the current millisecond.
#[must_use]
pub fn covered_until(now: Timestamp) -> Timestamp {
    now.plus_millis(1)
}

/// Number of sums of each set of states.
pub const SUMS_PER_SET: usize = 2;

/// Sums of one set of states over the starts and ends in one time range.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct StateSums {
    /// Number of starts minus number of ends.
    pub starts: i64,
    /// Start times minus end times, in milliseconds since 1970. It wraps at 64 bits.
    pub times: i64,
}

impl StateSums {
    /// Returns the time in the states from `begin` to `end`, in milliseconds. The sums must cover
    /// this range, and `active` states must hold at `end`.
    ///
    /// `active - starts` states held at `begin`. Each of them adds `end - begin`, each start adds
    /// `end` minus its time, and each end takes `end` minus its time away:
    /// `(active - starts) * (end - begin) + starts * end - times`, which is
    /// `active * (end - begin) + starts * begin - times`.
    #[must_use]
    pub fn millis_between(self, active: i64, begin: Timestamp, end: Timestamp) -> i64 {
        // Terms may wrap at 64 bits, as with the window `all` that has no begin. Their sum does not.
        active
            .wrapping_mul(end.0.wrapping_sub(begin.0))
            .wrapping_add(self.starts.wrapping_mul(begin.0))
            .wrapping_sub(self.times)
    }

    /// Adds the sums of another time range or group.
    pub fn merge(&mut self, other: StateSums) {
        self.starts = self.starts.wrapping_add(other.starts);
        self.times = self.times.wrapping_add(other.times);
    }
}

/// Start or end of states.
#[derive(Clone, Copy, Debug)]
pub struct StateChange {
    /// Time of the start or end.
    pub time: Timestamp,
    /// Number of states that start, negative for ends.
    pub starts: i64,
}

impl StateChange {
    /// Iterates over the changes that a fact reports: the start of an active state, or start and end
    /// of a past one. A past state of unknown duration has none.
    pub fn of_fact(fact: &Fact, is_active: bool) -> impl Iterator<Item = StateChange> + use<> {
        let start = match (is_active, fact.value) {
            (true, _) => Some(fact.time),
            (false, Fact::UNKNOWN) => None,
            (false, duration) => Some(fact.time.plus_millis(-duration)),
        };
        let end = start.filter(|_| !is_active).map(|_| fact.time);
        let changes = [(start, 1), (end, -1)].into_iter();
        changes.filter_map(|(time, starts)| Some(StateChange { time: time?, starts }))
    }

    /// Returns the opposite change, which withdraws this one.
    #[must_use]
    pub fn reversed(self) -> StateChange {
        StateChange { starts: -self.starts, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEVER: i64 = i64::MAX;

    /// Returns the time of the states inside the range, each split at its ends by hand.
    fn split_by_hand(states: &[(i64, i64)], begin: i64, end: i64) -> i64 {
        let inside = |(from, until): &(i64, i64)| (*until.min(&end) - *from.max(&begin)).max(0);
        states.iter().map(inside).sum()
    }

    fn sums_of(states: &[(i64, i64)], begin: i64, end: i64) -> (StateSums, i64) {
        let mut sums = StateSums::default();
        for (from, until) in states {
            for (time, starts) in [(*from, 1), (*until, -1)] {
                if (begin..=end).contains(&time) {
                    sums.merge(StateSums { starts, times: starts * time });
                }
            }
        }
        let active = states.iter().filter(|(from, until)| *from <= end && *until > end).count();
        (sums, active as i64)
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn sums_give_time_of_states_split_by_hand(
            states in prop::collection::vec((0..1_000_i64, prop::option::of(0..500_i64)), 0..20),
            begin in 0..1_000_i64,
            length in 0..1_000_i64,
        ) {
            let states: Vec<(i64, i64)> = states
                .into_iter()
                .map(|(from, lasts)| (from, lasts.map_or(NEVER, |lasts| from + lasts)))
                .collect();
            let end = begin + length;
            let (sums, active) = sums_of(&states, begin, end);
            prop_assert_eq!(
                sums.millis_between(active, Timestamp(begin), Timestamp(end)),
                split_by_hand(&states, begin, end)
            );
        }
    }

    #[test]
    fn window_without_begin_covers_whole_states() {
        let now = 1_772_420_400_000;
        let states = [(now - 90, now - 30), (now - 50, NEVER)];
        let (sums, active) = sums_of(&states, i64::MIN, now);
        assert_eq!(sums.millis_between(active, Timestamp(i64::MIN), Timestamp(now)), 60 + 50);
    }

    #[test]
    fn reversed_change_withdraws_exactly() {
        let fact = Fact { value: 40, time: Timestamp(100), ..past_state() };
        let mut sums = StateSums::default();
        for change in StateChange::of_fact(&fact, false) {
            for change in [change, change.reversed()] {
                let times = change.starts * change.time.0;
                sums.merge(StateSums { starts: change.starts, times });
            }
        }
        assert_eq!(sums, StateSums::default());
        assert_eq!(StateChange::of_fact(&fact, false).count(), 2);
        assert_eq!(StateChange::of_fact(&fact, true).count(), 1);
        assert_eq!(StateChange::of_fact(&past_state(), false).count(), 0, "unknown duration");
    }

    fn past_state() -> Fact {
        Fact {
            kind: crate::domain::facts::catalog::FactKind(0),
            label: None,
            time: Timestamp(0),
            value: Fact::UNKNOWN,
        }
    }
}
