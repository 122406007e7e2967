//! Scopes and windows in which indicators have readings, and which of them are published.

use super::{Indicator, Standard};
use crate::domain::time::window::Window;

/// Scopes and windows in which an indicator has readings.
#[derive(Clone, Default, Debug)]
pub struct IndicatorCoverage {
    /// Kinds of scopes, as indexes into [`super::Standard::scopes`]; `None` for all.
    pub scopes: Option<Vec<usize>>,
    /// Windows; `None` for all.
    pub windows: Option<Vec<Window>>,
}

impl IndicatorCoverage {
    /// Returns true for readings in scopes of this kind.
    #[must_use]
    pub fn includes_scope(&self, kind: usize) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&kind))
    }

    /// Returns true for readings over this window. The window `all` is always included, since
    /// counters of Prometheus need it.
    #[must_use]
    pub fn includes_window(&self, window: Window) -> bool {
        window == Window::All
            || self.windows.as_ref().is_none_or(|windows| windows.contains(&window))
    }
}

impl Standard {
    /// Dimension with the names of persons.
    pub const AGENT_DIMENSION: &str = "agent";

    /// Returns true if an indicator has readings in scopes of this kind. One that is computed from
    /// others has readings where all of them have.
    #[must_use]
    pub fn has_readings_in_scope(&self, indicator: usize, kind: usize) -> bool {
        self.covers_scope(&self.indicators[indicator], kind)
    }

    /// As [`Standard::has_readings_in_scope`], for an indicator of this standard.
    #[must_use]
    pub fn covers_scope(&self, indicator: &Indicator, kind: usize) -> bool {
        let mut operands = indicator.formula.operand_indicators().into_iter();
        indicator.coverage.includes_scope(kind)
            && operands.all(|operand| self.has_readings_in_scope(operand, kind))
    }

    /// Returns true if an indicator has readings over a window, given by its index. One that is
    /// computed from others has readings where all of them have.
    #[must_use]
    pub fn has_readings_over(&self, indicator: usize, window: usize) -> bool {
        self.covers_window(&self.indicators[indicator], window)
    }

    /// As [`Standard::has_readings_over`], for an indicator of this standard.
    #[must_use]
    pub fn covers_window(&self, indicator: &Indicator, window: usize) -> bool {
        let mut operands = indicator.formula.operand_indicators().into_iter();
        indicator.coverage.includes_window(self.windows[window])
            && operands.all(|operand| {
                self.indicators[operand].formula.is_current_state()
                    || self.has_readings_over(operand, window)
            })
    }

    /// Returns true if scopes of this kind are left out of `/metrics` and of answers to requests
    /// that do not name their dimensions: those with the dimension `agent`.
    #[must_use]
    pub fn is_scope_unpublished(&self, kind: usize) -> bool {
        let is_agent =
            |dimension: &usize| self.schema.dimensions[*dimension] == Self::AGENT_DIMENSION;
        !self.publishes_agents && self.scopes[kind].iter().any(is_agent)
    }
}
