//! Readings of outside series.

use super::BoardInput;
use crate::domain::standard::scope::Scope;
use crate::domain::time::series_period::SeriesPeriod;
use crate::domain::time::window::Window;

/// Returns the period and the value of an outside series in a window of a scope: those of the
/// window's own period, else those of the newest period that has ended.
pub(super) fn series_value(
    state: &BoardInput<'_>,
    series: usize,
    scope: &Scope,
    window: usize,
) -> Option<(SeriesPeriod, f64)> {
    let standard = state.standard;
    let zone = standard.zones.scope_zone(&standard.scopes[scope.kind], &scope.values);
    let now = jiff::Timestamp::from_millisecond(state.now.0).ok()?;
    let today = zone.to_datetime(now).date();
    let own = match standard.windows[window] {
        Window::Calendar(period) => SeriesPeriod::of_window(period, today),
        _ => None,
    };
    state.benchmarks.value_for(standard.benchmarks[series].symbol, own, today)
}
