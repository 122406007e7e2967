//! The state machine of one policy in one scope: quiet -> pending -> firing -> quiet.
//!
//! It is told at each look what is seen, and how much time has passed since the look before. It counts the time that it has seen
//! something, and not the clock: what happened while nobody looked does not count.

use crate::domain::standard::alert_policy::NoDataAction;
use serde::{Deserialize, Serialize};

/// What a look shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Beyond the threshold at which it fires.
    Breached,
    /// Neither bad nor yet good again.
    Indeterminate,
    /// At least as good as the threshold at which it ends.
    Cleared,
    /// Too few cases to tell.
    InsufficientSamples,
    /// Nothing to measure, or the sources are silent.
    MissingData,
}

/// How long something must last, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertTiming {
    /// Bad, before it fires.
    pub for_ms: i64,
    /// Good, before it ends.
    pub keep_firing_ms: i64,
    /// Silent, before that means something.
    pub no_data: NoDataAction,
}

/// What a look changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlertTransition {
    /// Nothing that anybody is told.
    Unchanged,
    /// It fires.
    Fires,
    /// It is over.
    Ends,
}

/// Where the machine stands. Times are in milliseconds, as far as looks have seen them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StateMachine {
    phase: AlertPhase,
    /// For how long there has been silence, if there is.
    no_data_ms: Option<i64>,
}

/// The phases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum AlertPhase {
    /// All is well, or nobody knows.
    #[default]
    Inactive,
    /// Bad for so long.
    Pending(i64),
    /// Firing, and good again for so long if it is.
    Firing(Option<i64>),
}

impl StateMachine {
    /// One that fires and has seen nothing good yet.
    #[must_use]
    pub fn new_firing() -> StateMachine {
        StateMachine { phase: AlertPhase::Firing(None), no_data_ms: None }
    }

