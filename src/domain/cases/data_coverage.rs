//! Data coverage: from when the events of each family are known, and what was lost since.
//!
//! It depends on the set of accepted events, not on their order or repetition. A window that begins
//! before its data are known is only partly known.

mod source_coverage;

use self::source_coverage::SourceCoverage;
use super::snapshot_validation::SnapshotBounds;
use crate::domain::events::event::CaseFamily;
use crate::domain::standard::source::SilenceLimit;
use crate::domain::standard::{EventSchema, RetentionHorizon};
use crate::domain::time::timestamp::{SECOND, Timestamp};
use serde::{Deserialize, Serialize};

/// Time ranges from which events were received, by family and by declared source.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataCoverage {
    families: Vec<FamilyCoverage>,
    sources: Vec<SourceCoverage>,
}

/// Coverage of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
struct FamilyCoverage {
    /// Earliest event time received; `None` before the first event.
    earliest: Option<Timestamp>,
    /// Time of the latest observation of a case that is forgotten and remains only in sums.
    forgotten_until: Option<Timestamp>,
    /// Time up to which cases are missing, because a change of the standard lost their sums.
    lost_until: Option<Timestamp>,
}

impl FamilyCoverage {
    fn known_since(self) -> Option<Timestamp> {
        let after_loss = self
            .lost_until
            .map(|lost| Timestamp((lost.0.div_euclid(SECOND).saturating_add(1)) * SECOND));
        self.earliest.max(after_loss)
    }
}

impl DataCoverage {
    /// Creates the coverage of a core without events.
    #[must_use]
    pub fn new(schema: &EventSchema) -> DataCoverage {
        DataCoverage {
            families: vec![FamilyCoverage::default(); schema.families.len()],
            sources: vec![SourceCoverage::default(); schema.sources.len()],
        }
    }

