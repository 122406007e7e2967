//! The board for Prometheus, in its text format or as OpenMetrics: one family after the other, each with its HELP and TYPE.
//!
//! | family | for | value |
//! |---|---|---|
//! | `sla_<indicator>_<unit>` | every indicator | the value; for durations the mean; NaN without traffic |
//! | `sla_<indicator>_quantile_seconds` | durations | percentiles, as a summary |
//! | `sla_<indicator>_spread_seconds` | durations | all durations since the service started, as a histogram |
//! | `sla_<indicator>_good_total`, `.._of_total` | ratios | what was counted since the service started |
//! | `sla_<indicator>_level` | indicators with a target | 0 nothing to judge, 1 met, 2 warning, 3 breached |
//! | `sla_<indicator>_target_<unit>` | indicators with a target | the target |
//! | `sla_<indicator>_state` | readings with a doubt | 1, the label `state` says which: stale, small_sample, provisional, no_population |
//! | `firstline_scopes_omitted` | kinds of scopes | how many scopes are beyond the limit |
//!
//! Readings about now have no `window`. The label `scope` names the dimensions of the scope, `all` where there are none, so
//! that one scope can be picked and no sum counts a case twice. A reading that is `ok` has no state, and one without traffic
//! needs none: its value is NaN. So doubts cost series only where there are some.
//!
//! The edges of the histograms are those of [`edges`]; see there. "Since the service started" goes on after a restart of a
//! service with a journal. These counters need the window `all`, which is added where the standard has room for a window more.
//!
//! # Limits
//! Labels are the declared dimensions and nothing else. Of each kind of scope, as center and queue, so many scopes are shown
//! as [`Shown::scopes`] says: the first in the order of their values, so that two services with the same board show the
//! same. The others are left out and counted; the wider scopes hold their cases all the same, and `/v1/board` has them.

mod format;
mod labels;
mod text;

pub use self::format::{MetricsFormat, to_open_metrics};

use self::labels::MetricLabels;
use self::text::{FamilyType, TextWriter};
use crate::access::grant::GrantedView;
use crate::domain::board::published_board::{PublishedBoard, RatioTotal};
use crate::domain::board::reading::{
    DurationDistribution, Level, Reading, ReadingComponents, ReadingState,
};
use crate::domain::cells::bucket_bounds::bucket_bounds;
use crate::domain::standard::{Indicator, Standard, Target};

/// What of a board is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricsSelection<'v> {
    /// What may be seen.
    pub view: &'v GrantedView,
    /// How many scopes of each kind.
    pub scopes_max: usize,
}

/// Writes of an edition what is shown; OpenMetrics wants [`Format::end`] after everything.
#[must_use]
pub fn write_metrics(
    edition: &PublishedBoard,
    shown: MetricsSelection<'_>,
    format: MetricsFormat,
) -> String {
    let board = &*edition.board;
    let labels = MetricLabels::new(edition, shown);
    let mut text = TextWriter::new(format, board.readings.len());
    let (mut readings, mut totals, mut spreads) =
        (&board.readings[..], &edition.totals[..], &edition.spreads[..]);
    for (number, indicator) in board.standard.indicators.iter().enumerate() {
        let part = IndicatorMetrics {
            indicator,
            standard: &board.standard,
            target: indicator.target_at(board.as_of),
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
    // As all of the service's own figures, for those who see everything.
    if shown.view.is_unrestricted() {
        let help = "Scopes of a kind that are beyond `metrics.scopes`; only `/v1/board` has them";
        text.begin_family("firstline_scopes_omitted", FamilyType::Gauge, help);
        for (kind, left_out) in labels.scopes_left_out() {
            text.write_sample("", &["scope=\"", kind, "\""], left_out as f64);
        }
    }
    text.finish()
}

/// Takes the part of an indicator off a list that is in the order of indicators.
fn split_off_indicator<'l, T>(
    list: &mut &'l [T],
    indicator: usize,
    of: impl Fn(&T) -> usize,
) -> &'l [T] {
    let (own, rest) = list.split_at(list.partition_point(|one| of(one) <= indicator));
    *list = rest;
    own
}

/// What is written of one indicator: readings, totals and spreads, each with the labels of its scope.
struct IndicatorMetrics<'e> {
    indicator: &'e Indicator,
    standard: &'e Standard,
    target: Option<Target>,
    labels: &'e MetricLabels,
    readings: Vec<(&'e str, &'e Reading)>,
    totals: Vec<(&'e str, &'e RatioTotal)>,
    spreads: Vec<(&'e str, &'e DurationDistribution)>,
}

