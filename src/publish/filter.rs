//! Filters: which readings of a board somebody asked for. The live board and `/v1/board` share them.

use crate::domain::board::Key;
use crate::domain::standard::Standard;
use crate::domain::time::shorten;
use crate::domain::window::Window;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A filter as it is written. What is absent is not limited.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Names of indicators.
    pub indicators: Option<Vec<String>>,
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
pub struct Filter {
    indicators: Option<BTreeSet<usize>>,
    windows: Option<BTreeSet<Option<usize>>>,
    fixed: BTreeMap<usize, BTreeSet<String>>,
    /// All dimensions of a scope, those in `fixed` included.
    dimensions: Option<BTreeSet<usize>>,
}

impl Filter {
    /// Checks a filter against the standard.
    ///
    /// # Errors
    /// A sentence about the first name that the standard does not have. A value of a dimension may come later.
    pub fn new(wanted: &Wanted, standard: &Standard) -> Result<Filter, String> {
        let indicator = |name: &String| {
            let place = standard.indicators.iter().position(|indicator| indicator.name == *name);
            place.ok_or_else(|| unknown("indicator", name, standard.indicators.iter().map(|indicator| indicator.name.clone())))
        };
        let window = |name: &String| {
            let known = || standard.windows.iter().map(Window::to_string);
            match known().position(|window| window == *name) {
                Some(place) => Ok(Some(place)),
                None if name == Window::NOW => Ok(None),
                None => Err(unknown("window", name, known().chain([Window::NOW.to_owned()]))),
            }
        };
        let dimension = |name: &String| {
            let known = &standard.schema.dimensions;
            known.iter().position(|dimension| dimension == name).ok_or_else(|| unknown("dimension", name, known.iter().cloned()))
        };
        let mut fixed = BTreeMap::new();
        for (name, values) in wanted.fixed.iter().flatten() {
            fixed.insert(dimension(name)?, values.iter().cloned().collect());
        }
        let dimensions = match &wanted.by {
            Some(by) => Some(by.iter().map(dimension).chain(fixed.keys().copied().map(Ok)).collect::<Result<_, _>>()?),
            None => None,
        };
        let indicators = wanted.indicators.as_ref().map(|names| names.iter().map(indicator).collect()).transpose()?;
        let windows = wanted.windows.as_ref().map(|names| names.iter().map(window).collect()).transpose()?;
        Ok(Filter { indicators, windows, fixed, dimensions })
    }

    /// Whether a reading with this key was asked for.
    #[must_use]
    pub fn fits(&self, key: &Key, standard: &Standard) -> bool {
        let dimensions = &standard.scopes[key.scope.kind];
        let value_of = |dimension: &usize| {
            let place = dimensions.iter().position(|other| other == dimension)?;
            key.scope.values.get(place)
        };
        self.indicators.as_ref().is_none_or(|indicators| indicators.contains(&key.indicator))
            && self.windows.as_ref().is_none_or(|windows| windows.contains(&key.window))
            && self.dimensions.as_ref().is_none_or(|all| all.len() == dimensions.len() && dimensions.iter().all(|one| all.contains(one)))
            && self.fixed.iter().all(|(dimension, values)| value_of(dimension).is_some_and(|value| values.contains(&**value)))
    }
}

/// Says that the standard has nothing of this name, and what was perhaps meant.
pub(crate) fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let known: Vec<String> = known.collect();
    let near = crate::document::nearest(name, known.iter().map(String::as_str));
    let hint = near.map_or_else(|| format!("the standard has: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    format!("there is no {what} `{}`; {hint}", shorten(name))
}
