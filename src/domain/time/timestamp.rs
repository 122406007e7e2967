//! Timestamps in milliseconds since 1970 and their RFC 3339 parser.
//!
//! The domain code never reads a clock. All times come from its inputs.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub i64);

/// Milliseconds in a second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Earliest time allowed in an event: 1900-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-2_208_988_800_000);
    /// End of the range allowed in an event, exclusive: 2200-01-01T00:00:00Z.
    pub const MAX: Timestamp = Timestamp(7_258_118_400_000);

    /// Parses RFC 3339 with an offset, as in `2026-03-01T08:00:07.250+08:00`. Fractions of a
    /// millisecond are truncated.
    ///
    /// # Errors
    /// Returns a message if `text` is not RFC 3339 with an offset, or lies outside the allowed
    /// range.
    pub fn parse(text: &str) -> Result<Timestamp, String> {
        if let Some(time) = parse_common_form(text.as_bytes()) {
            return Ok(time);
        }
        Timestamp::parse_rare_form(text)
    }

    /// Parses the forms that [`parse_common_form`] does not know.
    #[cold]
    fn parse_rare_form(text: &str) -> Result<Timestamp, String> {
        if let Some(start) = start_of_ended_day(text) {
            return Timestamp::parse(&start)?.plus_millis(DAY).check_range().ok_or_else(|| {
                format!("`{}` lies outside the years 1900 to 2199", truncate_for_message(text))
            });
        }
        let time: jiff::Timestamp = without_surplus_decimals(text).parse().map_err(|_| {
            format!(
                "`{}` is not RFC 3339 with an offset, as in `2026-03-01T08:00:07+08:00`",
                truncate_for_message(text)
            )
        })?;
        floor_to_millis(time)
            .check_range()
            .ok_or_else(|| format!("`{text}` lies outside the years 1900 to 2199"))
    }

    /// Returns the time if it lies in [`Timestamp::MIN`]..[`Timestamp::MAX`], otherwise `None`.
    #[must_use]
    pub fn check_range(self) -> Option<Timestamp> {
        (Self::MIN..Self::MAX).contains(&self).then_some(self)
    }

    /// Returns the time `millis` later, saturating at the range of `i64`.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds from `earlier` to this time, negative if it is before `earlier`.
    #[must_use]
    pub fn millis_since(self, earlier: Timestamp) -> i64 {
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

/// Serializes as RFC 3339 text in human-readable formats, otherwise as an integer.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

/// Deserializes from an integer only. Human-readable output is never read back.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Timestamp)
    }
}

/// Rounds down to a millisecond. jiff's own conversion rounds towards 1970.
fn floor_to_millis(time: jiff::Timestamp) -> Timestamp {
    Timestamp(time.as_second() * SECOND + i64::from(time.subsec_nanosecond()).div_euclid(1_000_000))
}

const RFC3339_TEMPLATE: &[u8; 19] = b"0000-00-00T00:00:00";
/// Largest XOR difference allowed to the template at each position: 9 for a digit, 0 otherwise.
const DIGIT_DIFFERENCES_MAX: [u8; 19] = [9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9];

/// Parses the common form: `2026-03-01T08:00:07`, any number of decimals, and `Z` or an offset.
///
/// Accepts only days 1 to 28. Returns `None` for all other texts, which the general parser handles.
/// Most events carry this form. The general parser would take a tenth of the decoding time for it.
fn parse_common_form(text: &[u8]) -> Option<Timestamp> {
    let (fixed, rest) = text.split_first_chunk::<19>()?;
    // No early exit, so that the compiler can compare many bytes at once.
    let mismatch = (0..19).fold(0, |mismatch, at| {
        mismatch | (fixed[at] ^ RFC3339_TEMPLATE[at]).saturating_sub(DIGIT_DIFFERENCES_MAX[at])
    });
    if mismatch != 0 {
        return None;
    }
    let two_digits = |at: usize| i64::from(fixed[at] - b'0') * 10 + i64::from(fixed[at + 1] - b'0');
    let (year, month, day, hour, minute, second) = (
        two_digits(0) * 100 + two_digits(2),
        two_digits(5),
        two_digits(8),
        two_digits(11),
        two_digits(14),
        two_digits(17),
    );
    let in_range = (1900..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let (millis, zone) = parse_fraction(rest)?;
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            let (hours, minutes) = (
                i64::from(h1 - b'0') * 10 + i64::from(h2 - b'0'),
                i64::from(m1 - b'0') * 10 + i64::from(m2 - b'0'),
            );
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * HOUR + minutes * MINUTE) * if *sign == b'+' { 1 } else { -1 }
        }
        _ => return None,
    };
    // Days since 1970 in the Gregorian calendar, counting years from March. Source: H. Hinnant,
    // "chrono-compatible low-level date algorithms".
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND + millis - offset)
        .check_range()
}

