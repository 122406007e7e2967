//! Alert evaluation of the core: computes the readings that the policies name and finds orders at
//! risk.

use crate::domain::alerts::evaluation::{AlertEvaluator, EvaluationInput};
use crate::domain::alerts::order_rule::OrderDescription;
use crate::domain::board::compute;
use crate::domain::cases::case_names::CaseName;
use crate::domain::monitor::Monitor;
use crate::domain::standard::alert_policy::AlertRule;

impl Monitor {
    /// Evaluates all alert policies at the current time. Does nothing before the first event or
    /// tick.
    pub fn evaluate_alerts(&mut self, alerts: &mut AlertEvaluator) {
        let Some(now) = self.now() else { return };
        let mut selection = compute::ReadingSelection::select_none(&self.caseload.standard);
        for policy in &self.caseload.standard.policies {
            if let AlertRule::Indicator(rule) = &policy.rule {
                rule.scopes.iter().for_each(|scope| {
                    selection.select_indicator(rule.indicator, *scope, &self.caseload.standard);
                });
            }
        }
        let board = compute::compute_board(&self.reading_inputs(), &selection);
        let at_risk_orders = match self.caseload.at_risk_orders.take() {
            Some(known) => known,
            None => self.caseload.find_at_risk_orders(),
        };
        let mut describe = |slot: u32, commitment: usize| self.describe_order(slot, commitment);
        alerts.evaluate(&mut EvaluationInput {
            now,
            board: &board,
            at_risk_orders: &at_risk_orders,
            describe_order: &mut describe,
        });
        self.caseload.at_risk_orders = Some(at_risk_orders);
    }

    /// Describes the order in a case slot for the incident of a commitment.
    fn describe_order(&mut self, slot: u32, commitment: usize) -> OrderDescription {
        let mut order = OrderDescription {
            name: CaseName::from_names(&self.caseload.case_names, slot),
            ..OrderDescription::default()
        };
        let standard = self.caseload.standard.clone();
        self.derive_facts_again(Some(slot), |_, _, facts, groups, _| {
            let report = facts
                .clock_reports
                .iter()
                .flatten()
                .rfind(|report| report.commitment == commitment);
            order.deadline = report.and_then(|report| report.deadline);
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
