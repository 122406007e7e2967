//! Names in `/metrics` that a standard produces: metric families, labels and values of `scope`.
//!
//! The exporter writes no other names of indicators and dimensions, and the check of a standard
//! compares all of them. So a name that is added here is checked.

use super::{Formula, Indicator, Standard};
use std::borrow::Cow;
use std::fmt::Write;

/// Type of a metric family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FamilyType {
    /// One sample for each set of labels, with the family's name.
    Gauge,
    /// Samples end in `_total`. In the text format the family has this ending too.
    Counter,
    /// Percentiles, one sample for each value of the label `quantile`.
    Summary,
    /// Buckets, sum and count.
    Histogram,
}

/// Name and type of a metric family. The name of a counter is without `_total`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricFamily {
    name: String,
    kind: FamilyType,
}

/// Metric family of an indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndicatorFamily {
    /// The value or mean.
    Value,
    /// Percentiles of a duration.
    Quantiles,
    /// All durations as a histogram.
    Spread,
    /// Numerator of a ratio.
    Numerator,
    /// Denominator of a ratio.
    Denominator,
    /// Level against the target.
    Level,
    /// The target.
    Target,
    /// Reasons why a reading is not reliable.
    State,
}

impl FamilyType {
    /// Returns the name of the type in both formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FamilyType::Gauge => "gauge",
            FamilyType::Counter => "counter",
            FamilyType::Summary => "summary",
            FamilyType::Histogram => "histogram",
        }
    }

    /// Returns the endings that samples of this type may have in one of the formats. OpenMetrics
    /// reserves `_created` too.
    fn sample_endings(self) -> &'static [&'static str] {
        match self {
            FamilyType::Gauge => &[],
            FamilyType::Counter => &["_total", "_created"],
            FamilyType::Summary => &["_sum", "_count", "_created"],
            FamilyType::Histogram => &["_bucket", "_sum", "_count", "_created"],
        }
    }
}

impl MetricFamily {
    /// Returns the family of the scopes above the limit.
    #[must_use]
    pub fn scopes_omitted() -> MetricFamily {
        MetricFamily { name: "firstline_scopes_omitted".to_owned(), kind: FamilyType::Gauge }
    }

    /// Returns the family of the times at which the holidays of calendars end.
    #[must_use]
    pub fn calendar_ends() -> MetricFamily {
        let name = "firstline_calendar_ends_timestamp_seconds".to_owned();
        MetricFamily { name, kind: FamilyType::Gauge }
    }

    /// Returns the name, without `_total` for a counter.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type.
    #[must_use]
    pub fn kind(&self) -> FamilyType {
        self.kind
    }

    /// Iterates over the names that no other family may use, in either format: the family's name
    /// and the names of its samples.
    pub fn reserved_names(&self) -> impl Iterator<Item = String> {
        let endings = std::iter::once("").chain(self.kind.sample_endings().iter().copied());
        endings.map(|ending| format!("{}{ending}", self.name))
    }
}

impl IndicatorFamily {
    /// All families, in the order of the exporter.
    pub const ALL: [IndicatorFamily; 8] = [
        IndicatorFamily::Value,
        IndicatorFamily::Quantiles,
        IndicatorFamily::Spread,
        IndicatorFamily::Numerator,
        IndicatorFamily::Denominator,
        IndicatorFamily::Level,
        IndicatorFamily::Target,
        IndicatorFamily::State,
    ];

    /// Returns the family of an indicator.
    #[must_use]
    pub fn of(self, indicator: &Indicator) -> MetricFamily {
        let named = |ending: &str| format!("sla_{}_{ending}", indicator.name);
        let (name, kind) = match self {
            IndicatorFamily::Value => (indicator.metric_name(), FamilyType::Gauge),
            IndicatorFamily::Quantiles => (named("quantile_seconds"), FamilyType::Summary),
            IndicatorFamily::Spread => (named("spread_seconds"), FamilyType::Histogram),
            IndicatorFamily::Numerator => (named("good"), FamilyType::Counter),
            IndicatorFamily::Denominator => (named("of"), FamilyType::Counter),
            IndicatorFamily::Level => (named("level"), FamilyType::Gauge),
            IndicatorFamily::Target => (indicator.target_metric_name(), FamilyType::Gauge),
            IndicatorFamily::State => (named("state"), FamilyType::Gauge),
        };
        MetricFamily { name, kind }
    }

    /// Returns true if `/metrics` can have the family of an indicator.
    #[must_use]
    pub fn applies_to(self, indicator: &Indicator) -> bool {
        match self {
            IndicatorFamily::Value | IndicatorFamily::State => true,
            IndicatorFamily::Quantiles | IndicatorFamily::Spread => {
                matches!(indicator.formula, Formula::Duration { .. })
            }
            IndicatorFamily::Numerator | IndicatorFamily::Denominator => {
                matches!(indicator.formula, Formula::Ratio { .. })
            }
            IndicatorFamily::Level | IndicatorFamily::Target => indicator.has_target(),
        }
    }

    /// Returns what the family has of its indicator, for messages: `target`.
    #[must_use]
    pub fn content(self) -> &'static str {
        match self {
            IndicatorFamily::Value => "value",
            IndicatorFamily::Quantiles => "percentiles",
            IndicatorFamily::Spread => "histogram",
            IndicatorFamily::Numerator => "numerator",
            IndicatorFamily::Denominator => "denominator",
            IndicatorFamily::Level => "level",
            IndicatorFamily::Target => "target",
            IndicatorFamily::State => "state",
        }
    }
}

impl Indicator {
    /// Iterates over the families that `/metrics` can have of this indicator.
    pub fn metric_families(&self) -> impl Iterator<Item = (IndicatorFamily, MetricFamily)> {
        IndicatorFamily::ALL
            .into_iter()
            .filter(|family| family.applies_to(self))
            .map(|family| (family, family.of(self)))
    }
}

/// Labels that series have beside the dimensions: those of firstline, and those that Prometheus
/// adds to every series that it scrapes.
const SYSTEM_LABELS: [&str; 7] = ["window", "scope", "quantile", "le", "state", "job", "instance"];

/// Returns the label of a dimension. A dimension with the name of a system label gets the prefix
/// `exported_`, as in Prometheus.
#[must_use]
pub fn dimension_label(dimension: &str) -> Cow<'_, str> {
    if SYSTEM_LABELS.contains(&dimension) {
        Cow::Owned(format!("exported_{dimension}"))
    } else {
        Cow::Borrowed(dimension)
    }
}

impl Standard {
    /// Returns the labels of a scope, such as `scope="center",center="hefei"`. `kind` is the value of
    /// the label `scope`. `values` has the value of each of `dimensions`.
    #[must_use]
    pub fn scope_labels(&self, kind: &str, dimensions: &[usize], values: &[Box<str>]) -> String {
        let mut text = format!("scope=\"{kind}\"");
        for (dimension, value) in dimensions.iter().zip(values) {
            let label = dimension_label(&self.schema.dimensions[*dimension]);
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Writing to a string cannot fail.
            let _ = write!(text, ",{label}=\"{value}\"");
        }
        text
    }

    /// Returns the value of the label `scope` of a kind of scope, such as `center_queue`; `all`
    /// without dimensions.
    #[must_use]
    pub fn scope_label_value(&self, kind: usize) -> String {
        let dimensions = self.scopes.get(kind).map_or(&[][..], Vec::as_slice);
        if dimensions.is_empty() {
            return "all".to_owned();
        }
        let names = dimensions.iter().map(|place| self.schema.dimensions[*place].as_str());
        names.collect::<Vec<_>>().join("_")
    }
}
