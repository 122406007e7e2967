//! Rankings: the scopes of one kind, from the best to the worst.
//!
//! Equal values share a rank, and the next rank counts them: 1, 2, 2, 4. Scopes without a value or
//! with too few cases come last and have no rank, because one call says little about a center.

use super::reading_filter::{
    UnknownNameError, check_coverage, is_key_visible, resolve_dimension, resolve_indicator,
    resolve_window,
};
use crate::access::grant::GrantedView;
use crate::domain::board::reading::{Board, Reading, ReadingState, ReadingStates};
use crate::domain::standard::{Standard, TargetDirection};
use serde::Serialize;
use std::collections::BTreeMap;

/// A ranking request with its names resolved to places in the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ranking {
    /// Place of the indicator.
    pub indicator: usize,
    /// Place of the kind of scope.
    pub kind: usize,
    /// Place of the window; `None` for current-state indicators.
    pub window: Option<usize>,
    /// The direction of better values.
    pub better: TargetDirection,
}

/// A scope with its rank.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RankedScope<'b> {
    /// The rank from 1; `None` for a scope without a rank.
    pub rank: Option<usize>,
    /// The scope's dimensions with their values.
    pub scope: BTreeMap<&'b str, &'b str>,
    /// The value; `None` without data.
    pub value: Option<f64>,
    /// Number of cases in the value; `None` if it does not consist of cases.
    pub of: Option<i64>,
    /// The first state of the reading, for example `ok` or `small_sample`.
    pub state: &'static str,
    /// All states of the reading.
    pub states: ReadingStates,
    /// The level against the target: `none`, `met`, `warning` or `breached`.
    pub level: &'static str,
    /// The target in force in the scope.
    pub target: Option<f64>,
    /// Distance to the best value; `None` without a rank.
    pub gap: Option<f64>,
}

impl Ranking {
    /// Resolves a ranking request.
    ///
    /// `by` names the dimensions of a kind of scope in the standard. `better` is required for an
    /// indicator without a target.
    ///
    /// # Errors
    /// Describes the first invalid part of the request.
    pub fn new(
        name: &str,
        by: &[String],
        over: Option<&str>,
        better: Option<TargetDirection>,
        standard: &Standard,
    ) -> Result<Ranking, UnknownNameError> {
        let indicator = resolve_indicator(name, standard)?;
        let dimensions = by
            .iter()
            .map(|name| resolve_dimension(name, standard))
            .collect::<Result<Vec<usize>, UnknownNameError>>()?;
        let kind = standard.scopes.iter().position(|scope| {
            scope.len() == dimensions.len()
                && dimensions.iter().all(|dimension| scope.contains(dimension))
        });
        let Some(kind) = kind.filter(|_| !dimensions.is_empty()) else {
            let names = |scope: &Vec<usize>| {
                scope
                    .iter()
                    .map(|place| standard.schema.dimensions[*place].as_str())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            let known: Vec<String> =
                standard.scopes.iter().filter(|scope| !scope.is_empty()).map(names).collect();
            return Err(format!(
                "the standard has no scope `{}`; it has: {}",
                by.join(","),
                known.join("; ")
            ));
        };
        let ranked_indicator = &standard.indicators[indicator];
        let window = match over {
            _ if ranked_indicator.formula.is_current_state() => None,
            Some(over) => resolve_window(over, standard)?,
            None => {
                return Err(format!("`{name}` needs a window, for example `window=today`"));
            }
        };
        if window.is_none() && !ranked_indicator.formula.is_current_state() {
            return Err(format!(
                "`{name}` has no current value; choose a window, for example `window=today`"
            ));
        }
        check_coverage(standard, indicator, kind, window)?;
        let better = better.or(ranked_indicator.target_direction());
        let better = better.ok_or_else(|| {
            format!("`{name}` has no target; add `better=higher` or `better=lower`")
        })?;
        Ok(Ranking { indicator, kind, window, better })
    }

    /// Ranks the visible scopes of a board from the best to the worst, followed by those without a
    /// rank. Hidden scopes take no rank.
    #[must_use]
    pub fn rank_scopes<'b>(&self, board: &'b Board, view: &GrantedView) -> Vec<RankedScope<'b>> {
        let small_sample = board.standard.indicators[self.indicator].small_sample;
        let is_requested = |reading: &&Reading| {
            let key = &reading.key;
            (key.indicator, key.scope.kind, key.window) == (self.indicator, self.kind, self.window)
                && is_key_visible(view, key, board)
        };
        let value_of = |reading: &&Reading| {
            let too_few = reading
                .components
                .sample_count()
                .is_some_and(|of| of.unsigned_abs() < small_sample)
                || reading.states.contains(ReadingState::SmallSample);
            reading.value.filter(|_| !too_few)
        };
        let (mut ranked, unranked): (Vec<&Reading>, Vec<&Reading>) = board
            .readings
            .iter()
            .filter(is_requested)
            .partition(|reading| value_of(reading).is_some());
        // The sort is stable: equal values stay in the order of their scopes.
        ranked.sort_by(|left, right| {
            let order = left.value.unwrap_or_default().total_cmp(&right.value.unwrap_or_default());
            if self.better == TargetDirection::Higher { order.reverse() } else { order }
        });
        let best = ranked.first().and_then(|reading| reading.value);
        let mut all: Vec<RankedScope<'b>> = Vec::with_capacity(ranked.len() + unranked.len());
        for (place, reading) in ranked.into_iter().enumerate() {
            let shared =
                all.last().filter(|last| last.value == reading.value).and_then(|last| last.rank);
            let gap = reading.value.zip(best).map(|(value, best)| (value - best).abs());
            all.push(ranked_scope(board, reading, Some(shared.unwrap_or(place + 1)), gap));
        }
        all.extend(unranked.into_iter().map(|reading| ranked_scope(board, reading, None, None)));
        all
    }
}

fn ranked_scope<'b>(
    board: &'b Board,
    reading: &'b Reading,
    rank: Option<usize>,
    gap: Option<f64>,
) -> RankedScope<'b> {
    RankedScope {
        rank,
        scope: board.scope_values(&reading.key).collect(),
        value: reading.value,
        of: reading.displayed_components().sample_count(),
        state: reading.state().name(),
        states: reading.states,
        level: reading.level.name(),
        target: reading.target,
        gap,
    }
}
