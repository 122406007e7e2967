//! The state machine of one policy in one scope: quiet -> pending -> firing -> quiet.
//!
//! It is told at each look what is seen, and how much time has passed since the look before. It counts the time that it has seen
//! something, and not the clock: what happened while nobody looked does not count.

use crate::domain::standard::alert::NoData;
use serde::{Deserialize, Serialize};

/// What a look shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Beyond the threshold at which it fires.
    Bad,
    /// Neither bad nor yet good again.
    Between,
    /// At least as good as the threshold at which it ends.
    Good,
    /// Too few cases to tell.
    Few,
    /// Nothing to measure, or the sources are silent.
    Silent,
}

/// How long something must last, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Bad, before it fires.
    pub for_ms: i64,
    /// Good, before it ends.
    pub keep_firing_ms: i64,
    /// Silent, before that means something.
    pub no_data: NoData,
}

/// What a look changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nothing that anybody is told.
    Stays,
    /// It fires.
    Fires,
    /// It is over.
    Ends,
}

/// Where the machine stands. Times are in milliseconds, as far as looks have seen them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    phase: Phase,
    /// For how long there has been silence, if there is.
    silent_ms: Option<i64>,
}

/// The phases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum Phase {
    /// All is well, or nobody knows.
    #[default]
    Quiet,
    /// Bad for so long.
    Pending(i64),
    /// Firing, and good again for so long if it is.
    Firing(Option<i64>),
}

impl Machine {
    /// One that fires and has seen nothing good yet.
    #[must_use]
    pub fn firing() -> Machine {
        Machine { phase: Phase::Firing(None), silent_ms: None }
    }

