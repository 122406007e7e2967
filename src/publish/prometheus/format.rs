//! Format negotiation, and conversion of the service's own metrics from text to OpenMetrics.

use std::fmt::Write;

/// Exposition format of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricsFormat {
    /// The Prometheus text format, version 0.0.4.
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl MetricsFormat {
    /// Returns the format that an `Accept` header prefers. The default is the readable text format.
    #[must_use]
    pub fn from_accept_header(accept: &str) -> MetricsFormat {
        let (mut open_metrics, mut text) = (0.0, 0.0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or("").to_ascii_lowercase();
            let parameters: Vec<(&str, &str)> =
                parts.filter_map(|part| part.split_once('=')).collect();
            let parameter = |name: &str| {
                let found =
                    parameters.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.trim().trim_matches('"'))
            };
            let quality = parameter("q").map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            match &*kind {
                "application/openmetrics-text"
                    if parameter("version").is_none_or(|version| version == "1.0.0") =>
                {
                    open_metrics = f64::max(open_metrics, quality);
                }
                "text/plain" | "text/*" | "*/*" => text = f64::max(text, quality),
                _ => {}
            }
        }
        if open_metrics > 0.0 && open_metrics >= text {
            MetricsFormat::OpenMetrics
        } else {
            MetricsFormat::Text
        }
    }

    /// Returns the value of the header `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            MetricsFormat::Text => "text/plain; version=0.0.4; charset=utf-8",
            MetricsFormat::OpenMetrics => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// Returns the text that ends the whole output.
    #[must_use]
    pub fn end_marker(self) -> &'static str {
        match self {
            MetricsFormat::Text => "",
            MetricsFormat::OpenMetrics => "# EOF\n",
        }
    }
}

/// Returns the unit suffix of a family's name; `None` without a known unit.
pub(super) fn unit_suffix(family: &str) -> Option<&'static str> {
    ["seconds", "bytes", "ratio"]
        .into_iter()
        .find(|unit| family.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')))
}

/// Converts families from the text format to OpenMetrics. Counters lose their suffix in the
/// metadata lines, and empty lines are removed.
#[must_use]
pub fn to_open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // HELP precedes TYPE, but only TYPE identifies a counter.
    let mut help = None;
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
            continue;
        }
        // Writing to a string cannot fail.
        if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            let family =
                if kind == "counter" { name.strip_suffix("_total").unwrap_or(name) } else { name };
            let _ = writeln!(out, "# TYPE {family} {kind}");
            if let Some(unit) = unit_suffix(family) {
                let _ = writeln!(out, "# UNIT {family} {unit}");
            }
            if let Some((_, help)) = help.take().filter(|(of, _)| *of == name) {
                let _ = writeln!(out, "# HELP {family} {}", help.replace('"', "\\\""));
            }
        } else {
            match line
                .split_once("le=\"")
                .and_then(|(before, rest)| Some((before, rest.split_once('"')?)))
            {
                Some((before, (edge, rest))) if edge.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let _ = writeln!(out, "{before}le=\"{edge}.0\"{rest}");
                }
                _ => {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_header_selects_preferred_format() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, format) in [
            ("", MetricsFormat::Text),
            ("*/*", MetricsFormat::Text),
            ("text/html, */*;q=0.8", MetricsFormat::Text),
            (prometheus, MetricsFormat::OpenMetrics),
            (
                "application/openmetrics-text; version=\"1.0.0\"; charset=utf-8; q=0.5",
                MetricsFormat::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2",
                MetricsFormat::OpenMetrics,
            ),
            ("application/openmetrics-text;version=0.0.1", MetricsFormat::Text),
            ("application/openmetrics-text;q=0.3,text/plain", MetricsFormat::Text),
            ("application/openmetrics-text;q=0", MetricsFormat::Text),
            ("application/openmetrics-text;q=much", MetricsFormat::Text),
            (";;,=,;q", MetricsFormat::Text),
        ] {
            assert_eq!(MetricsFormat::from_accept_header(accept), format, "{accept}");
        }
    }

    #[test]
    fn converts_text_format_to_open_metrics() {
        let text = "# HELP a_total Says \"a\"\n# TYPE a_total counter\na_total{x=\"y\"} 1\n\n# TYPE b_seconds histogram\n\
                    b_seconds_bucket{le=\"0.5\"} 0\nb_seconds_bucket{le=\"1\"} 2\nb_seconds_bucket{le=\"+Inf\"} 2\n\n";
        let open_metrics = "# TYPE a counter\n# HELP a Says \\\"a\\\"\na_total{x=\"y\"} 1\n# TYPE b_seconds histogram\n\
                            # UNIT b_seconds seconds\nb_seconds_bucket{le=\"0.5\"} 0\nb_seconds_bucket{le=\"1.0\"} 2\n\
                            b_seconds_bucket{le=\"+Inf\"} 2\n";
        assert_eq!(to_open_metrics(text), open_metrics);
    }
}
