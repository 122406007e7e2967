//! Line writer of both formats. They differ in counter names, units and bucket bounds.

use super::format::{MetricsFormat, unit_suffix};
use crate::domain::standard::metric_family::{FamilyType, MetricFamily};

/// Writer of metric families.
pub(super) struct TextWriter {
    format: MetricsFormat,
    out: String,
    /// Name of the current family, without the suffix of a counter.
    name: String,
    float: zmij::Buffer,
    integer: itoa::Buffer,
}

impl TextWriter {
    /// Creates a writer with capacity for a board of `readings` readings.
    pub(super) fn new(format: MetricsFormat, readings: usize) -> TextWriter {
        let out = String::with_capacity(readings * 256);
        TextWriter {
            format,
            out,
            name: String::new(),
            float: zmij::Buffer::new(),
            integer: itoa::Buffer::new(),
        }
    }

    pub(super) fn format(&self) -> MetricsFormat {
        self.format
    }

    /// Begins a family.
    pub(super) fn begin_family(&mut self, family: &MetricFamily, help: &str) {
        let name = family.name();
        name.clone_into(&mut self.name);
        let kind = family.kind().name();
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        match self.format {
            MetricsFormat::Text => {
                let ending = if family.kind() == FamilyType::Counter { "_total" } else { "" };
                self.push_pieces(&[
                    "# HELP ",
                    name,
                    ending,
                    " ",
                    &help,
                    "\n# TYPE ",
                    name,
                    ending,
                    " ",
                    kind,
                    "\n",
                ]);
            }
            MetricsFormat::OpenMetrics => {
                self.push_pieces(&["# TYPE ", name, " ", kind, "\n"]);
                if let Some(unit) = unit_suffix(name) {
                    self.push_pieces(&["# UNIT ", name, " ", unit, "\n"]);
                }
                self.push_pieces(&["# HELP ", name, " ", &help.replace('"', "\\\""), "\n"]);
            }
        }
    }

    /// Writes a sample of the current family. Its labels may come in pieces.
    pub(super) fn write_sample(&mut self, ending: &str, labels: &[&str], value: f64) {
        self.out.push_str(&self.name);
        self.out.push_str(ending);
        if !labels.is_empty() {
            self.out.push('{');
            labels.iter().for_each(|piece| self.out.push_str(piece));
            self.out.push('}');
        }
        self.out.push(' ');
        // Integers up to this bound are exact, and most samples are integers.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let value = match value {
            whole if whole.fract() == 0.0 && whole.abs() < EXACT => {
                self.integer.format(whole as i64)
            }
            finite if finite.is_finite() => self.float.format_finite(finite),
            nan if nan.is_nan() => "NaN",
            infinite if infinite > 0.0 => "+Inf",
            _ => "-Inf",
        };
        self.out.push_str(value);
        self.out.push('\n');
    }

    fn push_pieces(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.out.push_str(piece));
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Formats a bucket bound in seconds. OpenMetrics requires a fraction even for whole numbers.
pub(super) fn bucket_bound(seconds: f64, format: MetricsFormat) -> String {
    match format {
        MetricsFormat::Text => format!("{seconds}"),
        MetricsFormat::OpenMetrics => format!("{seconds:?}"),
    }
}
