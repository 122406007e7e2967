//! State machine of one alert policy in one scope: inactive, pending, firing, inactive.
//!
//! Each evaluation passes the condition and the time elapsed since the previous evaluation.
//! Durations count evaluated time only. Time without evaluations, such as downtime, does not count.

use crate::domain::standard::alert_policy::NoDataAction;
use serde::{Deserialize, Serialize};

/// Result of evaluating a policy's condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Beyond the firing threshold.
    Breached,
    /// Between the firing and the clearing threshold.
    Indeterminate,
    /// At the clearing threshold or better.
    Cleared,
    /// Fewer cases than `min_count`.
    InsufficientSamples,
    /// No value, or the reading is stale.
    MissingData,
}

/// Durations of a policy, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertTiming {
    /// Time the condition must hold before the alert fires.
    pub for_ms: i64,
    /// Time the condition must be cleared before the alert ends.
    pub keep_firing_ms: i64,
    /// Action when data is missing.
    pub no_data: NoDataAction,
}

/// Change caused by an evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlertTransition {
    /// Neither a firing nor an end.
    Unchanged,
    /// The alert starts firing.
    Fires,
    /// The alert ends.
    Ends,
}

/// State of an alert. Times are evaluated time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StateMachine {
    phase: AlertPhase,
    /// Time without data; `None` if the last evaluation had data.
    no_data_ms: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum AlertPhase {
    /// Neither pending nor firing.
    #[default]
    Inactive,
    /// The condition has held for this time, but not yet for `for`.
    Pending(i64),
    /// Firing. While cleared, the time since clearing.
    Firing(Option<i64>),
}

impl StateMachine {
    /// Returns the state of an alert that has just fired.
    #[must_use]
    pub fn new_firing() -> StateMachine {
        StateMachine { phase: AlertPhase::Firing(None), no_data_ms: None }
    }

    /// Returns true in the initial state, which need not be stored.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == StateMachine::default()
    }

    /// Returns true while the condition holds but has not yet lasted for `for`.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.phase, AlertPhase::Pending(_))
    }

    /// Returns true while the alert fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        matches!(self.phase, AlertPhase::Firing(_))
    }

    /// Evaluates a condition, `elapsed_ms` after the previous evaluation.
    pub fn evaluate(
        &mut self,
        condition: Condition,
        elapsed_ms: i64,
        timing: &AlertTiming,
    ) -> AlertTransition {
        let transition = match condition {
            Condition::MissingData => return self.evaluate_no_data(elapsed_ms, timing.no_data),
            Condition::InsufficientSamples => AlertTransition::Unchanged,
            Condition::Breached => match self.phase {
                AlertPhase::Inactive if timing.for_ms == 0 => self.start_firing(),
                AlertPhase::Inactive => self.enter_phase(AlertPhase::Pending(0)),
                AlertPhase::Pending(breached_ms)
                    if breached_ms.saturating_add(elapsed_ms) >= timing.for_ms =>
                {
                    self.start_firing()
                }
                AlertPhase::Pending(breached_ms) => {
                    self.enter_phase(AlertPhase::Pending(breached_ms.saturating_add(elapsed_ms)))
                }
                AlertPhase::Firing(_) => self.enter_phase(AlertPhase::Firing(None)),
            },
            Condition::Indeterminate | Condition::Cleared if !self.is_firing() => {
                self.enter_phase(AlertPhase::Inactive)
            }
            Condition::Indeterminate => self.enter_phase(AlertPhase::Firing(None)),
            Condition::Cleared => {
                let cleared_ms = if let AlertPhase::Firing(Some(cleared_ms)) = self.phase {
                    cleared_ms.saturating_add(elapsed_ms)
                } else {
                    0
                };
                if cleared_ms >= timing.keep_firing_ms {
                    self.stop_firing()
                } else {
                    self.enter_phase(AlertPhase::Firing(Some(cleared_ms)))
                }
            }
        };
        self.no_data_ms = None;
        transition
    }

    fn evaluate_no_data(&mut self, elapsed_ms: i64, no_data: NoDataAction) -> AlertTransition {
        let no_data_ms =
            self.no_data_ms.map_or(0, |no_data_ms| no_data_ms.saturating_add(elapsed_ms));
        match no_data {
            NoDataAction::Hold => AlertTransition::Unchanged,
            NoDataAction::ClearAfter(millis) if no_data_ms >= millis => {
                if self.is_firing() {
                    return self.stop_firing();
                }
                *self = StateMachine::default();
                AlertTransition::Unchanged
            }
            NoDataAction::ClearAfter(_) if self.phase == AlertPhase::Inactive => {
                AlertTransition::Unchanged
            }
            NoDataAction::FireAfter(millis) if no_data_ms >= millis && !self.is_firing() => {
                self.start_firing()
            }
            NoDataAction::FireAfter(_) if self.is_firing() => AlertTransition::Unchanged,
            NoDataAction::ClearAfter(_) | NoDataAction::FireAfter(_) => {
                self.no_data_ms = Some(no_data_ms);
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

    /// Runs evaluations 10 s apart and returns one character each, then the final state. `.` is
    /// unchanged, `!` fires, `-` ends.
    fn run_evaluations(conditions: &[Condition], timing: &AlertTiming) -> (String, &'static str) {
        let mut machine = StateMachine::default();
        let transition = |condition: &Condition| match machine.evaluate(*condition, 10_000, timing)
        {
            AlertTransition::Unchanged => '.',
            AlertTransition::Fires => '!',
            AlertTransition::Ends => '-',
        };
        let transitions = conditions.iter().map(transition).collect();
        let state = match (machine.is_firing(), machine.is_pending(), machine.is_idle()) {
            (true, ..) => "firing",
            (_, true, _) => "pending",
            (_, _, true) => "idle",
            _ => "quiet",
        };
        (transitions, state)
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
        for (conditions, timing, expected) in [
            // Immediate firing, and hysteresis.
            (&[Cleared, Breached, Indeterminate, Cleared][..], IMMEDIATE, (".!.-", "idle")),
            (&[Breached, Indeterminate, Breached, Indeterminate], IMMEDIATE, ("!...", "firing")),
            (&[Indeterminate, Indeterminate], IMMEDIATE, ("..", "idle")),
            // An interruption restarts `for`.
            (&[Breached, Breached, Breached], DELAYED, ("..!", "firing")),
            (&[Breached, Breached, Cleared, Breached, Breached], DELAYED, (".....", "pending")),
            (
                &[Breached, Breached, Indeterminate, Breached, Breached, Breached],
                DELAYED,
                (".....!", "firing"),
            ),
            // An interruption restarts `keep_firing`.
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
            // Too few samples freeze the state.
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
            // Missing data holds the state ...
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
            // ... or clears after a time ...
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
            // ... or fires after a time.
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
            let (transitions, state) = run_evaluations(conditions, &timing);
            assert_eq!((transitions.as_str(), state), expected, "{conditions:?} {timing:?}");
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
