//! Typed access to a value.
//!
//! The `as_...` methods return `None` for another type. The `require_...` methods also report a
//! problem.

use super::did_you_mean;
use super::table::problem_offset;
use crate::domain::time::timestamp::{DAY, HOUR, MINUTE, SECOND, Timestamp, truncate_for_message};
use crate::toml_document::{TomlContent, TomlDocument, TomlNode, TomlTable};

/// A value with its position and key.
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

    /// Returns the value's key. An entry of a list has the key of the list.
    #[must_use]
    pub fn key(&self) -> &'d str {
        self.key
    }

    /// Returns line and column of the value's beginning, counted from 1.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.document.line_and_column(self.offset)
    }

    /// Returns the name of the value's type for messages, for example `a string`.
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

    /// Reports a problem at the value's position.
    pub fn report_problem(&self, message: impl Into<String>) {
        self.document.report_problem(self.offset, message.into());
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&'d str> {
        match &self.node.content {
            TomlContent::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns an integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self.node.content {
            TomlContent::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// Returns a finite number.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.node.content {
            TomlContent::Integer(number) => Some(number as f64),
            TomlContent::Float(number) => Some(number).filter(|number| number.is_finite()),
            _ => None,
        }
    }

    /// Returns a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.node.content {
            TomlContent::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the entries of a list, which may differ in type.
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

    /// Returns a table.
    #[must_use]
    pub fn as_table(&self) -> Option<TomlTable<'d>> {
        match &self.node.content {
            TomlContent::Table(entries) => {
                Some(TomlTable::new(self.document, self.key, self.offset, entries))
            }
            _ => None,
        }
    }

    /// Returns a string, or reports another type as a problem.
    #[must_use]
    pub fn require_string(&self) -> Option<&'d str> {
        self.or_report_problem(self.as_str(), "a string")
    }

    /// Returns an integer, or reports another type as a problem.
    #[must_use]
    pub fn require_integer(&self) -> Option<i64> {
        self.or_report_problem(self.as_integer(), "a whole number")
    }

    /// Returns a finite number, or reports a problem.
    #[must_use]
    pub fn require_float(&self) -> Option<f64> {
        self.or_report_problem(self.as_float(), "a number")
    }

    /// Returns a boolean, or reports another type as a problem.
    #[must_use]
    pub fn require_bool(&self) -> Option<bool> {
        self.or_report_problem(self.as_bool(), "true or false")
    }

    /// Returns the entries of a list, or reports another type as a problem.
    #[must_use]
    pub fn require_array(&self) -> Option<Vec<TomlValue<'d>>> {
        self.or_report_problem(self.as_array(), "a list")
    }

    /// Returns a table, or reports another type as a problem.
    #[must_use]
    pub fn require_table(&self) -> Option<TomlTable<'d>> {
        self.or_report_problem(self.as_table(), "a table")
    }

    /// Returns a list of strings. Other entries are reported as problems and left out.
    #[must_use]
    pub fn require_strings(&self) -> Option<Vec<&'d str>> {
        Some(
            self.or_report_problem(self.as_array(), "a list of strings")?
                .iter()
                .filter_map(TomlValue::require_string)
                .collect(),
        )
    }

    /// Returns the value of the option that the string names, or reports a problem.
    #[must_use]
    pub fn require_choice<T: Clone>(&self, options: &[(&str, T)]) -> Option<T> {
        let text = self.require_string()?;
        let found = options.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone());
        if found.is_none() {
            let known = options.iter().map(|(name, _)| *name);
            let hint = did_you_mean::nearest_match(text, known.clone())
                .map(|name| format!(", did you mean `{name}`?"));
            let allowed = known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let hint = hint.unwrap_or_else(|| ";".to_owned());
            self.report_problem(format!(
                "`{}` cannot be `{}`{hint} allowed: {allowed}",
                self.key,
                truncate_for_message(text)
            ));
        }
        found
    }

    /// Returns a date such as `2026-01-01`, with or without quotes, or reports a problem.
    #[must_use]
    pub fn require_date(&self) -> Option<jiff::civil::Date> {
        let date = match &self.node.content {
            TomlContent::Text(text) => text.parse().ok(),
            // A date with a time of day is refused, because the time would be ignored silently.
            TomlContent::Date(date) if date.time.is_none() => date.to_string().parse().ok(),
            _ => None,
        };
        self.or_report_problem(date, "a day, as in 2026-01-01")
    }

    /// Returns a timestamp with offset such as `2027-01-01T00:00:00Z`, with or without quotes, or
    /// reports a problem.
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

    /// Returns a duration in ms, or reports a problem. See [`parse_duration`] for the format.
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

    fn or_report_problem<T>(&self, found: Option<T>, expected: &str) -> Option<T> {
        if found.is_none() {
            // A string is a valid type for a date, so the message quotes its text.
            let actual = match &self.node.content {
                TomlContent::Text(text) if expected.starts_with("a day") => {
                    format!("`{}`", truncate_for_message(text))
                }
                _ => self.type_name().to_owned(),
            };
            self.report_problem(format!("`{}` must be {expected}, not {actual}", self.key));
        }
        found
    }
}

/// Parses a duration such as `500ms`, `10s`, `5m`, `48h` or `2d` into ms. A day is 24 hours.
///
/// # Errors
/// If `text` is not a whole number with one of these units, or exceeds 64 bits.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => 0,
    };
    let millis = number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|_| unit != 0);
    millis.ok_or_else(|| {
        format!(
            "`{}` is not a duration; write a whole number and ms, s, m, h or d, as in \
             \"10s\", \"5m\", \"48h\"",
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
