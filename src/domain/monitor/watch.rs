//! Taking a look for alerts: the readings that the policies name, and the orders in danger.

use super::{Monitor, reading};
use crate::domain::alert::orders::Order;
use crate::domain::alert::{Alerts, Sight};
use crate::domain::names::Name;
use crate::domain::standard::alert::Rule;

impl Monitor {
    /// Takes a look at the time reached; nothing before the first event or tick.
    pub fn watch(&mut self, alerts: &mut Alerts) {
        let Some(now) = self.now() else { return };
        let mut wanted = reading::Wanted::nothing(&self.caseload.standard);
        for policy in &self.caseload.standard.policies {
            if let Rule::Figure(rule) = &policy.rule {
                rule.scopes.iter().for_each(|scope| wanted.want(rule.indicator, *scope, &self.caseload.standard));
            }
        }
        let board = reading::board(&self.known(), &wanted);
        let endangered = match self.caseload.endangered.take() {
            Some(known) => known,
            None => self.caseload.find_endangered(),
        };
        let mut describe = |slot: u32, commitment: usize| self.describe(slot, commitment);
        alerts.look(&mut Sight { now, board: &board, endangered: &endangered, describe: &mut describe });
        self.caseload.endangered = Some(endangered);
    }

    /// What there is to say of the order at a place.
    fn describe(&mut self, slot: u32, commitment: usize) -> Order {
        let mut order = Order { name: Name::of(&self.caseload.names, slot), ..Order::default() };
        let standard = self.caseload.standard.clone();
        self.retell(Some(slot), |_, _, facts, groups, _| {
            let told = facts.clocks.iter().flatten().rfind(|told| told.commitment == commitment);
            order.deadline = told.and_then(|told| told.deadline);
            let values = groups.get(facts.group).attributes.values();
            let known = standard.schema.dimensions.iter().zip(values).filter_map(|(name, value)| Some((name, value.as_deref()?)));
            order.attributes = known.map(|(name, value)| (name.clone(), value.to_owned())).collect();
        });
        order
    }
}
