//! Names in `/metrics` for Prometheus queries. Rules, dashboards and objectives use no others.
//!
//! Queries need one window and few scopes. The default window is the rolling window closest to
//! 30 minutes. The scopes are the whole organization and the first single dimension, `all|center`.

use crate::domain::events::event::CaseFamily;
use crate::domain::standard::{Formula, Indicator, Standard, Target};
use crate::domain::time::timestamp::{MINUTE, SECOND, Timestamp};
use crate::domain::time::window::{MAX_WINDOWS, Window};

/// Names and selectors of a standard in Prometheus.
#[derive(Clone, Copy, Debug)]
pub struct PromqlQueries<'s> {
    /// Standard.
    pub standard: &'s Standard,
    /// Default window. `None` if the standard has no windows.
    pub default_window: Option<Window>,
}

/// Returns how much the length of a rolling window differs from 30 minutes.
fn distance(window: &&Window) -> i64 {
    match window {
        Window::Rolling(length) => (length - 30 * MINUTE).abs(),
        Window::Calendar(_) | Window::All => i64::MAX,
    }
}

impl<'s> PromqlQueries<'s> {
    /// Creates the queries of a standard.
    #[must_use]
    pub fn new(standard: &'s Standard) -> PromqlQueries<'s> {
        PromqlQueries {
            standard,
            default_window: standard.windows.iter().min_by_key(distance).copied(),
        }
    }

    /// Returns the indicator with this name.
    #[must_use]
    pub fn find_indicator(&self, name: &str) -> Option<&'s Indicator> {
        self.standard.indicators.iter().find(|indicator| indicator.name == name)
    }

    /// Returns the dimension of the first scope with a single dimension, as in `center`.
    #[must_use]
    pub fn first_dimension(&self) -> Option<&'s str> {
        let single = self.standard.scopes.iter().find(|scope| scope.len() == 1)?;
        Some(&self.standard.schema.dimensions[single[0]])
    }

    /// Returns the second dimension of the first scope of two that begins with the first dimension,
    /// as in `queue`.
    #[must_use]
    pub fn second_dimension(&self) -> Option<&'s str> {
        let dimensions = &self.standard.schema.dimensions;
        let scope = self.standard.scopes.iter().find(|scope| {
            scope.len() == 2 && Some(&*dimensions[scope[0]]) == self.first_dimension()
        })?;
        Some(&dimensions[scope[1]])
    }

    /// Returns the selector of the scopes: `scope=~"all|center"`.
    #[must_use]
    pub fn scope_selector(&self) -> String {
        self.first_dimension().map_or_else(
            || "scope=\"all\"".to_owned(),
            |dimension| format!("scope=~\"all|{dimension}\""),
        )
    }

    /// Returns the default window of an indicator: that of the standard, or the closest of its own.
    /// Returns `None` for a current state. An indicator that is computed from others has the windows
    /// that all of them have.
    #[must_use]
    pub fn window_of(&self, indicator: &Indicator) -> Option<Window> {
        if indicator.formula.is_current_state() {
            return None;
        }
        let windows = self.standard.windows.iter().enumerate();
        let covered = windows.filter(|(place, _)| self.standard.covers_window(indicator, *place));
        covered.map(|(_, window)| window).min_by_key(distance).copied()
    }

    /// Returns the selector of the scopes that an indicator's rules compare with targets:
    /// [`PromqlQueries::scope_selector`], and the scopes that its targets name.
    #[must_use]
    pub fn target_selector(&self, indicator: &Indicator) -> String {
        let mut kinds = vec!["all".to_owned()];
        kinds.extend(self.first_dimension().map(str::to_owned));
        for dimensions in target_dimensions(indicator) {
            if let Some(kind) = self.standard.narrowest_scope_with(&dimensions) {
                let label = self.standard.scope_label_value(kind);
                if !kinds.contains(&label) {
                    kinds.push(label);
                }
            }
        }
        match &kinds[..] {
            [only] => format!("scope=\"{only}\""),
            _ => format!("scope=~\"{}\"", kinds.join("|")),
        }
    }

    /// Returns the selector of an indicator's readings: `window="30m",scope=~"all|center"`.
    #[must_use]
    pub fn reading_selector(&self, indicator: &Indicator) -> String {
        match self.window_of(indicator) {
            Some(window) => format!("window=\"{window}\",{}", self.target_selector(indicator)),
            None => self.target_selector(indicator),
        }
    }

    /// Returns the range for counters next to the default window, as in `1800s`.
    #[must_use]
    pub fn lookback_range(&self) -> String {
        match self.default_window {
            Some(Window::Rolling(length)) => format!("{}s", length / SECOND),
            _ => "1800s".to_owned(),
        }
    }

    /// Returns true if `/metrics` has counters. They need a free place for the window `all`.
    #[must_use]
    pub fn has_counters(&self) -> bool {
        self.standard.windows.len() < MAX_WINDOWS || self.standard.windows.contains(&Window::All)
    }

    /// Returns the counter of the cases of an indicator. Returns `None` if it has no counter.
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

    /// Returns the series of an indicator's value, as in `sla_answer_rate_ratio`.
    #[must_use]
    pub fn value_series(indicator: &Indicator) -> String {
        indicator.metric_name()
    }

    /// Returns the first family of an indicator. Returns `all` for one without a family.
    #[must_use]
    pub fn family_name(&self, indicator: &Indicator) -> &'s str {
        self.standard
            .schema
            .families
            .get(indicator.families.trailing_zeros() as usize)
            .map_or("all", String::as_str)
    }

    /// Iterates over the families, each with the indicators of that family alone. Families without
    /// such indicators are skipped.
    pub fn families_with_indicators(
        &self,
    ) -> impl Iterator<Item = (CaseFamily, &'s str, Vec<&'s Indicator>)> {
        let standard = self.standard;
        let indicators_of = |bit: usize| {
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
            .map(move |(bit, name)| (CaseFamily(bit as u8), name.as_str(), indicators_of(bit)));
        all.filter(|(_, _, indicators)| !indicators.is_empty())
    }
}

