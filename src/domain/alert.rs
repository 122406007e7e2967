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

pub mod figure;
pub mod incident;
pub mod ledger;
pub mod machine;
pub mod orders;

use self::incident::{Figures, Incident, Subject};
use self::ledger::{Answer, Ledger, Unanswered};
use self::machine::{Machine, Turn};
use self::orders::Order;
use super::at_risk_orders::{Endangered, Key};
use super::board::Board;
use super::scope::Scope;
use super::standard::Standard;
use super::standard::alert::{Policy, Rule, Severity};
use super::time::{MINUTE, SECOND, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a look is taken, in milliseconds of the core's time.
pub const EVERY_MS: i64 = 10 * SECOND;
/// How much time passes at most from one look to the next for what must last.
pub const GAP_MS: i64 = 5 * MINUTE;
/// The most alerts that are pending or firing at once.
pub const INSTANCES: usize = 10_000;

/// What there is to see at a moment.
pub struct Sight<'a> {
    /// The time reached.
    pub now: Timestamp,
    /// The readings that the policies name, among others.
    pub board: &'a Board,
    /// The orders in danger.
    pub endangered: &'a Endangered,
    /// Tells of the order at a place, with the commitment at its own.
    pub describe: &'a mut dyn FnMut(u32, usize) -> Order,
}

/// The state of all alerts.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// When the last look was taken.
    looked: Option<Timestamp>,
    /// What is pending or fires, or must be remembered otherwise, by policy and scope.
    figures: BTreeMap<(usize, Arc<Scope>), Held>,
    /// The incidents of the orders that fire, by policy, grade and case.
    orders: BTreeMap<Key, u64>,
    ledger: Ledger,
    /// How many could not begin at the last look.
    overflow: u64,
}

/// A machine, and what it is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    machine: Machine,
    /// Since when it is not quiet.
    since: Timestamp,
    /// The value last seen.
    value: Option<f64>,
    /// The incident, while it fires.
    incident: Option<u64>,
    /// When it was last looked at.
    seen: Timestamp,
}

/// What is written down, in the order of [`Alerts`].
#[derive(Serialize, Deserialize)]
struct Memory {
    looked: Option<Timestamp>,
    figures: Vec<(usize, Scope, Held)>,
    orders: Vec<(Key, u64)>,
    ledger: Ledger,
    overflow: u64,
}

/// Something that is bad, but not for long enough.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    /// What it is about.
    pub subject: Subject,
    /// What its policy is called.
    pub title: super::standard::Title,
    /// How urgent it will be.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// The value last seen.
    pub value: Option<f64>,
}

/// All that is to be told of alerts at a moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// When the last look was taken.
    pub as_of: Option<Timestamp>,
    /// All incidents.
    pub ledger: Ledger,
    /// What is pending.
    pub pending: Vec<Pending>,
    /// How many could not begin at the last look, because there were too many.
    pub overflow: u64,
}

impl Alerts {
    /// Whether a look is due: the first moment in each stretch of [`EVERY_MS`].
    #[must_use]
    pub fn is_due(&self, now: Timestamp, standard: &Standard) -> bool {
        let stretch = |at: Timestamp| at.0.div_euclid(EVERY_MS);
        let watched = !standard.policies.is_empty() || !self.figures.is_empty() || !self.orders.is_empty();
        watched && self.looked.is_none_or(|looked| stretch(looked) < stretch(now))
    }

    /// Takes a look.
    pub fn look(&mut self, sight: &mut Sight<'_>) {
        let now = sight.now;
        let passed_ms = self.looked.map_or(0, |looked| now.since(looked).clamp(0, GAP_MS));
        (self.looked, self.overflow) = (Some(now), 0);
        let standard = sight.board.standard.clone();
        for (place, policy) in standard.policies.iter().enumerate() {
            if let Rule::Figure(rule) = &policy.rule {
                for (scope, look) in figure::looks(rule, sight.board, now) {
                    self.figure((place, scope), policy, &look, (now, passed_ms), &standard);
                }
            }
        }
        self.unseen(now, passed_ms, &standard);
        self.look_at_orders(sight, &standard);
        self.ledger.tidy(now);
    }

    /// Takes a look at one policy in one scope.
    fn figure(
        &mut self,
        key: (usize, Arc<Scope>),
        policy: &Policy,
        look: &figure::Look,
        (now, passed_ms): (Timestamp, i64),
        standard: &Standard,
    ) {
        let Rule::Figure(rule) = &policy.rule else { return };
        let known = self.figures.remove(&key);
        let full = known.is_none() && self.active() >= INSTANCES;
        let mut held = known.unwrap_or(Held { machine: Machine::default(), since: now, value: None, incident: None, seen: now });
        let was_pending = held.machine.is_pending();
        let turn = held.machine.look(look.seen, passed_ms, &figure::patience(rule));
        (held.value, held.seen) = (look.value, now);
        if !was_pending && held.machine.is_pending() {
            held.since = now;
        }
        if held.machine.is_idle() && turn == Turn::Stays {
            return;
        }
        if full {
            self.overflow += 1;
            return;
        }
        match turn {
            Turn::Fires => {
                let incident = figure::incident(policy, rule, &key.1, look, now, standard);
                held.incident = Some(self.ledger.fire(incident));
            }
            Turn::Stays => held.incident.into_iter().for_each(|id| self.ledger.note(id, look.value)),
            Turn::Ends => {
                if let Some(id) = held.incident.take() {
                    self.ledger.note(id, look.value);
                    self.ledger.end(id, now);
                }
            }
        }
        if !held.machine.is_idle() {
            self.figures.insert(key, held);
        }
    }

