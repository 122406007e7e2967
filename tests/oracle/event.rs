//! Events of the oracle and their JSON for the engine.

use std::fmt;

/// Value of a data field.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum FieldValue {
    Text(&'static str),
    /// Duration in milliseconds, written as seconds.
    Seconds(i64),
    /// Instant in milliseconds since 1970, written as RFC 3339.
    At(i64),
    Number(i64),
    Boolean(bool),
}

/// An event of a random history.
#[derive(Clone, PartialEq)]
pub(crate) struct OracleEvent {
    pub(crate) subject: usize,
    pub(crate) id: usize,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) sequence: u32,
    pub(crate) family: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) data: Vec<(&'static str, FieldValue)>,
}

/// Formats milliseconds since 1970 as RFC 3339.
pub(crate) fn format_time(time: i64) -> String {
    jiff::Timestamp::from_millisecond(time)
        .map_or_else(|_| time.to_string(), |time| time.to_string())
}

impl OracleEvent {
    fn field_value(&self, name: &str) -> Option<FieldValue> {
        self.data.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Returns a text field. Booleans are returned as `true` and `false`.
    pub(crate) fn text_field(&self, name: &str) -> Option<&'static str> {
        match self.field_value(name)? {
            FieldValue::Text(text) => Some(text),
            FieldValue::Boolean(yes) => Some(if yes { "true" } else { "false" }),
            _ => None,
        }
    }

    /// Returns a duration or an instant in milliseconds.
    pub(crate) fn millis_field(&self, name: &str) -> Option<i64> {
        match self.field_value(name)? {
            FieldValue::Seconds(millis) | FieldValue::At(millis) => Some(millis),
            _ => None,
        }
    }

    /// Returns a plain number.
    pub(crate) fn number_field(&self, name: &str) -> Option<i64> {
        if let FieldValue::Number(number) = self.field_value(name)? { Some(number) } else { None }
    }

    /// Returns the event as CloudEvents JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut data = serde_json::Map::new();
        for (name, value) in &self.data {
            let json = match value {
                FieldValue::Text(text) => (*text).into(),
                FieldValue::Seconds(millis) => (*millis as f64 / 1_000.0).into(),
                FieldValue::At(time) => format_time(*time).into(),
                FieldValue::Number(number) => (*number).into(),
                FieldValue::Boolean(yes) => (*yes).into(),
            };
            data.insert((*name).to_owned(), json);
        }
        let event = serde_json::json!({
            "specversion": "1.0",
            "id": self.id.to_string(),
            "source": "/oracle",
            "type": format!("{}.{}", self.family, self.verb),
            "subject": self.subject.to_string(),
            "time": format_time(self.time),
            "sequence": self.sequence.to_string(),
            "data": data,
        });
        event.to_string()
    }
}

impl fmt::Debug for OracleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} case {} {}.{}",
            format_time(self.time),
            self.subject,
            self.family,
            self.verb
        )?;
        if self.sequence != 0 {
            write!(f, " sequence={}", self.sequence)?;
        }
        for (name, value) in &self.data {
            match value {
                FieldValue::Text(text) => write!(f, " {name}={text}")?,
                FieldValue::Seconds(millis) => write!(f, " {name}={}", *millis as f64 / 1_000.0)?,
                FieldValue::At(time) => write!(f, " {name}={}", format_time(*time))?,
                FieldValue::Number(number) => write!(f, " {name}={number}")?,
                FieldValue::Boolean(yes) => write!(f, " {name}={yes}")?,
            }
        }
        write!(f, " (id {})", self.id)
    }
}
