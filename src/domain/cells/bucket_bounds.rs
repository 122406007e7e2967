//! Edges: at which lengths the durations of an indicator are counted for those who read counters, as Prometheus does.
//!
//! They are those at which somebody will ask: the thresholds at which other indicators cut the same facts, the terms of the
//! commitments that these facts keep, the targets, and a ladder in between.

use crate::domain::events::event::CaseFamily;
use crate::domain::standard::{DeadlineRule, Indicator, Standard};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND};

/// The most edges of an indicator; of more the longest are left out.
pub const MAX_BUCKET_BOUNDS: usize = 32;

/// The ladder of calls, tickets and agents, who are done in minutes.
const CONTACT_BOUNDS_MS: [i64; 9] = [
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
];

/// The ladder of orders, which take days.
const ORDER_BOUNDS_MS: [i64; 8] =
    [10 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR, 7 * 24 * HOUR];

/// The edges of an indicator, in milliseconds, rising.
#[must_use]
pub fn bucket_bounds(standard: &Standard, indicator: &Indicator) -> Vec<i64> {
    let takes = |kind| indicator.fact_tallies().any(|own| own.kind == kind);
    let orders = indicator
        .fact_tallies()
        .any(|tally| standard.kinds.family(tally.kind) >= CaseFamily::FIRST_ORDER);
    let mut edges = if orders { ORDER_BOUNDS_MS.to_vec() } else { CONTACT_BOUNDS_MS.to_vec() };
    let cuts = standard
        .indicators
        .iter()
        .flat_map(Indicator::fact_tallies)
        .filter(|tally| takes(tally.kind))
        .filter_map(|tally| tally.values);
    // `beyond` begins a millisecond later and `below` ends one earlier than the threshold that was written.
    edges.extend(
        cuts.flat_map(|(low, high)| [low, high])
            .filter(|cut| *cut < i64::MAX / 2)
            .map(round_to_seconds),
    );
    let kept = standard.commitments.iter().filter(|commitment| takes(commitment.until));
    let choices = kept.flat_map(|commitment| &commitment.terms).flat_map(|terms| &terms.choices);
    edges.extend(choices.filter_map(|choice| {
        if let DeadlineRule::Within(millis, None) = choice.deadline { Some(millis) } else { None }
    }));
    let targets = indicator.targets.iter().filter_map(|dated| dated.target);
    let seconds = targets.flat_map(|target| [Some(target.value), target.warning]).flatten();
    edges.extend(seconds.map(|seconds| (seconds * SECOND as f64) as i64));
    edges.retain(|edge| *edge > 0);
    edges.sort_unstable();
    edges.dedup();
    edges.truncate(MAX_BUCKET_BOUNDS);
    edges
}

/// The whole second next to a length of a second or more.
fn round_to_seconds(millis: i64) -> i64 {
    if millis < SECOND { millis } else { (millis + SECOND / 2) / SECOND * SECOND }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};

    #[test]
    fn bucket_bounds_include_thresholds_deadlines_and_targets() {
        let standard = parse_standard(BUILT_IN_NAME, BUILT_IN).expect("a good standard");
        let of = |name: &str| {
            let indicator =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            bucket_bounds(&standard, indicator)
                .into_iter()
                .map(|edge| edge / SECOND)
                .collect::<Vec<_>>()
        };
        assert_eq!(of("speed_of_answer"), [5, 10, 15, 20, 30, 60, 120, 300, 600, 1_800]);
        assert!(
            of("hall_wait").contains(&480) && of("hall_wait").contains(&600),
            "its warning and its commitment"
        );
        assert!(of("time_to_restore").contains(&172_800), "48 h");
    }
}
