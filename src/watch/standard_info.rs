//! The standard in force, as `/v1/standard` tells it: titles, units and targets of the indicators.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The standard in force.
#[derive(Clone, Debug, Deserialize)]
pub struct ServedStandard {
    /// Its name.
    pub name: String,
    title: BTreeMap<String, String>,
    /// What it measures, in its order.
    pub indicators: Vec<ServedIndicator>,
    /// Its windows, in its order.
    pub windows: Vec<String>,
}

/// An indicator.
#[derive(Clone, Debug, Deserialize)]
pub struct ServedIndicator {
    /// Its name.
    pub name: String,
    title: BTreeMap<String, String>,
    /// How it is computed: `ratio`, `duration`, `level` ...
    pub kind: String,
    /// The unit of its values: `ratio`, `seconds`, `count`, `score` or `per_...`.
    pub unit: String,
    /// The value aimed at, if there is one.
    pub target: Option<f64>,
    /// Which side of the target is good: `higher` or `lower`.
    pub better: Option<String>,
}

impl ServedStandard {
    /// Its title in a language, or in English, or its name.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        localized_title(&self.title, language).unwrap_or(&self.name)
    }

    /// The indicator of this name.
    #[must_use]
    pub fn indicator(&self, name: &str) -> Option<&ServedIndicator> {
        self.indicators.iter().find(|indicator| indicator.name == name)
    }
}

impl ServedIndicator {
    /// Its title in a language, or in English, or its name.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        localized_title(&self.title, language).unwrap_or(&self.name)
    }

    /// The same with this target, which is in force now.
    #[must_use]
    pub fn with_target(&self, target: Option<f64>) -> ServedIndicator {
        ServedIndicator { target, ..self.clone() }
    }

    /// Whether it speaks of this moment and not of a window.
    #[must_use]
    pub fn is_about_now(&self) -> bool {
        matches!(self.kind.as_str(), "level" | "age" | "estimated_wait")
    }
}

fn localized_title<'a>(titles: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
    titles.get(language).or_else(|| titles.get("en")).map(String::as_str)
}