/// Returns the dimensions of each target of the newest version.
pub(super) fn target_dimensions(indicator: &Indicator) -> impl Iterator<Item = Vec<usize>> {
    let entries = indicator.targets.first().into_iter().flat_map(|dated| &dated.entries);
    entries.map(|entry| entry.conditions.iter().map(|(dimension, _)| *dimension).collect())
}

/// Returns the last target of the whole organization.
pub(super) fn newest_target(indicator: &Indicator) -> Option<Target> {
    indicator.overall_target_at(Some(Timestamp(i64::MAX)))
}

/// Returns the Chinese name of a case family. Other names are set in backticks.
pub(super) fn chinese_family_name(family: &str) -> String {
    let known = match family {
        "call" => "话务",
        "queue" => "营业厅排队",
        "survey" => "客户评价",
        "agent" => "坐席",
        "repair" => "报修",
        "install" => "装机",
        "move" => "移机",
        "complaint" => "投诉",
        "parts" => "备件",
        "all" => "综合",
        _ => return format!("`{family}`"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard_file::parse_standard;

    #[test]
    fn difference_has_a_window_that_both_operands_have() {
        let text = include_str!("../../standards/contact-center.toml");
        let standard = parse_standard("contact-center.toml", text).expect("it is valid");
        let queries = PromqlQueries::new(&standard);
        let window = |name: &str| {
            let place = standard.find_indicator(name).expect("the indicator exists");
            queries.window_of(&standard.indicators[place]).map(|window| window.to_string())
        };
        assert_eq!(window("answer_rate").as_deref(), Some("30m"));
        assert_eq!(window("association_answer_rate").as_deref(), Some("month"));
        assert_eq!(window("above_association").as_deref(), Some("month"));
        assert_eq!(window("calls_waiting"), None);
    }
}
