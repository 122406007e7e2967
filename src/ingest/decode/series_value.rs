//! Fields of `benchmark.reported`: the name of an outside series, a period and its value.

use super::field_values::{parse_number, parse_text};
use super::raw_event::Scalar;
use crate::domain::events::benchmark_report::BenchmarkReport;
use crate::domain::events::event::{EventDetail, Symbol};
use crate::domain::standard::EventSchema;
use crate::domain::time::series_period::SeriesPeriod;

/// Fields as they were read. Other events may have fields with these names, so their values are
/// checked only for `benchmark.reported`.
#[derive(Default, Debug)]
pub(super) struct SeriesValueFields {
    name: Option<Box<str>>,
    period: Option<Box<str>>,
    value: Option<Result<f64, String>>,
}

impl SeriesValueFields {
    /// Keeps the name of a series.
    pub(super) fn set_name(&mut self, value: &Scalar<'_>) {
        self.name = parse_text(value).ok().map(Into::into);
    }

    /// Keeps a period.
    pub(super) fn set_period(&mut self, value: &Scalar<'_>) {
        self.period = parse_text(value).ok().map(Into::into);
    }

    /// Keeps a value.
    pub(super) fn set_value(&mut self, value: &Scalar<'_>) {
        self.value = Some(parse_number(value));
    }

    /// Returns the detail of the event.
    ///
    /// # Errors
    /// Returns the problem if a field is missing, or its value is not usable.
    pub(super) fn take_detail(mut self, schema: &EventSchema) -> Result<EventDetail, String> {
        let missing = |field: &str| {
            format!("`benchmark.reported` needs `name`, `period` and `value`; add `{field}`")
        };
        let name = self.name.take().ok_or_else(|| missing("name"))?;
        if !schema.benchmarks.iter().any(|known| **known == *name) {
            let known = schema.benchmarks.join(", ");
            return Err(format!("`{name}` is not a benchmark of the standard; it has: {known}"));
        }
        let period = self.period.take().ok_or_else(|| missing("period"))?;
        let period = SeriesPeriod::parse(&period)?;
        let value = self.value.take().ok_or_else(|| missing("value"))?;
        let value = value.map_err(|reason| format!("`value` {reason}"))?;
        Ok(BenchmarkReport { name: Symbol::from_text(&name), period, value }.to_detail())
    }
}
