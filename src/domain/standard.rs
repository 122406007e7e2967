//! The standard as the core needs it: checked, every name replaced by its place. `crate::standard` makes it from a file.

use super::calendar::Calendar;
use super::event::{EventType, Family, Verb};
use super::fact::{FactKind, Kinds};
use super::window::Window;
use std::collections::BTreeMap;

/// What a service organisation promises and how that is measured.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Its name, as in `telecom`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The first day it holds, as `YYYY-MM-DD`.
    pub date_of_effect: String,
    /// What people call it.
    pub title: Title,
    /// Where the day begins.
    pub time_zone: jiff::tz::TimeZone,
    /// What events must look like to be understood.
    pub schema: Schema,
    /// Which dimensions make the scopes: places in [`Schema::dimensions`].
    pub scopes: Vec<Vec<usize>>,
    /// The windows every indicator is read over; at most [`super::window::LANES`].
    pub windows: Vec<Window>,
    /// After this many milliseconds without any event every reading is stale.
    pub stale_after_ms: Option<i64>,
    /// The kinds of facts.
    pub kinds: Kinds,
    /// The working calendars.
    pub calendars: Vec<Calendar>,
    /// The promises with a clock.
    pub commitments: Vec<Commitment>,
    /// The indicators that look at all contacts of a customer.
    pub one_shots: Vec<OneShot>,
    /// What is read.
    pub indicators: Vec<Indicator>,
}

/// How events are understood: the dimensions and the event types.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The fields of `data` that make groups of cases.
    pub dimensions: Vec<String>,
    /// The families of cases, by their places.
    pub families: Vec<String>,
    types: BTreeMap<String, EventType>,
}

impl Schema {
    /// The most dimensions a standard may declare.
    pub const DIMENSIONS: usize = 8;
    /// The most families of cases there can be: one bit each in a word.
    pub const FAMILIES: usize = 64;

    /// A schema with the families that always exist and the given families of orders.
    #[must_use]
    pub fn new(dimensions: Vec<String>, orders: &[String]) -> Schema {
        let families: Vec<String> =
            ["call", "queue", "survey", "agent"].into_iter().map(String::from).chain(orders.iter().cloned()).collect();
        let mut types = BTreeMap::new();
        for (number, name) in families.iter().enumerate() {
            let family = Family(u8::try_from(number).unwrap_or(u8::MAX));
            for (verb_name, verb) in Verb::of(family) {
                types.insert(format!("{name}.{verb_name}"), EventType { family, verb: *verb });
            }
        }
        Schema { dimensions, families, types }
    }

    /// The event type of this name.
    #[must_use]
    pub fn event_type(&self, name: &str) -> Option<EventType> {
        self.types.get(name).copied()
    }

    /// Every event type with its name.
    pub fn event_types(&self) -> impl Iterator<Item = (&str, EventType)> {
        self.types.iter().map(|(name, kind)| (name.as_str(), *kind))
    }
}

/// A name for people, in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Title {
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
    pub family: Family,
    /// The fact that starts the clock.
    pub from: FactKind,
    /// The fact that keeps the promise.
    pub until: FactKind,
    /// When it must be kept.
    pub deadline: Deadline,
    /// The facts that make it void if they come first.
    pub void: Vec<FactKind>,
    /// How long before the deadline a running commitment stands as due soon.
    pub due_soon_ms: Option<i64>,
    /// The first of the facts it makes.
    pub facts: FactKind,
}

/// The rule that gives a commitment's deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deadline {
    /// So many milliseconds after it started.
    Within(i64),
    /// The `due` of the case's events; the last one said holds.
    Due,
}

/// First-contact resolution: a contact resolved the matter if no other by the same customer follows in time.
#[derive(Clone, Debug)]
pub struct OneShot {
    /// The facts that are contacts.
    pub contacts: Vec<FactKind>,
    /// A later contact within so many milliseconds, on the same topic where both are known, is a repeat.
    pub within_ms: i64,
    /// The first of the facts it makes.
    pub facts: FactKind,
}

/// A definition over facts.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Its public name, as in `answer_rate`.
    pub name: String,
    /// What people call it.
    pub title: Title,
    /// What is computed.
    pub formula: Formula,
    /// What is promised.
    pub target: Option<Target>,
    /// Below this many cases a reading is a small sample.
    pub small_sample: u64,
    /// The families it speaks of, a bit each.
    pub families: u64,
}

/// What an indicator computes.
#[derive(Clone, Debug)]
pub enum Formula {
    /// The share of `good` in `of`.
    Ratio {
        /// The numerator: the sum of these tallies.
        good: Vec<Tally>,
        /// The denominator: the sum of these tallies.
        of: Vec<Tally>,
        /// The repeat window of a one-shot indicator, whose readings are provisional until it has passed.
        matures_ms: Option<i64>,
    },
    /// Mean, percentiles and maximum of the facts' durations.
    Duration {
        /// The facts whose durations are taken.
        of: Vec<Tally>,
    },
    /// How many stand now.
    Level {
        /// The standing facts that are counted.
        of: Vec<Tally>,
    },
    /// How old the oldest standing fact is now.
    Oldest {
        /// The standing facts that are looked at.
        of: Vec<Tally>,
    },
    /// The mean weight of the answers.
    Score {
        /// The facts whose answers are taken.
        of: Vec<Tally>,
        /// What the answers 1, 2, 3 ... count.
        weights: Vec<f64>,
    },
}

/// One kind of fact, counted if its value and its case's attributes fit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tally {
    /// The kind of fact.
    pub kind: FactKind,
    /// Its value must lie in this range, both ends included; `None` takes any value, also an unknown one.
    pub values: Option<(i64, i64)>,
    /// For each dimension named, the attributes that fit.
    pub conditions: Vec<(usize, Vec<String>)>,
}

/// What is promised of an indicator's value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target {
    /// Which side of the threshold is good.
    pub better: Better,
    /// The promised value: a ratio, seconds, a count or a score.
    pub value: f64,
    /// From here on the target is in danger.
    pub warning: Option<f64>,
}

/// Which values of an indicator are the good ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// At least the target.
    Higher,
    /// At most the target.
    Lower,
}

impl Indicator {
    /// The facts that the indicator is made of.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        let (first, second): (&[Tally], &[Tally]) = match &self.formula {
            Formula::Ratio { good, of, .. } => (good, of),
            Formula::Duration { of } | Formula::Level { of } | Formula::Oldest { of } | Formula::Score { of, .. } => (of, &[]),
        };
        first.iter().chain(second)
    }

    /// The unit of its value, as in Prometheus names.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.formula {
            Formula::Ratio { .. } => "ratio",
            Formula::Duration { .. } | Formula::Oldest { .. } => "seconds",
            Formula::Level { .. } => "count",
            Formula::Score { .. } => "score",
        }
    }
}
