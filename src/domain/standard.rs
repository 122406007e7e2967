//! Validated standard with names replaced by indexes. `crate::standard_file` builds it from a file.

pub mod alert_policy;
pub mod benchmark;
mod calendar_lookup;
pub mod commitment;
mod event_schema;
pub mod indicator;
mod indicator_coverage;
pub mod label;
pub mod metric_family;
pub mod metric_name;
pub mod population;
pub mod schema_translation;
pub mod scope;
pub mod score_scale;
pub mod source;
pub mod target;
mod target_lookup;
pub mod weighted;

use self::alert_policy::AlertPolicy;
pub use self::benchmark::Benchmark;
pub use self::commitment::{
    Commitment, CommitmentTerms, CommitmentWarning, DeadlineChoice, DeadlineRule, HolderRule,
    MissHolder, PauseTerms, ReopeningEffect, WarningTime,
};
pub use self::event_schema::EventSchema;
pub use self::indicator::{FactTally, Formula, Indicator, ScoreScheme};
use self::population::PopulationTable;
use self::source::DeclaredSource;
pub use self::target::{DatedTargets, ScopedTarget, Target, TargetDirection, TargetStart};
use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::facts::catalog::{CountedUnit, FactKind, FactKinds, place::one_shot};
use crate::domain::time::calendar::Calendar;
use crate::domain::time::time_zones::TimeZones;
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use crate::domain::time::window::Window;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Service standard of an organization: its commitments, targets and measurement rules.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Name, as in `telecom`.
    pub name: String,
    /// Newest loaded version.
    pub version: String,
    /// First day of that version, as `YYYY-MM-DD`.
    pub date_of_effect: String,
    /// All loaded versions, newest first. The last one applies from the beginning of time.
    /// Commitment terms and targets have one entry per version.
    pub versions: Vec<StandardVersion>,
    /// Display title.
    pub title: LocalizedTitle,
    /// Time zones that decide at which moment a day begins.
    pub zones: TimeZones,
    /// Schema of accepted events.
    pub schema: EventSchema,
    /// Dimensions of each kind of scope, as indexes into [`EventSchema::dimensions`].
    pub scopes: Vec<Vec<usize>>,
    /// Windows of every indicator, at most [`crate::domain::time::window::MAX_WINDOWS`].
    pub windows: Vec<Window>,
    /// Dimensions whose values name the unit that holds an order, as a bit set.
    pub holder_dimensions: u16,
    /// True if scopes with the dimension `agent` are in `/metrics` and in the answers to requests
    /// that do not name it.
    pub publishes_agents: bool,
    /// Time in ms without any event after which every reading is stale. `None` disables this.
    pub stale_after_ms: Option<i64>,
    /// Age in ms at which a current-state fact expires, by kind. Its end event is then considered
    /// missing.
    pub expiry: Vec<(FactKind, i64)>,
    /// Time in ms after the end of a contact or ticket from which an arrival of the same subject
    /// begins a new case.
    pub reuse_after_ms: i64,
    /// Retention of cases in the running service.
    pub horizon: RetentionHorizon,
    /// Declared sources, in the order of [`EventSchema::sources`].
    pub sources: Vec<DeclaredSource>,
    /// Outside series, in the order of [`EventSchema::benchmarks`].
    pub benchmarks: Vec<Benchmark>,
    /// User populations for rates.
    pub populations: Vec<PopulationTable>,
    /// Kinds of facts.
    pub kinds: FactKinds,
    /// Working calendars.
    pub calendars: Vec<Calendar>,
    /// Commitments with a due time.
    pub commitments: Vec<Commitment>,
    /// Rules for first contact resolution.
    pub first_contact_rules: Vec<FirstContactRule>,
    /// Indicators.
    pub indicators: Vec<Indicator>,
    /// Alert policies of the newest version.
    pub policies: Vec<AlertPolicy>,
    /// Texts of the labels that the standard's file names.
    pub label_texts: BTreeMap<Symbol, String>,
    /// Source files, each with its name and text, also the iCalendar files of its calendars. The
    /// journal stores them.
    pub files: Arc<[(String, String)]>,
}

