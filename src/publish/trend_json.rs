//! Trends as JSON for `/v1/trend`, and resolution of trend requests.
//!
//! The wallboards of a center request the same trends at the same moments, and the engine computes
//! each trend from its window panes. Answers are therefore cached for a few seconds.

use super::explain_json::resolve_scope;
use super::reading_filter::{check_coverage, resolve_indicator, unknown_name};
use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::Board;
use crate::domain::board::trend::{IndicatorTrends, STEP_MS, TrendRequest};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::{HOUR, SECOND, Timestamp};
use crate::domain::time::window::Window;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Default length of a trend, in hours.
const HOURS_DEFAULT: i64 = 8;
/// Maximum length of a trend, in hours: that of the longest rolling window.
const HOURS_MAX: i64 = Window::MAX_ROLLING_MS / HOUR;
/// Maximum age of a cached answer, in milliseconds of board time.
const ANSWER_AGE_MAX_MS: i64 = 10 * SECOND;
/// Maximum number of cached answers. At the limit the cache is cleared.
const CACHED_ANSWERS_MAX: usize = 256;

/// Resolves a trend request. With a rolling window, each value covers one window.
///
/// # Errors
/// Describes the first invalid part of the request.
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
        return Err("`indicator` is missing; name indicators, for example \
                    `indicator=answer_rate,speed_of_answer`"
            .to_owned());
    }
    places.sort_unstable();
    places.dedup();
    let steps_per_value = match window.map(|name| (name, Window::parse(name))) {
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
            _ => return Err(format!("`hours` must be a number from 1 to {HOURS_MAX}")),
        },
    };
    let scope = resolve_scope(standard, fixed)?;
    for place in &places {
        check_coverage(standard, *place, scope.kind, None)?;
    }
    // Both numbers are bounded above.
    Ok(TrendRequest {
        indicators: places,
        scope,
        step_count: (hours * HOUR / STEP_MS) as usize,
        steps_per_value: steps_per_value as usize,
    })
}

/// Formats trends of a scope as JSON, with the position of their board.
#[must_use]
pub fn write_trends(
    published: &PublishedBoard,
    request: &TrendRequest,
    trends: &IndicatorTrends,
) -> String {
    let standard = &published.standard;
    let dimensions = standard.scopes[request.scope.kind]
        .iter()
        .map(|place| standard.schema.dimensions[*place].clone());
    let values = request.scope.values.iter().map(|value| Value::from(&**value));
    let scope: Map<String, Value> = dimensions.zip(values).collect();
    let trend = |(indicator, values): &(usize, Vec<Option<f64>>)| {
        json!({
            "indicator": standard.indicators[*indicator].name,
            "scope": scope,
            "values": values,
        })
    };
    let Board { revision, as_of, .. } = &*published.board;
    json!({
        "epoch": published.epoch,
        "revision": revision,
        "as_of": as_of,
        "from": trends.from,
        "step_seconds": STEP_MS / SECOND,
        "trends": trends.values.iter().map(trend).collect::<Vec<_>>(),
    })
    .to_string()
}

/// Cache of recent answers.
#[derive(Debug, Default)]
pub struct TrendCache(Mutex<BTreeMap<TrendRequest, CachedTrend>>);

#[derive(Debug)]
struct CachedTrend {
    epoch: Arc<str>,
    as_of: Option<Timestamp>,
    text: String,
}

impl TrendCache {
    /// Returns a cached answer that is still current; `None` otherwise.
    #[must_use]
    pub fn get(&self, request: &TrendRequest, published: &PublishedBoard) -> Option<String> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(request).filter(|answer| answer.epoch == published.epoch)?;
        let (then, now) = (answer.as_of?, published.board.as_of?);
        (now.millis_since(then) < ANSWER_AGE_MAX_MS
            && now.0.div_euclid(STEP_MS) == then.0.div_euclid(STEP_MS))
        .then(|| answer.text.clone())
    }

    /// Caches an answer.
    pub fn put(&self, request: TrendRequest, published: &PublishedBoard, text: String) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= CACHED_ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(
            request,
            CachedTrend { epoch: published.epoch.clone(), as_of: published.board.as_of, text },
        );
    }
}
