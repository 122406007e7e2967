//! The standard as the core needs it: checked, every name replaced by its place. `crate::standard_file` makes it from a file.

pub mod alert_policy;
pub mod indicator;
pub mod label;
pub mod metric_name;
pub mod population;
pub mod schema_translation;
pub mod scope;
pub mod source;

use self::alert_policy::AlertPolicy;
pub use self::indicator::{DatedTarget, FactTally, Formula, Indicator, Target, TargetDirection};
use self::population::PopulationTable;
use self::source::DeclaredSource;
use crate::domain::events::event::{Attributes, CaseFamily, EventType, EventVerb, Symbol};
use crate::domain::facts::catalog::{FactKind, FactKinds};
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::time::calendar::Calendar;
use crate::domain::time::time_zones::TimeZones;
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::domain::time::window::Window;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a service organisation promises and how that is measured.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Its name, as in `telecom`.
    pub name: String,
    /// Its version, the newest of those loaded.
    pub version: String,
    /// The first day of that version, as `YYYY-MM-DD`.
    pub date_of_effect: String,
    /// Every version loaded, the newest first; the last holds from the beginning of time. Terms and targets have as many.
    pub versions: Vec<StandardVersion>,
    /// What people call it.
    pub title: LocalizedTitle,
    /// Where the day begins.
    pub zones: TimeZones,
    /// What events must look like to be understood.
    pub schema: EventSchema,
    /// Which dimensions make the scopes: places in [`Schema::dimensions`].
    pub scopes: Vec<Vec<usize>>,
    /// The windows every indicator is read over; at most [`crate::domain::time::window::WINDOWS`].
    pub windows: Vec<Window>,
    /// After this many milliseconds without any event every reading is stale.
    pub stale_after_ms: Option<i64>,
    /// How long a fact may stand before it expires, in milliseconds: its end must have been lost.
    pub expiry: Vec<(FactKind, i64)>,
    /// How long a service remembers.
    pub horizon: RetentionHorizon,
    /// The sources it knows by name, in the order of [`Schema::sources`].
    pub sources: Vec<DeclaredSource>,
    /// How many users there are.
    pub populations: Vec<PopulationTable>,
    /// The kinds of facts.
    pub kinds: FactKinds,
    /// The working calendars.
    pub calendars: Vec<Calendar>,
    /// The promises with a clock.
    pub commitments: Vec<Commitment>,
    /// The indicators that look at all contacts of a customer.
    pub first_contact_rules: Vec<FirstContactRule>,
    /// What is read.
    pub indicators: Vec<Indicator>,
    /// When somebody must be told: those of the newest version.
    pub policies: Vec<AlertPolicy>,
    /// The texts of the words that the standard's file says, to tell people.
    pub label_texts: BTreeMap<Symbol, String>,
    /// The files it was read from, name and text each: what a journal keeps of it.
    pub files: Arc<[(String, String)]>,
}

/// A version of a standard. What belongs to no version in particular, such as dimensions, windows and formulas, is that of the
/// newest; what was promised and aimed at is that of the version in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandardVersion {
    /// What it is called.
    pub version: String,
    /// Its first day, as `YYYY-MM-DD`.
    pub date_of_effect: String,
    /// From when on it is in force: midnight of that day in the standard's own zone.
    pub since: Timestamp,
}

/// How long the core remembers, for a service that runs for years. A replay remembers everything.
///
/// An event is too old if its time lies beyond the horizon **and** before every current calendar window (`today`, `week`,
/// `month` ...) in every zone of the standard: as long as the month is open, whatever happened in it can be corrected. A case is
/// remembered, once it is over, as long as its events would be taken, and up to an hour more; then it stays only as sums.
///
/// This costs memory. A remembered case takes about 170 bytes all told: with 100 000 cases a day a horizon of a day holds
/// 17 MB, and a window `month` up to 530 MB at the end of each month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetentionHorizon {
    /// For calls, tickets, surveys and agents, in milliseconds.
    pub contacts_ms: i64,
    /// For orders, in milliseconds.
    pub orders_ms: i64,
    /// How far an event may lie ahead of the clock, in milliseconds.
    pub ahead_ms: i64,
}

impl Default for RetentionHorizon {
    /// A day for contacts, sixty for orders, a minute ahead.
    fn default() -> Self {
        RetentionHorizon { contacts_ms: 24 * HOUR, orders_ms: 60 * 24 * HOUR, ahead_ms: MINUTE }
    }
}

impl RetentionHorizon {
    /// How long cases of a family are remembered at least, in milliseconds.
    #[must_use]
    pub fn for_family(&self, family: CaseFamily) -> i64 {
        if family >= CaseFamily::FIRST_ORDER { self.orders_ms } else { self.contacts_ms }
    }
}

