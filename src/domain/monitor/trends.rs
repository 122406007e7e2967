//! Trends of indicators over the last hours, computed from the window panes.

use crate::domain::board::trend::{IndicatorTrends, STEP_MS, TrendRequest, TrendSums, has_trend};
use crate::domain::cells::rollup_group::RollupGroup;
use crate::domain::cells::state_time::covered_until;
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
        let now = self.now()?;
        let from = step_of(now) - (steps - 1);
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
        let active = self.active_by_step(&step_sums, &members);
        let step_sums: Vec<Option<TrendSums>> = (0..request.step_count)
            .map(|place| {
                let begin = Timestamp((first + place as i64) * STEP_MS);
                let whole = begin >= covered;
                whole.then(|| {
                    let mut sum = TrendSums::new(&self.cells.plan);
                    let after = place + request.steps_per_value;
                    step_sums[place..after].iter().for_each(|sums| sum.merge(sums));
                    let end = Timestamp((first + after as i64) * STEP_MS).min(covered_until(now));
                    sum.set_range(begin, end, &active[after - 1]);
                    sum
                })
            })
            .collect();
        let Caseload { standard, coverage, .. } = &self.caseload;
        let known_since = |indicator: usize| {
            let operands = standard.operand_families(&standard.indicators[indicator].formula);
            coverage.operands_known_since(&operands)
        };
        let value = |indicator, sums: &Option<TrendSums>| {
            let plan = &self.cells.plan;
            sums.as_ref()?.indicator_value(indicator, (standard, plan), &known_since)
        };
        let values = |indicator: usize| {
            let known_since = known_since(indicator);
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

    /// Returns the number of timed states that are active at the end of each step, by set. `members`
    /// is true for each rollup group of the scope.
    fn active_by_step(&self, step_sums: &[TrendSums], members: &[bool]) -> Vec<Vec<i64>> {
        let groups = (0..).zip(members).filter(|(_, is_member)| **is_member);
        let active_now = |set: usize| {
            groups.clone().map(|(group, _)| self.cells.active_states(set, group)).sum()
        };
        let mut active: Vec<i64> =
            (0..self.cells.plan.timed_states().len()).map(active_now).collect();
        let mut by_step: Vec<Vec<i64>> = step_sums
            .iter()
            .rev()
            .map(|sums| {
                let at_end = active.clone();
                active.iter_mut().zip(sums.state_starts()).for_each(|(sum, more)| *sum -= more);
                at_end
            })
            .collect();
        by_step.reverse();
        by_step
    }
}
