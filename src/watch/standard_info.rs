//! The standard in force from `/v1/standard`, with titles, units and targets of the indicators.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The displayed parts of the standard in force.
#[derive(Clone, Debug, Deserialize)]
pub struct ServedStandard {
    /// Name of the standard.
    pub name: String,
    title: BTreeMap<String, String>,
    /// Indicators in the order of the standard.
    pub indicators: Vec<ServedIndicator>,
    /// Names of the windows in the order of the standard.
    pub windows: Vec<String>,
}

/// The displayed parts of an indicator.
#[derive(Clone, Debug, Deserialize)]
pub struct ServedIndicator {
    /// Name of the indicator.
    pub name: String,
    title: BTreeMap<String, String>,
    /// Kind of formula: `ratio`, `duration`, `level` and others.
    pub kind: String,
    /// Unit of the values: `ratio`, `seconds`, `count`, `score` or `per_...`.
    pub unit: String,
    /// Target in the indicator's unit. `None` without one.
    pub target: Option<f64>,
    /// Direction of the target: `higher` or `lower` is better. `None` without a target.
    pub better: Option<String>,
}

impl ServedStandard {
    /// Returns the title in a language, else in English, else the name.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        localized_title(&self.title, language).unwrap_or(&self.name)
    }

    /// Returns the indicator with this name, or `None` if the standard has none.
    #[must_use]
    pub fn indicator(&self, name: &str) -> Option<&ServedIndicator> {
        self.indicators.iter().find(|indicator| indicator.name == name)
    }
}

impl ServedIndicator {
    /// Returns the title in a language, else in English, else the name.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        localized_title(&self.title, language).unwrap_or(&self.name)
    }

    /// Returns a copy with another target.
    #[must_use]
    pub fn with_target(&self, target: Option<f64>) -> ServedIndicator {
        ServedIndicator { target, ..self.clone() }
    }

    /// Returns true if the indicator describes the current state instead of a window.
    #[must_use]
    pub fn is_about_now(&self) -> bool {
        matches!(self.kind.as_str(), "level" | "age" | "estimated_wait")
    }
}

fn localized_title<'a>(titles: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
    titles.get(language).or_else(|| titles.get("en")).map(String::as_str)
}
