//! How indicators went over the last hours, from the panes.

use crate::domain::board::trend::{IndicatorTrends, STEP_MS, TrendRequest, TrendSums, has_trend};
use crate::domain::cells::rollup_group::RollupGroup;
use crate::domain::monitor::Monitor;
use crate::domain::time::timestamp::Timestamp;

impl Monitor {
    /// How these indicators went in a scope; none before any time is reached, or if the standard has no rolling window.
    #[must_use]
    pub fn compute_trends(&self, asked: &TrendRequest) -> Option<IndicatorTrends> {
        let covered = self.cells.panes.covered_since()?;
        let step_of = |time: Timestamp| time.0.div_euclid(STEP_MS);
        let (steps, over) = (asked.step_count as i64, asked.steps_per_value as i64);
        let from = step_of(self.now()?) - (steps - 1);
        // Each value looks back over the steps before its own.
        let first = from - (over - 1);
        let scopes = self.cells.rollup_groups.scopes.all();
        let within = |leaf: &RollupGroup| {
            leaf.scopes().iter().any(|scope| scopes[*scope as usize] == asked.scope)
        };
        let members: Vec<bool> = self.cells.rollup_groups.all().iter().map(within).collect();
        let mut stretches = vec![TrendSums::new(&self.cells.plan); (steps + over - 1) as usize];
        self.cells.panes.for_each_cell(|begin, leaf, cell| {
            let place =
                usize::try_from(step_of(begin) - first).ok().filter(|_| members[leaf as usize]);
            if let Some(stretch) = place.and_then(|place| stretches.get_mut(place)) {
                stretch.add_pane(cell);
            }
        });
        let stretches: Vec<Option<TrendSums>> = (0..asked.step_count)
            .map(|place| {
                let whole = Timestamp((first + place as i64) * STEP_MS) >= covered;
                whole.then(|| {
                    let mut sum = TrendSums::new(&self.cells.plan);
                    stretches[place..place + asked.steps_per_value]
                        .iter()
                        .for_each(|stretch| sum.merge(stretch));
                    sum
                })
            })
            .collect();
        let value = |indicator, stretch: &Option<TrendSums>| {
            stretch.as_ref()?.indicator_value(indicator, &self.caseload.standard, &self.cells.plan)
        };
        let values =
            |indicator: usize| stretches.iter().map(|stretch| value(indicator, stretch)).collect();
        let trended = asked
            .indicators
            .iter()
            .copied()
            .filter(|indicator| has_trend(*indicator, &self.caseload.standard));
        Some(IndicatorTrends {
            from: Timestamp(from * STEP_MS),
            values: trended.map(|indicator| (indicator, values(indicator))).collect(),
        })
    }
}
