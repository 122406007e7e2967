//! Trends for people's programs, as `/v1/trend` writes them; and what may be asked for.
//!
//! Every wall of a center asks for the same trends at the same moments, and each answer costs the core a look at its panes:
//! so answers are kept for a few seconds.

use super::explain::scope;
use super::filter::{indicator, unknown};
use crate::domain::board::Board;
use crate::domain::standard::Standard;
use crate::domain::time::{HOUR, SECOND, Timestamp};
use crate::domain::trend::{Asked, STEP, Trends};
use crate::domain::window::Window;
use crate::edition::Edition;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many hours a trend reaches back if nobody says otherwise.
const HOURS: i64 = 8;
/// The most hours: those of the longest rolling window there can be.
const HOURS_MAX: i64 = Window::LONGEST / HOUR;
/// How long an answer is good for, in milliseconds of the board's time.
const GOOD_FOR: i64 = 10 * SECOND;
/// How many answers are kept; when there are so many, all go.
const KEPT: usize = 256;

/// The trends that are asked for by names. With a rolling window each value covers one.
///
/// # Errors
/// A sentence about the first thing that cannot be.
pub fn asked(
    standard: &Standard,
    indicators: &[&str],
    fixed: &[(String, String)],
    window: Option<&str>,
    hours: Option<&str>,
) -> Result<Asked, String> {
    let mut places = indicators.iter().map(|name| indicator(name, standard)).collect::<Result<Vec<usize>, String>>()?;
    if places.is_empty() {
        return Err("say which indicators, as in `indicator=answer_rate,speed_of_answer`".to_owned());
    }
    places.sort_unstable();
    places.dedup();
    let over = match window.map(|name| (name, Window::parse(name))) {
        None => 1,
        Some((_, Some(Window::Rolling(length)))) => (length + STEP - 1) / STEP,
        Some((name, _)) => {
            let rolling = standard.windows.iter().filter(|window| matches!(window, Window::Rolling(_))).map(Window::to_string);
            return Err(unknown("rolling window", name, rolling));
        }
    };
    let hours = match hours {
        None => HOURS,
        Some(text) => match text.parse() {
            Ok(hours) if (1..=HOURS_MAX).contains(&hours) => hours,
            _ => return Err(format!("`hours` is a number from 1 to {HOURS_MAX}")),
        },
    };
    // Both are bounded above.
    Ok(Asked { indicators: places, scope: scope(standard, fixed)?, steps: (hours * HOUR / STEP) as usize, over: over as usize })
}

/// Writes trends of a scope, with the position of the board they go with.
#[must_use]
pub fn write(edition: &Edition, asked: &Asked, trends: &Trends) -> String {
    let standard = &edition.standard;
    let dimensions = standard.scopes[asked.scope.kind].iter().map(|place| standard.schema.dimensions[*place].clone());
    let values = asked.scope.values.iter().map(|value| Value::from(&**value));
    let scope: Map<String, Value> = dimensions.zip(values).collect();
    let trend = |(indicator, values): &(usize, Vec<Option<f64>>)| json!({ "indicator": standard.indicators[*indicator].name, "scope": scope, "values": values });
    let Board { revision, as_of, .. } = &*edition.board;
    json!({
        "epoch": edition.epoch,
        "revision": revision,
        "as_of": as_of,
        "from": trends.from,
        "step_seconds": STEP / SECOND,
        "trends": trends.values.iter().map(trend).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The answers of the last seconds.
#[derive(Debug, Default)]
pub struct Answers(Mutex<BTreeMap<Asked, Answer>>);

#[derive(Debug)]
struct Answer {
    epoch: Arc<str>,
    as_of: Option<Timestamp>,
    text: String,
}

impl Answers {
    /// The answer given a moment ago, if there is one.
    #[must_use]
    pub fn get(&self, asked: &Asked, edition: &Edition) -> Option<String> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(asked).filter(|answer| answer.epoch == edition.epoch)?;
        let (then, now) = (answer.as_of?, edition.board.as_of?);
        (now.since(then) < GOOD_FOR && now.0.div_euclid(STEP) == then.0.div_euclid(STEP)).then(|| answer.text.clone())
    }

    /// Keeps an answer.
    pub fn put(&self, asked: Asked, edition: &Edition, text: String) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT {
            answers.clear();
        }
        answers.insert(asked, Answer { epoch: edition.epoch.clone(), as_of: edition.board.as_of, text });
    }
}