    /// Scopes of which there was no reading are silent.
    fn unseen(&mut self, now: Timestamp, passed_ms: i64, standard: &Standard) {
        let ledger = &mut self.ledger;
        self.figures.retain(|(place, _), held| {
            if held.seen == now {
                return true;
            }
            let Some(Rule::Figure(rule)) = standard.policies.get(*place).map(|policy| &policy.rule) else { return false };
            held.seen = now;
            if held.machine.look(machine::Seen::Silent, passed_ms, &figure::patience(rule)) == Turn::Ends {
                held.incident.take().into_iter().for_each(|id| ledger.end(id, now));
            }
            !held.machine.is_idle()
        });
    }

    /// What is newly in danger fires, and what is no longer is over.
    fn look_at_orders(&mut self, sight: &mut Sight<'_>, standard: &Standard) {
        let Alerts { orders, ledger, .. } = self;
        orders.retain(|key, id| {
            let stands = sight.endangered.has(key);
            if !stands {
                ledger.end(*id, sight.now);
            }
            stands
        });
        for (key, slot) in sight.endangered.all() {
            if self.orders.contains_key(key) {
                continue;
            }
            let Some(policy) = standard.policies.get(key.policy) else { continue };
            let Rule::Orders(rule) = &policy.rule else { continue };
            if self.active() >= INSTANCES {
                self.overflow += 1;
                continue;
            }
            let order = (sight.describe)(slot, rule.commitment);
            let incident = orders::incident(policy, rule, key, order, sight.now, standard);
            let id = self.ledger.fire(incident);
            self.orders.insert(*key, id);
        }
    }

    /// Takes what somebody says of an incident.
    ///
    /// # Errors
    /// Why it was not taken; nothing is changed then.
    pub fn answer(&mut self, answer: &Answer, now: Timestamp) -> Result<(), Unanswered> {
        self.ledger.answer(answer, now)
    }

    /// How many are pending or fire.
    fn active(&self) -> usize {
        self.figures.len() + self.orders.len()
    }

    /// The incidents.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// All that is to be told.
    #[must_use]
    pub fn view(&self, standard: &Standard) -> View {
        let pending = self.figures.iter().filter(|(_, held)| held.machine.is_pending());
        let pending = pending.filter_map(|((place, scope), held)| {
            let policy = standard.policies.get(*place)?;
            Some(Pending {
                subject: figure::subject(policy, scope, standard),
                title: policy.title.clone(),
                severity: policy.severity,
                since: held.since,
                value: held.value,
            })
        });
        View { as_of: self.looked, ledger: self.ledger.clone(), pending: pending.collect(), overflow: self.overflow }
    }

    /// The same under another standard: what it still watches goes on, and what it does not is over.
    pub fn adopt(&mut self, old: &Standard, new: &Standard) {
        let now = self.looked.unwrap_or_default();
        let place = |old_place: usize| {
            let name = &old.policies.get(old_place)?.name;
            new.policies.iter().position(|policy| policy.name == *name)
        };
        for ((old_place, scope), mut held) in std::mem::take(&mut self.figures) {
            let found = place(old_place).and_then(|place| Some((place, figure::translate(&scope, place, old, new)?)));
            match found {
                Some(key) => _ = self.figures.insert(key, held),
                None => held.incident.take().into_iter().for_each(|id| self.ledger.end(id, now)),
            }
        }
        for (key, id) in std::mem::take(&mut self.orders) {
            let found = place(key.policy).and_then(|place| orders::translate(key, place, old, new));
            match found {
                Some(key) => _ = self.orders.insert(key, id),
                None => self.ledger.end(id, now),
            }
        }
    }

    /// What is remembered, to be written down beside the core's own memory.
    pub fn memory(&self) -> impl Serialize + '_ {
        let figures = self.figures.iter().map(|((place, scope), held)| (*place, Scope::clone(scope), held.clone()));
        Memory {
            looked: self.looked,
            figures: figures.collect(),
            orders: self.orders.iter().map(|(key, id)| (*key, *id)).collect(),
            ledger: self.ledger.clone(),
            overflow: self.overflow,
        }
    }

    /// What [`Alerts::memory`] wrote down under the same standard.
    ///
    /// # Errors
    /// Those of the deserializer, or if it is no memory of this standard's alerts.
    pub fn remember<'de, D: serde::Deserializer<'de>>(standard: &Standard, from: D) -> Result<Alerts, D::Error> {
        let Memory { looked, figures, orders, ledger, overflow } = Memory::deserialize(from)?;
        let sound = figures.iter().all(|(place, scope, _)| {
            *place < standard.policies.len()
                && standard.scopes.get(scope.kind).is_some_and(|dimensions| dimensions.len() == scope.values.len())
        });
        if !sound || !orders.iter().all(|(key, _)| orders::is_sound(key, standard)) {
            return Err(serde::de::Error::custom("an alert is none of this standard's"));
        }
        let figures = figures.into_iter().map(|(place, scope, held)| ((place, Arc::new(scope)), held)).collect();
        Ok(Alerts { looked, figures, orders: orders.into_iter().collect(), ledger, overflow })
    }
}

/// The part of an incident that every rule says in the same way.
fn incident(policy: &Policy, subject: Subject, about: &str, now: Timestamp) -> Incident {
    Incident {
        id: 0,
        subject,
        title: policy.title.clone(),
        about: about.to_owned(),
        window: None,
        case: None,
        attributes: Vec::new(),
        severity: policy.severity,
        to: policy.to.clone(),
        runbook: policy.runbook.clone(),
        figures: None::<Figures>,
        deadline: None,
        fired_at: now,
        ended_at: None,
        told: (0, None),
        acknowledged: None,
        closed: None,
        follow_up: policy.follow_up,
    }
}
