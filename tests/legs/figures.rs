//! Figures of a board that count contacts and legs, as expected by the model.

use super::model::{ContactOutcome, LegOutcome, ModelContact, ModelLeg, TalkEnd};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the indicator, and the scope as in `center=hefei queue=q1`.
pub(crate) type FigureKey = (String, String);

/// Figures other than (0, 0). A ratio has its numerator and denominator, durations their sum in
/// milliseconds and their number, a gauge its value and 0. The oldest current state has its start
/// and 1.
pub(crate) type Figures = BTreeMap<FigureKey, (i64, i64)>;

/// Figures expected from a set of contacts.
#[derive(Default, Debug)]
pub(crate) struct ExpectedFigures {
    pub(crate) figures: Figures,
    /// Indicators that the definition leaves open for these contacts.
    pub(crate) undefined: BTreeSet<&'static str>,
}

/// Labels of overflows that are counted one by one.
const OVERFLOW_REASONS: [&str; 4] = ["timeout", "key", "callback", "unknown"];
const WITHIN_MS: i64 = 20_000;

impl ExpectedFigures {
    /// Returns the figures of these contacts.
    pub(crate) fn from_contacts<'c>(
        contacts: impl IntoIterator<Item = &'c ModelContact>,
    ) -> ExpectedFigures {
        let mut expected = ExpectedFigures::default();
        for contact in contacts {
            expected.add_contact(contact);
            for leg in &contact.legs {
                expected.add_leg(leg);
            }
        }
        expected
    }

    /// Adds `of` to the denominator, and also to the numerator if `good`.
    fn add_ratio(&mut self, indicator: &str, scopes: &[String], good: bool) {
        for scope in scopes {
            let figure = self.figures.entry((indicator.to_owned(), scope.clone())).or_default();
            *figure = (figure.0 + i64::from(good), figure.1 + 1);
        }
    }

    fn add_duration(&mut self, indicator: &str, scopes: &[String], millis: Option<i64>) {
        let Some(millis) = millis else { return };
        for scope in scopes {
            let figure = self.figures.entry((indicator.to_owned(), scope.clone())).or_default();
            *figure = (figure.0 + millis, figure.1 + 1);
        }
    }

    fn add_level(&mut self, indicator: &str, scopes: &[String]) {
        for scope in scopes {
            self.figures.entry((indicator.to_owned(), scope.clone())).or_default().0 += 1;
        }
    }

    fn add_oldest(&mut self, indicator: &str, scopes: &[String], since: Option<i64>) {
        let Some(since) = since else { return };
        for scope in scopes {
            let figure =
                self.figures.entry((indicator.to_owned(), scope.clone())).or_insert((since, 1));
            figure.0 = figure.0.min(since);
        }
    }

    /// Adds one outcome under the names that begin with `counted`: `call` or `leg`.
    fn add_outcome(
        &mut self,
        counted: &str,
        scopes: &[String],
        outcome: LegOutcome,
        reason: Option<&str>,
        wait: Option<i64>,
    ) {
        let name = |figure: &str| format!("{counted}_{figure}");
        let is_answered = outcome == LegOutcome::Answered;
        let is_in_time = is_answered && wait.is_some_and(|wait| wait <= WITHIN_MS);
        self.add_ratio(&name("answer_rate"), scopes, is_answered);
        self.add_ratio(&name("abandonment_rate"), scopes, outcome == LegOutcome::Abandoned);
        self.add_ratio(&name("within_20s"), scopes, is_in_time);
        let duration = match outcome {
            LegOutcome::Answered => "answered_wait",
            LegOutcome::Abandoned => "abandoned_wait",
            LegOutcome::Overflowed => "overflowed_wait",
        };
        self.add_duration(&name(duration), scopes, wait);
        if outcome == LegOutcome::Overflowed {
            for label in OVERFLOW_REASONS {
                self.add_ratio(
                    &name(&format!("overflowed_{label}")),
                    scopes,
                    reason == Some(label),
                );
            }
        }
    }

    /// Adds a contact to the scopes without a leg dimension.
    fn add_contact(&mut self, contact: &ModelContact) {
        let center = contact.center.as_ref().map(|center| format!("center={center}"));
        let scopes: Vec<String> = std::iter::once(String::new()).chain(center).collect();
        let is_talking = contact.legs.iter().any(ModelLeg::is_talking);
        if is_talking {
            self.add_level("call_talking", &scopes);
        }
        // Whether an answered customer may wait for another call-back is open.
        let asked_again =
            contact.legs.last().is_some_and(|leg| leg.reason.as_deref() == Some("callback"));
        if asked_again && contact.outcome == ContactOutcome::Answered {
            self.undefined.insert("call_callback");
        }
        let waiting_leg = contact.legs.iter().find(|leg| leg.outcome.is_none());
        // Whether a contact that talks in one leg also waits in another is open.
        if waiting_leg.is_some() && is_talking {
            self.undefined.extend(["call_waiting", "call_longest_wait"]);
        }
        if contact.offered.is_none() {
            self.add_ratio("call_not_offered", &scopes, true);
            // Whether such a contact also counts as waiting or as a pending call-back is open.
            if waiting_leg.is_some() {
                self.undefined.extend(["call_waiting", "call_longest_wait"]);
            }
            if contact.outcome == ContactOutcome::CallbackPending {
                self.undefined.insert("call_callback");
            }
            return;
        }
        self.add_ratio("call_offered", &scopes, true);
        if let Some(leg) = waiting_leg {
            // After an answer it waits since the arrival of the leg.
            let is_answered = contact.outcome == ContactOutcome::Answered;
            self.add_level("call_waiting", &scopes);
            let since = if is_answered { leg.offered } else { contact.offered };
            self.add_oldest("call_longest_wait", &scopes, since);
        }
        let outcome = match contact.outcome {
            ContactOutcome::Waiting => return,
            ContactOutcome::CallbackPending => {
                self.add_level("call_callback", &scopes);
                return;
            }
            ContactOutcome::Answered => LegOutcome::Answered,
            ContactOutcome::Abandoned => LegOutcome::Abandoned,
            ContactOutcome::Overflowed => LegOutcome::Overflowed,
        };
        self.add_outcome("call", &scopes, outcome, contact.reason.as_deref(), contact.wait);
    }

    /// Adds a leg: as `leg.*` to all scopes, and as `call.*` to those with a leg dimension.
    fn add_leg(&mut self, leg: &ModelLeg) {
        let center = leg.center.as_ref().map(|center| format!("center={center}"));
        let queue = leg.queue.as_ref().map(|queue| format!("queue={queue}"));
        let agent = leg.agent.as_ref().map(|agent| format!("agent={agent}"));
        let both = center.as_ref().zip(queue.as_ref());
        let both = both.map(|(center, queue)| format!("{center} {queue}"));
        let by_leg: Vec<String> = [queue, both, agent].into_iter().flatten().collect();
        let all: Vec<String> =
            by_leg.iter().cloned().chain(std::iter::once(String::new())).chain(center).collect();
        for (counted, scopes) in [("leg", &all), ("call", &by_leg)] {
            let name = |figure: &str| format!("{counted}_{figure}");
            if leg.is_talking() {
                self.add_level(&name("talking"), scopes);
            }
            if leg.outcome.is_none() {
                self.add_level(&name("waiting"), scopes);
                self.add_oldest(&name("longest_wait"), scopes, leg.offered);
            }
            if leg.offered.is_none() {
                self.add_ratio(&name("not_offered"), scopes, true);
                continue;
            }
            self.add_ratio(&name("offered"), scopes, true);
            if let Some(outcome) = leg.outcome {
                self.add_outcome(counted, scopes, outcome, leg.reason.as_deref(), leg.wait);
            }
        }
        // A named leg that is answered again after its talk is cut to 0.
        self.add_duration("leg_talk", &all, leg.talk().map(|talk| talk.max(0)));
        if leg.talk_ended_by == Some(TalkEnd::Transferred) {
            self.add_ratio("leg_transferred", &all, true);
        }
    }
}

