//! Indicator labels: keys by which displays group indicators.
//!
//! `quality` is a dimension of service quality as customers perceive it (Parasuraman, Zeithaml and
//! Berry, SERVQUAL, 1988). `stage` is the phase that an indicator controls: before, during or after
//! the service.

/// Label key and value, as in `("quality", "responsiveness")`.
pub type IndicatorLabel = (&'static str, &'static str);

/// All label keys with their values, in display order.
pub const INDICATOR_LABELS: [(&str, &[&str]); 2] = [
    ("quality", &["reliability", "responsiveness", "assurance", "empathy", "tangibles"]),
    ("stage", &["before", "during", "after"]),
];

/// Parses a label such as `quality:responsiveness`. Returns `None` if it is unknown.
#[must_use]
pub fn parse_label(text: &str) -> Option<IndicatorLabel> {
    let (key, value) = text.split_once(':')?;
    all_labels().find(|label| *label == (key, value))
}

/// Iterates over all labels.
pub fn all_labels() -> impl Iterator<Item = IndicatorLabel> {
    INDICATOR_LABELS.iter().flat_map(|(key, values)| values.iter().map(move |value| (*key, *value)))
}
