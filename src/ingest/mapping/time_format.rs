//! Time formats: their check, and reading a text by them.
//!
//! A format is in the language of strftime. Before it is applied, words such as `下午` become `AM`
//! or `PM`, and `Z` becomes an offset.

use super::half_day;
use super::numbers::DecimalSign;
use crate::domain::time::timestamp::{DAY, SECOND, truncate_for_message};
use jiff::civil::{DateTime, Time, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{ToSpan, Zoned};
use std::borrow::Cow;

/// Directives that make a time an exact instant.
const INSTANT_DIRECTIVES: &[&str] = &["%z", "%:z", "%::z", "%:::z", "%Q", "%:Q", "%s"];

/// A time of a row.
#[derive(Clone, Debug)]
pub(super) struct ReadTime {
    pub(super) time: Zoned,
    pub(super) local: LocalTime,
}

/// How often a local time occurs in its zone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum LocalTime {
    Once,
    /// Never: a change of daylight saving time skips it. Holds the time as written.
    Skipped(DateTime),
    /// Twice: a change of daylight saving time repeats it.
    Repeated(DateTime),
}

/// A format of times.
#[derive(Clone, Debug)]
pub(super) struct TimeFormat {
    /// As in the mapping.
    written: String,
    /// Word for the half of the day that the format has as literal text.
    word: Option<&'static str>,
    /// The format for jiff, with `%p` in place of the word.
    directives: String,
}

impl TimeFormat {
    /// Builds a format. Returns the problem if it cannot be read: a format must parse its own
    /// output, which proves that it contains a day and only directives known to jiff.
    pub(super) fn new(written: &str) -> Result<TimeFormat, String> {
        let (word, directives) = match half_day::find_word(written) {
            Some((at, word)) if !contains_directive(written, &["%p", "%P"]) => {
                let (before, after) = (&written[..at], &written[at + word.len()..]);
                (Some(word), format!("{before}%p{after}"))
            }
            _ => (None, written.to_owned()),
        };
        let format = TimeFormat { written: written.to_owned(), word, directives };
        if format.has_open_half() && word.is_none() {
            return Err(format!(
                "`{written}` has the hours 1 to 12 without `%p`; 1 at night and 1 in the \
                 afternoon would be one; write `%H` for hours from 0 to 23, or add `%p`"
            ));
        }
        let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let sample = strtime::format(&format.directives, &sample)
            .map_err(|error| format!("`{written}` is not a time format: {error}"))?;
        let parsed = BrokenDownTime::parse(&format.directives, &sample);
        parsed
            .and_then(|time| match time.timestamp() {
                Some(_) => Ok(()),
                None => time.to_datetime().map(|_| ()),
            })
            .map_err(|error| format!("`{written}` cannot be read as a day and time: {error}"))?;
        Ok(format)
    }

    /// Returns the objection to a format that is read, but whose hours need `%p`.
    pub(super) fn objection(&self) -> Option<String> {
        let word = self.word.filter(|_| self.has_open_half())?;
        let remedy = self.written.replacen(word, "%p", 1);
        Some(format!(
            "`{}` has the hours 1 to 12 without `%p`; write `{remedy}`, which reads every word for \
             the half of the day and not only `{word}`",
            self.written
        ))
    }

    /// Returns true for hours from 1 to 12 without `%p`.
    fn has_open_half(&self) -> bool {
        contains_directive(&self.written, &["%I", "%l"])
            && !contains_directive(&self.written, &["%p", "%P"])
    }

    /// Returns the literal text in a format that stands for an offset from UTC, and the offset in
    /// seconds. `None` if there is no such text, or if the format reads an offset.
    pub(super) fn literal_offset(&self) -> Option<(&str, i32)> {
        if contains_directive(&self.written, INSTANT_DIRECTIVES) {
            return None;
        }
        literal_parts(&self.written).into_iter().find_map(find_offset)
    }

    /// Reads the parts of a time, `None` if the text has another form.
    fn parse_parts(&self, text: &str) -> Option<BrokenDownTime> {
        let mut text = Cow::Borrowed(text);
        if self.word.is_some() || contains_directive(&self.directives, &["%p", "%P"]) {
            match half_day::find_word(&text) {
                Some((_, word)) if self.word.is_some_and(|needed| needed != word) => return None,
                Some((at, word)) => {
                    text = Cow::Owned(half_day::replace_word(&text, at, word)?);
                }
                None if self.word.is_some() => return None,
                None => {}
            }
        }
        let parse = |text: &str| BrokenDownTime::parse(&self.directives, text).ok();
        parse(&text).or_else(|| {
            // jiff reads each form of an offset by a directive of its own.
            let reads_offset = contains_directive(&self.written, INSTANT_DIRECTIVES);
            let (before, offsets) = split_offset(&text).filter(|_| reads_offset)?;
            offsets.iter().find_map(|offset| parse(&format!("{before}{offset}")))
        })
    }

