//! Maxima of a cell table: reading, rereading from the cases, snapshots and upgrades.

use crate::domain::cells::cell_table::CellTable;
use crate::domain::cells::maxima::{
    DurationChange, DurationMaxima, MaximaReread, StoredMaxima, WindowMaxima,
};
use crate::domain::facts::catalog::Fact;
use crate::domain::time::window_bounds::WindowBounds;

impl CellTable {
    /// Returns the maxima of a duration set in a rollup group. Returns `None` without durations, and
    /// for a set whose maximum no reading shows.
    #[must_use]
    pub fn duration_maxima(&self, rollup_group: u32, duration_set: usize) -> Option<WindowMaxima> {
        let zone = self.rollup_groups.all()[rollup_group as usize].zone_number();
        self.maxima.by_window(rollup_group, duration_set, self.panes.window_starts(zone))
    }

    /// Begins to read maxima again from the remembered cases. Returns `None` if all maxima that
    /// these cases can give are known.
    pub(in crate::domain) fn begin_maxima_reread(&mut self) -> Option<MaximaReread> {
        self.maxima.begin_reread(&self.rollup_groups, self.panes.bounds())
    }

    /// Adds the duration of a counted fact of a remembered case that was read again.
    pub(in crate::domain) fn add_reread_duration(
        &mut self,
        reread: &MaximaReread,
        group: u32,
        fact: &Fact,
    ) {
        self.change_maxima(group, fact, |maxima, change, bounds| {
            maxima.add_reread(reread, change, bounds);
        });
    }

    /// Applies `change` for each duration of a fact that a window covers.
    pub(super) fn change_maxima(
        &mut self,
        group: u32,
        fact: &Fact,
        mut change: impl FnMut(&mut DurationMaxima, &DurationChange, &WindowBounds),
    ) {
        let rollup_group = self.rollup_groups.rollup_of_group(group);
        let zone = self.rollup_groups.all()[rollup_group as usize].zone_number();
        let bounds = self.panes.bounds();
        if !bounds.window_starts(zone).iter().any(|start| fact.time >= *start) {
            return;
        }
        let maxima = &mut self.maxima;
        let steps = self.rollup_groups.update_steps(rollup_group, fact.kind);
        let is_open = |calendar| self.standard.is_calendar_open(calendar, fact.time, zone);
        steps.for_each_duration(fact, is_open, |duration_set| {
            let millis = fact.value;
            let one = DurationChange { rollup_group, zone, duration_set, time: fact.time, millis };
            change(maxima, &one, bounds);
        });
    }

    /// Returns the snapshot form of the maxima.
    pub(in crate::domain) fn maxima_snapshot(&self) -> Vec<StoredMaxima> {
        self.maxima.to_snapshot(&self.rollup_groups, self.panes.bounds())
    }

    /// Adds the decoded maxima to restored cells.
    ///
    /// # Errors
    /// Returns a message if they do not match the standard or the groups.
    pub(in crate::domain) fn restore_maxima(
        &mut self,
        stored: &[StoredMaxima],
    ) -> Result<(), &'static str> {
        self.maxima.restore_snapshot(stored, self.now, &self.rollup_groups)
    }

    /// Takes the maxima of the remembered cases from `remembered`, which counts only these. Other
    /// durations that this table counts are known only by their histogram buckets.
    pub(in crate::domain) fn derive_maxima(&mut self, remembered: CellTable) {
        self.maxima = remembered.maxima;
        self.maxima.add_lost_durations(
            (&self.cells, &remembered.cells),
            self.now,
            (&self.rollup_groups, self.panes.bounds()),
            self.plan.bank_count(),
        );
    }
}
