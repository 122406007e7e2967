//! The board as Prometheus metrics, in the text format or as OpenMetrics.
//!
//! | family | exported for | value |
//! |---|---|---|
//! | `sla_<indicator>_<unit>` | every indicator | the value or mean; NaN without data |
//! | `sla_<indicator>_quantile_seconds` | durations | percentiles, as a summary |
//! | `sla_<indicator>_spread_seconds` | durations | all durations, as a histogram |
//! | `sla_<indicator>_good_total`, `.._of_total` | ratios | numerator and denominator |
//! | `sla_<indicator>_level` | indicators with a target | 0 none, 1 met, 2 warning, 3 breached |
//! | `sla_<indicator>_target_<unit>` | indicators with a target | the target |
//! | `sla_<indicator>_state` | unreliable readings | 1, with the reason in the label `state` |
//! | `firstline_scopes_omitted` | kinds of scopes | number of scopes above the limit |
//! | `firstline_calendar_ends_timestamp_seconds` | calendars whose holidays end | that time |
//!
//! An indicator with `targets` in the standard has a target series for each scope, with its labels.
//! The target of other indicators has no labels.
//!
//! Current-state readings have no label `window`. The label `scope` names the dimensions of the
//! scope, or `all` without dimensions. Selecting one value of `scope` keeps sums from counting a
//! case twice.
//!
//! The label `state` is `stale`, `small_sample`, `provisional` or `no_population`. Readings that
//! are `ok` have no state series. Readings without traffic have none either, because their value
//! is NaN.
//!
//! Histograms and counters count since the service started, and continue after a restart with a
//! journal. [`bucket_bounds`] defines the histogram buckets. The counters need the window `all`,
//! which is added if the standard has room for another window.
//!
//! # Limits
//! Labels are the declared dimensions only. [`MetricsSelection::scopes_max`] limits the scopes of
//! each kind. The first scopes in the order of their values are exported, so two services with the
//! same board export the same series. The others are counted as omitted. Wider scopes still include
//! their cases, and `/v1/board` lists them.

mod format;
mod labels;
mod text;

pub use self::format::{MetricsFormat, to_open_metrics};

use self::labels::MetricLabels;
use self::text::TextWriter;
use crate::access::grant::GrantedView;
use crate::describe::describe_counted_units;
use crate::domain::board::published_board::{PublishedBoard, RatioTotal};
use crate::domain::board::reading::{
    DurationDistribution, Level, Reading, ReadingComponents, ReadingState,
};
use crate::domain::cells::bucket_bounds::bucket_bounds;
use crate::domain::standard::metric_family::{IndicatorFamily, MetricFamily};
use crate::domain::standard::{Indicator, Standard};
use crate::domain::time::timestamp::Timestamp;

/// Selection of the exported readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricsSelection<'v> {
    /// The view granted to the client.
    pub view: &'v GrantedView,
    /// Maximum number of scopes of each kind.
    pub scopes_max: usize,
}

/// Writes the metrics of a published board. OpenMetrics requires [`MetricsFormat::end_marker`]
/// after all metrics.
#[must_use]
pub fn write_metrics(
    published: &PublishedBoard,
    selection: MetricsSelection<'_>,
    format: MetricsFormat,
) -> String {
    let board = &*published.board;
    let labels = MetricLabels::new(published, selection);
    let mut text = TextWriter::new(format, board.readings.len());
    let (mut readings, mut totals, mut spreads) =
        (&board.readings[..], &published.totals[..], &published.spreads[..]);
    for (number, indicator) in board.standard.indicators.iter().enumerate() {
        let part = IndicatorMetrics {
            indicator,
            title_with_unit: title_with_unit(&board.standard, number),
            standard: &board.standard,
            as_of: board.as_of,
            labels: &labels,
            readings: labels.with_scope_labels(
                split_off_indicator(&mut readings, number, |reading| reading.key.indicator),
                |reading| &reading.key,
            ),
            totals: labels.with_scope_labels(
                split_off_indicator(&mut totals, number, |total| total.key.indicator),
                |total| &total.key,
            ),
            spreads: labels.with_scope_labels(
                split_off_indicator(&mut spreads, number, |spread| spread.key.indicator),
                |spread| &spread.key,
            ),
        };
        part.write_families(&mut text);
    }
    // Metrics about the service itself are for unrestricted views only.
    if selection.view.is_unrestricted() {
        let help = "Scopes above the limit `metrics.scopes`, by kind; only `/v1/board` lists them";
        text.begin_family(&MetricFamily::scopes_omitted(), help);
        for (kind, left_out) in labels.scopes_left_out() {
            text.write_sample("", &["scope=\"", kind, "\""], left_out as f64);
        }
        write_calendar_ends(&board.standard, &mut text);
    }
    text.finish()
}

