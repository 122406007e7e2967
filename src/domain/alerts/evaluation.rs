//! Alerts: who must be told of what, decided by the core.
//!
//! ```text
//! policies (the standard) ─┐
//! readings, orders ────────┴─> [`Alerts::look`] ─> [`machine`] ─> [`ledger`] of [`incident`]s ─> publish
//! ```
//! A look is taken at certain moments of the core's time and at no others: the first tick in each [`EVERY_MS`] of it. Whoever takes
//! it writes it down first, so the same journal rings the same alerts. A look reads what the policies name and nothing else: the
//! named indicators in the named kinds of scopes, and the orders whose own timers have said that they are in danger ([`orders`]).
//!
//! Between two looks at most [`GAP_MS`] pass for what must last a while: what was not seen, because the service was away, does not
//! count. What lasts for less than a look may not be seen.
//!
//! At most [`INSTANCES`] alerts are pending or firing at once. Beyond it nothing begins until something ends; how many could not
//! begin is told.

use super::incident::AlertSubject;
use super::incident_log::{IncidentLog, IncidentUpdate, IncidentUpdateError};
use super::indicator_rule;
use super::order_rule;
use super::order_rule::OrderDescription;
use super::state_machine;
use super::state_machine::{AlertTransition, StateMachine};
use crate::domain::board::reading::Board;
use crate::domain::cases::at_risk_orders::{AtRiskOrders, Key};
use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertPolicy, AlertRule, Severity};
use crate::domain::standard::scope::Scope;
use crate::domain::time::timestamp::{MINUTE, SECOND, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a look is taken, in milliseconds of the core's time.
pub const EVALUATION_INTERVAL_MS: i64 = 10 * SECOND;
/// How much time passes at most from one look to the next for what must last.
pub const EVALUATION_GAP_MS_MAX: i64 = 5 * MINUTE;
/// The most alerts that are pending or firing at once.
pub const ACTIVE_ALERTS_MAX: usize = 10_000;

/// What there is to see at a moment.
pub struct EvaluationInput<'a> {
    /// The time reached.
    pub now: Timestamp,
    /// The readings that the policies name, among others.
    pub board: &'a Board,
    /// The orders in danger.
    pub at_risk_orders: &'a AtRiskOrders,
    /// Tells of the order at a place, with the commitment at its own.
    pub describe_order: &'a mut dyn FnMut(u32, usize) -> OrderDescription,
}

/// The state of all alerts.
#[derive(Clone, Debug, Default)]
pub struct AlertEvaluator {
    /// When the last look was taken.
    evaluated_at: Option<Timestamp>,
    /// What is pending or fires, or must be remembered otherwise, by policy and scope.
    indicator_alerts: BTreeMap<(usize, Arc<Scope>), AlertInstance>,
    /// The incidents of the orders that fire, by policy, grade and case.
    order_incidents: BTreeMap<Key, u64>,
    incident_log: IncidentLog,
    /// How many could not begin at the last look.
    overflow: u64,
}

/// A machine, and what it is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct AlertInstance {
    machine: StateMachine,
    /// Since when it is not quiet.
    since: Timestamp,
    /// The value last seen.
    value: Option<f64>,
    /// The incident, while it fires.
    incident: Option<u64>,
    /// When it was last looked at.
    evaluated_at: Timestamp,
}

/// What is written down, in the order of [`Alerts`].
#[derive(Serialize, Deserialize)]
struct AlertSnapshot {
    evaluated_at: Option<Timestamp>,
    indicator_alerts: Vec<(usize, Scope, AlertInstance)>,
    order_incidents: Vec<(Key, u64)>,
    incident_log: IncidentLog,
    overflow: u64,
}

/// Something that is bad, but not for long enough.
#[derive(Clone, PartialEq, Debug)]
pub struct PendingAlert {
    /// What it is about.
    pub subject: AlertSubject,
    /// What its policy is called.
    pub title: crate::domain::standard::LocalizedTitle,
    /// How urgent it will be.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// The value last seen.
    pub value: Option<f64>,
}

/// All that is to be told of alerts at a moment.
#[derive(Clone, Debug, Default)]
pub struct AlertOverview {
    /// When the last look was taken.
    pub as_of: Option<Timestamp>,
    /// All incidents.
    pub incident_log: IncidentLog,
    /// What is pending.
    pub pending: Vec<PendingAlert>,
    /// How many could not begin at the last look, because there were too many.
    pub overflow: u64,
}