/// Returns the contact in words, with the outcome of each leg.
pub(crate) fn contact_text(contact: &ModelContact) -> String {
    let seconds = |millis: Option<i64>, before: &str| {
        millis.map_or(String::new(), |millis| format!("{before}{} s", millis as f64 / 1_000.0))
    };
    let reason = |reason: &Option<String>| {
        reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"))
    };
    let not_offered = |offered: Option<i64>| if offered.is_none() { "not offered, " } else { "" };
    let legs: Vec<String> = contact
        .legs
        .iter()
        .map(|leg| {
            format!(
                "{} {}{}{}{}{}",
                leg.queue.as_deref().unwrap_or("-"),
                not_offered(leg.offered),
                match leg.outcome {
                    None => "waiting",
                    Some(LegOutcome::Answered) => "answered",
                    Some(LegOutcome::Abandoned) => "abandoned",
                    Some(LegOutcome::Overflowed) => "overflowed",
                },
                reason(&leg.reason),
                seconds(leg.wait, " after "),
                seconds(leg.talk(), ", talk "),
            )
        })
        .collect();
    let outcome = match contact.outcome {
        ContactOutcome::Answered => "answered",
        ContactOutcome::Waiting => "waiting",
        ContactOutcome::Abandoned => "abandoned",
        ContactOutcome::Overflowed => "overflowed",
        ContactOutcome::CallbackPending => "call-back pending",
    };
    format!(
        "{}{outcome}{}{}: {}",
        not_offered(contact.offered),
        reason(&contact.reason),
        seconds(contact.wait, " after "),
        legs.join("; ")
    )
}