/// Writes when the holidays of each calendar end. Writes nothing if none do.
fn write_calendar_ends(standard: &Standard, text: &mut TextWriter) {
    let mut ends = standard.calendar_ends().peekable();
    if ends.peek().is_some() {
        let help = "Time from which the calendar has no holidays, because its last year is over";
        text.begin_family(&MetricFamily::calendar_ends(), help);
        for (calendar, end) in ends {
            let label = ["calendar=\"", calendar.name.as_str(), "\""];
            text.write_sample("", &label, end.0 as f64 / 1_000.0);
        }
    }
}

/// Returns the English title of an indicator, and what it counts if it is about contacts.
fn title_with_unit(standard: &Standard, number: usize) -> String {
    let title = &standard.indicators[number].title.en;
    match describe_counted_units(standard, number) {
        Some(unit) => format!("{title} ({})", unit.en),
        None => title.clone(),
    }
}

/// Splits the entries of an indicator off the front of a list ordered by indicator.
fn split_off_indicator<'l, T>(
    list: &mut &'l [T],
    indicator: usize,
    of: impl Fn(&T) -> usize,
) -> &'l [T] {
    let (entries, rest) = list.split_at(list.partition_point(|entry| of(entry) <= indicator));
    *list = rest;
    entries
}

/// Data of one indicator: readings, totals and distributions, each with the labels of its scope.
struct IndicatorMetrics<'e> {
    indicator: &'e Indicator,
    /// English title, and what the indicator counts if it is about contacts.
    title_with_unit: String,
    standard: &'e Standard,
    as_of: Option<Timestamp>,
    labels: &'e MetricLabels,
    readings: Vec<(&'e str, &'e Reading)>,
    totals: Vec<(&'e str, &'e RatioTotal)>,
    spreads: Vec<(&'e str, &'e DurationDistribution)>,
}

impl<'e> IndicatorMetrics<'e> {
    fn write_families(&self, text: &mut TextWriter) {
        let title = &self.title_with_unit;
        let of_durations = self
            .readings
            .iter()
            .any(|(_, reading)| matches!(reading.components, ReadingComponents::Duration(_)));
        let help = if of_durations { format!("{title}: mean") } else { title.clone() };
        text.begin_family(&IndicatorFamily::Value.of(self.indicator), &help);
        for (scope, reading) in &self.readings {
            text.write_sample(
                "",
                &[self.labels.window_label(&reading.key), scope],
                reading.value.unwrap_or(f64::NAN),
            );
        }
        if of_durations {
            self.write_quantiles(text);
        }
        if !self.spreads.is_empty() {
            self.write_spreads(text);
        }
        if !self.totals.is_empty() {
            type CountAccessor = fn(&RatioTotal) -> i64;
            let parts: [(IndicatorFamily, CountAccessor); 2] = [
                (IndicatorFamily::Numerator, |total| total.good),
                (IndicatorFamily::Denominator, |total| total.of),
            ];
            for (part, count) in parts {
                let help =
                    format!("{title}: {}, counted since the service started", part.content());
                text.begin_family(&part.of(self.indicator), &help);
                for (scope, total) in &self.totals {
                    text.write_sample("_total", &[scope], count(total) as f64);
                }
            }
        }
        self.write_targets(text);
        self.write_states(text);
    }

    fn write_quantiles(&self, text: &mut TextWriter) {
        let help = format!("{}: percentiles", self.indicator.title.en);
        text.begin_family(&IndicatorFamily::Quantiles.of(self.indicator), &help);
        for (scope, reading) in &self.readings {
            let ReadingComponents::Duration(durations) = reading.components else { continue };
            let quantiles = [
                ("0.5", durations.p50),
                ("0.8", durations.p80),
                ("0.9", durations.p90),
                ("0.95", durations.p95),
                ("0.99", durations.p99),
            ];
            for (quantile, value) in quantiles {
                let value = if durations.of > 0 { value } else { f64::NAN };
                text.write_sample(
                    "",
                    &[
                        self.labels.window_label(&reading.key),
                        scope,
                        ",quantile=\"",
                        quantile,
                        "\"",
                    ],
                    value,
                );
            }
        }
    }

