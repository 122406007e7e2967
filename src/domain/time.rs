//! Points in time and their reading: the core knows nothing but milliseconds since 1970, learned from its inputs.

use serde::{Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub i64);

/// Milliseconds in a second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;

impl Timestamp {
    /// The earliest time an event may carry: 1900-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-2_208_988_800_000);
    /// The latest time an event may carry: 2200-01-01T00:00:00Z.
    pub const MAX: Timestamp = Timestamp(7_258_118_400_000);

    /// Reads RFC 3339 with an offset, as in `2026-03-01T08:00:07.250+08:00`; finer than a millisecond is cut off.
    ///
    /// # Errors
    /// A sentence saying what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Timestamp, String> {
        let time: jiff::Timestamp =
            text.parse().map_err(|_| format!("`{}` is not RFC 3339 with an offset, as in `2026-03-01T08:00:07+08:00`", shorten(text)))?;
        Timestamp(time.as_millisecond()).checked().ok_or_else(|| format!("`{text}` lies outside the years 1900 to 2199"))
    }

    /// The same time, if it lies between [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[must_use]
    pub fn checked(self) -> Option<Timestamp> {
        (Self::MIN..Self::MAX).contains(&self).then_some(self)
    }

    /// The time `millis` later, held within what can be told.
    #[must_use]
    pub fn plus(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` until this time; negative if it lies before.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text from outside, cut to what fits in a message.
#[must_use]
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_any_offset_and_written_in_utc() {
        let time = Timestamp::parse("2026-03-01T08:00:07.250+08:00").expect("a good time");
        assert_eq!(time.to_string(), "2026-03-01T00:00:07.25Z");
        assert_eq!(Timestamp::parse("2026-03-01T00:00:07.250Z"), Ok(time));
    }

    #[test]
    fn a_time_without_offset_or_beyond_the_calendar_is_refused() {
        for text in ["2026-03-01T08:00:07", "", "yesterday", "99999-01-01T00:00:00Z", "+099999-01-01T00:00:00Z", "1776-07-04T00:00:00Z"] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }
}
