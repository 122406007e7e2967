//! Events as a source says them: what the oracle reads, and the JSON that the core is given.

use std::fmt;

/// Something that the data of an event says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Datum {
    Text(&'static str),
    /// So many milliseconds, written as seconds.
    Seconds(i64),
    /// A point in time, in milliseconds since 1970.
    At(i64),
    Number(i64),
    Yes(bool),
}

/// An event.
#[derive(Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) subject: usize,
    pub(crate) id: usize,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) sequence: u32,
    pub(crate) family: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) data: Vec<(&'static str, Datum)>,
}

/// A point in time as people read it.
pub(crate) fn written(time: i64) -> String {
    jiff::Timestamp::from_millisecond(time).map_or_else(|_| time.to_string(), |time| time.to_string())
}

impl Said {
    fn says(&self, name: &str) -> Option<Datum> {
        self.data.iter().find(|(known, _)| *known == name).map(|(_, datum)| *datum)
    }

    /// A word that the event says; true and false are words too.
    pub(crate) fn word(&self, name: &str) -> Option<&'static str> {
        match self.says(name)? {
            Datum::Text(text) => Some(text),
            Datum::Yes(yes) => Some(if yes { "true" } else { "false" }),
            _ => None,
        }
    }

    /// Milliseconds that the event says: a duration, or a point in time.
    pub(crate) fn millis(&self, name: &str) -> Option<i64> {
        match self.says(name)? {
            Datum::Seconds(millis) | Datum::At(millis) => Some(millis),
            _ => None,
        }
    }

    /// A number that the event says.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        if let Datum::Number(number) = self.says(name)? { Some(number) } else { None }
    }

    /// The event as the wire has it.
    pub(crate) fn json(&self) -> String {
        let mut data = serde_json::Map::new();
        for (name, datum) in &self.data {
            let value = match datum {
                Datum::Text(text) => (*text).into(),
                Datum::Seconds(millis) => (*millis as f64 / 1_000.0).into(),
                Datum::At(time) => written(*time).into(),
                Datum::Number(number) => (*number).into(),
                Datum::Yes(yes) => (*yes).into(),
            };
            data.insert((*name).to_owned(), value);
        }
        let event = serde_json::json!({
            "specversion": "1.0",
            "id": self.id.to_string(),
            "source": "/oracle",
            "type": format!("{}.{}", self.family, self.verb),
            "subject": self.subject.to_string(),
            "time": written(self.time),
            "sequence": self.sequence.to_string(),
            "data": data,
        });
        event.to_string()
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} case {} {}.{}", written(self.time), self.subject, self.family, self.verb)?;
        if self.sequence != 0 {
            write!(f, " sequence={}", self.sequence)?;
        }
        for (name, datum) in &self.data {
            match datum {
                Datum::Text(text) => write!(f, " {name}={text}")?,
                Datum::Seconds(millis) => write!(f, " {name}={}", *millis as f64 / 1_000.0)?,
                Datum::At(time) => write!(f, " {name}={}", written(*time))?,
                Datum::Number(number) => write!(f, " {name}={number}")?,
                Datum::Yes(yes) => write!(f, " {name}={yes}")?,
            }
        }
        write!(f, " (id {})", self.id)
    }
}
