//! Units for which the miss of a commitment counts.

use super::deadline::{CaseDeadlineRule, PauseSpan};
use crate::domain::cases::groups::CaseGroups;
use crate::domain::facts::hold_period::HoldPeriod;
use crate::domain::facts::life_cycle_facts::MILLIONTHS_OF_MISS;
use crate::domain::standard::{HolderRule, MissHolder};
use crate::domain::time::timestamp::Timestamp;

/// Clock whose miss is assigned to units.
#[derive(Clone, Copy)]
pub(super) struct MissedClock<'a> {
    /// Start of the clock.
    pub(super) from: Timestamp,
    /// Deadline that was missed.
    pub(super) deadline: Timestamp,
    /// Rule of the deadline, whose open time counts.
    pub(super) rule: &'a CaseDeadlineRule<'a>,
    /// Periods in which the clock was stopped.
    pub(super) pauses: &'a [PauseSpan],
}

/// Time that one unit held an order while the clock ran.
struct UnitTime {
    /// Group of the latest period of the unit.
    group: u32,
    /// True if the holder dimension has a value, so that this is a unit.
    is_unit: bool,
    millis: i64,
}

/// Returns the groups in which a miss counts, each with its part in millionths. The parts add up to
/// [`MILLIONTHS_OF_MISS`]. Returns an empty list if nobody held the order.
pub(super) fn miss_parts(
    holder: MissHolder,
    holds: &[HoldPeriod],
    groups: &CaseGroups,
    clock: MissedClock<'_>,
) -> Vec<(u32, i64)> {
    let has_unit = |period: &&HoldPeriod| groups.has_value(period.group, holder.dimension);
    let before = || holds.iter().filter(|period| period.begin < clock.deadline);
    let at_deadline = || before().next_back().map(|period| period.group);
    let whole =
        |group: Option<u32>| group.map(|group| (group, MILLIONTHS_OF_MISS)).into_iter().collect();
    let units = unit_times(holder, holds, groups, clock);
    match holder.rule {
        HolderRule::First => {
            let first = units.iter().find(|unit| unit.is_unit).map(|unit| unit.group);
            whole(first.or_else(at_deadline))
        }
        HolderRule::Last => {
            let last = holds.iter().rfind(has_unit).map(|period| period.group);
            whole(last.or_else(at_deadline))
        }
        HolderRule::AtDeadline => whole(at_deadline()),
        HolderRule::Longest => {
            // `max_by_key` returns the last of equal ones.
            let longest = units.iter().rev().filter(|unit| unit.is_unit);
            let longest = longest.max_by_key(|unit| unit.millis).map(|unit| unit.group);
            whole(longest.or_else(at_deadline))
        }
        HolderRule::Shares if units.iter().all(|unit| unit.millis == 0) => whole(at_deadline()),
        HolderRule::Shares => {
            let times: Vec<i64> = units.iter().map(|unit| unit.millis).collect();
            let parts = divide_miss(&times);
            let groups = units.iter().map(|unit| unit.group);
            groups.zip(parts).filter(|(_, part)| *part > 0).collect()
        }
    }
}

/// Returns the time of each unit between the start of the clock and its deadline, in the order in
/// which the units first held the order.
fn unit_times(
    holder: MissHolder,
    holds: &[HoldPeriod],
    groups: &CaseGroups,
    clock: MissedClock<'_>,
) -> Vec<UnitTime> {
    let mut units: Vec<UnitTime> = Vec::new();
    for period in holds {
        let begin = period.begin.max(clock.from);
        let end = period.end.map_or(clock.deadline, |end| end.min(clock.deadline));
        if begin >= end {
            continue;
        }
        let millis = clock.time_between(begin, end);
        let group = period.group;
        let known = units
            .iter_mut()
            .find(|unit| groups.has_same_value(unit.group, group, holder.dimension));
        match known {
            Some(unit) => (unit.group, unit.millis) = (group, unit.millis + millis),
            None => {
                let is_unit = groups.has_value(group, holder.dimension);
                units.push(UnitTime { group, is_unit, millis });
            }
        }
    }
    units
}

impl MissedClock<'_> {
    /// Returns the time of the clock between two times, in milliseconds.
    fn time_between(&self, begin: Timestamp, end: Timestamp) -> i64 {
        let inside = self.pauses.iter().filter_map(|pause| {
            let inside = PauseSpan {
                begin: pause.begin.max(begin),
                end: Some(pause.end.map_or(end, |own| own.min(end))),
            };
            (Some(inside.begin) < inside.end).then_some(inside)
        });
        let pauses: Vec<PauseSpan> = inside.collect();
        self.rule.open_time_ms(begin, end, &pauses)
    }
}

/// Divides a miss in proportion to times whose sum is above 0. Whole millionths that rounding down
/// leaves over go to the largest remainders, of equal ones to the first.
fn divide_miss(times: &[i64]) -> Vec<i64> {
    let total: i128 = times.iter().map(|time| i128::from(*time)).sum();
    let exact = |time: i64| i128::from(time) * i128::from(MILLIONTHS_OF_MISS);
    let mut parts: Vec<i64> = times.iter().map(|time| (exact(*time) / total) as i64).collect();
    let left = MILLIONTHS_OF_MISS - parts.iter().sum::<i64>();
    let mut by_remainder: Vec<usize> = (0..times.len()).collect();
    by_remainder.sort_by_key(|place| std::cmp::Reverse(exact(times[*place]) % total));
    for place in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_one_miss() {
        for (times, expected) in [
            (vec![1, 71], vec![13_889, 986_111]),
            (vec![1, 1, 1], vec![333_334, 333_333, 333_333]),
            (vec![0, 5], vec![0, 1_000_000]),
            (vec![2, 1], vec![666_667, 333_333]),
            (vec![i64::MAX / 4, i64::MAX / 4], vec![500_000, 500_000]),
        ] {
            let parts = divide_miss(&times);
            assert_eq!(parts, expected, "{times:?}");
            assert_eq!(parts.iter().sum::<i64>(), MILLIONTHS_OF_MISS);
        }
    }
}
