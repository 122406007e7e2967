//! What is known of the readings of a board: whether their operands were ever received, and from
//! when on.

use crate::domain::board::compute::BoardInput;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::source::DeclaredSource;
use crate::domain::time::timestamp::Timestamp;
use crate::domain::time::window::{MAX_WINDOWS, Window};

/// Coverage of all indicators at the time of a board.
pub(super) struct BoardCoverage<'b> {
    /// By indicator, the time from which its operands are known. `None` if an operand is unknown.
    known_since: Vec<Option<Timestamp>>,
    /// Declared sources that were silent for too long and were received again, with their places.
    resumed_sources: Vec<(usize, &'b DeclaredSource)>,
}

/// Coverage of one indicator in one scope.
pub(super) struct ScopeCoverage<'b> {
    known_since: Option<Timestamp>,
    window_starts: &'b [Timestamp; MAX_WINDOWS],
    windows: &'b [Window],
    /// By window, the end of the latest silence of a source. Empty without any.
    silence_ends: Vec<Option<Timestamp>>,
}

impl<'b> BoardCoverage<'b> {
    pub(super) fn new(state: &BoardInput<'b>) -> BoardCoverage<'b> {
        let standard: &'b _ = state.standard;
        let sources = standard.sources.iter().enumerate();
        let known_since = standard.indicators.iter().map(|indicator| {
            state.coverage.operands_known_since(&standard.operand_families(&indicator.formula))
        });
        BoardCoverage {
            known_since: known_since.collect(),
            resumed_sources: sources
                .filter(|(place, source)| {
                    state.coverage.may_have_silence(*place, &standard.silence_limit(source))
                })
                .collect(),
        }
    }

    /// Returns the coverage of an indicator in a scope.
    pub(super) fn of_scope<'s>(
        &self,
        state: &BoardInput<'s>,
        indicator: usize,
        scope: &Scope,
    ) -> ScopeCoverage<'s> {
        let standard: &'s _ = state.standard;
        let zone = standard.zones.scope_zone_number(&standard.scopes[scope.kind], &scope.values);
        let window_starts = state.bounds.window_starts(zone);
        let known_since = self.known_since[indicator];
        let families = standard.indicators[indicator].families;
        let resumed: Vec<&(usize, &DeclaredSource)> = self
            .resumed_sources
            .iter()
            .filter(|(_, source)| source.feeds_scope(families, scope, standard))
            .collect();
        let silence_end = |start: &Timestamp| {
            let ends = resumed.iter().filter_map(|(place, source)| {
                state.coverage.silence_end(
                    *place,
                    &standard.silence_limit(source),
                    *start,
                    known_since?,
                )
            });
            ends.max()
        };
        let silence_ends = match resumed.is_empty() {
            true => Vec::new(),
            false => window_starts.iter().map(silence_end).collect(),
        };
        ScopeCoverage { known_since, window_starts, windows: &standard.windows, silence_ends }
    }
}

impl ScopeCoverage<'_> {
    /// Returns true if every operand has a family of which an event was received.
    pub(super) fn is_known(&self) -> bool {
        self.known_since.is_some()
    }

    /// Returns the time from which every operand is known; `None` if one is not.
    pub(super) fn known_since(&self) -> Option<Timestamp> {
        self.known_since
    }

    /// Returns the start of a window in the scope's time zone.
    pub(super) fn window_start(&self, window: usize) -> Timestamp {
        self.window_starts[window]
    }

    /// Returns the time from which a window is known if it begins earlier; `None` if it is known in
    /// full. The window `all` begins with the first event.
    pub(super) fn partial_since(&self, window: usize) -> Option<Timestamp> {
        if self.windows[window] == Window::All {
            return None;
        }
        let since = self.known_since.max(self.silence_ends.get(window).copied().flatten());
        since.filter(|since| self.window_starts[window] < *since)
    }
}