/// How events are understood: the dimensions and the event types.
#[derive(Clone, Debug, Default)]
pub struct EventSchema {
    /// The fields of `data` that make groups of cases.
    pub dimensions: Vec<String>,
    /// The dimensions of which the last value said holds, a bit each; of the others it is the first.
    pub changing_dimensions: u16,
    /// The sources that are known by name.
    pub sources: Vec<String>,
    /// The families of cases, by their places.
    pub families: Vec<String>,
    types: BTreeMap<String, EventType>,
}

impl EventSchema {
    /// The most dimensions a standard may declare.
    pub const MAX_DIMENSIONS: usize = 16;
    /// The most families of cases there can be: one bit each in a word.
    pub const MAX_FAMILIES: usize = 64;

    /// A schema with the families that always exist and the given families of orders.
    #[must_use]
    pub fn new(dimensions: Vec<String>, orders: &[String]) -> EventSchema {
        let families: Vec<String> = ["call", "queue", "survey", "agent"]
            .into_iter()
            .map(String::from)
            .chain(orders.iter().cloned())
            .collect();
        let mut types = BTreeMap::new();
        for (number, name) in families.iter().enumerate() {
            let family = CaseFamily(u8::try_from(number).unwrap_or(u8::MAX));
            for (verb_name, verb) in EventVerb::family_verbs(family) {
                types.insert(format!("{name}.{verb_name}"), EventType { family, verb: *verb });
            }
        }
        EventSchema { dimensions, changing_dimensions: 0, sources: Vec::new(), families, types }
    }

    /// The event type of this name.
    #[must_use]
    pub fn event_type(&self, name: &str) -> Option<EventType> {
        self.types.get(name).copied()
    }

    /// The place plus one of a source that is known by name; 0 for any other.
    #[must_use]
    pub fn source_number(&self, name: &str) -> u8 {
        self.sources.iter().position(|known| known == name).map_or(0, |place| place as u8 + 1)
    }

    /// Every event type with its name.
    pub fn event_types(&self) -> impl Iterator<Item = (&str, EventType)> {
        self.types.iter().map(|(name, kind)| (name.as_str(), *kind))
    }
}

/// A name for people, in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct LocalizedTitle {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

/// A promise with a clock on the cases of one family.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// Its name, as in `repair`.
    pub name: String,
    /// The family of its cases.
    pub family: CaseFamily,
    /// The fact that starts the clock.
    pub from: FactKind,
    /// The fact that keeps the promise.
    pub until: FactKind,
    /// What was promised since when, the newest first; the last holds from the beginning of time. A version that promised
    /// nothing has terms without choices.
    pub terms: Vec<CommitmentTerms>,
    /// The first of the facts it makes.
    pub first_fact: FactKind,
}

/// What a commitment promises to cases whose clock starts while it is in force.
#[derive(Clone, Debug)]
pub struct CommitmentTerms {
    /// From when on it is in force.
    pub since: Timestamp,
    /// The deadlines, of which the first that fits a case holds; at most 32.
    pub choices: Vec<DeadlineChoice>,
    /// The facts that make the promise void if they come first.
    pub void: Vec<FactKind>,
    /// A delay is excused if the order's last word names one of these parties as liable.
    pub excused_by: Vec<Symbol>,
    /// What pauses do to the clock; the first that fits holds. A pause that fits none counts.
    pub pauses: Vec<PauseTerms>,
    /// What a reopening does to the clock.
    pub reopening: ReopeningEffect,
    /// Whether the deadline is chosen by the attributes the case had first, and not by those it has now.
    pub by_first_attributes: bool,
    /// When to warn.
    pub warnings: Vec<CommitmentWarning>,
    /// How long before the deadline a running commitment stands as due soon.
    pub due_soon_ms: Option<i64>,
}

/// A deadline and the cases it is for.
#[derive(Clone, Debug)]
pub struct DeadlineChoice {
    /// For each dimension named, the attributes that fit.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// When the promise must be kept.
    pub deadline: DeadlineRule,
}

/// The rule that gives a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeadlineRule {
    /// So many milliseconds after it started, of a calendar's open time if one is named.
    Within(i64, Option<usize>),
    /// At the same time of day so many working days of a calendar later.
    WorkingDays(u32, usize),
    /// At the end of so many full working days of a calendar after the day it started.
    FullWorkingDays(u32, usize),
    /// If it started before this time of day, by the end of the day; else so many milliseconds later.
    CutOff(jiff::civil::Time, i64),
    /// The `due` of the case's events; the last one said holds. Fits no case without.
    Due,
    /// The `appointment` of the case's events; the last one said holds. Fits no case without.
    Appointment,
}

/// What a commitment makes of certain pauses.
#[derive(Clone, Debug)]
pub struct PauseTerms {
    /// Pauses for these reasons; any if empty.
    pub reasons: Vec<Symbol>,
    /// Pauses that these parties are liable for; any if empty.
    pub liable: Vec<Symbol>,
    /// What they do.
    pub effect: PauseEffect,
}

