//! Trends for people's programs, as `/v1/trend` writes them; and what may be asked for.
//!
//! Every wall of a center asks for the same trends at the same moments, and each answer costs the core a look at its panes:
//! so answers are kept for a few seconds.

use super::explain_json::resolve_scope;
use super::reading_filter::{resolve_indicator, unknown_name};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::Board;
use crate::domain::board::trend::{IndicatorTrends, STEP_MS, TrendRequest};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::{HOUR, SECOND, Timestamp};
use crate::domain::time::window::Window;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many hours a trend reaches back if nobody says otherwise.
const HOURS_DEFAULT: i64 = 8;
/// The most hours: those of the longest rolling window there can be.
const HOURS_MAX: i64 = Window::MAX_ROLLING_MS / HOUR;
/// How long an answer is good for, in milliseconds of the board's time.
const ANSWER_AGE_MAX_MS: i64 = 10 * SECOND;
/// How many answers are kept; when there are so many, all go.
const CACHED_ANSWERS_MAX: usize = 256;

/// The trends that are asked for by names. With a rolling window each value covers one.
///
/// # Errors
/// A sentence about the first thing that cannot be.
pub fn resolve_trend_request(
    standard: &Standard,
    indicators: &[&str],
    fixed: &[(String, String)],
    window: Option<&str>,
    hours: Option<&str>,
) -> Result<TrendRequest, String> {
    let mut places = indicators
        .iter()
        .map(|name| resolve_indicator(name, standard))
        .collect::<Result<Vec<usize>, String>>()?;
    if places.is_empty() {
        return Err(
            "say which indicators, as in `indicator=answer_rate,speed_of_answer`".to_owned()
        );
    }
    places.sort_unstable();
    places.dedup();
    let over = match window.map(|name| (name, Window::parse(name))) {
        None => 1,
        Some((_, Some(Window::Rolling(length)))) => (length + STEP_MS - 1) / STEP_MS,
        Some((name, _)) => {
            let rolling = standard
                .windows
                .iter()
                .filter(|window| matches!(window, Window::Rolling(_)))
                .map(Window::to_string);
            return Err(unknown_name("rolling window", name, rolling));
        }
    };
    let hours = match hours {
        None => HOURS_DEFAULT,
        Some(text) => match text.parse() {
            Ok(hours) if (1..=HOURS_MAX).contains(&hours) => hours,
            _ => return Err(format!("`hours` is a number from 1 to {HOURS_MAX}")),
        },
    };
    // Both are bounded above.
    Ok(TrendRequest {
        indicators: places,
        scope: resolve_scope(standard, fixed)?,
        step_count: (hours * HOUR / STEP_MS) as usize,
        steps_per_value: over as usize,
    })
}

/// Writes trends of a scope, with the position of the board they go with.
#[must_use]
pub fn write_trends(
    edition: &PublishedBoard,
    asked: &TrendRequest,
    trends: &IndicatorTrends,
) -> String {
    let standard = &edition.standard;
    let dimensions = standard.scopes[asked.scope.kind]
        .iter()
        .map(|place| standard.schema.dimensions[*place].clone());
    let values = asked.scope.values.iter().map(|value| Value::from(&**value));
    let scope: Map<String, Value> = dimensions.zip(values).collect();
    let trend = |(indicator, values): &(usize, Vec<Option<f64>>)| json!({ "indicator": standard.indicators[*indicator].name, "scope": scope, "values": values });
    let Board { revision, as_of, .. } = &*edition.board;
    json!({
        "epoch": edition.epoch,
        "revision": revision,
        "as_of": as_of,
        "from": trends.from,
        "step_seconds": STEP_MS / SECOND,
        "trends": trends.values.iter().map(trend).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The answers of the last seconds.
#[derive(Debug, Default)]
pub struct TrendCache(Mutex<BTreeMap<TrendRequest, CachedTrend>>);

#[derive(Debug)]
struct CachedTrend {
    epoch: Arc<str>,
    as_of: Option<Timestamp>,
    text: String,
}

impl TrendCache {
    /// The answer given a moment ago, if there is one.
    #[must_use]
    pub fn get(&self, asked: &TrendRequest, edition: &PublishedBoard) -> Option<String> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(asked).filter(|answer| answer.epoch == edition.epoch)?;
        let (then, now) = (answer.as_of?, edition.board.as_of?);
        (now.millis_since(then) < ANSWER_AGE_MAX_MS
            && now.0.div_euclid(STEP_MS) == then.0.div_euclid(STEP_MS))
        .then(|| answer.text.clone())
    }

    /// Keeps an answer.
    pub fn put(&self, asked: TrendRequest, edition: &PublishedBoard, text: String) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= CACHED_ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(
            asked,
            CachedTrend { epoch: edition.epoch.clone(), as_of: edition.board.as_of, text },
        );
    }
}