impl Standard {
    /// Default of [`Standard::reuse_after_ms`].
    pub const REUSE_AFTER_DEFAULT_MS: i64 = HOUR;

    /// Sets `reuse_after` of the source with this name in events, unless the standard sets it.
    /// Returns false if the source is not declared and there is no room for another.
    pub fn set_reuse_after(&mut self, source: &str, reuse_after_ms: i64) -> bool {
        if let Some(place) = self.schema.sources.iter().position(|known| known == source) {
            self.sources[place].reuse_after_ms.get_or_insert(reuse_after_ms);
            return true;
        }
        if self.sources.len() >= DeclaredSource::MAX_SOURCES {
            return false;
        }
        self.schema.sources.push(source.to_owned());
        self.sources.push(DeclaredSource {
            name: source.to_owned(),
            silent_after_ms: DeclaredSource::NEVER_SILENT,
            silence_calendar: None,
            reuse_after_ms: Some(reuse_after_ms),
            conditions: Vec::new(),
            families: u64::MAX,
        });
        true
    }
}

/// Version of a standard.
///
/// Terms and targets come from the version in force. All other parts, such as dimensions, windows
/// and formulas, come from the newest version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandardVersion {
    /// Version name.
    pub version: String,
    /// First day in force, as `YYYY-MM-DD`.
    pub date_of_effect: String,
    /// Start of validity: midnight of that day in the standard's default zone.
    pub since: Timestamp,
}

/// Retention of cases and lateness limit of events in a long-running service. A replay retains all.
///
/// An event is too old if its time is before the horizon **and** before every current calendar
/// window (`today`, `week`, `month` ...) in every zone of the standard. So events of the current
/// month can be corrected as long as the month is open. A closed case is retained while its events
/// are accepted, and up to one hour more. After that only its sums remain.
///
/// A retained case takes about 170 bytes in total. With 100 000 cases a day, a horizon of one day
/// holds 17 MB. A window `month` holds up to 530 MB at the end of each month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetentionHorizon {
    /// Horizon of contacts, tickets, surveys and agents, in milliseconds.
    pub contacts_ms: i64,
    /// Horizon of orders, in milliseconds.
    pub orders_ms: i64,
    /// Maximum time in ms by which an event may be ahead of the clock.
    pub ahead_ms: i64,
}

impl Default for RetentionHorizon {
    /// Returns one day for contacts, 60 days for orders and one minute ahead.
    fn default() -> Self {
        RetentionHorizon { contacts_ms: 24 * HOUR, orders_ms: 60 * 24 * HOUR, ahead_ms: MINUTE }
    }
}

impl RetentionHorizon {
    /// Returns the minimum retention in milliseconds of cases with this life cycle.
    #[must_use]
    pub fn for_life_cycle(&self, life_cycle: LifeCycle) -> i64 {
        if life_cycle == LifeCycle::Order { self.orders_ms } else { self.contacts_ms }
    }
}

/// Display title in English and Chinese.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct LocalizedTitle {
    /// English text.
    pub en: String,
    /// Chinese text.
    pub zh: String,
}

/// First contact resolution (FCR): a contact resolved the matter if no invalidating fact happens to
/// its case and no repeat of the same customer follows within the repeat window.
#[derive(Clone, Debug)]
pub struct FirstContactRule {
    /// Contacts of calls, tickets, surveys and agents. Each counts when it happens.
    pub contacts: Vec<FactTally>,
    /// First resolutions of orders. They are the contacts of the orders and count when they happen.
    pub resolutions: Vec<FactTally>,
    /// Facts that repeat an earlier contact of the same customer: the contacts above, the openings
    /// of the orders, and the facts of `followed_by`.
    pub repeats: Vec<FactTally>,
    /// Repeat window in ms. A repeat of another case within it makes the contact unresolved. The
    /// topics must match if both are known.
    pub within_ms: i64,
    /// Facts that make a contact of the same case unresolved: for the resolution of an order at any
    /// time, for other contacts at the same time or within the window.
    pub invalidated_by: Vec<FactTally>,
    /// Facts that exclude a contact of the same case from the count.
    pub excluded_by: Vec<FactTally>,
    /// True if a contact counts when its repeat window has passed, false if it counts at once.
    pub counted_when_matured: bool,
    /// First of the fact kinds that it derives.
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
    /// Returns the version in force at `at`. `None` for `at` means the beginning of time.
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

