//! Filters: which readings of a board somebody asked for, of those that may be seen. The live board and `/v1/board` share
//! them.

use crate::access::grant::GrantedView;
use crate::domain::board::reading::{Board, ReadingKey};
use crate::domain::standard::Standard;
use crate::domain::standard::label::{self, IndicatorLabel};
use crate::domain::time::timestamp::truncate_for_message;
use crate::domain::time::window::Window;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A sentence about a name that the standard does not have, with what to write instead.
pub type UnknownNameError = String;

/// A filter as it is written. What is absent is not limited.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterRequest {
    /// Names of indicators.
    pub indicators: Option<Vec<String>>,
    /// Labels, as in `quality:responsiveness`: of each key that is there, an indicator must have one of the values.
    pub labels: Option<Vec<String>>,
    /// Names of windows, `now` among them.
    pub windows: Option<Vec<String>>,
    /// For dimensions the values that a scope must have.
    #[serde(rename = "where")]
    pub fixed: Option<BTreeMap<String, Vec<String>>>,
    /// The dimensions of a scope beyond those in `where`: exactly these.
    pub by: Option<Vec<String>>,
}

/// A filter, its names replaced by places in the standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ReadingFilter {
    indicators: Option<BTreeSet<usize>>,
    windows: Option<BTreeSet<Option<usize>>>,
    fixed: BTreeMap<usize, BTreeSet<String>>,
    /// All dimensions of a scope, those in `fixed` included.
    dimensions: Option<BTreeSet<usize>>,
    /// What may be seen at all.
    view: Arc<GrantedView>,
}

impl ReadingFilter {
    /// Checks a filter against the standard. Whatever is asked for, only what the view shows will fit.
    ///
    /// # Errors
    /// A sentence about the first name that the standard does not have. A value of a dimension may come later.
    pub fn new(
        wanted: &FilterRequest,
        view: &Arc<GrantedView>,
        standard: &Standard,
    ) -> Result<ReadingFilter, UnknownNameError> {
        let mut fixed = BTreeMap::new();
        for (name, values) in wanted.fixed.iter().flatten() {
            fixed.insert(resolve_dimension(name, standard)?, values.iter().cloned().collect());
        }
        let dimensions = match &wanted.by {
            Some(by) => Some(
                by.iter()
                    .map(|name| resolve_dimension(name, standard))
                    .chain(fixed.keys().copied().map(Ok))
                    .collect::<Result<_, _>>()?,
            ),
            None => None,
        };
        let mut indicators: Option<BTreeSet<usize>> = wanted
            .indicators
            .as_ref()
            .map(|names| names.iter().map(|name| resolve_indicator(name, standard)).collect())
            .transpose()?;
        if let Some(labels) = &wanted.labels {
            let labels = labels
                .iter()
                .map(|text| resolve_label(text))
                .collect::<Result<Vec<IndicatorLabel>, UnknownNameError>>()?;
            let fitting =
                |place: &usize| matches_labels(&standard.indicators[*place].labels, &labels);
            let fitting = (0..standard.indicators.len()).filter(fitting);
            indicators = Some(
                fitting
                    .filter(|place| indicators.as_ref().is_none_or(|asked| asked.contains(place)))
                    .collect(),
            );
        }
        let windows = wanted
            .windows
            .as_ref()
            .map(|names| names.iter().map(|name| resolve_window(name, standard)).collect())
            .transpose()?;
        Ok(ReadingFilter { indicators, windows, fixed, dimensions, view: view.clone() })
    }

    /// Whether a reading with this key was asked for and may be seen.
    #[must_use]
    pub fn matches_key(&self, key: &ReadingKey, board: &Board) -> bool {
        let dimensions = &board.standard.scopes[key.scope.kind];
        let value_of = |dimension: &usize| {
            let place = dimensions.iter().position(|other| other == dimension)?;
            key.scope.values.get(place)
        };
        self.indicators.as_ref().is_none_or(|indicators| indicators.contains(&key.indicator))
            && self.windows.as_ref().is_none_or(|windows| windows.contains(&key.window))
            && self.dimensions.as_ref().is_none_or(|all| {
                all.len() == dimensions.len() && dimensions.iter().all(|one| all.contains(one))
            })
            && self.fixed.iter().all(|(dimension, values)| {
                value_of(dimension).is_some_and(|value| values.contains(&**value))
            })
            && is_key_visible(&self.view, key, board)
    }
}

/// Whether a reading with this key may be seen.
pub(super) fn is_key_visible(view: &GrantedView, key: &ReadingKey, board: &Board) -> bool {
    view.is_visible(|| board.scope_values(key))
}

/// The place of an indicator.
///
/// # Errors
/// A sentence with the name that comes nearest, as for all names here.
pub(super) fn resolve_indicator(
    name: &str,
    standard: &Standard,
) -> Result<usize, UnknownNameError> {
    let place = standard.find_indicator(name);
    if let Some(current) = place.map(|place| &standard.indicators[place].name)
        && current != name
    {
        tracing::warn!(
            "a client asks for indicator `{name}`, which is now `{current}`; the old name still works"
        );
    }
    place.ok_or_else(|| {
        unknown_name(
            "indicator",
            name,
            standard.indicators.iter().map(|indicator| indicator.name.clone()),
        )
    })
}

/// The place of a window; none for `now`.
pub(super) fn resolve_window(
    name: &str,
    standard: &Standard,
) -> Result<Option<usize>, UnknownNameError> {
    let known = || standard.windows.iter().map(Window::to_string);
    match known().position(|window| window == *name) {
        Some(place) => Ok(Some(place)),
        None if name == Window::NOW => Ok(None),
        None => Err(unknown_name("window", name, known().chain([Window::NOW.to_owned()]))),
    }
}

/// The place of a dimension.
pub(super) fn resolve_dimension(
    name: &str,
    standard: &Standard,
) -> Result<usize, UnknownNameError> {
    let known = &standard.schema.dimensions;
    known
        .iter()
        .position(|dimension| dimension == name)
        .ok_or_else(|| unknown_name("dimension", name, known.iter().cloned()))
}

fn resolve_label(text: &str) -> Result<IndicatorLabel, UnknownNameError> {
    label::parse_label(text).ok_or_else(|| {
        unknown_name(
            "label",
            text,
            label::all_labels().map(|(key, value)| format!("{key}:{value}")),
        )
    })
}

/// Whether an indicator has, of each key asked for, one of the values asked for.
fn matches_labels(own: &[IndicatorLabel], asked: &[IndicatorLabel]) -> bool {
    asked.iter().all(|(key, _)| own.iter().any(|label| label.0 == *key && asked.contains(label)))
}

/// Says that the standard has nothing of this name, and what was perhaps meant.
pub(crate) fn unknown_name(
    what: &str,
    name: &str,
    known: impl Iterator<Item = String>,
) -> UnknownNameError {
    let known: Vec<String> = known.collect();
    let near = crate::toml_document::nearest_match(name, known.iter().map(String::as_str));
    let hint = near.map_or_else(
        || format!("the standard has: {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    format!("there is no {what} `{}`; {hint}", truncate_for_message(name))
}
