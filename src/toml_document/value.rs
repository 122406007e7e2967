//! A value of a document. `as_...` asks silently what it is; the methods without `as_` say that it must be that, and
//! leave a problem if it is not.

use super::did_you_mean;
use super::table::problem_offset;
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp, truncate_for_message};
use crate::toml_document::{TomlContent, TomlDocument, TomlNode, TomlTable};

/// A value with its place and the key it stands under.
#[derive(Clone, Copy, Debug)]
pub struct TomlValue<'d> {
    document: &'d TomlDocument,
    key: &'d str,
    offset: usize,
    node: &'d TomlNode,
}

impl<'d> TomlValue<'d> {
    pub(super) fn new(
        document: &'d TomlDocument,
        key: &'d str,
        key_at: usize,
        node: &'d TomlNode,
    ) -> TomlValue<'d> {
        TomlValue { document, key, offset: problem_offset(key_at, node), node }
    }

    /// The key it stands under; for an entry of a list the key of the list.
    #[must_use]
    pub fn key(&self) -> &'d str {
        self.key
    }

    /// Line and column where it begins.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.document.line_and_column(self.offset)
    }

    /// What it is, in words.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.node.content {
            TomlContent::Text(_) => "a string",
            TomlContent::Integer(_) => "a whole number",
            TomlContent::Float(_) => "a number",
            TomlContent::Bool(_) => "true or false",
            TomlContent::Date(_) => "a date or time",
            TomlContent::Array(_) => "a list",
            TomlContent::Table(_) => "a table",
        }
    }

    /// Leaves a warning at this place: it works today and should be written differently.
    pub fn report_warning(&self, message: impl Into<String>) {
        self.document.report_warning(self.offset, message.into());
    }

    /// Leaves a problem at this place.
    pub fn report_problem(&self, message: impl Into<String>) {
        self.document.report_problem(self.offset, message.into());
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&'d str> {
        match &self.node.content {
            TomlContent::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self.node.content {
            TomlContent::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// A finite number, whole or not.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.node.content {
            TomlContent::Integer(number) => Some(number as f64),
            TomlContent::Float(number) => Some(number).filter(|number| number.is_finite()),
            _ => None,
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.node.content {
            TomlContent::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The entries of a list; each may be of another type.
    #[must_use]
    pub fn as_array(&self) -> Option<Vec<TomlValue<'d>>> {
        match &self.node.content {
            TomlContent::Array(nodes) => Some(
                nodes
                    .iter()
                    .map(|node| TomlValue {
                        document: self.document,
                        key: self.key,
                        offset: node.offset,
                        node,
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// A table.
    #[must_use]
    pub fn as_table(&self) -> Option<TomlTable<'d>> {
        match &self.node.content {
            TomlContent::Table(entries) => {
                Some(TomlTable::new(self.document, self.key, self.offset, entries))
            }
            _ => None,
        }
    }

    /// It must be a string.
    #[must_use]
    pub fn require_string(&self) -> Option<&'d str> {
        self.or_report_problem(self.as_str(), "a string")
    }

    /// It must be a whole number.
    #[must_use]
    pub fn require_integer(&self) -> Option<i64> {
        self.or_report_problem(self.as_integer(), "a whole number")
    }

    /// It must be a finite number.
    #[must_use]
    pub fn require_float(&self) -> Option<f64> {
        self.or_report_problem(self.as_float(), "a number")
    }

    /// It must be `true` or `false`.
    #[must_use]
    pub fn require_bool(&self) -> Option<bool> {
        self.or_report_problem(self.as_bool(), "true or false")
    }

    /// It must be a list.
    #[must_use]
    pub fn require_array(&self) -> Option<Vec<TomlValue<'d>>> {
        self.or_report_problem(self.as_array(), "a list")
    }

    /// It must be a table.
    #[must_use]
    pub fn require_table(&self) -> Option<TomlTable<'d>> {
        self.or_report_problem(self.as_table(), "a table")
    }

    /// It must be a list of strings; entries that are not are problems and left out.
    #[must_use]
    pub fn require_strings(&self) -> Option<Vec<&'d str>> {
        Some(
            self.or_report_problem(self.as_array(), "a list of strings")?
                .iter()
                .filter_map(TomlValue::require_string)
                .collect(),
        )
    }

    /// It must be one of a few words; gives what that word means.
    #[must_use]
    pub fn require_choice<T: Clone>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.require_string()?;
        let found =
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone());
        if found.is_none() {
            let known = words.iter().map(|(word, _)| *word);
            let hint = did_you_mean::nearest_match(text, known.clone())
                .map(|word| format!(", did you mean `{word}`?"));
            let allowed = known.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let hint = hint.unwrap_or_else(|| ";".to_owned());
            self.report_problem(format!(
                "`{}` cannot be `{}`{hint} allowed: {allowed}",
                self.key,
                truncate_for_message(text)
            ));
        }
        found
    }

    /// It must be a day, as in `2026-01-01`, with or without quotes.
    #[must_use]
    pub fn require_date(&self) -> Option<jiff::civil::Date> {
        let date = match &self.node.content {
            TomlContent::Text(text) => text.parse().ok(),
            // Only a date alone: a time of day or an offset would be ignored in silence.
            TomlContent::Date(date) if date.time.is_none() => date.to_string().parse().ok(),
            _ => None,
        };
        self.or_report_problem(date, "a day, as in 2026-01-01")
    }

    /// It must be a moment with its offset, as in `2027-01-01T00:00:00Z`, with or without quotes.
    #[must_use]
    pub fn require_timestamp(&self) -> Option<Timestamp> {
        let time = match &self.node.content {
            TomlContent::Text(text) => Timestamp::parse(text).ok(),
            TomlContent::Date(date) if date.offset.is_some() => {
                Timestamp::parse(&date.to_string()).ok()
            }
            _ => None,
        };
        self.or_report_problem(time, "a time with its offset, as in 2027-01-01T00:00:00+08:00")
    }

    /// It must be a duration, written `"500ms"`, `"10s"`, `"5m"`, `"48h"` or `"2d"`; in milliseconds.
    #[must_use]
    pub fn require_duration(&self) -> Option<i64> {
        match parse_duration(
            self.or_report_problem(self.as_str(), "a duration in quotes, as in \"10s\"")?,
        ) {
            Ok(millis) => Some(millis),
            Err(message) => {
                self.report_problem(format!("`{}`: {message}", self.key));
                None
            }
        }
    }

    fn or_report_problem<T>(&self, found: Option<T>, wanted: &str) -> Option<T> {
        if found.is_none() {
            // Text in the place of a date is already a string: say what it reads, not what it is.
            let got = match &self.node.content {
                TomlContent::Text(text) if wanted.starts_with("a day") => {
                    format!("`{}`", truncate_for_message(text))
                }
                _ => self.type_name().to_owned(),
            };
            self.report_problem(format!("`{}` must be {wanted}, not {got}", self.key));
        }
        found
    }
}

