//! Filters select readings of a board by request, restricted to the granted view. The live board
//! and `/v1/board` share them.

use crate::access::grant::GrantedView;
use crate::domain::board::reading::{Board, ReadingKey};
use crate::domain::standard::Standard;
use crate::domain::standard::label::{self, IndicatorLabel};
use crate::domain::time::timestamp::truncate_for_message;
use crate::domain::time::window::Window;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A sentence that names an entry missing from the standard and suggests an existing one.
pub type UnknownNameError = String;

/// A filter as requested by name. An absent field does not restrict the readings.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterRequest {
    /// Names of indicators.
    pub indicators: Option<Vec<String>>,
    /// Labels such as `quality:responsiveness`. An indicator must match one value per given key.
    pub labels: Option<Vec<String>>,
    /// Names of windows, including `now`.
    pub windows: Option<Vec<String>>,
    /// Permitted values by dimension.
    #[serde(rename = "where")]
    pub fixed: Option<BTreeMap<String, Vec<String>>>,
    /// The exact dimensions of a scope, in addition to those in `where`.
    pub by: Option<Vec<String>>,
}

/// A filter with its names resolved to places in the standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ReadingFilter {
    indicators: Option<BTreeSet<usize>>,
    windows: Option<BTreeSet<Option<usize>>>,
    fixed: BTreeMap<usize, BTreeSet<String>>,
    /// All dimensions of a scope, including those in `fixed`.
    dimensions: Option<BTreeSet<usize>>,
    /// True to match only scopes that the standard publishes without a request for their dimensions.
    only_published: bool,
    /// The view granted to the client.
    view: Arc<GrantedView>,
}

impl ReadingFilter {
    /// Resolves a filter against the standard. It never matches readings outside the view.
    ///
    /// # Errors
    /// Names the first entry that the standard does not have. Unknown values of a dimension are
    /// accepted, because they may appear later.
    pub fn new(
        request: &FilterRequest,
        view: &Arc<GrantedView>,
        standard: &Standard,
    ) -> Result<ReadingFilter, UnknownNameError> {
        let mut fixed = BTreeMap::new();
        for (name, values) in request.fixed.iter().flatten() {
            fixed.insert(resolve_dimension(name, standard)?, values.iter().cloned().collect());
        }
        let dimensions = match &request.by {
            Some(by) => Some(
                by.iter()
                    .map(|name| resolve_dimension(name, standard))
                    .chain(fixed.keys().copied().map(Ok))
                    .collect::<Result<_, _>>()?,
            ),
            None => None,
        };
        let mut indicators: Option<BTreeSet<usize>> = request
            .indicators
            .as_ref()
            .map(|names| names.iter().map(|name| resolve_indicator(name, standard)).collect())
            .transpose()?;
        if let Some(labels) = &request.labels {
            let labels = labels
                .iter()
                .map(|text| resolve_label(text))
                .collect::<Result<Vec<IndicatorLabel>, UnknownNameError>>()?;
            let matching =
                |place: &usize| matches_labels(&standard.indicators[*place].labels, &labels);
            let matching = (0..standard.indicators.len()).filter(matching);
            indicators = Some(
                matching
                    .filter(|place| {
                        indicators.as_ref().is_none_or(|requested| requested.contains(place))
                    })
                    .collect(),
            );
        }
        let windows = request
            .windows
            .as_ref()
            .map(|names| names.iter().map(|name| resolve_window(name, standard)).collect())
            .transpose()?;
        let named = || fixed.keys().chain(dimensions.iter().flatten());
        let only_published = !named()
            .any(|dimension| standard.schema.dimensions[*dimension] == Standard::AGENT_DIMENSION);
        let view = view.clone();
        Ok(ReadingFilter { indicators, windows, fixed, dimensions, only_published, view })
    }

    /// Returns true if a reading with this key matches the filter and is visible.
    #[must_use]
    pub fn matches_key(&self, key: &ReadingKey, board: &Board) -> bool {
        let dimensions = &board.standard.scopes[key.scope.kind];
        let value_of = |dimension: &usize| {
            let place = dimensions.iter().position(|other| other == dimension)?;
            key.scope.values.get(place)
        };
        !(self.only_published && board.standard.is_scope_unpublished(key.scope.kind))
            && self.indicators.as_ref().is_none_or(|indicators| indicators.contains(&key.indicator))
            && self.windows.as_ref().is_none_or(|windows| windows.contains(&key.window))
            && self.dimensions.as_ref().is_none_or(|all| {
                all.len() == dimensions.len()
                    && dimensions.iter().all(|dimension| all.contains(dimension))
            })
            && self.fixed.iter().all(|(dimension, values)| {
                value_of(dimension).is_some_and(|value| values.contains(&**value))
            })
            && is_key_visible(&self.view, key, board)
    }
}

/// Checks that an indicator has readings in a kind of scope and over a window.
///
/// # Errors
/// Says which scopes or windows the indicator has.
pub(super) fn check_coverage(
    standard: &Standard,
    indicator: usize,
    kind: usize,
    window: Option<usize>,
) -> Result<(), String> {
    let name = &standard.indicators[indicator].name;
    let listed = |all: Vec<String>| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    if !standard.has_readings_in_scope(indicator, kind) {
        let kinds = 0..standard.scopes.len();
        let known = kinds.filter(|kind| standard.has_readings_in_scope(indicator, *kind));
        let known = known.map(|kind| standard.scope_label_value(kind)).collect();
        return Err(format!(
            "`{name}` has no readings by {}; it has: {}",
            standard.scope_label_value(kind),
            listed(known)
        ));
    }
    if let Some(window) = window.filter(|window| !standard.has_readings_over(indicator, *window)) {
        let windows = 0..standard.windows.len();
        let known = windows.filter(|window| standard.has_readings_over(indicator, *window));
        let known = known.map(|window| standard.windows[window].to_string()).collect();
        return Err(format!(
            "`{name}` has no readings over `{}`; it has: {}",
            standard.windows[window],
            listed(known)
        ));
    }
    Ok(())
}

/// Returns true if a reading with this key is visible in the view.
pub(super) fn is_key_visible(view: &GrantedView, key: &ReadingKey, board: &Board) -> bool {
    view.is_visible(|| board.scope_values(key))
}

/// Returns the place of an indicator.
///
/// # Errors
/// An unknown name, with the most similar name as a suggestion. The same holds for all names here.
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

/// Returns the place of a window; `None` for `now`.
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

/// Returns the place of a dimension.
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

/// Returns true if an indicator has one of the requested values for each requested key.
fn matches_labels(labels: &[IndicatorLabel], requested: &[IndicatorLabel]) -> bool {
    requested
        .iter()
        .all(|(key, _)| labels.iter().any(|label| label.0 == *key && requested.contains(label)))
}

/// Formats an error for an unknown name, with a suggestion or the list of known names.
pub(crate) fn unknown_name(
    what: &str,
    name: &str,
    known: impl Iterator<Item = String>,
) -> UnknownNameError {
    let known: Vec<String> = known.collect();
    let nearest = crate::toml_document::nearest_match(name, known.iter().map(String::as_str));
    let hint = nearest.map_or_else(
        || format!("the standard has: {}", known.join(", ")),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    format!("there is no {what} `{}`; {hint}", truncate_for_message(name))
}