/// What a reopening does to a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReopeningEffect {
    /// Nothing: the first verdict stands.
    FirstVerdict,
    /// The clock runs on from where it stood when the order was resolved.
    Resumes,
    /// The first verdict stands, and a new clock starts.
    Restarts,
}

/// When a commitment warns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitmentWarning {
    /// How it is written, as in `80%` or `2h`.
    pub label: Symbol,
    /// When.
    pub at: WarningTime,
}

/// When a warning comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WarningTime {
    /// When so many per cent of the time allowed are gone.
    Percent(i64),
    /// So many milliseconds before the deadline.
    Before(i64),
}

impl Commitment {
    /// The place of what is promised to a case whose clock started at `from`.
    #[must_use]
    pub fn terms_at(&self, from: Timestamp) -> usize {
        self.terms.iter().position(|terms| terms.since <= from).unwrap_or(self.terms.len() - 1)
    }
}

impl CommitmentTerms {
    /// Which of the choices are for cases with these attributes: a bit each.
    #[must_use]
    pub fn matching_choices(&self, attributes: &Attributes) -> u32 {
        let fitting = self
            .choices
            .iter()
            .enumerate()
            .filter(|(_, choice)| attributes.fulfill_conditions(&choice.conditions));
        fitting.fold(0, |bits, (place, _)| bits | 1 << place)
    }
}

/// First-contact resolution: a contact resolved the matter if nothing spoils it and no other by the same customer follows in
/// time.
#[derive(Clone, Debug)]
pub struct FirstContactRule {
    /// The facts that are contacts.
    pub contacts: Vec<FactTally>,
    /// A later contact of another case within so many milliseconds, on the same topic where both are known, is a repeat.
    pub within_ms: i64,
    /// A contact whose own case has such a fact at the same time or within so many milliseconds resolved nothing.
    pub invalidated_by: Vec<FactTally>,
    /// A contact whose own case has such a fact does not count at all.
    pub excluded_by: Vec<FactTally>,
    /// Whether a contact counts when its repeat window has passed, and not when it happens.
    pub counted_when_matured: bool,
    /// The first of the facts it makes.
    pub first_fact: FactKind,
}

/// Indicators of the built-in standard that were renamed: the old name and the new one.
pub const RENAMED_INDICATORS: [(&str, &str); 1] = [("counter_in_time", "desk_in_time")];

/// Returns the new name of an indicator that was renamed, `None` for all others.
#[must_use]
pub fn current_indicator_name(name: &str) -> Option<&'static str> {
    RENAMED_INDICATORS.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
}

impl Standard {
    /// The version in force at a time; that of the beginning of time if none is known.
    #[must_use]
    pub fn version_at(&self, at: Option<Timestamp>) -> Option<&StandardVersion> {
        let at = at.unwrap_or(Timestamp(i64::MIN));
        self.versions.iter().find(|version| version.since <= at)
    }

    /// Returns the place of the indicator of this name. A name that an indicator of the built-in
    /// standard had in earlier versions finds it too, see [`RENAMED_INDICATORS`].
    #[must_use]
    pub fn find_indicator(&self, name: &str) -> Option<usize> {
        let find = |name: &str| self.indicators.iter().position(|indicator| indicator.name == name);
        find(name).or_else(|| find(current_indicator_name(name)?))
    }

    /// For each kind of fact, true if some indicator counts it.
    #[must_use]
    pub fn counted_fact_kinds(&self) -> Vec<bool> {
        let mut summed = vec![false; self.kinds.count()];
        let tallies = self.indicators.iter().flat_map(|indicator| indicator.fact_tallies());
        tallies.for_each(|tally| summed[usize::from(tally.kind.0)] = true);
        summed
    }

    /// For each kind of fact, true if some indicator counts it or some commitment uses it.
    #[must_use]
    pub fn needed_fact_kinds(&self) -> Vec<bool> {
        let mut wanted = self.counted_fact_kinds();
        let mut want = |kind: FactKind| wanted[usize::from(kind.0)] = true;
        for commitment in &self.commitments {
            want(commitment.from);
            want(commitment.until);
            commitment.terms.iter().flat_map(|terms| &terms.void).copied().for_each(&mut want);
        }
        wanted
    }
}

impl FirstContactRule {
    /// The most a standard may have: a contact keeps a bit for each.
    pub const MAX_RULES: usize = 16;
    /// The shortest and the longest repeat window, in milliseconds.
    pub const REPEAT_WINDOW_RANGE_MS: std::ops::RangeInclusive<i64> = 24 * HOUR..=30 * 24 * HOUR;

    /// All facts that it looks at.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        self.contacts.iter().chain(&self.invalidated_by).chain(&self.excluded_by)
    }
}