    /// Whether it has nothing to remember.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == StateMachine::default()
    }

    /// Whether it waits for the bad to last.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.phase, AlertPhase::Pending(_))
    }

    /// Whether it fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        matches!(self.phase, AlertPhase::Firing(_))
    }

    /// Takes a look, `passed_ms` after the one before.
    pub fn evaluate(
        &mut self,
        seen: Condition,
        passed_ms: i64,
        patience: &AlertTiming,
    ) -> AlertTransition {
        let turn = match seen {
            Condition::MissingData => return self.evaluate_no_data(passed_ms, patience.no_data),
            Condition::InsufficientSamples => AlertTransition::Unchanged,
            Condition::Breached => match self.phase {
                AlertPhase::Inactive if patience.for_ms == 0 => self.start_firing(),
                AlertPhase::Inactive => self.enter_phase(AlertPhase::Pending(0)),
                AlertPhase::Pending(bad_ms)
                    if bad_ms.saturating_add(passed_ms) >= patience.for_ms =>
                {
                    self.start_firing()
                }
                AlertPhase::Pending(bad_ms) => {
                    self.enter_phase(AlertPhase::Pending(bad_ms.saturating_add(passed_ms)))
                }
                AlertPhase::Firing(_) => self.enter_phase(AlertPhase::Firing(None)),
            },
            Condition::Indeterminate | Condition::Cleared if !self.is_firing() => {
                self.enter_phase(AlertPhase::Inactive)
            }
            Condition::Indeterminate => self.enter_phase(AlertPhase::Firing(None)),
            Condition::Cleared => {
                let good_ms = if let AlertPhase::Firing(Some(good_ms)) = self.phase {
                    good_ms.saturating_add(passed_ms)
                } else {
                    0
                };
                if good_ms >= patience.keep_firing_ms {
                    self.stop_firing()
                } else {
                    self.enter_phase(AlertPhase::Firing(Some(good_ms)))
                }
            }
        };
        self.no_data_ms = None;
        turn
    }

    fn evaluate_no_data(&mut self, passed_ms: i64, no_data: NoDataAction) -> AlertTransition {
        let silent_ms = self.no_data_ms.map_or(0, |silent_ms| silent_ms.saturating_add(passed_ms));
        match no_data {
            NoDataAction::Hold => AlertTransition::Unchanged,
            NoDataAction::ClearAfter(millis) if silent_ms >= millis => {
                if self.is_firing() {
                    return self.stop_firing();
                }
                *self = StateMachine::default();
                AlertTransition::Unchanged
            }
            NoDataAction::ClearAfter(_) if self.phase == AlertPhase::Inactive => {
                AlertTransition::Unchanged
            }
            NoDataAction::FireAfter(millis) if silent_ms >= millis && !self.is_firing() => {
                self.start_firing()
            }
            NoDataAction::FireAfter(_) if self.is_firing() => AlertTransition::Unchanged,
            NoDataAction::ClearAfter(_) | NoDataAction::FireAfter(_) => {
                self.no_data_ms = Some(silent_ms);
                AlertTransition::Unchanged
            }
        }
    }

    fn enter_phase(&mut self, phase: AlertPhase) -> AlertTransition {
        self.phase = phase;
        AlertTransition::Unchanged
    }

    fn start_firing(&mut self) -> AlertTransition {
        *self = StateMachine::new_firing();
        AlertTransition::Fires
    }

    fn stop_firing(&mut self) -> AlertTransition {
        *self = StateMachine::default();
        AlertTransition::Ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Condition::{Breached, Cleared, Indeterminate, InsufficientSamples, MissingData};

    /// What a machine says to looks ten seconds apart: `.` stays, `!` fires, `-` ends; and what it is in the end.
    fn run_evaluations(looks: &[Condition], patience: &AlertTiming) -> (String, &'static str) {
        let mut machine = StateMachine::default();
        let turn = |seen: &Condition| match machine.evaluate(*seen, 10_000, patience) {
            AlertTransition::Unchanged => '.',
            AlertTransition::Fires => '!',
            AlertTransition::Ends => '-',
        };
        let told = looks.iter().map(turn).collect();
        let state = match (machine.is_firing(), machine.is_pending(), machine.is_idle()) {
            (true, ..) => "firing",
            (_, true, _) => "pending",
            (_, _, true) => "idle",
            _ => "quiet",
        };
        (told, state)
    }

    const IMMEDIATE: AlertTiming =
        AlertTiming { for_ms: 0, keep_firing_ms: 0, no_data: NoDataAction::Hold };
    const DELAYED: AlertTiming =
        AlertTiming { for_ms: 20_000, keep_firing_ms: 20_000, no_data: NoDataAction::Hold };
    const CLEAR_ON_NO_DATA: AlertTiming =
        AlertTiming { no_data: NoDataAction::ClearAfter(20_000), ..DELAYED };
    const FIRE_ON_NO_DATA: AlertTiming =
        AlertTiming { no_data: NoDataAction::FireAfter(20_000), ..DELAYED };

    #[test]
    fn transitions_follow_the_table() {
        for (looks, patience, expected) in [
            // At once, and hysteresis.
            (&[Cleared, Breached, Indeterminate, Cleared][..], IMMEDIATE, (".!.-", "idle")),
            (&[Breached, Indeterminate, Breached, Indeterminate], IMMEDIATE, ("!...", "firing")),
            (&[Indeterminate, Indeterminate], IMMEDIATE, ("..", "idle")),
            // `for`: interrupted, it begins anew.
            (&[Breached, Breached, Breached], DELAYED, ("..!", "firing")),
            (&[Breached, Breached, Cleared, Breached, Breached], DELAYED, (".....", "pending")),
            (
                &[Breached, Breached, Indeterminate, Breached, Breached, Breached],
                DELAYED,
                (".....!", "firing"),
            ),
            // Keep firing: interrupted, it begins anew.
            (
                &[Breached, Breached, Breached, Cleared, Cleared, Cleared],
                DELAYED,
                ("..!..-", "idle"),
            ),
            (
                &[Breached, Breached, Breached, Cleared, Cleared, Breached, Cleared, Cleared],
                DELAYED,
                ("..!.....", "firing"),
            ),
            (
                &[
                    Breached,
                    Breached,
                    Breached,
                    Cleared,
                    Cleared,
                    Indeterminate,
                    Cleared,
                    Cleared,
                    Cleared,
                ],
                DELAYED,
                ("..!.....-", "idle"),
            ),
            // Too few: all stands still.
            (
                &[
                    Breached,
                    InsufficientSamples,
                    InsufficientSamples,
                    InsufficientSamples,
                    Breached,
                    Breached,
                ],
                DELAYED,
                (".....!", "firing"),
            ),
            (
                &[
                    Breached,
                    Breached,
                    Breached,
                    InsufficientSamples,
                    InsufficientSamples,
                    InsufficientSamples,
                    InsufficientSamples,
                ],
                DELAYED,
                ("..!....", "firing"),
            ),
            (
                &[InsufficientSamples, InsufficientSamples, InsufficientSamples],
                DELAYED,
                ("...", "idle"),
            ),
            // Silence holds ...
            (&[MissingData, MissingData, MissingData], DELAYED, ("...", "idle")),
            (
                &[Breached, MissingData, MissingData, MissingData, Breached, Breached],
                DELAYED,
                (".....!", "firing"),
            ),
            (
                &[Breached, Breached, Breached, MissingData, MissingData, MissingData, MissingData],
                DELAYED,
                ("..!....", "firing"),
            ),
            // ... or ends after a while ...
            (
                &[Breached, Breached, Breached, MissingData, MissingData, MissingData],
                CLEAR_ON_NO_DATA,
                ("..!..-", "idle"),
            ),
            (
                &[
                    Breached,
                    Breached,
                    Breached,
                    MissingData,
                    MissingData,
                    InsufficientSamples,
                    MissingData,
                    MissingData,
                    MissingData,
                ],
                CLEAR_ON_NO_DATA,
                ("..!.....-", "idle"),
            ),
            (
                &[Breached, MissingData, MissingData, MissingData],
                CLEAR_ON_NO_DATA,
                ("....", "idle"),
            ),
            (&[MissingData, MissingData, MissingData], CLEAR_ON_NO_DATA, ("...", "idle")),
            // ... or fires.
            (&[MissingData, MissingData, MissingData], FIRE_ON_NO_DATA, ("..!", "firing")),
            (
                &[MissingData, MissingData, Cleared, MissingData, MissingData],
                FIRE_ON_NO_DATA,
                (".....", "quiet"),
            ),
            (
                &[MissingData, MissingData, MissingData, MissingData, Cleared, Cleared, Cleared],
                FIRE_ON_NO_DATA,
                ("..!...-", "idle"),
            ),
        ] {
            let (told, state) = run_evaluations(looks, &patience);
            assert_eq!((told.as_str(), state), expected, "{looks:?} {patience:?}");
        }
    }

    #[test]
    fn only_time_between_evaluations_counts() {
        let mut machine = StateMachine::default();
        machine.evaluate(Breached, 0, &DELAYED);
        assert_eq!(machine.evaluate(Breached, 19_999, &DELAYED), AlertTransition::Unchanged);
        assert_eq!(machine.evaluate(Breached, 1, &DELAYED), AlertTransition::Fires);
    }
}
