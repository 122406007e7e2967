//! Bucket bounds of duration indicators, for cumulative histograms as in Prometheus.
//!
//! The bounds are the thresholds of other indicators on the same facts, the due times of
//! commitments that these facts fulfill, the targets, and a default ladder.

use crate::domain::events::event::LifeCycle;
use crate::domain::standard::{DeadlineRule, Indicator, Standard};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND};

/// Maximum number of bounds of an indicator. The longest are dropped beyond it.
pub const MAX_BUCKET_BOUNDS: usize = 32;

/// Default bounds of calls, tickets and agents, which take minutes.
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

/// Default bounds of orders, which take days.
const ORDER_BOUNDS_MS: [i64; 8] =
    [10 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR, 7 * 24 * HOUR];

/// Returns the bucket bounds of an indicator in milliseconds, ascending.
#[must_use]
pub fn bucket_bounds(standard: &Standard, indicator: &Indicator) -> Vec<i64> {
    let uses_kind = |kind| indicator.fact_tallies().any(|tally| tally.kind == kind);
    let orders = indicator.fact_tallies().any(|tally| {
        standard.schema.life_cycle(standard.kinds.family(tally.kind)) == LifeCycle::Order
    });
    let mut bounds = if orders { ORDER_BOUNDS_MS.to_vec() } else { CONTACT_BOUNDS_MS.to_vec() };
    let cuts = standard
        .indicators
        .iter()
        .flat_map(Indicator::fact_tallies)
        .filter(|tally| uses_kind(tally.kind))
        .filter_map(|tally| tally.values);
    // `beyond` starts 1 ms after the declared threshold, and `below` ends 1 ms before it.
    bounds.extend(
        cuts.flat_map(|(low, high)| [low, high])
            .filter(|cut| *cut < i64::MAX / 2)
            .map(round_to_seconds),
    );
    let commitments = standard.commitments.iter().filter(|commitment| uses_kind(commitment.until));
    let choices =
        commitments.flat_map(|commitment| &commitment.terms).flat_map(|terms| &terms.choices);
    bounds.extend(choices.filter_map(|choice| {
        if let DeadlineRule::Within(millis, None) = choice.deadline { Some(millis) } else { None }
    }));
    let targets = indicator.all_targets();
    let threshold_seconds =
        targets.flat_map(|target| [Some(target.value), target.warning]).flatten();
    bounds.extend(threshold_seconds.map(|seconds| (seconds * SECOND as f64) as i64));
    bounds.retain(|bound| *bound > 0);
    bounds.sort_unstable();
    bounds.dedup();
    bounds.truncate(MAX_BUCKET_BOUNDS);
    bounds
}

/// Rounds a duration of at least one second to the nearest second.
fn round_to_seconds(millis: i64) -> i64 {
    if millis < SECOND { millis } else { (millis + SECOND / 2) / SECOND * SECOND }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};

    #[test]
    fn bucket_bounds_include_thresholds_deadlines_and_targets() {
        let standard = parse_standard(BUILT_IN_NAME, BUILT_IN).expect("built-in standard is valid");
        let of = |name: &str| {
            let indicator =
                standard.indicators.iter().find(|indicator| indicator.name == name).expect(name);
            bucket_bounds(&standard, indicator)
                .into_iter()
                .map(|bound| bound / SECOND)
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
