//! Rankings: the scopes of one kind side by side, from the best to the worst.
//!
//! Equal values share a rank, and the next one counts on: 1, 2, 2, 4. A scope without a value or with too few cases has no
//! rank and stands at the end, because one call is neither the best center nor the worst.

use super::reading_filter::{
    UnknownNameError, is_key_visible, resolve_dimension, resolve_indicator, resolve_window,
};
use crate::access::grant::GrantedView;
use crate::domain::board::reading::{Board, Reading};
use crate::domain::standard::{Standard, TargetDirection};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is ranked, names replaced by places in the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ranking {
    /// By which indicator.
    pub indicator: usize,
    /// Which of the standard's scopes.
    pub kind: usize,
    /// Over which window; `None` for what is about now.
    pub window: Option<usize>,
    /// Which values are the better ones.
    pub better: TargetDirection,
}

/// A scope with its rank.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RankedScope<'b> {
    /// From 1 on; `None` for a scope that cannot be ranked.
    pub rank: Option<usize>,
    /// The scope's dimensions and values.
    pub scope: BTreeMap<&'b str, &'b str>,
    /// The value.
    pub value: Option<f64>,
    /// How many cases it is made of, where it is made of cases.
    pub of: Option<i64>,
    /// Whether it can be trusted.
    pub state: &'static str,
    /// How it stands to the target.
    pub level: &'static str,
    /// How far it is from the best; `None` without rank.
    pub gap: Option<f64>,
}

impl Ranking {
    /// Checks what was asked for. `by` are the dimensions of a scope of the standard; `better` is needed for an indicator
    /// without a target, which does not say which of its values are the good ones.
    ///
    /// # Errors
    /// A sentence about the first thing that cannot be.
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
            scope.len() == dimensions.len() && dimensions.iter().all(|one| scope.contains(one))
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
        let asked = &standard.indicators[indicator];
        let window = match over {
            _ if asked.formula.is_current_state() => None,
            Some(over) => resolve_window(over, standard)?,
            None => {
                return Err(format!(
                    "`{name}` is read over windows; say which, as in `window=today`"
                ));
            }
        };
        if window.is_none() && !asked.formula.is_current_state() {
            return Err(format!(
                "`{name}` is not about now but about windows; say which, as in `window=today`"
            ));
        }
        let better = better.or(asked
            .targets
            .iter()
            .find_map(|dated| dated.target)
            .map(|target| target.better));
        let better =
            better.ok_or_else(|| format!("`{name}` has no target to say which values are good; say `better=higher` or `better=lower`"))?;
        Ok(Ranking { indicator, kind, window, better })
    }

    /// The scopes on a board that the view shows, from the best to the worst, then those that cannot be ranked. What is hidden
    /// takes no rank.
    #[must_use]
    pub fn rank_scopes<'b>(&self, board: &'b Board, view: &GrantedView) -> Vec<RankedScope<'b>> {
        let small_sample = board.standard.indicators[self.indicator].small_sample;
        let asked = |reading: &&Reading| {
            let key = &reading.key;
            (key.indicator, key.scope.kind, key.window) == (self.indicator, self.kind, self.window)
                && is_key_visible(view, key, board)
        };
        let value_of = |reading: &&Reading| {
            let too_few = reading
                .components
                .sample_count()
                .is_some_and(|of| of.unsigned_abs() < small_sample)
                || reading.state.name() == "small_sample";
            reading.value.filter(|_| !too_few)
        };
        let (mut ranked, unranked): (Vec<&Reading>, Vec<&Reading>) =
            board.readings.iter().filter(asked).partition(|reading| value_of(reading).is_some());
        // Stable: equal ones stay in the order of their scopes.
        ranked.sort_by(|one, other| {
            let order = one.value.unwrap_or_default().total_cmp(&other.value.unwrap_or_default());
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
        of: reading.components.sample_count(),
        state: reading.state.name(),
        level: reading.level.name(),
        gap,
    }
}
