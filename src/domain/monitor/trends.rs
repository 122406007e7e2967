//! Trends of indicators over the last hours, computed from the window panes.

use crate::domain::board::trend::{IndicatorTrends, STEP_MS, TrendRequest, TrendSums, has_trend};
use crate::domain::cells::rollup_group::RollupGroup;
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::time::timestamp::Timestamp;

impl Monitor {
    /// Returns the trends of the requested indicators in a scope. `None` before the first event or
    /// tick, or if the standard has no rolling window.
    #[must_use]
    pub fn compute_trends(&self, request: &TrendRequest) -> Option<IndicatorTrends> {
        let covered = self.cells.panes.covered_since()?;
        let step_of = |time: Timestamp| time.0.div_euclid(STEP_MS);
        let (steps, steps_per_value) = (request.step_count as i64, request.steps_per_value as i64);
        let from = step_of(self.now()?) - (steps - 1);
        // Each value sums the steps up to its own.
        let first = from - (steps_per_value - 1);
        let scopes = self.cells.rollup_groups.scopes.all();
        let within = |leaf: &RollupGroup| {
            leaf.scopes().iter().any(|scope| scopes[*scope as usize] == request.scope)
        };
        let members: Vec<bool> = self.cells.rollup_groups.all().iter().map(within).collect();
        let mut step_sums =
            vec![TrendSums::new(&self.cells.plan); (steps + steps_per_value - 1) as usize];
        self.cells.panes.for_each_cell(|begin, leaf, cell| {
            let place =
                usize::try_from(step_of(begin) - first).ok().filter(|_| members[leaf as usize]);
            if let Some(sums) = place.and_then(|place| step_sums.get_mut(place)) {
                sums.add_pane(cell);
            }
        });
        let step_sums: Vec<Option<TrendSums>> = (0..request.step_count)
            .map(|place| {
                let whole = Timestamp((first + place as i64) * STEP_MS) >= covered;
                whole.then(|| {
                    let mut sum = TrendSums::new(&self.cells.plan);
                    step_sums[place..place + request.steps_per_value]
                        .iter()
                        .for_each(|sums| sum.merge(sums));
                    sum
                })
            })
            .collect();
        let value = |indicator, sums: &Option<TrendSums>| {
            sums.as_ref()?.indicator_value(indicator, &self.caseload.standard, &self.cells.plan)
        };
        let values = |indicator: usize| {
            let Caseload { standard, coverage, .. } = &self.caseload;
            let operands = standard.operand_families(&standard.indicators[indicator].formula);
            let known_since = coverage.operands_known_since(&operands);
            let is_known = |place: usize| {
                let end = Timestamp((from + place as i64 + 1) * STEP_MS);
                known_since.is_some_and(|since| end > since)
            };
            let values = step_sums.iter().enumerate();
            values.map(|(place, sums)| value(indicator, sums).filter(|_| is_known(place))).collect()
        };
        let trended = request
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
