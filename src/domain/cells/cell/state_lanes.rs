//! Sums of timed states in a cell. They follow the sums of all duration sets.

use super::{Cell, CellPlan, PaneCell};
use crate::domain::cells::state_time::{StateChange, StateSums};
use crate::domain::time::window::{LANES_PER_BANK, LaneCounts};

impl Cell {
    /// Adds a change of a state to a set's sums in the windows given by `mask` and in its pane.
    pub fn add_state_change<const BANKS: usize>(
        &mut self,
        set: u16,
        StateChange { time, starts }: StateChange,
        mask: &[LaneCounts; BANKS],
        plan: &CellPlan,
        mut pane: Option<&mut PaneCell>,
    ) {
        let first = plan.first_state_sum(usize::from(set));
        for (place, value) in (first..).zip([starts, starts.wrapping_mul(time.0)]) {
            let banks = &mut self.durations[place * BANKS..(place + 1) * BANKS];
            for (sums, mask) in banks.iter_mut().zip(mask) {
                for (sum, bit) in sums.sum.iter_mut().zip(&mask.0) {
                    // A mask is faster than a product per lane: -1 has all bits set, 0 has none.
                    *sum = sum.wrapping_add(value & -i64::from(*bit));
                }
            }
            if let Some(pane) = &mut pane {
                // The plan has far fewer than 65 536 sums.
                pane.add_to_sum((plan.slot_count() + place) as u16, value);
            }
        }
    }

    /// Returns a set's sums in every window of a bank.
    #[must_use]
    pub fn state_sums(
        &self,
        set: usize,
        bank: usize,
        plan: &CellPlan,
    ) -> [StateSums; LANES_PER_BANK] {
        let first = plan.first_state_sum(set);
        let [starts, times] =
            [first, first + 1].map(|place| &self.durations[place * plan.bank_count + bank].sum);
        std::array::from_fn(|lane| StateSums { starts: starts[lane], times: times[lane] })
    }
}
