//! Alert evaluation: applies the standard's alert policies to readings and orders.
//!
//! ```text
//! policies (standard) ─┐
//! readings, orders ────┴─> AlertEvaluator ─> StateMachine ─> IncidentLog ─> publish
//! ```
//! Evaluations run at fixed points of engine time: the first tick in each interval of
//! [`EVALUATION_INTERVAL_MS`]. The engine writes each evaluation to the journal first, so a replay
//! of the same journal fires the same alerts. An evaluation reads the indicators that the policies
//! name, in the scopes they name, and the orders in [`AtRiskOrders`].
//!
//! At most [`EVALUATION_GAP_MS_MAX`] count as elapsed between two evaluations. Longer gaps, such as
//! downtime of the service, do not count towards `for` or `keep_firing`. A condition shorter than
//! one interval may go unnoticed.
//!
//! At most [`ACTIVE_ALERTS_MAX`] alerts are pending or firing at once. Above this limit no alert
//! starts until another one ends. [`AlertOverview::overflow`] counts the alerts that could not
//! start.

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

/// Interval between evaluations, in milliseconds of engine time.
pub const EVALUATION_INTERVAL_MS: i64 = 10 * SECOND;
/// Maximum time counted between two evaluations, in milliseconds.
pub const EVALUATION_GAP_MS_MAX: i64 = 5 * MINUTE;
/// Maximum number of alerts that are pending or firing at once.
pub const ACTIVE_ALERTS_MAX: usize = 10_000;

/// Inputs of one evaluation.
pub struct EvaluationInput<'a> {
    /// Current engine time.
    pub now: Timestamp,
    /// Board with at least the readings that the policies name.
    pub board: &'a Board,
    /// Orders that have reached a grade of an order policy.
    pub at_risk_orders: &'a AtRiskOrders,
    /// Describes the order in a case slot, given the index of the commitment.
    pub describe_order: &'a mut dyn FnMut(u32, usize) -> OrderDescription,
}

/// The state of all alerts.
#[derive(Clone, Debug, Default)]
pub struct AlertEvaluator {
    /// Time of the last evaluation.
    evaluated_at: Option<Timestamp>,
    /// Alerts that are not idle, by policy and scope.
    indicator_alerts: BTreeMap<(usize, Arc<Scope>), AlertInstance>,
    /// Incidents of firing orders, by policy, grade and case.
    order_incidents: BTreeMap<Key, u64>,
    incident_log: IncidentLog,
    /// Alerts that could not start at the last evaluation because of the limit.
    overflow: u64,
}

/// State of one policy in one scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct AlertInstance {
    machine: StateMachine,
    /// Time at which the alert last became pending.
    since: Timestamp,
    /// Last value; `None` if the last evaluation had none.
    value: Option<f64>,
    /// Id of the incident while the alert fires.
    incident: Option<u64>,
    /// Time of its last evaluation.
    evaluated_at: Timestamp,
}

/// Serialized form of [`AlertEvaluator`], in the same field order.
#[derive(Serialize, Deserialize)]
struct AlertSnapshot {
    evaluated_at: Option<Timestamp>,
    indicator_alerts: Vec<(usize, Scope, AlertInstance)>,
    order_incidents: Vec<(Key, u64)>,
    incident_log: IncidentLog,
    overflow: u64,
}

/// An alert whose condition holds but has not yet lasted for `for`.
#[derive(Clone, PartialEq, Debug)]
pub struct PendingAlert {
    /// Policy and scope of the alert.
    pub subject: AlertSubject,
    /// Title of the policy.
    pub title: crate::domain::standard::LocalizedTitle,
    /// Severity once it fires.
    pub severity: Severity,
    /// Time at which the condition was first met.
    pub since: Timestamp,
    /// Last value; `None` if there is none.
    pub value: Option<f64>,
}

/// State of all alerts, for publication.
#[derive(Clone, Debug, Default)]
pub struct AlertOverview {
    /// Time of the last evaluation; `None` before the first.
    pub as_of: Option<Timestamp>,
    /// All recorded incidents.
    pub incident_log: IncidentLog,
    /// Alerts that are pending.
    pub pending: Vec<PendingAlert>,
    /// Alerts that could not start at the last evaluation because of [`ACTIVE_ALERTS_MAX`].
    pub overflow: u64,
}

