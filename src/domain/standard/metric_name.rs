//! Names of Prometheus metrics, and the rules that Prometheus' linter (`promtool check metrics`) has for them.

use super::indicator::Indicator;

/// The linter refuses metric types as a part of a name.
const METRIC_TYPES: [&str; 4] = ["counter", "gauge", "histogram", "summary"];

/// Endings that belong to counters, histograms and summaries.
const RESERVED_ENDINGS: [&str; 4] = ["total", "count", "sum", "bucket"];

/// Units and abbreviations of units that the linter refuses, and what to write instead.
const REFUSED_UNITS: [(&str, &str); 28] = [
    ("milliseconds", "seconds"),
    ("microseconds", "seconds"),
    ("nanoseconds", "seconds"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("weeks", "seconds"),
    ("bits", "bytes"),
    ("kilobytes", "bytes"),
    ("megabytes", "bytes"),
    ("gigabytes", "bytes"),
    ("kilometers", "meters"),
    ("kilograms", "grams"),
    ("fahrenheit", "celsius"),
    ("s", "seconds"),
    ("sec", "seconds"),
    ("ms", "seconds"),
    ("us", "seconds"),
    ("ns", "seconds"),
    ("m", "a word"),
    ("h", "a word"),
    ("d", "a word"),
    ("b", "bytes"),
    ("kb", "bytes"),
    ("mb", "bytes"),
    ("gb", "bytes"),
    ("tb", "bytes"),
    ("pb", "bytes"),
];

impl Indicator {
    /// Returns the name of the metric of its value: `sla_answer_rate_ratio`. A metric that counts has
    /// no unit (`sla_repairs_overdue`), and a unit that ends the indicator's name is not repeated
    /// (`sla_complaints_per_10000`).
    #[must_use]
    pub fn metric_name(&self) -> String {
        format!("sla_{}{}", self.name, self.unit_ending())
    }

    /// Returns the name of the metric of its target: `sla_answer_rate_target_ratio`,
    /// `sla_repairs_overdue_target`.
    #[must_use]
    pub fn target_metric_name(&self) -> String {
        format!("sla_{}_target{}", self.name, self.unit_ending())
    }

    fn unit_ending(&self) -> String {
        let ending = format!("_{}", self.unit());
        if self.unit() == "count" || self.name.ends_with(&ending) { String::new() } else { ending }
    }

    /// Returns the objections of Prometheus' linter to the metrics of this indicator, empty if it has
    /// none.
    #[must_use]
    pub fn metric_objections(&self) -> Vec<String> {
        let parts: Vec<&str> = self.name.split('_').collect();
        let mut objections = Vec::new();
        for part in METRIC_TYPES.iter().filter(|part| parts.contains(part)) {
            objections.push(format!("a metric's name must not contain the metric type `{part}`"));
        }
        for (unit, instead) in REFUSED_UNITS.iter().filter(|(unit, _)| parts.contains(unit)) {
            objections.push(format!("the unit `{unit}` is refused; write {instead}"));
        }
        if self.unit_ending().is_empty()
            && let Some(ending) =
                RESERVED_ENDINGS.iter().find(|ending| parts.last() == Some(ending))
        {
            objections.push(format!("the ending `_{ending}` is reserved for other metric types"));
        }
        objections
    }
}