impl IndicatorMetrics<'_> {
    fn write_families(&self, text: &mut TextWriter) {
        let (name, title) = (&self.indicator.name, &self.indicator.title.en);
        let of_durations = self
            .readings
            .iter()
            .any(|(_, reading)| matches!(reading.components, ReadingComponents::Duration(_)));
        let explained = if of_durations { format!("{title}: mean") } else { title.clone() };
        text.begin_family(&self.indicator.metric_name(), FamilyType::Gauge, &explained);
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
            let parts: [(&str, &str, CountAccessor); 2] = [
                ("good", "numerator", |total| total.good),
                ("of", "denominator", |total| total.of),
            ];
            for (part, explained, count) in parts {
                let help = format!("{title}: {explained}, counted since the service started");
                text.begin_family(&format!("sla_{name}_{part}"), FamilyType::Counter, &help);
                for (scope, total) in &self.totals {
                    text.write_sample("_total", &[scope], count(total) as f64);
                }
            }
        }
        if let Some(target) = self.target {
            self.write_target(target, text);
        }
        self.write_states(text);
    }

    fn write_quantiles(&self, text: &mut TextWriter) {
        let (name, title) = (&self.indicator.name, &self.indicator.title.en);
        text.begin_family(
            &format!("sla_{name}_quantile_seconds"),
            FamilyType::Summary,
            &format!("{title}: percentiles"),
        );
        for (scope, reading) in &self.readings {
            let ReadingComponents::Duration(durations) = reading.components else { continue };
            let spread = [
                ("0.5", durations.p50),
                ("0.8", durations.p80),
                ("0.9", durations.p90),
                ("0.95", durations.p95),
                ("0.99", durations.p99),
            ];
            for (quantile, value) in spread {
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
        let (name, title) = (&self.indicator.name, &self.indicator.title.en);
        let help = format!(
            "{title}: all durations since the service started; one up to 1/64 above an edge counts as within it"
        );
        text.begin_family(&format!("sla_{name}_spread_seconds"), FamilyType::Histogram, &help);
        let edges = bucket_bounds(self.standard, self.indicator)
            .into_iter()
            .map(|millis| text::bucket_bound(millis as f64 / 1_000.0, text.format()));
        let edges: Vec<String> = edges.collect();
        for (scope, spread) in &self.spreads {
            for (edge, count) in edges.iter().zip(&spread.at_most) {
                text.write_sample("_bucket", &[scope, ",le=\"", edge, "\""], *count as f64);
            }
            text.write_sample("_bucket", &[scope, ",le=\"+Inf\""], spread.of as f64);
            text.write_sample("_sum", &[scope], spread.sum_ms as f64 / 1_000.0);
            text.write_sample("_count", &[scope], spread.of as f64);
        }
    }

    fn write_target(&self, target: Target, text: &mut TextWriter) {
        let (name, title) = (&self.indicator.name, &self.indicator.title.en);
        let help = format!("{title}: 0 nothing to judge, 1 met, 2 warning, 3 breached");
        text.begin_family(&format!("sla_{name}_level"), FamilyType::Gauge, &help);
        for (scope, reading) in &self.readings {
            let level = match reading.level {
                Level::None => 0.0,
                Level::Met => 1.0,
                Level::Warning => 2.0,
                Level::Breached => 3.0,
            };
            text.write_sample("", &[self.labels.window_label(&reading.key), scope], level);
        }
        text.begin_family(
            &self.indicator.target_metric_name(),
            FamilyType::Gauge,
            &format!("{title}: target"),
        );
        text.write_sample("", &[], target.value);
    }

    fn write_states(&self, text: &mut TextWriter) {
        let doubtful = |state| !matches!(state, ReadingState::Ok | ReadingState::NoTraffic);
        let mut doubts =
            self.readings.iter().filter(|(_, reading)| doubtful(reading.state)).peekable();
        if doubts.peek().is_some() {
            let help =
                format!("{}: why a reading cannot be trusted, or not yet", self.indicator.title.en);
            text.begin_family(
                &format!("sla_{}_state", self.indicator.name),
                FamilyType::Gauge,
                &help,
            );
        }
        for (scope, reading) in doubts {
            text.write_sample(
                "",
                &[
                    self.labels.window_label(&reading.key),
                    scope,
                    ",state=\"",
                    reading.state.name(),
                    "\"",
                ],
                1.0,
            );
        }
    }
}