    /// Records an accepted or repeated event. `source` is 0 for undeclared sources, otherwise the
    /// place of the source plus one. `limit_of` gives the limit of silence of the source at a place.
    #[inline]
    pub fn record_event<'s>(
        &mut self,
        family: CaseFamily,
        source: u8,
        time: Timestamp,
        limit_of: impl FnOnce(usize) -> Option<SilenceLimit<'s>>,
    ) {
        if let Some(known) = self.families.get_mut(usize::from(family.0))
            && known.earliest.is_none_or(|earliest| time < earliest)
        {
            known.earliest = Some(time);
        }
        if source != 0 {
            let place = usize::from(source) - 1;
            if let (Some(known), Some(limit)) = (self.sources.get_mut(place), limit_of(place)) {
                known.record_event(time, &limit);
            }
        }
    }

    /// Records that a case of these families was forgotten.
    pub fn record_forgotten(&mut self, families: u64, last_observed: Timestamp) {
        let forgotten = self.families.iter_mut().enumerate();
        forgotten.filter(|(family, _)| families >> family & 1 == 1).for_each(|(_, known)| {
            known.forgotten_until = known.forgotten_until.max(Some(last_observed));
        });
    }

    /// Returns the latest time from which a received family of the operands is known. Each operand
    /// is a bit mask of families. Returns `None` if an operand has no received family.
    #[must_use]
    pub fn operands_known_since(&self, operands: &[u64]) -> Option<Timestamp> {
        let known_since = |families: &u64| {
            let received = self.families.iter().enumerate();
            let received = received.filter(|(family, _)| families >> family & 1 == 1);
            received.filter_map(|(_, family)| family.known_since()).max()
        };
        operands
            .iter()
            .map(known_since)
            .try_fold(Timestamp(i64::MIN), |latest, since| since.map(|since| latest.max(since)))
    }

    /// Returns the end of the latest silence of a source after `window_start` that exceeded its
    /// limit; `None` without one. A source that was never received has no silence here; it is
    /// silent now. Its cases are expected from `known_since` on.
    #[must_use]
    pub fn silence_end(
        &self,
        source: usize,
        limit: &SilenceLimit<'_>,
        window_start: Timestamp,
        known_since: Timestamp,
    ) -> Option<Timestamp> {
        self.sources.get(source)?.silence_end(limit, window_start, known_since)
    }

    /// Returns false if the source had no silence after its first event and began before or soon
    /// after the earliest event of any family.
    #[must_use]
    pub fn may_have_silence(&self, source: usize, limit: &SilenceLimit<'_>) -> bool {
        let earliest = self.families.iter().filter_map(|family| family.known_since()).min();
        earliest.is_some_and(|earliest| {
            self.silence_end(source, limit, Timestamp(i64::MIN), earliest).is_some()
        })
    }

    /// Converts to another schema after a change of the standard at `at`, which lost the sums of
    /// the forgotten cases. Families and sources keep their coverage by name. A source that was not
    /// declared before counts as received until now.
    #[must_use]
    pub fn with_schema(
        &self,
        before: &EventSchema,
        now: &EventSchema,
        at: Timestamp,
    ) -> DataCoverage {
        let place = |list: &[String], name: &String| list.iter().position(|known| known == name);
        let family = |name: &String| {
            let known = place(&before.families, name)
                .and_then(|place| self.families.get(place))
                .copied()
                .unwrap_or_default();
            FamilyCoverage {
                lost_until: known.lost_until.max(known.forgotten_until),
                forgotten_until: None,
                ..known
            }
        };
        let source = |name: &String| match place(&before.sources, name) {
            Some(place) => self.sources.get(place).cloned().unwrap_or_default(),
            None => self.assume_source_received(at),
        };
        DataCoverage {
            families: now.families.iter().map(family).collect(),
            sources: now.sources.iter().map(source).collect(),
        }
    }

    fn assume_source_received(&self, until: Timestamp) -> SourceCoverage {
        let earliest = self.families.iter().filter_map(|family| family.earliest).min();
        earliest.map_or_else(SourceCoverage::default, |since| {
            SourceCoverage::assume_received(since, until)
        })
    }

    /// Completes the coverage of a snapshot that was saved without it, after the events of the
    /// remembered cases were recorded.
    ///
    /// All sources count as received until `now`. `counted` tells whether cases of a family were ever
    /// counted. If all of them are forgotten, the family is known since its horizon.
    pub fn complete_from_sums(
        &mut self,
        counted: impl Fn(usize) -> bool,
        has_forgotten_cases: bool,
        horizon: Option<RetentionHorizon>,
        (schema, now): (&EventSchema, Timestamp),
    ) {
        for place in 0..self.sources.len() {
            self.sources[place] = self.assume_source_received(now);
        }
        let Some(horizon) = horizon.filter(|_| has_forgotten_cases) else { return };
        for (number, family) in self.families.iter_mut().enumerate() {
            // A forgotten case was last observed before its horizon.
            let life_cycle = schema.life_cycle(CaseFamily(number as u8));
            let forgotten = now.plus_millis(-horizon.for_life_cycle(life_cycle));
            if counted(number) {
                family.earliest = family.earliest.or(Some(forgotten));
                family.forgotten_until = Some(forgotten);
            }
        }
    }

    /// Checks a decoded coverage against the standard's schema and the time reached.
    ///
    /// # Errors
    /// Returns a message if it does not fit.
    pub fn restore(
        self,
        schema: &EventSchema,
        bounds: &SnapshotBounds,
    ) -> Result<DataCoverage, &'static str> {
        let has_happened =
            |time: &Option<Timestamp>| time.is_none_or(|time| bounds.has_happened(time));
        let is_valid = |family: &FamilyCoverage| {
            let FamilyCoverage { earliest, forgotten_until, lost_until } = family;
            [earliest, forgotten_until, lost_until].into_iter().all(has_happened)
        };
        let fits = self.families.len() == schema.families.len()
            && self.sources.len() == schema.sources.len()
            && self.families.iter().all(is_valid)
            && self.sources.iter().all(|source| source.is_valid(bounds));
        if fits { Ok(self) } else { Err("the data coverage does not fit the standard") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::timestamp::HOUR;

    fn known_since(coverage: &DataCoverage, family: u8) -> Option<Timestamp> {
        coverage.operands_known_since(&[1 << family])
    }

    fn schema(families: &[&str]) -> EventSchema {
        let mut schema = EventSchema::default();
        schema.families = families.iter().map(|name| (*name).to_owned()).collect();
        schema
    }

    fn coverage(times: &[(u8, i64)]) -> DataCoverage {
        let mut coverage = DataCoverage::new(&schema(&["call", "repair"]));
        for (family, time) in times {
            coverage.record_event(CaseFamily(*family), 0, Timestamp(*time), |_| None);
        }
        coverage
    }

    #[test]
    fn family_is_known_since_earliest_event_in_any_order() {
        assert_eq!(known_since(&coverage(&[]), 0), None);
        let one = coverage(&[(0, 5_000), (0, 3_000), (0, 9_000)]);
        assert_eq!((known_since(&one, 0), known_since(&one, 1)), (Some(Timestamp(3_000)), None));
        assert_eq!(one, coverage(&[(0, 9_000), (0, 3_000), (0, 3_000), (0, 5_000)]));
    }

    #[test]
    fn change_of_standard_loses_forgotten_cases() {
        let mut known = coverage(&[(0, 1_000), (1, 2_000)]);
        known.record_forgotten(0b01, Timestamp(7_000));
        known.record_forgotten(0b01, Timestamp(6_500));
        assert_eq!(known_since(&known, 0), Some(Timestamp(1_000)), "the sums still have them");
        let (before, now) = (schema(&["call", "repair"]), schema(&["repair", "move", "call"]));
        let at = Timestamp(9_000);
        let mut changed = known.with_schema(&before, &now, at);
        let since = |coverage: &DataCoverage| {
            [0, 1, 2].map(|family| known_since(coverage, family).map(|since| since.0))
        };
        assert_eq!(since(&changed), [Some(2_000), None, Some(8_000)]);
        changed.record_event(CaseFamily(2), 0, Timestamp(500), |_| None);
        assert_eq!(since(&changed)[2], Some(8_000), "a late event does not bring back the others");
        assert_eq!(since(&changed.with_schema(&now, &now, at)), since(&changed));
    }

    #[test]
    fn coverage_of_earlier_snapshots_is_completed_from_sums() {
        let horizon = RetentionHorizon::default();
        let now = Timestamp(100 * 24 * HOUR);
        let mut known = coverage(&[(1, 95 * 24 * HOUR)]);
        let schema = EventSchema::new(Vec::new(), &[], &[], Vec::new());
        known.complete_from_sums(|_| true, false, Some(horizon), (&schema, now));
        assert_eq!(known_since(&known, 0), None, "nothing was forgotten");
        known.complete_from_sums(|_| true, true, Some(horizon), (&schema, now));
        assert_eq!(known_since(&known, 0), Some(Timestamp(99 * 24 * HOUR)));
        assert_eq!(known_since(&known, 1), Some(Timestamp(95 * 24 * HOUR)));
    }

    #[test]
    fn operand_needs_one_received_family_and_every_operand_counts() {
        let known = coverage(&[(0, 1_000), (1, 2_000)]);
        let since = |operands: &[u64]| known.operands_known_since(operands).map(|since| since.0);
        assert_eq!(since(&[0b01]), Some(1_000));
        assert_eq!(since(&[0b11]), Some(2_000), "the latest of the received families");
        assert_eq!(since(&[0b101, 0b01]), Some(1_000), "family 2 was not received");
        assert_eq!(since(&[0b01, 0b100]), None, "the second operand is unknown");
    }
}