/// Reads a duration such as `500ms`, `10s`, `5m`, `48h` or `2d` as milliseconds. A day is 24 hours.
///
/// # Errors
/// A sentence that names the units.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => 24 * HOUR,
        _ => 0,
    };
    let millis = number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|_| unit != 0);
    millis.ok_or_else(|| {
        format!(
            "`{}` is not a duration; write a whole number and ms, s, m, h or d, as in \"10s\", \"5m\", \"48h\"",
            truncate_for_message(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_durations_with_units() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("48h", 172_800_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(millis), "{text}");
        }
        for text in ["", "10", "s", "-5s", "1.5h", "10 s", "9223372036854775807d", "5分"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reports_allowed_choices_and_wrong_types() {
        let document = TomlDocument::parse(
            "t.toml",
            "a = 'tdoay'\nb = 2026-01-01T00:00:00\nc = '2026-02-30'\nd = 10",
        )
        .expect("TOML");
        let root = document.root_table();
        assert_eq!(root.optional_choice("a", &[("today", 1), ("week", 2)]), None);
        assert_eq!(
            (root.optional_date("b"), root.optional_date("c"), root.optional_duration("d")),
            (None, None, None)
        );
        let shown: Vec<String> = document.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "t.toml:1:5: `a` cannot be `tdoay`, did you mean `today`? allowed: `today`, `week`",
                "t.toml:2:5: `b` must be a day, as in 2026-01-01, not a date or time",
                "t.toml:3:5: `c` must be a day, as in 2026-01-01, not `2026-02-30`",
                "t.toml:4:5: `d` must be a duration in quotes, as in \"10s\", not a whole number",
            ]
        );
    }
}