    /// Reads a text that is a time as the format has it.
    fn parse_written(&self, text: &str, zone: &TimeZone) -> Option<ReadTime> {
        let parts = self.parse_parts(text)?;
        let instant = match (parts.timestamp(), parts.offset()) {
            (None, None) => return parts.to_datetime().ok().and_then(|time| local(time, zone)),
            (Some(time), _) => time,
            (None, Some(_)) => parts.to_timestamp().ok()?,
        };
        Some(ReadTime { time: instant.to_zoned(zone.clone()), local: LocalTime::Once })
    }
}

/// Reads a time by the first format that fits.
pub(super) fn parse_time(
    text: &str,
    formats: &[TimeFormat],
    zone: &TimeZone,
    decimal: DecimalSign,
) -> Result<ReadTime, String> {
    let plain = replace_wide_spaces(text);
    let text = &*plain;
    let written = |text: &str| formats.iter().find_map(|format| format.parse_written(text, zone));
    parse_number_time(text, formats, zone, decimal)
        .or_else(|| written(text))
        .or_else(|| {
            // `24:00` is the midnight at the end of a day.
            let start = text.contains("24:00").then(|| text.replacen("24:00", "00:00", 1))?;
            let start = written(&start).filter(|start| start.time.time() == Time::midnight())?;
            Some(ReadTime { time: start.time.checked_add(1.day()).ok()?, local: start.local })
        })
        .ok_or_else(|| {
            let formats: Vec<&str> = formats.iter().map(|format| &*format.written).collect();
            format!(
                "`{}` is not a time in the format `{}`",
                truncate_for_message(text),
                formats.join("` or `")
            )
        })
}

/// Replaces the spaces that are wider or narrower than a space of ASCII. Programs write them before
/// `AM` and `PM`.
fn replace_wide_spaces(text: &str) -> Cow<'_, str> {
    let is_other_space = |c: char| !c.is_ascii() && c.is_whitespace();
    if text.is_ascii() || !text.contains(is_other_space) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_other_space, " "))
}

/// Parses a number for `%s`: days since 1899-12-30 as Excel writes them, or a time since 1970 with
/// decimals, or in ms, us or ns. The unit follows from the number: days end in the year 2173, which
/// as seconds is the second day of 1970, and 10^11 seconds are the year 5138.
fn parse_number_time(
    text: &str,
    formats: &[TimeFormat],
    zone: &TimeZone,
    decimal: DecimalSign,
) -> Option<ReadTime> {
    let takes_numbers = formats.iter().any(|format| format.written == "%s");
    let number = takes_numbers.then(|| decimal.parse_number(text).ok())??;
    let unit_millis = match number.abs() {
        days if (20_000.0..100_000.0).contains(&days) && number > 0.0 => {
            return parse_excel_days(number, zone);
        }
        seconds if (1e8..1e11).contains(&seconds) => 1e3,
        millis if (1e11..1e14).contains(&millis) => 1.0,
        micros if (1e14..1e17).contains(&micros) => 1e-3,
        nanos if (1e17..1e20).contains(&nanos) => 1e-6,
        _ => return None,
    };
    // A float holds a time of today to less than a microsecond.
    let micros = (number * unit_millis * 1e3).round() as i64;
    let time = jiff::Timestamp::from_millisecond(micros.div_euclid(1_000)).ok()?;
    Some(ReadTime { time: time.to_zoned(zone.clone()), local: LocalTime::Once })
}

/// Returns the local time of a number of days as Excel counts them.
fn parse_excel_days(days: f64, zone: &TimeZone) -> Option<ReadTime> {
    // Excel keeps 15 digits, which give the second of a day.
    let seconds = (days * (DAY / SECOND) as f64).round() as i64;
    local(date(1899, 12, 30).at(0, 0, 0, 0).checked_add(seconds.seconds()).ok()?, zone)
}

/// Returns the instant of a local time. Local times skipped or repeated by a change of daylight
/// saving time resolve as in iCalendar: to the later time, and to the first.
fn local(time: DateTime, zone: &TimeZone) -> Option<ReadTime> {
    let ambiguous = zone.to_ambiguous_zoned(time);
    let local = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => LocalTime::Once,
        AmbiguousOffset::Gap { .. } => LocalTime::Skipped(time),
        AmbiguousOffset::Fold { .. } => LocalTime::Repeated(time),
    };
    Some(ReadTime { time: ambiguous.compatible().ok()?, local })
}

/// Returns true if a format contains one of these directives, with or without flags such as the
/// hyphen in `%-I`.
fn contains_directive(format: &str, directives: &[&str]) -> bool {
    let without_flags = format.replace(['-', '_', '0', '^', '#'], "");
    directives.iter().any(|directive| without_flags.contains(directive))
}

/// Splits the offset from the end of a text: `Z`, `+08`, `+0800` or `+08:00`. Returns the text before
/// it, and the offset without and with a colon.
fn split_offset(text: &str) -> Option<(&str, [String; 2])> {
    if let Some(before) = text.strip_suffix(['Z', 'z']) {
        return Some((before, ["+0000".to_owned(), "+00:00".to_owned()]));
    }
    let (before, offset) = text.split_at(text.rfind(['+', '-'])?);
    let digits = offset[1..].replace(':', "");
    let digits = if digits.len() == 2 { digits + "00" } else { digits };
    let is_offset = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, hours, minutes) = (&offset[..1], digits.get(..2)?, digits.get(2..)?);
    let forms = [format!("{sign}{hours}{minutes}"), format!("{sign}{hours}:{minutes}")];
    is_offset.then_some((before, forms))
}