impl AlertEvaluator {
    /// Returns true if no evaluation has run in the current interval of [`EVALUATION_INTERVAL_MS`]
    /// and there are policies or active alerts.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, standard: &Standard) -> bool {
        let interval = |at: Timestamp| at.0.div_euclid(EVALUATION_INTERVAL_MS);
        let watched = !standard.policies.is_empty()
            || !self.indicator_alerts.is_empty()
            || !self.order_incidents.is_empty();
        watched && self.evaluated_at.is_none_or(|last| interval(last) < interval(now))
    }

    /// Evaluates all policies at the time of `input` and records what fires and what ends.
    pub fn evaluate(&mut self, input: &mut EvaluationInput<'_>) {
        let now = input.now;
        let elapsed_ms = self
            .evaluated_at
            .map_or(0, |last| now.millis_since(last).clamp(0, EVALUATION_GAP_MS_MAX));
        (self.evaluated_at, self.overflow) = (Some(now), 0);
        let standard = input.board.standard.clone();
        for (place, policy) in standard.policies.iter().enumerate() {
            if let AlertRule::Indicator(rule) = &policy.rule {
                for (scope, evaluation) in indicator_rule::evaluate_scopes(rule, input.board, now) {
                    self.evaluate_indicator(
                        (place, scope),
                        policy,
                        &evaluation,
                        (now, elapsed_ms),
                        &standard,
                    );
                }
            }
        }
        self.evaluate_missing_scopes(now, elapsed_ms, &standard);
        self.evaluate_orders(input, &standard);
        self.incident_log.enforce_retention(now);
    }

    /// Evaluates one policy in one scope.
    fn evaluate_indicator(
        &mut self,
        key: (usize, Arc<Scope>),
        policy: &AlertPolicy,
        evaluation: &indicator_rule::IndicatorEvaluation,
        (now, elapsed_ms): (Timestamp, i64),
        standard: &Standard,
    ) {
        let AlertRule::Indicator(rule) = &policy.rule else { return };
        let known = self.indicator_alerts.remove(&key);
        let limit_reached = known.is_none() && self.active_count() >= ACTIVE_ALERTS_MAX;
        let mut instance = known.unwrap_or(AlertInstance {
            machine: StateMachine::default(),
            since: now,
            value: None,
            incident: None,
            evaluated_at: now,
        });
        let was_pending = instance.machine.is_pending();
        let transition = instance.machine.evaluate(
            evaluation.condition,
            elapsed_ms,
            &indicator_rule::alert_timing(rule),
        );
        (instance.value, instance.evaluated_at) = (evaluation.value, now);
        if !was_pending && instance.machine.is_pending() {
            instance.since = now;
        }
        if instance.machine.is_idle() && transition == AlertTransition::Unchanged {
            return;
        }
        if limit_reached {
            self.overflow += 1;
            return;
        }
        match transition {
            AlertTransition::Fires => {
                let incident = indicator_rule::indicator_incident(
                    policy, rule, &key.1, evaluation, now, standard,
                );
                instance.incident = Some(self.incident_log.record_firing(incident));
            }
            AlertTransition::Unchanged => instance
                .incident
                .into_iter()
                .for_each(|id| self.incident_log.record_value(id, evaluation.value)),
            AlertTransition::Ends => {
                if let Some(id) = instance.incident.take() {
                    self.incident_log.record_value(id, evaluation.value);
                    self.incident_log.record_end(id, now);
                }
            }
        }
        if !instance.machine.is_idle() {
            self.indicator_alerts.insert(key, instance);
        }
    }

    /// Evaluates alerts whose scope had no reading as missing data.
    fn evaluate_missing_scopes(&mut self, now: Timestamp, elapsed_ms: i64, standard: &Standard) {
        let incident_log = &mut self.incident_log;
        self.indicator_alerts.retain(|(place, _), instance| {
            if instance.evaluated_at == now {
                return true;
            }
            let Some(AlertRule::Indicator(rule)) =
                standard.policies.get(*place).map(|policy| &policy.rule)
            else {
                return false;
            };
            instance.evaluated_at = now;
            if instance.machine.evaluate(
                state_machine::Condition::MissingData,
                elapsed_ms,
                &indicator_rule::alert_timing(rule),
            ) == AlertTransition::Ends
            {
                instance
                    .incident
                    .take()
                    .into_iter()
                    .for_each(|id| incident_log.record_end(id, now));
            }
            !instance.machine.is_idle()
        });
    }

    /// Fires for orders that reached a grade and ends incidents of orders that left it.
    fn evaluate_orders(&mut self, input: &mut EvaluationInput<'_>, standard: &Standard) {
        let AlertEvaluator { order_incidents, incident_log, .. } = self;
        order_incidents.retain(|key, id| {
            let is_at_risk = input.at_risk_orders.contains(key);
            if !is_at_risk {
                incident_log.record_end(*id, input.now);
            }
            is_at_risk
        });
        for (key, slot) in input.at_risk_orders.iter() {
            if self.order_incidents.contains_key(key) {
                continue;
            }
            let Some(policy) = standard.policies.get(key.policy) else { continue };
            let AlertRule::Orders(rule) = &policy.rule else { continue };
            if self.active_count() >= ACTIVE_ALERTS_MAX {
                self.overflow += 1;
                continue;
            }
            let order = (input.describe_order)(slot, rule.commitment);
            let incident =
                order_rule::order_incident(policy, rule, key, order, input.now, standard);
            let id = self.incident_log.record_firing(incident);
            self.order_incidents.insert(*key, id);
        }
    }

    /// Applies an acknowledgement or a closing note to an incident.
    ///
    /// # Errors
    /// Returns an error if the update is invalid for the incident. Nothing changes then.
    pub fn update_incident(
        &mut self,
        update: &IncidentUpdate,
        now: Timestamp,
    ) -> Result<(), IncidentUpdateError> {
        self.incident_log.apply_update(update, now)
    }

    /// Number of alerts that are pending or firing.
    fn active_count(&self) -> usize {
        self.indicator_alerts.len() + self.order_incidents.len()
    }

    /// Returns the incident log.
    #[must_use]
    pub fn incident_log(&self) -> &IncidentLog {
        &self.incident_log
    }

    /// Returns the state of all alerts for publication.
    #[must_use]
    pub fn overview(&self, standard: &Standard) -> AlertOverview {
        let pending =
            self.indicator_alerts.iter().filter(|(_, instance)| instance.machine.is_pending());
        let pending = pending.filter_map(|((place, scope), instance)| {
            let policy = standard.policies.get(*place)?;
            Some(PendingAlert {
                subject: indicator_rule::scope_subject(policy, scope, standard),
                title: policy.title.clone(),
                severity: policy.severity,
                since: instance.since,
                value: instance.value,
            })
        });
        AlertOverview {
            as_of: self.evaluated_at,
            incident_log: self.incident_log.clone(),
            pending: pending.collect(),
            overflow: self.overflow,
        }
    }

    /// Continues under another standard. Alerts whose policy and scope still exist go on; the
    /// incidents of the others end.
    pub fn change_standard(&mut self, old: &Standard, new: &Standard) {
        let now = self.evaluated_at.unwrap_or_default();
        let place = |old_place: usize| {
            let name = &old.policies.get(old_place)?.name;
            new.policies.iter().position(|policy| policy.name == *name)
        };
        for ((old_place, scope), mut instance) in std::mem::take(&mut self.indicator_alerts) {
            let found = place(old_place).and_then(|place| {
                Some((place, indicator_rule::translate_scope(&scope, place, old, new)?))
            });
            match found {
                Some(key) => _ = self.indicator_alerts.insert(key, instance),
                None => instance
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

    /// Returns the state for a snapshot.
    pub fn to_snapshot(&self) -> impl Serialize + '_ {
        let indicator_alerts = self
            .indicator_alerts
            .iter()
            .map(|((place, scope), instance)| (*place, Scope::clone(scope), instance.clone()));
        AlertSnapshot {
            evaluated_at: self.evaluated_at,
            indicator_alerts: indicator_alerts.collect(),
            order_incidents: self.order_incidents.iter().map(|(key, id)| (*key, *id)).collect(),
            incident_log: self.incident_log.clone(),
            overflow: self.overflow,
        }
    }

    /// Restores the state that [`AlertEvaluator::to_snapshot`] returned under the same standard.
    ///
    /// # Errors
    /// Returns an error if decoding fails or an alert does not fit `standard`.
    pub fn from_snapshot<'de, D: serde::Deserializer<'de>>(
        standard: &Standard,
        from: D,
    ) -> Result<AlertEvaluator, D::Error> {
        let AlertSnapshot {
            evaluated_at,
            indicator_alerts,
            order_incidents,
            incident_log,
            overflow,
        } = AlertSnapshot::deserialize(from)?;
        let scopes_fit = indicator_alerts.iter().all(|(place, scope, _)| {
            *place < standard.policies.len()
                && standard
                    .scopes
                    .get(scope.kind)
                    .is_some_and(|dimensions| dimensions.len() == scope.values.len())
        });
        if !scopes_fit
            || !order_incidents.iter().all(|(key, _)| order_rule::is_valid_key(key, standard))
        {
            return Err(serde::de::Error::custom("an alert does not fit the standard"));
        }
        let indicator_alerts = indicator_alerts
            .into_iter()
            .map(|(place, scope, instance)| ((place, Arc::new(scope)), instance))
            .collect();
        Ok(AlertEvaluator {
            evaluated_at,
            indicator_alerts,
            order_incidents: order_incidents.into_iter().collect(),
            incident_log,
            overflow,
        })
    }
}