/// Parses the fraction of a second. Returns its milliseconds, 0 without a fraction, and the rest.
fn parse_fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let digit = |byte: u8| i64::from(byte - b'0');
    match rest {
        [b'.', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', zone @ ..]
            if !zone.first()?.is_ascii_digit() =>
        {
            Some((digit(*a) * 100 + digit(*b) * 10 + digit(*c), zone))
        }
        [b'.', rest @ ..] => {
            let (decimals, zone) =
                rest.split_at(rest.iter().position(|byte| !byte.is_ascii_digit())?);
            let millis = (0..3).fold(0, |millis, place| {
                millis * 10 + decimals.get(place).map_or(0, |byte| digit(*byte))
            });
            (1..=9).contains(&decimals.len()).then_some((millis, zone))
        }
        _ => Some((0, rest)),
    }
}

/// Returns the same day at 0:00 for a time at 24:00, which is the midnight at the end of the day.
fn start_of_ended_day(text: &str) -> Option<String> {
    let (day, rest) = text.split_at_checked(11)?;
    let rest = rest.strip_prefix("24:00:00")?;
    let zone = rest.strip_prefix('.').map_or(rest, |decimals| decimals.trim_start_matches('0'));
    (!zone.starts_with(|c: char| c.is_ascii_digit())).then(|| format!("{day}00:00:00{zone}"))
}

/// Returns a time with at most nine decimals. The rest is below a nanosecond.
fn without_surplus_decimals(text: &str) -> Cow<'_, str> {
    let Some((whole, rest)) = text.split_once('.') else { return Cow::Borrowed(text) };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    match count > 9 {
        true => Cow::Owned(format!("{whole}.{}{}", &rest[..9], &rest[count..])),
        false => Cow::Borrowed(text),
    }
}

/// Truncates external text to 60 characters for use in a message.
#[must_use]
pub fn truncate_for_message(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_offset_and_writes_utc() {
        let time = Timestamp::parse("2026-03-01T08:00:07.250+08:00").expect("valid RFC 3339 time");
        assert_eq!(time.to_string(), "2026-03-01T00:00:07.25Z");
        assert_eq!(Timestamp::parse("2026-03-01T00:00:07.250Z"), Ok(time));
    }

    #[test]
    fn reads_end_of_day_and_many_decimals() {
        for (text, same) in [
            ("2026-03-31T24:00:00+08:00", "2026-04-01T00:00:00+08:00"),
            ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-28T24:00:00.000-05:00", "2028-02-29T00:00:00-05:00"),
            ("2026-03-01T08:00:07.1234567899+08:00", "2026-03-01T08:00:07.123+08:00"),
            ("2026-03-01T08:00:07.00000000000009Z", "2026-03-01T08:00:07Z"),
        ] {
            assert_eq!(Timestamp::parse(text), Timestamp::parse(same), "{text}");
            assert!(Timestamp::parse(text).is_ok(), "{text}");
        }
        for text in [
            "2026-03-31T24:00:01Z",
            "2026-03-31T24:01:00Z",
            "2026-03-31T24:00:00.5Z",
            "2199-12-31T24:00:00Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn common_form_parses_like_general_parser() {
        let dates = [
            "1970-01-01",
            "1999-12-31",
            "2000-02-28",
            "2000-02-29",
            "2026-03-01",
            "2026-02-30",
            "2199-12-28",
            "1900-01-01",
            "2026-13-01",
        ];
        let times = ["00:00:00", "23:59:59", "08:00:07", "24:00:00", "12:60:00", "23:59:60"];
        let rests = [
            "Z",
            ".250Z",
            ".2Z",
            ".123456789Z",
            "+08:00",
            "-00:30",
            ".5-23:59",
            ".Z",
            "",
            "+0800",
            "z",
            "[Asia/Shanghai]",
            "+08:00x",
            ".1234567890Z",
        ];
        let texts =
            dates.iter().flat_map(|date| times.iter().map(move |time| format!("{date}T{time}")));
        for (moment, rest) in texts.flat_map(|moment| rests.map(|rest| (moment.clone(), rest))) {
            let text = moment + rest;
            let general = text.parse::<jiff::Timestamp>().ok().map(floor_to_millis);
            if let Some(short) = parse_common_form(text.as_bytes()) {
                assert_eq!(Some(short), general, "{text}");
            }
        }
        assert!(parse_common_form(b"2026-03-01T08:00:07.250+08:00").is_some());
    }

    #[test]
    fn rejects_time_without_offset_or_out_of_range() {
        for text in [
            "2026-03-01T08:00:07",
            "",
            "yesterday",
            "99999-01-01T00:00:00Z",
            "+099999-01-01T00:00:00Z",
            "1776-07-04T00:00:00Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }
}