/// Returns the texts between the directives of a format.
fn literal_parts(format: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), format);
    while let Some((literal, directive)) = rest.split_once('%') {
        parts.push(literal);
        let is_modifier = |c: char| "-_0^#.:".contains(c) || c.is_ascii_digit();
        rest = directive.trim_start_matches(is_modifier);
        rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

/// Finds `Z`, `UTC`, `GMT` or an offset such as `+08:00` in a literal text of a format.
fn find_offset(literal: &str) -> Option<(&str, i32)> {
    let text = literal.trim();
    let mut words = text.split(|c: char| !c.is_alphabetic());
    if let Some(word) = words.find(|word| ["Z", "UTC", "GMT"].contains(word)) {
        return Some((word, 0));
    }
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let is_offset = minutes.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    is_offset.then_some((text, sign * (hours * 60 + minutes) * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        let zone = TimeZone::get("Asia/Shanghai").expect("a known zone");
        let format = TimeFormat::new(format).unwrap_or_else(|problem| panic!("{problem}"));
        let read = parse_time(text, &[format], &zone, DecimalSign::Undeclared).ok()?;
        Some(read.time.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn reads_words_for_half_of_day() {
        for (format, text, expected) in [
            ("%Y年%m月%d日 %p%I:%M:%S", "2026年3月2日 下午1:00:05", "2026-03-02 13:00:05"),
            ("%Y年%m月%d日 %p%I:%M:%S", "2026年3月2日 上午12:00:05", "2026-03-02 00:00:05"),
            ("%Y/%m/%d %p %I:%M", "2026/3/2 오후 1:05", "2026-03-02 13:05:00"),
            ("%m/%d/%Y %I:%M %p", "3/2/2026 1:05\u{202f}p.m.", "2026-03-02 13:05:00"),
            ("%m/%d/%Y %I:%M %p", "3/2/2026 1:05 PM", "2026-03-02 13:05:00"),
            ("%Y-%m-%d %p%H:%M", "2026-03-02 下午1:05", "2026-03-02 13:05:00"),
            ("%Y-%m-%d %p%H:%M", "2026-03-02 下午13:05", "2026-03-02 13:05:00"),
            ("%Y-%m-%d 下午%I:%M", "2026-03-02 下午1:05", "2026-03-02 13:05:00"),
            ("%Y-%m-%d 下午%H:%M", "2026-03-02 下午1:05", "2026-03-02 13:05:00"),
            ("%Y-%m-%d 上午%H:%M", "2026-03-02 上午9:05", "2026-03-02 09:05:00"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(expected), "{format} {text}");
        }
        for (format, text) in [
            ("%Y-%m-%d 上午%H:%M", "2026-03-02 下午1:05"),
            ("%Y-%m-%d 上午%H:%M", "2026-03-02 9:05"),
            ("%Y-%m-%d %p%I:%M", "2026-03-02 晚上12:05"),
            ("%Y-%m-%d %p%I:%M", "2026-03-02 9:05"),
        ] {
            assert_eq!(read(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn offset_directive_reads_letter_z() {
        for (format, text) in [
            ("%Y-%m-%dT%H:%M:%S%z", "2026-03-02T01:00:00Z"),
            ("%Y-%m-%dT%H:%M:%S%:z", "2026-03-02T01:00:00Z"),
            ("%Y-%m-%dT%H:%M:%S%z", "2026-03-02T09:00:00+0800"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some("2026-03-02 09:00:00"), "{format}");
        }
    }

    #[test]
    fn finds_literal_offset() {
        let find = |format: &str| {
            TimeFormat::new(format)
                .expect("a format")
                .literal_offset()
                .map(|(text, s)| (text.to_owned(), s))
        };
        let day = "%Y-%m-%dT%H:%M:%S";
        for (end, seconds) in
            [("Z", 0), (".%fZ", 0), (" UTC", 0), ("+08:00", 28_800), ("-0530", -19_800)]
        {
            assert_eq!(find(&format!("{day}{end}")).map(|found| found.1), Some(seconds), "{end}");
        }
        for format in [day, "%Y-%m-%dT%H:%M:%S%z", "Zeit %Y-%m-%d %H:%M", "%Y-%m-%d-%H-%M", "%s"] {
            assert_eq!(find(format), None, "{format}");
        }
    }

    #[test]
    fn hours_of_half_days_need_their_half() {
        let objection = |format: &str| TimeFormat::new(format).map(|format| format.objection());
        assert!(objection("%Y-%m-%d %I:%M").is_err());
        assert_eq!(objection("%Y-%m-%d %p%I:%M"), Ok(None));
        assert_eq!(objection("%Y-%m-%d 下午%H:%M"), Ok(None));
        let problem = objection("%Y-%m-%d 下午%I:%M").expect("it is read").expect("an objection");
        assert!(problem.contains("write `%Y-%m-%d %p%I:%M`"), "{problem}");
    }
}