    fn write_spreads(&self, text: &mut TextWriter) {
        let title = &self.indicator.title.en;
        let help = format!(
            "{title}: all durations since the service started; bucket bounds are accurate to 1/64"
        );
        text.begin_family(&IndicatorFamily::Spread.of(self.indicator), &help);
        let bounds = bucket_bounds(self.standard, self.indicator)
            .into_iter()
            .map(|millis| text::bucket_bound(millis as f64 / 1_000.0, text.format()));
        let bounds: Vec<String> = bounds.collect();
        for (scope, spread) in &self.spreads {
            for (bound, count) in bounds.iter().zip(&spread.at_most) {
                text.write_sample("_bucket", &[scope, ",le=\"", bound, "\""], *count as f64);
            }
            text.write_sample("_bucket", &[scope, ",le=\"+Inf\""], spread.of as f64);
            text.write_sample("_sum", &[scope], spread.sum_ms as f64 / 1_000.0);
            text.write_sample("_count", &[scope], spread.of as f64);
        }
    }

    /// Writes the levels and the targets in force. Writes nothing if no target is in force.
    fn write_targets(&self, text: &mut TextWriter) {
        let targets = self.targets();
        if targets.is_empty() {
            return;
        }
        let title = &self.indicator.title.en;
        let help = format!("{title}: 0 no level, 1 met, 2 warning, 3 breached");
        text.begin_family(&IndicatorFamily::Level.of(self.indicator), &help);
        for (scope, reading) in &self.readings {
            let level = match reading.level {
                Level::None => 0.0,
                Level::Met => 1.0,
                Level::Warning => 2.0,
                Level::Breached => 3.0,
            };
            text.write_sample("", &[self.labels.window_label(&reading.key), scope], level);
        }
        let family = IndicatorFamily::Target.of(self.indicator);
        text.begin_family(&family, &format!("{title}: target"));
        for (scope, target) in targets {
            text.write_sample("", scope.as_slice(), target);
        }
    }

    /// Returns the targets in force, each with the labels of its scope. A target that all scopes
    /// share from the start of its version has no labels.
    fn targets(&self) -> Vec<(Option<&'e str>, f64)> {
        if !self.indicator.has_scoped_targets() {
            let target = self.indicator.overall_target_at(self.as_of);
            return target.map(|target| (None, target.value)).into_iter().collect();
        }
        let with_target =
            |(scope, reading): &(&'e str, &Reading)| Some((Some(*scope), reading.target?));
        let mut targets: Vec<(Option<&'e str>, f64)> =
            self.readings.iter().filter_map(with_target).collect();
        // The readings of a scope follow each other, one for each window.
        targets.dedup_by_key(|(scope, _)| *scope);
        targets
    }

    fn write_states(&self, text: &mut TextWriter) {
        let states = self.readings.iter().flat_map(|(scope, reading)| {
            reading.states.iter().map(move |state| (scope, *reading, state))
        });
        let is_unreliable = |state| !matches!(state, ReadingState::Ok | ReadingState::NoTraffic);
        let mut unreliable = states.filter(|(.., state)| is_unreliable(*state)).peekable();
        if unreliable.peek().is_some() {
            let help =
                format!("{}: reason why the reading is not reliable", self.indicator.title.en);
            text.begin_family(&IndicatorFamily::State.of(self.indicator), &help);
        }
        for (scope, reading, state) in unreliable {
            text.write_sample(
                "",
                &[self.labels.window_label(&reading.key), scope, ",state=\"", state.name(), "\""],
                1.0,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::monitor::Monitor;
    use crate::standard_file::{BUILT_IN, parse_standard};
    use std::sync::Arc;

    #[test]
    fn gauge_tells_when_holidays_of_a_calendar_end() {
        let metrics = |calendars: &str| {
            let text = format!("{BUILT_IN}\n{calendars}");
            let standard = Arc::new(parse_standard("s.toml", &text).expect("a valid standard"));
            let board = Monitor::new(standard.clone(), None).compute_board();
            let published = PublishedBoard::first_of_run("e".into(), standard, board, false, 1);
            let view = GrantedView::default();
            let selection = MetricsSelection { view: &view, scopes_max: 10 };
            write_metrics(&published, selection, MetricsFormat::Text)
        };
        let week = "week = { mon-fri = ['08:00-18:00'] }";
        let text = metrics(&format!(
            "[calendar.a]\n{week}\nholidays = [2026-10-01]\n[calendar.b]\n{week}\n\
             holidays = [2026-10-01, {{ yearly = '01-01' }}]\n[calendar.c]\n{week}\n\
             time_zone = 'UTC'\nholidays = [2027-10-01]\n"
        ));
        let ends: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("firstline_calendar_ends_timestamp_seconds"))
            .collect();
        assert_eq!(ends, ["{calendar=\"a\"} 1798732800", "{calendar=\"c\"} 1830297600"]);
        assert!(!metrics("").contains("firstline_calendar_ends"), "no calendar ends");
    }
}
