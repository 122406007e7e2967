//! How indicators went over the last hours, from the panes.

use super::Monitor;
use crate::domain::leaf::Leaf;
use crate::domain::time::Timestamp;
use crate::domain::trend::{Asked, STEP, Stretch, Trends, has_trend};

impl Monitor {
    /// How these indicators went in a scope; none before any time is reached, or if the standard has no rolling window.
    #[must_use]
    pub fn trends(&self, asked: &Asked) -> Option<Trends> {
        let covered = self.cells.panes.covered()?;
        let step_of = |time: Timestamp| time.0.div_euclid(STEP);
        let (steps, over) = (asked.steps as i64, asked.over as i64);
        let from = step_of(self.now()?) - (steps - 1);
        // Each value looks back over the steps before its own.
        let first = from - (over - 1);
        let scopes = self.cells.leaves.scopes.all();
        let within = |leaf: &Leaf| leaf.scopes().iter().any(|scope| scopes[*scope as usize] == asked.scope);
        let members: Vec<bool> = self.cells.leaves.all().iter().map(within).collect();
        let mut stretches = vec![Stretch::new(&self.cells.plan); (steps + over - 1) as usize];
        self.cells.panes.each(|begin, leaf, cell| {
            let place = usize::try_from(step_of(begin) - first).ok().filter(|_| members[leaf as usize]);
            if let Some(stretch) = place.and_then(|place| stretches.get_mut(place)) {
                stretch.take(cell);
            }
        });
        let stretches: Vec<Option<Stretch>> = (0..asked.steps)
            .map(|place| {
                let whole = Timestamp((first + place as i64) * STEP) >= covered;
                whole.then(|| {
                    let mut sum = Stretch::new(&self.cells.plan);
                    stretches[place..place + asked.over].iter().for_each(|stretch| sum.add(stretch));
                    sum
                })
            })
            .collect();
        let value = |indicator, stretch: &Option<Stretch>| stretch.as_ref()?.value(indicator, &self.caseload.standard, &self.cells.plan);
        let values = |indicator: usize| stretches.iter().map(|stretch| value(indicator, stretch)).collect();
        let trended = asked.indicators.iter().copied().filter(|indicator| has_trend(*indicator, &self.caseload.standard));
        Some(Trends { from: Timestamp(from * STEP), values: trended.map(|indicator| (indicator, values(indicator))).collect() })
    }
}