    /// Returns the unit that an indicator's readings count in a kind of scope; `None` if the
    /// indicator is not about contacts.
    #[must_use]
    pub fn counted_unit(&self, indicator: usize, scope_kind: usize) -> Option<CountedUnit> {
        let leg_scope =
            self.scopes.get(scope_kind).is_some_and(|scope| self.schema.is_leg_scope(scope));
        let formula = &self.indicators[indicator].formula;
        if let Formula::Difference { first, .. } = formula {
            return self.counted_unit(*first, scope_kind);
        }
        formula.fact_tallies().find_map(|tally| self.kinds.counted_unit(tally.kind, leg_scope))
    }

    /// Returns the families of the facts of each operand of a formula, as bit masks. A difference and
    /// a weighted score have the operands of their indicators. The families of a first contact fact
    /// are those of its contacts.
    #[must_use]
    pub fn operand_families(&self, formula: &Formula) -> Vec<u64> {
        let bit = |kind: FactKind| 1 << (self.kinds.family(kind).0 & 63);
        let families_of = |kind: FactKind| {
            let rule = self.first_contact_rules.iter().find(|rule| rule.derives(kind));
            rule.map_or_else(
                || bit(kind),
                |rule| rule.counted_tallies().fold(0, |all, tally| all | bit(tally.kind)),
            )
        };
        let indicators = formula.operand_indicators();
        if !indicators.is_empty() {
            let all = indicators.into_iter();
            let families =
                all.flat_map(|place| self.operand_families(&self.indicators[place].formula));
            return families.collect();
        }
        let operands = formula.operands().into_iter();
        operands
            .map(|tallies| tallies.iter().fold(0, |all, tally| all | families_of(tally.kind)))
            .collect()
    }

    /// Returns true for each kind of fact that some indicator counts.
    #[must_use]
    pub fn counted_fact_kinds(&self) -> Vec<bool> {
        let mut counted = vec![false; self.kinds.count()];
        for Indicator { formula, .. } in &self.indicators {
            let tallies = formula.fact_tallies().chain(formula.timed_states().flatten());
            tallies.for_each(|tally| counted[usize::from(tally.kind.0)] = true);
        }
        counted
    }

    /// Returns true for each kind of fact that some indicator counts or some commitment uses.
    #[must_use]
    pub fn needed_fact_kinds(&self) -> Vec<bool> {
        let mut needed = self.counted_fact_kinds();
        let mut mark_needed = |kind: FactKind| needed[usize::from(kind.0)] = true;
        for commitment in &self.commitments {
            mark_needed(commitment.from);
            mark_needed(commitment.until);
            commitment
                .terms
                .iter()
                .flat_map(|terms| &terms.void)
                .copied()
                .for_each(&mut mark_needed);
        }
        needed
    }
}

impl FirstContactRule {
    /// Maximum number of rules. A contact stores one bit for each.
    pub const MAX_RULES: usize = 16;
    /// Allowed repeat windows in milliseconds.
    pub const REPEAT_WINDOW_RANGE_MS: std::ops::RangeInclusive<i64> = 24 * HOUR..=30 * 24 * HOUR;

    /// Iterates over the facts that the rule counts.
    pub fn counted_tallies(&self) -> impl Iterator<Item = &FactTally> {
        self.contacts.iter().chain(&self.resolutions)
    }

    /// Returns true if the rule derives facts of this kind.
    #[must_use]
    pub fn derives(&self, kind: FactKind) -> bool {
        [one_shot::CONTACTS, one_shot::ONCE]
            .into_iter()
            .any(|offset| self.first_fact.offset_by(offset) == kind)
    }

    /// Iterates over all facts that the rule uses.
    pub fn fact_tallies(&self) -> impl Iterator<Item = &FactTally> {
        let of_same_case = self.invalidated_by.iter().chain(&self.excluded_by);
        self.counted_tallies().chain(&self.repeats).chain(of_same_case)
    }
}