impl AlertEvaluator {
    /// Whether a look is due: the first moment in each stretch of [`EVERY_MS`].
    #[must_use]
    pub fn is_due(&self, now: Timestamp, standard: &Standard) -> bool {
        let stretch = |at: Timestamp| at.0.div_euclid(EVALUATION_INTERVAL_MS);
        let watched = !standard.policies.is_empty()
            || !self.indicator_alerts.is_empty()
            || !self.order_incidents.is_empty();
        watched && self.evaluated_at.is_none_or(|looked| stretch(looked) < stretch(now))
    }

    /// Takes a look.
    pub fn evaluate(&mut self, sight: &mut EvaluationInput<'_>) {
        let now = sight.now;
        let passed_ms = self
            .evaluated_at
            .map_or(0, |looked| now.millis_since(looked).clamp(0, EVALUATION_GAP_MS_MAX));
        (self.evaluated_at, self.overflow) = (Some(now), 0);
        let standard = sight.board.standard.clone();
        for (place, policy) in standard.policies.iter().enumerate() {
            if let AlertRule::Indicator(rule) = &policy.rule {
                for (scope, look) in indicator_rule::evaluate_scopes(rule, sight.board, now) {
                    self.evaluate_indicator(
                        (place, scope),
                        policy,
                        &look,
                        (now, passed_ms),
                        &standard,
                    );
                }
            }
        }
        self.evaluate_missing_scopes(now, passed_ms, &standard);
        self.evaluate_orders(sight, &standard);
        self.incident_log.enforce_retention(now);
    }

    /// Takes a look at one policy in one scope.
    fn evaluate_indicator(
        &mut self,
        key: (usize, Arc<Scope>),
        policy: &AlertPolicy,
        look: &indicator_rule::IndicatorEvaluation,
        (now, passed_ms): (Timestamp, i64),
        standard: &Standard,
    ) {
        let AlertRule::Indicator(rule) = &policy.rule else { return };
        let known = self.indicator_alerts.remove(&key);
        let full = known.is_none() && self.active_count() >= ACTIVE_ALERTS_MAX;
        let mut held = known.unwrap_or(AlertInstance {
            machine: StateMachine::default(),
            since: now,
            value: None,
            incident: None,
            evaluated_at: now,
        });
        let was_pending = held.machine.is_pending();
        let turn =
            held.machine.evaluate(look.condition, passed_ms, &indicator_rule::alert_timing(rule));
        (held.value, held.evaluated_at) = (look.value, now);
        if !was_pending && held.machine.is_pending() {
            held.since = now;
        }
        if held.machine.is_idle() && turn == AlertTransition::Unchanged {
            return;
        }
        if full {
            self.overflow += 1;
            return;
        }
        match turn {
            AlertTransition::Fires => {
                let incident =
                    indicator_rule::indicator_incident(policy, rule, &key.1, look, now, standard);
                held.incident = Some(self.incident_log.record_firing(incident));
            }
            AlertTransition::Unchanged => held
                .incident
                .into_iter()
                .for_each(|id| self.incident_log.record_value(id, look.value)),
            AlertTransition::Ends => {
                if let Some(id) = held.incident.take() {
                    self.incident_log.record_value(id, look.value);
                    self.incident_log.record_end(id, now);
                }
            }
        }
        if !held.machine.is_idle() {
            self.indicator_alerts.insert(key, held);
        }
    }

    /// Scopes of which there was no reading are silent.
    fn evaluate_missing_scopes(&mut self, now: Timestamp, passed_ms: i64, standard: &Standard) {
        let ledger = &mut self.incident_log;
        self.indicator_alerts.retain(|(place, _), held| {
            if held.evaluated_at == now {
                return true;
            }
            let Some(AlertRule::Indicator(rule)) =
                standard.policies.get(*place).map(|policy| &policy.rule)
            else {
                return false;
            };
            held.evaluated_at = now;
            if held.machine.evaluate(
                state_machine::Condition::MissingData,
                passed_ms,
                &indicator_rule::alert_timing(rule),
            ) == AlertTransition::Ends
            {
                held.incident.take().into_iter().for_each(|id| ledger.record_end(id, now));
            }
            !held.machine.is_idle()
        });
    }

    /// What is newly in danger fires, and what is no longer is over.
    fn evaluate_orders(&mut self, sight: &mut EvaluationInput<'_>, standard: &Standard) {
        let AlertEvaluator { order_incidents: orders, incident_log: ledger, .. } = self;
        orders.retain(|key, id| {
            let stands = sight.at_risk_orders.contains(key);
            if !stands {
                ledger.record_end(*id, sight.now);
            }
            stands
        });
        for (key, slot) in sight.at_risk_orders.iter() {
            if self.order_incidents.contains_key(key) {
                continue;
            }
            let Some(policy) = standard.policies.get(key.policy) else { continue };
            let AlertRule::Orders(rule) = &policy.rule else { continue };
            if self.active_count() >= ACTIVE_ALERTS_MAX {
                self.overflow += 1;
                continue;
            }
            let order = (sight.describe_order)(slot, rule.commitment);
            let incident =
                order_rule::order_incident(policy, rule, key, order, sight.now, standard);
            let id = self.incident_log.record_firing(incident);
            self.order_incidents.insert(*key, id);
        }
    }

