//! Labels: by what indicators are put together for people.
//!
//! `quality` is a dimension of service quality as customers judge it (Parasuraman, Zeithaml and Berry, SERVQUAL, 1988);
//! `stage` says whether an indicator controls the service before, during or after it is given.

/// A key and its value, as in `("quality", "responsiveness")`.
pub type IndicatorLabel = (&'static str, &'static str);

/// Every key with the values it may have, in the order in which people are shown them.
pub const INDICATOR_LABELS: [(&str, &[&str]); 2] = [
    ("quality", &["reliability", "responsiveness", "assurance", "empathy", "tangibles"]),
    ("stage", &["before", "during", "after"]),
];

/// The label written `quality:responsiveness`.
#[must_use]
pub fn parse_label(text: &str) -> Option<IndicatorLabel> {
    let (key, value) = text.split_once(':')?;
    all_labels().find(|label| *label == (key, value))
}

/// Every label there is.
pub fn all_labels() -> impl Iterator<Item = IndicatorLabel> {
    INDICATOR_LABELS.iter().flat_map(|(key, values)| values.iter().map(move |value| (*key, *value)))
}
