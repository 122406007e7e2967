//! Values of an event's `data`: texts, numbers, durations, words for true and false.

use super::raw_event::Scalar;
use crate::domain::events::event::{AgentState, PackedMillis, Symbol};
use crate::domain::time::timestamp::truncate_for_message;
use std::borrow::Cow;

pub(super) fn parse_text<'v>(value: &'v Scalar<'_>) -> Result<Cow<'v, str>, String> {
    match value {
        Scalar::Text(text) => Ok(Cow::Borrowed(text)),
        Scalar::Number(number) => Ok(Cow::Owned(number.to_string())),
        Scalar::Bool(_) => Err("must be a text".to_owned()),
    }
}

pub(super) fn parse_number(value: &Scalar<'_>) -> Result<f64, String> {
    match value {
        Scalar::Number(number) if number.is_finite() => Ok(*number),
        Scalar::Text(text) => {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| format!("must be a number, not `{}`", truncate_for_message(text)))
        }
        _ => Err("must be a number".to_owned()),
    }
}

/// Parses seconds into ms. The range excludes waiting and talk times of weeks.
pub(super) fn parse_seconds(value: &Scalar<'_>) -> Result<PackedMillis, String> {
    let clock = match value {
        Scalar::Text(text) => parse_clock_duration(text),
        _ => None,
    };
    let seconds = clock.map_or_else(|| parse_number(value), Ok)?;
    let millis = (seconds * 1_000.0).round();
    let fits = (0.0..=PackedMillis::MAX_MS as f64).contains(&millis);
    let millis = if fits { PackedMillis::new(millis as i64) } else { None };
    millis.ok_or_else(|| {
        format!(
            "must be a number of seconds from 0 to {}, not {seconds}",
            PackedMillis::MAX_MS / 1_000
        )
    })
}

/// Parses a duration as a clock shows it: hours, minutes and seconds, as in `00:01:05`. Returns
/// seconds.
pub(in crate::ingest) fn parse_clock_duration(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':');
    let mut next_part = || {
        let part = parts.next()?;
        let is_number = part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        part.parse::<f64>().ok().filter(|_| is_number)
    };
    let (hours, minutes, seconds) = (next_part()?, next_part()?, next_part()?);
    let valid = parts.next().is_none()
        && hours.fract() == 0.0
        && minutes.fract() == 0.0
        && minutes < 60.0
        && seconds < 60.0;
    valid.then_some((hours * 60.0 + minutes) * 60.0 + seconds)
}

fn parse_bool(value: &Scalar<'_>) -> Result<bool, String> {
    let flag = match value {
        Scalar::Bool(yes) => Some(*yes),
        Scalar::Number(number) => parse_flag_word(&number.to_string()),
        Scalar::Text(text) => parse_flag_word(text),
    };
    flag.ok_or_else(|| "must be true, yes or 1, or false, no or 0".to_owned())
}

/// Parses the words that exports write for true and false, in any case.
pub(in crate::ingest) fn parse_flag_word(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Parses true or false into its label.
pub(super) fn parse_flag(value: &Scalar<'_>) -> Result<Symbol, String> {
    Ok(Symbol::from_text(if parse_bool(value)? { "true" } else { "false" }))
}

pub(super) fn parse_agent_state(text: &str) -> Result<AgentState, String> {
    let state = AgentState::NAMES.iter().find(|(name, _)| *name == text).map(|(_, state)| *state);
    state.ok_or_else(|| {
        format!(
            "must be ready, talking, wrapup, pause or offline, not `{}`",
            truncate_for_message(text)
        )
    })
}
