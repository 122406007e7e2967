//! The lines of both formats. They differ in what a counter's family is called, in units, and in how an edge is written.

use super::format::{Format, unit};

/// What a family is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Summary,
    Histogram,
}

/// Text that grows family by family.
pub(super) struct Text {
    format: Format,
    out: String,
    /// The name of the family at work, without the ending of a counter.
    name: String,
    float: zmij::Buffer,
    integer: itoa::Buffer,
}

impl Text {
    /// For a board of so many readings.
    pub(super) fn new(format: Format, readings: usize) -> Text {
        let out = String::with_capacity(readings * 256);
        Text { format, out, name: String::new(), float: zmij::Buffer::new(), integer: itoa::Buffer::new() }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Begins a family. A counter's `name` comes without `_total`.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        name.clone_into(&mut self.name);
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Summary => "summary",
            Kind::Histogram => "histogram",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        match self.format {
            Format::Text => {
                let ending = if kind == "counter" { "_total" } else { "" };
                self.push(&["# HELP ", name, ending, " ", &help, "\n# TYPE ", name, ending, " ", kind, "\n"]);
            }
            Format::OpenMetrics => {
                self.push(&["# TYPE ", name, " ", kind, "\n"]);
                if let Some(unit) = unit(name) {
                    self.push(&["# UNIT ", name, " ", unit, "\n"]);
                }
                self.push(&["# HELP ", name, " ", &help.replace('"', "\\\""), "\n"]);
            }
        }
    }

    /// A sample of the family; its labels may come in pieces.
    pub(super) fn sample(&mut self, ending: &str, labels: &[&str], value: f64) {
        self.out.push_str(&self.name);
        self.out.push_str(ending);
        if !labels.is_empty() {
            self.out.push('{');
            labels.iter().for_each(|piece| self.out.push_str(piece));
            self.out.push('}');
        }
        self.out.push(' ');
        // Whole numbers up to here are exact, and most samples are whole.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let value = match value {
            whole if whole.fract() == 0.0 && whole.abs() < EXACT => self.integer.format(whole as i64),
            finite if finite.is_finite() => self.float.format_finite(finite),
            nan if nan.is_nan() => "NaN",
            infinite if infinite > 0.0 => "+Inf",
            _ => "-Inf",
        };
        self.out.push_str(value);
        self.out.push('\n');
    }

    fn push(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.out.push_str(piece));
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// An edge of a histogram in seconds: OpenMetrics wants a whole one with a fraction all the same.
pub(super) fn edge(seconds: f64, format: Format) -> String {
    match format {
        Format::Text => format!("{seconds}"),
        Format::OpenMetrics => format!("{seconds:?}"),
    }
}
