//! Values of outside series, such as the industry's appeals in a month.

use super::event::{CustomerKey, EventDetail, PackedTimestamp, Symbol};
use crate::domain::time::series_period::{SeriesPeriod, SeriesPeriodKind};
use crate::domain::time::timestamp::{HOUR, Timestamp};
use std::num::{NonZeroU8, NonZeroU64};

/// Milliseconds in a day of 24 hours.
const DAY: i64 = 24 * HOUR;

/// Value of an outside series for a period.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BenchmarkReport {
    /// Name of the series.
    pub name: Symbol,
    /// Period of the value.
    pub period: SeriesPeriod,
    /// The value, in the unit of the series. Finite.
    pub value: f64,
}

impl BenchmarkReport {
    /// Returns the detail of an event with this report.
    ///
    /// Most events are about calls, so an event has no room of its own for a report. It uses fields
    /// that these events leave empty: `topic` for the name, `due` and `answer` for the period, and
    /// the eight bytes of `customer` for the value.
    #[must_use]
    pub fn to_detail(self) -> EventDetail {
        let first = Timestamp(self.period.first_day_number().saturating_mul(DAY));
        // A finite value has other bits than all ones, and 0 has none.
        let value = (self.value + 0.0).to_bits().wrapping_add(1);
        EventDetail {
            topic: Some(self.name),
            due: PackedTimestamp::new(first),
            answer: NonZeroU8::new(self.period.kind.number()),
            customer: NonZeroU64::new(value).map(CustomerKey),
            ..EventDetail::default()
        }
    }

    /// Returns the report of an event with this detail; `None` if it is incomplete.
    #[must_use]
    pub fn from_detail(detail: &EventDetail) -> Option<BenchmarkReport> {
        let kind = SeriesPeriodKind::from_number(detail.answer?.get())?;
        let first_day = detail.due?.readable()?.0.div_euclid(DAY);
        let value = f64::from_bits(detail.customer?.0.get().wrapping_sub(1));
        Some(BenchmarkReport {
            name: detail.topic?,
            period: SeriesPeriod::from_day_number(kind, first_day)?,
            value,
        })
        .filter(|report| report.value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_round_trip() {
        for value in [0.0, -0.0, 1_830.0, -2.5, 0.912, f64::MAX, f64::MIN_POSITIVE] {
            for period in ["1969-W01", "2026", "2026-02-28"] {
                let report = BenchmarkReport {
                    name: Symbol::from_text("industry_appeals"),
                    period: SeriesPeriod::parse(period).expect("a period"),
                    value,
                };
                assert_eq!(BenchmarkReport::from_detail(&report.to_detail()), Some(report));
            }
        }
        assert_eq!(BenchmarkReport::from_detail(&EventDetail::default()), None);
    }
}