    /// Whether it has nothing to remember.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Machine::default()
    }

    /// Whether it waits for the bad to last.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Pending(_))
    }

    /// Whether it fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        matches!(self.phase, Phase::Firing(_))
    }

    /// Takes a look, `passed_ms` after the one before.
    pub fn look(&mut self, seen: Seen, passed_ms: i64, patience: &Patience) -> Turn {
        let turn = match seen {
            Seen::Silent => return self.silence(passed_ms, patience.no_data),
            Seen::Few => Turn::Stays,
            Seen::Bad => match self.phase {
                Phase::Quiet if patience.for_ms == 0 => self.fire(),
                Phase::Quiet => self.go(Phase::Pending(0)),
                Phase::Pending(bad_ms) if bad_ms.saturating_add(passed_ms) >= patience.for_ms => self.fire(),
                Phase::Pending(bad_ms) => self.go(Phase::Pending(bad_ms.saturating_add(passed_ms))),
                Phase::Firing(_) => self.go(Phase::Firing(None)),
            },
            Seen::Between | Seen::Good if !self.is_firing() => self.go(Phase::Quiet),
            Seen::Between => self.go(Phase::Firing(None)),
            Seen::Good => {
                let good_ms = if let Phase::Firing(Some(good_ms)) = self.phase { good_ms.saturating_add(passed_ms) } else { 0 };
                if good_ms >= patience.keep_firing_ms { self.end() } else { self.go(Phase::Firing(Some(good_ms))) }
            }
        };
        self.silent_ms = None;
        turn
    }

    fn silence(&mut self, passed_ms: i64, no_data: NoData) -> Turn {
        let silent_ms = self.silent_ms.map_or(0, |silent_ms| silent_ms.saturating_add(passed_ms));
        match no_data {
            NoData::Hold => Turn::Stays,
            NoData::ClearAfter(millis) if silent_ms >= millis => {
                if self.is_firing() {
                    return self.end();
                }
                *self = Machine::default();
                Turn::Stays
            }
            NoData::ClearAfter(_) if self.phase == Phase::Quiet => Turn::Stays,
            NoData::FireAfter(millis) if silent_ms >= millis && !self.is_firing() => self.fire(),
            NoData::FireAfter(_) if self.is_firing() => Turn::Stays,
            NoData::ClearAfter(_) | NoData::FireAfter(_) => {
                self.silent_ms = Some(silent_ms);
                Turn::Stays
            }
        }
    }

    fn go(&mut self, phase: Phase) -> Turn {
        self.phase = phase;
        Turn::Stays
    }

    fn fire(&mut self) -> Turn {
        *self = Machine::firing();
        Turn::Fires
    }

    fn end(&mut self) -> Turn {
        *self = Machine::default();
        Turn::Ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Seen::{Bad, Between, Few, Good, Silent};

    /// What a machine says to looks ten seconds apart: `.` stays, `!` fires, `-` ends; and what it is in the end.
    fn told(looks: &[Seen], patience: &Patience) -> (String, &'static str) {
        let mut machine = Machine::default();
        let turn = |seen: &Seen| match machine.look(*seen, 10_000, patience) {
            Turn::Stays => '.',
            Turn::Fires => '!',
            Turn::Ends => '-',
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

    const AT_ONCE: Patience = Patience { for_ms: 0, keep_firing_ms: 0, no_data: NoData::Hold };
    const PATIENT: Patience = Patience { for_ms: 20_000, keep_firing_ms: 20_000, no_data: NoData::Hold };
    const CLEARS: Patience = Patience { no_data: NoData::ClearAfter(20_000), ..PATIENT };
    const FIRES: Patience = Patience { no_data: NoData::FireAfter(20_000), ..PATIENT };

    #[test]
    fn every_transition_is_as_the_table_says() {
        for (looks, patience, expected) in [
            // At once, and hysteresis.
            (&[Good, Bad, Between, Good][..], AT_ONCE, (".!.-", "idle")),
            (&[Bad, Between, Bad, Between], AT_ONCE, ("!...", "firing")),
            (&[Between, Between], AT_ONCE, ("..", "idle")),
            // `for`: interrupted, it begins anew.
            (&[Bad, Bad, Bad], PATIENT, ("..!", "firing")),
            (&[Bad, Bad, Good, Bad, Bad], PATIENT, (".....", "pending")),
            (&[Bad, Bad, Between, Bad, Bad, Bad], PATIENT, (".....!", "firing")),
            // Keep firing: interrupted, it begins anew.
            (&[Bad, Bad, Bad, Good, Good, Good], PATIENT, ("..!..-", "idle")),
            (&[Bad, Bad, Bad, Good, Good, Bad, Good, Good], PATIENT, ("..!.....", "firing")),
            (&[Bad, Bad, Bad, Good, Good, Between, Good, Good, Good], PATIENT, ("..!.....-", "idle")),
            // Too few: all stands still.
            (&[Bad, Few, Few, Few, Bad, Bad], PATIENT, (".....!", "firing")),
            (&[Bad, Bad, Bad, Few, Few, Few, Few], PATIENT, ("..!....", "firing")),
            (&[Few, Few, Few], PATIENT, ("...", "idle")),
            // Silence holds ...
            (&[Silent, Silent, Silent], PATIENT, ("...", "idle")),
            (&[Bad, Silent, Silent, Silent, Bad, Bad], PATIENT, (".....!", "firing")),
            (&[Bad, Bad, Bad, Silent, Silent, Silent, Silent], PATIENT, ("..!....", "firing")),
            // ... or ends after a while ...
            (&[Bad, Bad, Bad, Silent, Silent, Silent], CLEARS, ("..!..-", "idle")),
            (&[Bad, Bad, Bad, Silent, Silent, Few, Silent, Silent, Silent], CLEARS, ("..!.....-", "idle")),
            (&[Bad, Silent, Silent, Silent], CLEARS, ("....", "idle")),
            (&[Silent, Silent, Silent], CLEARS, ("...", "idle")),
            // ... or fires.
            (&[Silent, Silent, Silent], FIRES, ("..!", "firing")),
            (&[Silent, Silent, Good, Silent, Silent], FIRES, (".....", "quiet")),
            (&[Silent, Silent, Silent, Silent, Good, Good, Good], FIRES, ("..!...-", "idle")),
        ] {
            let (told, state) = told(looks, &patience);
            assert_eq!((told.as_str(), state), expected, "{looks:?} {patience:?}");
        }
    }

    #[test]
    fn time_that_nobody_saw_does_not_count() {
        let mut machine = Machine::default();
        machine.look(Bad, 0, &PATIENT);
        assert_eq!(machine.look(Bad, 19_999, &PATIENT), Turn::Stays);
        assert_eq!(machine.look(Bad, 1, &PATIENT), Turn::Fires);
    }
}
