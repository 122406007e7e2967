//! Explanations: which cases stand behind a reading, what one case means, and which open cases are in danger.
//!
//! Nothing is recorded for it. The facts of every remembered case are told once more by the same functions that counted
//! them, and put into lists instead of cells; so an explanation costs about a look at every case, and its numbers add up to
//! the reading's. What was counted and is not remembered any more is said as such. Lists are bounded and say how many more
//! there are.

use crate::domain::board::reading::{Board, Reading};
use crate::domain::cases::case_names::{CaseName, CaseNames};
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{FactTally, Standard, WarningTime};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};

/// How many cases a list names if nobody says otherwise.
pub const LISTED_CASES_DEFAULT: usize = 50;
/// The most cases that a list names.
pub const LISTED_CASES_MAX: usize = 1_000;
/// The most reasons that are told apart; what else was left out is told together.
pub const REASONS_MAX: usize = 64;

/// Which reading is to be explained.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplanationRequest {
    /// The indicator: its place in the standard.
    pub indicator: usize,
    /// The scope.
    pub scope: Scope,
    /// The window: its place in the standard; `None` for what stands now.
    pub window: Option<usize>,
    /// The most cases in a list.
    pub limit: usize,
}

/// A reading with the cases behind it.
#[derive(Debug)]
pub struct Explanation {
    /// A board with this one reading, or with none if the scope has no cases.
    pub board: Board,
    /// What was asked.
    pub request: ExplanationRequest,
    /// The first millisecond of the window; `None` if it has no beginning, or is about now.
    pub begin: Option<Timestamp>,
    /// The numerator, where the formula has one.
    pub good: Option<FormulaSide>,
    /// The denominator, or all that the value is made of.
    pub of: FormulaSide,
    /// What was not counted, and why.
    pub excluded: Vec<ExcludedCases>,
}

impl Explanation {
    /// The reading.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        self.board.readings.first()
    }
}

/// One side of a formula: what was counted.
#[derive(Clone, PartialEq, Debug)]
pub struct FormulaSide {
    /// How many, as the board has it.
    pub count: i64,
    /// How many of them are still remembered.
    pub remembered: i64,
    /// The remembered ones by the tallies that counted them.
    pub tallies: Vec<(FactTally, i64)>,
    /// Some of them.
    pub cases: Vec<FactExample>,
}

impl FormulaSide {
    /// How many are remembered beyond those listed.
    #[must_use]
    pub fn unlisted_count(&self) -> i64 {
        self.remembered - self.cases.len() as i64
    }

    /// How many were counted whose cases are not remembered any more.
    #[must_use]
    pub fn forgotten_count(&self) -> i64 {
        self.count - self.remembered
    }
}

/// A fact of a case, as an example of many.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FactExample {
    /// The case; `None` if its name is not known.
    pub name: Option<CaseName>,
    /// The kind of fact.
    pub kind: FactKind,
    /// When it happened, or since when it stands.
    pub time: Timestamp,
    /// Its duration in milliseconds or its answer, if it has one.
    pub value: Option<i64>,
    /// The contact that repeated this one.
    pub repeated_by: Option<(Option<CaseName>, Timestamp)>,
}

/// Facts that were left out for one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct ExcludedCases {
    /// The reason.
    pub reason: ExclusionReason,
    /// The word in the reason.
    pub label: Option<String>,
    /// How many.
    pub count: i64,
    /// Some of them.
    pub cases: Vec<FactExample>,
}

/// Why something was not counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ExclusionReason {
    /// A contact that the one-shot indicator leaves out, as its own case shows.
    ExcludedContact,
    /// A contact whose repeat window has not passed.
    NotMatured,
    /// Its value does not fit; `good` says that it is missing in the numerator only.
    Value {
        /// The kind of fact.
        kind: FactKind,
        /// Whether it is the numerator that leaves it out.
        good: bool,
    },
    /// Its duration or answer is not known.
    UnknownValue {
        /// The kind of fact.
        kind: FactKind,
        /// Whether it is the numerator that leaves it out.
        good: bool,
    },
    /// Its word does not fit.
    Label {
        /// The kind of fact.
        kind: FactKind,
        /// Whether it is the numerator that leaves it out.
        good: bool,
    },
    /// Its case has other attributes than the formula wants.
    Attributes {
        /// The kind of fact.
        kind: FactKind,
        /// Whether it is the numerator that leaves it out.
        good: bool,
    },
    /// The promise became void by this fact.
    Void {
        /// The commitment: its place in the standard.
        commitment: usize,
        /// What made it void.
        kind: FactKind,
    },
    /// It was late by the fault of a party that the standard excuses.
    Excused {
        /// The commitment: its place in the standard.
        commitment: usize,
        /// The party.
        liable: Option<Symbol>,
    },
    /// The clock still runs or stands: neither kept nor missed so far.
    Undecided {
        /// The commitment: its place in the standard.
        commitment: usize,
    },
    /// No deadline fits the case.
    NoDeadline {
        /// The commitment: its place in the standard.
        commitment: usize,
    },
    /// Nobody said which customer it was.
    NoCustomer,
    /// Its case said no value for this dimension of the scope.
    NoDimension(usize),
    /// It happened before the window begins.
    BeforeWindow,
    /// There are more reasons than are told apart.
    Other,
}

/// A word as people wrote it: as the standard or an event says it, else its number.
#[must_use]
pub fn symbol_text(word: Symbol, standard: &Standard, names: &CaseNames) -> String {
    let yes_or_no = ["true", "false"].into_iter().find(|text| Symbol::from_text(text) == word);
    let known = yes_or_no
        .or_else(|| standard.label_texts.get(&word).map(String::as_str))
        .or_else(|| names.symbol_text(word));
    known.map_or_else(|| format!("#{:08x}", word.to_number()), str::to_owned)
}

/// How a warning is written: `80%` or `2h`.
#[must_use]
pub fn warning_text(at: WarningTime) -> String {
    match at {
        WarningTime::Percent(percent) => format!("{percent}%"),
        WarningTime::Before(millis) => match millis {
            _ if millis % HOUR == 0 => format!("{}h", millis / HOUR),
            _ if millis % MINUTE == 0 => format!("{}m", millis / MINUTE),
            _ => format!("{}s", millis as f64 / SECOND as f64),
        },
    }
}
