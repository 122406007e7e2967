//! Explanation of a reading: the facts it counted and the facts it excluded, with example cases.
//!
//! Explanations need no records of their own. The facts of all remembered cases are derived again
//! by the functions that counted them, and collected in lists instead of cells. The cost is one
//! pass over all cases, and the numbers add up to the reading. Counts of cases that are no longer
//! remembered are reported separately. Lists are bounded and report the number of unlisted entries.

use crate::domain::board::reading::{Board, Reading};
use crate::domain::cases::case_names::{CaseName, CaseNames};
use crate::domain::cases::leg_settings::DERIVED_REASONS;
use crate::domain::events::event::Symbol;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::scope::Scope;
use crate::domain::standard::{FactTally, Standard, WarningTime};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND, Timestamp};

/// Default length of a case list.
pub const LISTED_CASES_DEFAULT: usize = 50;
/// Maximum length of a case list.
pub const LISTED_CASES_MAX: usize = 1_000;
/// Maximum number of distinct reasons; further ones are reported as [`ExclusionReason::Other`].
pub const REASONS_MAX: usize = 64;

/// Request for an explanation.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplanationRequest {
    /// Index of the indicator in the standard.
    pub indicator: usize,
    /// Scope of the reading.
    pub scope: Scope,
    /// Index of the window in the standard; `None` for current states.
    pub window: Option<usize>,
    /// Maximum length of each list.
    pub limit: usize,
}

/// A reading with the cases it counted.
#[derive(Debug)]
pub struct Explanation {
    /// Board with this reading only; empty if the scope has no cases.
    pub board: Board,
    /// The request.
    pub request: ExplanationRequest,
    /// First millisecond of the window; `None` for the window `all` and for current states.
    pub begin: Option<Timestamp>,
    /// Numerator, if the formula has one.
    pub good: Option<FormulaSide>,
    /// Denominator, or all facts of a formula without a numerator.
    pub of: FormulaSide,
    /// Excluded facts by reason.
    pub excluded: Vec<ExcludedCases>,
}

impl Explanation {
    /// Returns the reading; `None` if the scope has no cases.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        self.board.readings.first()
    }
}

/// One side of a formula.
#[derive(Clone, PartialEq, Debug)]
pub struct FormulaSide {
    /// Count on the board.
    pub count: i64,
    /// Counted facts whose cases are remembered.
    pub remembered: i64,
    /// Remembered facts by the tally that counted them.
    pub tallies: Vec<(FactTally, i64)>,
    /// Examples of the remembered facts.
    pub cases: Vec<FactExample>,
}

impl FormulaSide {
    /// Returns how many remembered facts are not listed.
    #[must_use]
    pub fn unlisted_count(&self) -> i64 {
        self.remembered - self.cases.len() as i64
    }

    /// Returns how many counted facts belong to forgotten cases.
    #[must_use]
    pub fn forgotten_count(&self) -> i64 {
        self.count - self.remembered
    }
}

/// An example fact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FactExample {
    /// Case; `None` if its name is not known.
    pub name: Option<CaseName>,
    /// Kind of fact.
    pub kind: FactKind,
    /// Time of the fact, or start of a current state.
    pub time: Timestamp,
    /// Duration in milliseconds or answer; `None` if unknown.
    pub value: Option<i64>,
    /// Case and time of the contact that repeated this one.
    pub repeated_by: Option<(Option<CaseName>, Timestamp)>,
    /// Kind and time of the fact of the same case that shows that this contact resolved nothing.
    pub invalidated_by: Option<(FactKind, Timestamp)>,
}

/// Facts excluded for one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct ExcludedCases {
    /// Reason.
    pub reason: ExclusionReason,
    /// Label in the reason, such as the liable party.
    pub label: Option<String>,
    /// Number of facts.
    pub count: i64,
    /// Examples.
    pub cases: Vec<FactExample>,
}

/// Reasons to exclude a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ExclusionReason {
    /// The first contact indicator excludes the contact because of a fact of its case.
    ExcludedContact,
    /// The repeat window of the contact has not passed yet.
    NotMatured,
    /// The order has not been resolved.
    NotResolved,
    /// The value does not match.
    Value {
        /// Kind of fact.
        kind: FactKind,
        /// True if only the numerator excludes it.
        good: bool,
    },
    /// The duration or answer is unknown.
    UnknownValue {
        /// Kind of fact.
        kind: FactKind,
        /// True if only the numerator excludes it.
        good: bool,
    },
    /// The label does not match.
    Label {
        /// Kind of fact.
        kind: FactKind,
        /// True if only the numerator excludes it.
        good: bool,
    },
    /// It happened outside the open hours of the calendar.
    OutsideCalendar {
        /// Kind of fact.
        kind: FactKind,
        /// Index of the calendar in the standard.
        calendar: usize,
        /// True if only the numerator excludes it.
        good: bool,
    },
    /// The attributes of the case do not match.
    Attributes {
        /// Kind of fact.
        kind: FactKind,
        /// True if only the numerator excludes it.
        good: bool,
    },
    /// The commitment was cancelled by a fact of this kind.
    Void {
        /// Index of the commitment in the standard.
        commitment: usize,
        /// Kind of the cancelling fact.
        kind: FactKind,
    },
    /// The commitment was late by the fault of a party that the standard excuses.
    Excused {
        /// Index of the commitment in the standard.
        commitment: usize,
        /// Liable party.
        liable: Option<Symbol>,
    },
    /// The clock is running or paused; the outcome is open.
    Undecided {
        /// Index of the commitment in the standard.
        commitment: usize,
    },
    /// No deadline rule matches the case.
    NoDeadline {
        /// Index of the commitment in the standard.
        commitment: usize,
    },
    /// The case has no customer.
    NoCustomer,
    /// The case has no value for this dimension of the scope.
    NoDimension(usize),
    /// The fact happened before the window.
    BeforeWindow,
    /// A reason beyond [`REASONS_MAX`].
    Other,
}

/// Returns the text of a symbol from the standard or from events, or else its number as `#` and 8
/// hexadecimal digits.
#[must_use]
pub fn symbol_text(symbol: Symbol, standard: &Standard, names: &CaseNames) -> String {
    let yes_or_no = ["true", "false"].into_iter().find(|text| Symbol::from_text(text) == symbol);
    let derived = || DERIVED_REASONS.into_iter().find(|text| Symbol::from_text(text) == symbol);
    let known = yes_or_no
        .or_else(derived)
        .or_else(|| standard.label_texts.get(&symbol).map(String::as_str))
        .or_else(|| names.symbol_text(symbol));
    known.map_or_else(|| format!("#{:08x}", symbol.to_number()), str::to_owned)
}

/// Returns a warning time as `80%` or `2h`.
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
