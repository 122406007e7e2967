//! Time ranges in which a declared source sent events without a silence beyond its limit.

use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::standard::source::SilenceLimit;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Maximum number of ranges of a source. Above it, the oldest range counts as lost.
const RANGES_MAX: usize = 256;

/// First and last event time of each range, in ascending order.
///
/// Events that fill a silence join the ranges around it, so the order of arrival has no effect.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SourceCoverage {
    ranges: Vec<(Timestamp, Timestamp)>,
}

impl SourceCoverage {
    /// Returns the coverage of a source whose events until `until` were not recorded by source.
    pub(super) fn assume_received(since: Timestamp, until: Timestamp) -> SourceCoverage {
        SourceCoverage { ranges: vec![(since, until.max(since))] }
    }

    /// Records an event of a source with this limit of silence.
    #[inline]
    pub(super) fn record_event(&mut self, time: Timestamp, limit: &SilenceLimit<'_>) {
        match self.ranges.last_mut() {
            Some((first, last)) if time >= *first && !limit.is_exceeded(*last, time) => {
                *last = time.max(*last);
            }
            _ => self.record_elsewhere(time, limit),
        }
    }

    #[cold]
    fn record_elsewhere(&mut self, time: Timestamp, limit: &SilenceLimit<'_>) {
        let place = self.ranges.partition_point(|(_, last)| limit.is_exceeded(*last, time));
        match self.ranges.get_mut(place) {
            Some((first, last)) if !limit.is_exceeded(time, *first) => {
                (*first, *last) = (time.min(*first), time.max(*last));
            }
            _ => self.ranges.insert(place, (time, time)),
        }
        if let (Some((_, last)), Some((next_first, next_last))) =
            (self.ranges.get(place), self.ranges.get(place + 1))
            && !limit.is_exceeded(*last, *next_first)
        {
            self.ranges[place].1 = (*last).max(*next_last);
            self.ranges.remove(place + 1);
        }
        if self.ranges.len() > RANGES_MAX {
            self.ranges.remove(0);
        }
    }

    /// Returns the end of the latest silence after `window_start`; `None` without one.
    pub(super) fn silence_end(
        &self,
        limit: &SilenceLimit<'_>,
        window_start: Timestamp,
        known_since: Timestamp,
    ) -> Option<Timestamp> {
        let (first, latest) = (self.ranges.first()?.0, self.ranges.last()?.0);
        let begins_late = limit.is_exceeded(window_start.max(known_since), first);
        (latest > window_start && (self.ranges.len() > 1 || begins_late)).then_some(latest)
    }

    /// Returns true if all times are possible and in order.
    pub(super) fn is_valid(&self, bounds: &SnapshotBounds) -> bool {
        self.ranges.len() <= RANGES_MAX
            && self.ranges.iter().all(|(first, last)| {
                first <= last && [*first, *last].into_iter().all(|time| bounds.has_happened(time))
            })
            && self.ranges.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: SilenceLimit<'_> = SilenceLimit { silent_after_ms: 10, calendar: None };

    fn coverage(times: &[i64]) -> SourceCoverage {
        let mut coverage = SourceCoverage::default();
        times.iter().for_each(|time| coverage.record_event(Timestamp(*time), &LIMIT));
        coverage
    }

    fn silence_end(coverage: &SourceCoverage, window_start: i64, known_since: i64) -> Option<i64> {
        coverage
            .silence_end(&LIMIT, Timestamp(window_start), Timestamp(known_since))
            .map(|end| end.0)
    }

    #[test]
    fn silence_beyond_limit_makes_earlier_windows_partial() {
        let heard = coverage(&[100, 110, 120, 140, 150]);
        assert_eq!(silence_end(&heard, 90, 100), Some(140));
        assert_eq!(silence_end(&heard, 139, 100), Some(140));
        assert_eq!(silence_end(&heard, 140, 100), None, "the window begins after the silence");
        assert_eq!(silence_end(&coverage(&[]), 90, 100), None);
    }

    #[test]
    fn late_first_event_counts_from_where_its_cases_are_expected() {
        let heard = coverage(&[100, 105]);
        assert_eq!(silence_end(&heard, 0, 95), None, "within the limit of the first event");
        assert_eq!(silence_end(&heard, 0, 50), Some(100));
        assert_eq!(silence_end(&heard, 92, 50), None);
    }

    #[test]
    fn ranges_do_not_depend_on_order_and_late_events_fill_a_silence() {
        let times = [100, 108, 131, 119, 160, 152, 90, 200];
        let mut sorted = times;
        sorted.sort_unstable();
        assert_eq!(coverage(&times), coverage(&sorted));
        assert_eq!(coverage(&times).ranges.len(), 5);
        let filled = coverage(&[100, 130, 110, 120]);
        assert_eq!(filled.ranges, [(Timestamp(100), Timestamp(130))]);
    }

    #[test]
    fn number_of_ranges_is_bounded() {
        let times: Vec<i64> = (0..1_000).map(|number| number * 100).collect();
        let heard = coverage(&times);
        assert_eq!(heard.ranges.len(), RANGES_MAX);
        assert_eq!(heard.ranges.last().map(|range| range.0.0), Some(99_900));
    }
}
