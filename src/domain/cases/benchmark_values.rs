//! Values of the outside series, from the newest event of each of their cases.

use super::observation::{Observation, ObservationPlace};
use crate::domain::events::benchmark_report::BenchmarkReport;
use crate::domain::events::event::Symbol;
use crate::domain::time::series_period::SeriesPeriod;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Newest report of each case of an outside series.
#[derive(Clone, Default, Debug)]
pub struct BenchmarkValues {
    by_case: BTreeMap<u64, (ObservationPlace, BenchmarkReport)>,
}

impl BenchmarkValues {
    /// Replaces the report of a case by that of its newest observation. The observations are in
    /// order.
    pub fn record_case(&mut self, case: u64, observations: &[Observation]) {
        let newest = observations.iter().rev().find_map(|observation| {
            let report = BenchmarkReport::from_detail(&observation.detail)?;
            Some((observation.place(), report))
        });
        match newest {
            Some(newest) => _ = self.by_case.insert(case, newest),
            None => _ = self.by_case.remove(&case),
        }
    }

    /// Returns the value of a series for its own period, else that of the newest period that has
    /// ended before `today`. Returns the period too; `None` without a value.
    ///
    /// If two cases have a value for the same period, the newest event holds.
    #[must_use]
    pub fn value_for(
        &self,
        name: Symbol,
        own: Option<SeriesPeriod>,
        today: Date,
    ) -> Option<(SeriesPeriod, f64)> {
        let of_series = || self.by_case.values().filter(|(_, report)| report.name == name);
        let of_own = own.and_then(|own| {
            of_series().filter(|(_, report)| report.period == own).max_by_key(|(place, _)| *place)
        });
        let newest = of_own.or_else(|| {
            of_series()
                .filter(|(_, report)| report.period.end() <= today)
                .max_by_key(|(place, report)| (report.period.end(), report.period.first, *place))
        });
        newest.map(|(_, report)| (report.period, report.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::{CaseFamily, EventId, EventType, EventVerb};
    use crate::domain::time::timestamp::Timestamp;
    use jiff::civil::date;

    fn observation(time: i64, period: &str, value: f64) -> Observation {
        let report = BenchmarkReport {
            name: Symbol::from_text("appeals"),
            period: SeriesPeriod::parse(period).expect("a period"),
            value,
        };
        Observation {
            time: Timestamp(time),
            sequence: 0,
            kind: EventType { family: CaseFamily(4), verb: EventVerb::Reported },
            id: EventId(time as u64),
            group: 0,
            detail: report.to_detail(),
        }
    }

    #[test]
    fn own_period_comes_first_then_the_newest_that_ended() {
        let mut values = BenchmarkValues::default();
        values.record_case(
            1,
            &[observation(1, "2026-01", 1_700.0), observation(9, "2026-01", 1_710.0)],
        );
        values.record_case(2, &[observation(2, "2026-02", 1_830.0)]);
        values.record_case(3, &[observation(3, "2026-Q1", 5_400.0)]);
        values.record_case(4, &[observation(4, "2025", 20_000.0)]);
        let value = |own: Option<&str>, today: Date| {
            let own = own.map(|own| SeriesPeriod::parse(own).expect("a period"));
            let found = values.value_for(Symbol::from_text("appeals"), own, today);
            found.map(|(period, value)| format!("{period}: {value}"))
        };
        let march = date(2026, 3, 20);
        assert_eq!(value(Some("2026-02"), march).as_deref(), Some("2026-02: 1830"));
        assert_eq!(value(Some("2026-01"), march).as_deref(), Some("2026-01: 1710"));
        assert_eq!(value(Some("2026-03"), march).as_deref(), Some("2026-02: 1830"));
        assert_eq!(value(None, march).as_deref(), Some("2026-02: 1830"));
        assert_eq!(value(None, date(2026, 4, 1)).as_deref(), Some("2026-Q1: 5400"));
        assert_eq!(value(None, date(2026, 1, 15)).as_deref(), Some("2025: 20000"));
        assert_eq!(value(None, date(2025, 12, 31)), None);
        assert_eq!(values.value_for(Symbol::from_text("other"), None, march), None);
    }
}
