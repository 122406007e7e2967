//! Taking a look for alerts: the readings that the policies name, and the orders in danger.

use crate::domain::alerts::evaluation::{AlertEvaluator, EvaluationInput};
use crate::domain::alerts::order_rule::OrderDescription;
use crate::domain::board::compute;
use crate::domain::cases::case_names::CaseName;
use crate::domain::monitor::Monitor;
use crate::domain::standard::alert_policy::AlertRule;

impl Monitor {
    /// Takes a look at the time reached; nothing before the first event or tick.
    pub fn evaluate_alerts(&mut self, alerts: &mut AlertEvaluator) {
        let Some(now) = self.now() else { return };
        let mut wanted = compute::ReadingSelection::select_none(&self.caseload.standard);
        for policy in &self.caseload.standard.policies {
            if let AlertRule::Indicator(rule) = &policy.rule {
                rule.scopes.iter().for_each(|scope| {
                    wanted.select_indicator(rule.indicator, *scope, &self.caseload.standard)
                });
            }
        }
        let board = compute::compute_board(&self.reading_inputs(), &wanted);
        let endangered = match self.caseload.at_risk_orders.take() {
            Some(known) => known,
            None => self.caseload.find_at_risk_orders(),
        };
        let mut describe = |slot: u32, commitment: usize| self.describe_order(slot, commitment);
        alerts.evaluate(&mut EvaluationInput {
            now,
            board: &board,
            at_risk_orders: &endangered,
            describe_order: &mut describe,
        });
        self.caseload.at_risk_orders = Some(endangered);
    }

    /// What there is to say of the order at a place.
    fn describe_order(&mut self, slot: u32, commitment: usize) -> OrderDescription {
        let mut order = OrderDescription {
            name: CaseName::from_names(&self.caseload.case_names, slot),
            ..OrderDescription::default()
        };
        let standard = self.caseload.standard.clone();
        self.derive_facts_again(Some(slot), |_, _, facts, groups, _| {
            let told =
                facts.clock_reports.iter().flatten().rfind(|told| told.commitment == commitment);
            order.deadline = told.and_then(|told| told.deadline);
            let values = groups.get(facts.group).attributes.values();
            let known = standard
                .schema
                .dimensions
                .iter()
                .zip(values)
                .filter_map(|(name, value)| Some((name, value.as_deref()?)));
            order.attributes =
                known.map(|(name, value)| (name.clone(), value.to_owned())).collect();
        });
        order
    }
}