    /// Takes what somebody says of an incident.
    ///
    /// # Errors
    /// Why it was not taken; nothing is changed then.
    pub fn update_incident(
        &mut self,
        answer: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.incident_log.apply_update(answer, now)
    }

    /// How many are pending or fire.
    fn active_count(&self) -> usize {
        self.indicator_alerts.len() + self.order_incidents.len()
    }

    /// The incidents.
    #[must_use]
    pub fn incident_log(&self) -> &IncidentLog {
        &self.incident_log
    }

    /// All that is to be told.
    #[must_use]
    pub fn overview(&self, standard: &Standard) -> AlertOverview {
        let pending = self.indicator_alerts.iter().filter(|(_, held)| held.machine.is_pending());
        let pending = pending.filter_map(|((place, scope), held)| {
            let policy = standard.policies.get(*place)?;
            Some(PendingAlert {
                subject: indicator_rule::scope_subject(policy, scope, standard),
                title: policy.title.clone(),
                severity: policy.severity,
                since: held.since,
                value: held.value,
            })
        });
        AlertOverview {
            as_of: self.evaluated_at,
            incident_log: self.incident_log.clone(),
            pending: pending.collect(),
            overflow: self.overflow,
        }
    }

    /// The same under another standard: what it still watches goes on, and what it does not is over.
    pub fn change_standard(&mut self, old: &Standard, new: &Standard) {
        let now = self.evaluated_at.unwrap_or_default();
        let place = |old_place: usize| {
            let name = &old.policies.get(old_place)?.name;
            new.policies.iter().position(|policy| policy.name == *name)
        };
        for ((old_place, scope), mut held) in std::mem::take(&mut self.indicator_alerts) {
            let found = place(old_place).and_then(|place| {
                Some((place, indicator_rule::translate_scope(&scope, place, old, new)?))
            });
            match found {
                Some(key) => _ = self.indicator_alerts.insert(key, held),
                None => held
                    .incident
                    .take()
                    .into_iter()
                    .for_each(|id| self.incident_log.record_end(id, now)),
            }
        }
        for (key, id) in std::mem::take(&mut self.order_incidents) {
            let found =
                place(key.policy).and_then(|place| order_rule::translate_key(key, place, old, new));
            match found {
                Some(key) => _ = self.order_incidents.insert(key, id),
                None => self.incident_log.record_end(id, now),
            }
        }
    }

    /// What is remembered, to be written down beside the core's own memory.
    pub fn to_snapshot(&self) -> impl Serialize + '_ {
        let figures = self
            .indicator_alerts
            .iter()
            .map(|((place, scope), held)| (*place, Scope::clone(scope), held.clone()));
        AlertSnapshot {
            evaluated_at: self.evaluated_at,
            indicator_alerts: figures.collect(),
            order_incidents: self.order_incidents.iter().map(|(key, id)| (*key, *id)).collect(),
            incident_log: self.incident_log.clone(),
            overflow: self.overflow,
        }
    }

    /// What [`Alerts::memory`] wrote down under the same standard.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no memory of this standard's alerts.
    pub fn from_snapshot<'de, D: serde::Deserializer<'de>>(
        standard: &Standard,
        from: D,
    ) -> Result<AlertEvaluator, D::Error> {
        let AlertSnapshot {
            evaluated_at: looked,
            indicator_alerts: figures,
            order_incidents: orders,
            incident_log: ledger,
            overflow,
        } = AlertSnapshot::deserialize(from)?;
        let sound = figures.iter().all(|(place, scope, _)| {
            *place < standard.policies.len()
                && standard
                    .scopes
                    .get(scope.kind)
                    .is_some_and(|dimensions| dimensions.len() == scope.values.len())
        });
        if !sound || !orders.iter().all(|(key, _)| order_rule::is_valid_key(key, standard)) {
            return Err(serde::de::Error::custom("an alert is none of this standard's"));
        }
        let figures = figures
            .into_iter()
            .map(|(place, scope, held)| ((place, Arc::new(scope)), held))
            .collect();
        Ok(AlertEvaluator {
            evaluated_at: looked,
            indicator_alerts: figures,
            order_incidents: orders.into_iter().collect(),
            incident_log: ledger,
            overflow,
        })
    }
}
