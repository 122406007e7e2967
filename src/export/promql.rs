//! Queries: what `/metrics` calls things, for those who ask Prometheus. Rules, dashboards and objectives are made with it, so
//! that none of them writes a name of its own.
//!
//! Who looks at a standard without knowing it needs one window and few scopes: the rolling window nearest to half an hour,
//! and everything beside the standard's first single dimension, as `all|center`.

use crate::domain::events::event::CaseFamily;
use crate::domain::standard::{Formula, Indicator, Standard};
use crate::domain::time::timestamp::{MINUTE, SECOND};
use crate::domain::time::window::{MAX_WINDOWS, Window};

/// A standard, seen by somebody who asks Prometheus about it.
#[derive(Clone, Copy, Debug)]
pub struct PromqlQueries<'s> {
    /// The standard.
    pub standard: &'s Standard,
    /// The window that is looked at if nobody says which; none if the standard has no windows.
    pub default_window: Option<Window>,
}

impl<'s> PromqlQueries<'s> {
    /// Those about a standard.
    #[must_use]
    pub fn new(standard: &'s Standard) -> PromqlQueries<'s> {
        let distance = |window: &&Window| match window {
            Window::Rolling(length) => (length - 30 * MINUTE).abs(),
            Window::Calendar(_) | Window::All => i64::MAX,
        };
        PromqlQueries {
            standard,
            default_window: standard.windows.iter().min_by_key(distance).copied(),
        }
    }

    /// The indicator of this name.
    #[must_use]
    pub fn find_indicator(&self, name: &str) -> Option<&'s Indicator> {
        self.standard.indicators.iter().find(|indicator| indicator.name == name)
    }

    /// The names of the dimensions of a scope that has one alone, the standard's first; as `center`.
    #[must_use]
    pub fn first_dimension(&self) -> Option<&'s str> {
        let single = self.standard.scopes.iter().find(|scope| scope.len() == 1)?;
        Some(&self.standard.schema.dimensions[single[0]])
    }

    /// The dimension below it, of a scope of two: as `queue`.
    #[must_use]
    pub fn second_dimension(&self) -> Option<&'s str> {
        let dimensions = &self.standard.schema.dimensions;
        let of_two = self.standard.scopes.iter().find(|scope| {
            scope.len() == 2 && Some(&*dimensions[scope[0]]) == self.first_dimension()
        })?;
        Some(&dimensions[of_two[1]])
    }

    /// `scope=~"all|center"`.
    #[must_use]
    pub fn scope_selector(&self) -> String {
        self.first_dimension().map_or_else(
            || "scope=\"all\"".to_owned(),
            |dimension| format!("scope=~\"all|{dimension}\""),
        )
    }

    /// The window and the scopes of an indicator's readings: `window="30m",scope=~"all|center"`.
    #[must_use]
    pub fn reading_selector(&self, indicator: &Indicator) -> String {
        match self.default_window.filter(|_| !indicator.formula.is_current_state()) {
            Some(window) => format!("window=\"{window}\",{}", self.scope_selector()),
            None => self.scope_selector(),
        }
    }

    /// Over how long counters are looked at beside the window, as `30m`.
    #[must_use]
    pub fn lookback_range(&self) -> String {
        match self.default_window {
            Some(Window::Rolling(length)) => format!("{}s", length / SECOND),
            _ => "1800s".to_owned(),
        }
    }

    /// Whether `/metrics` has counters: they need the window `all`.
    #[must_use]
    pub fn has_counters(&self) -> bool {
        self.standard.windows.len() < MAX_WINDOWS || self.standard.windows.contains(&Window::All)
    }

    /// The counter whose growth says how much an indicator is made of, if it has one.
    #[must_use]
    pub fn counter_name(&self, indicator: &Indicator) -> Option<String> {
        match indicator.formula {
            _ if !self.has_counters() => None,
            Formula::Ratio { .. } => Some(format!("sla_{}_of_total", indicator.name)),
            Formula::Duration { .. } => {
                Some(format!("sla_{}_spread_seconds_count", indicator.name))
            }
            _ => None,
        }
    }

    /// The series of an indicator's value, as `sla_answer_rate_ratio`.
    #[must_use]
    pub fn value_series(indicator: &Indicator) -> String {
        indicator.metric_name()
    }

    /// The name of the first family that an indicator speaks of; `all` for one that is made of others.
    #[must_use]
    pub fn family_name(&self, indicator: &Indicator) -> &'s str {
        self.standard
            .schema
            .families
            .get(indicator.families.trailing_zeros() as usize)
            .map_or("all", String::as_str)
    }

    /// The families that indicators speak of, each with those that speak of it alone.
    pub fn families_with_indicators(
        &self,
    ) -> impl Iterator<Item = (CaseFamily, &'s str, Vec<&'s Indicator>)> {
        let standard = self.standard;
        let of = |bit: usize| {
            standard
                .indicators
                .iter()
                .filter(move |indicator| indicator.families == 1 << bit)
                .collect::<Vec<_>>()
        };
        let all = standard
            .schema
            .families
            .iter()
            .enumerate()
            .map(move |(bit, name)| (CaseFamily(bit as u8), name.as_str(), of(bit)));
        all.filter(|(_, _, indicators)| !indicators.is_empty())
    }
}
