//! The indicators that are compared: each as a paragraph for the standard, and as what the oracle is to compute.

use super::hours::{HOUR, MINUTE, SECOND};
use super::meaning::{Attributes, DIMENSIONS, Fact};
use super::promises;
use std::fmt::Write;

/// A limit of a fact's duration, by its name in a standard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Within(i64),
    Below(i64),
    Beyond(i64),
    From(i64),
}

/// Facts that count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pick {
    /// As in `call.answered`.
    pub(crate) fact: String,
    pub(crate) limit: Option<Limit>,
    /// The field, and the words of which the fact must have one.
    pub(crate) words: Option<(&'static str, &'static [&'static str])>,
    /// The dimension, and the values of which the case must have one.
    pub(crate) place: Option<(&'static str, &'static [&'static str])>,
    pub(crate) answers: &'static [i64],
}

/// What is computed.
#[derive(Clone, Debug)]
pub(crate) enum Formula {
    Ratio(Vec<Pick>, Vec<Pick>),
    Duration(Vec<Pick>),
    Level(Vec<Pick>),
    Oldest(Vec<Pick>),
    Score(Vec<Pick>),
}

/// An indicator. The targets are those of [`Indicator::toml`].
#[derive(Clone, Debug)]
pub(crate) struct Indicator {
    pub(crate) name: String,
    pub(crate) formula: Formula,
}

/// What the answers 1 to 5 count.
pub(crate) const WEIGHTS: [f64; 5] = [0.0, 0.2, 0.5, 0.8, 1.0];
/// From here on a ratio is good, and from here on out of danger.
pub(crate) const TARGET: (f64, f64) = (0.5, 0.75);
/// A ratio of less is a small sample.
pub(crate) const SMALL: i64 = 2;

fn pick(fact: &str) -> Pick {
    Pick { fact: fact.to_owned(), ..Pick::default() }
}

fn limited(fact: &str, limit: Limit) -> Pick {
    Pick { limit: Some(limit), ..pick(fact) }
}

fn worded(fact: &str, field: &'static str, words: &'static [&'static str]) -> Pick {
    Pick { words: Some((field, words)), ..pick(fact) }
}

/// All indicators.
pub(crate) fn all() -> Vec<Indicator> {
    let mut all = contacts();
    for family in ["repair", "install"] {
        orders(family, &mut all);
    }
    for promise in promises::all() {
        let fact = |name: &str| pick(&format!("{}.{name}", promise.name));
        let mut add = |name: &str, formula: Formula| all.push(Indicator { name: format!("{}_{name}", promise.name), formula });
        add("in_time", Formula::Ratio(vec![fact("kept")], vec![fact("kept"), fact("missed")]));
        add("due_kept", Formula::Ratio(vec![fact("kept_due")], vec![fact("promised")]));
        add("gross", Formula::Duration(vec![fact("kept")]));
        add("net", Formula::Duration(vec![fact("net")]));
        add("late", Formula::Duration(vec![fact("late")]));
        let customer = worded(&fact("excused").fact, "liable", &["customer"]);
        add("excused", Formula::Ratio(vec![customer], vec![fact("excused")]));
        add("running", Formula::Level(vec![fact("running")]));
        add("overdue", Formula::Level(vec![fact("overdue")]));
        add("stopped", Formula::Oldest(vec![fact("stopped")]));
        if promise.due_soon.is_some() {
            add("due_soon", Formula::Level(vec![fact("due_soon")]));
            add("soonest", Formula::Oldest(vec![fact("due_soon")]));
        }
        if let Some((word, _)) = promise.warn.first() {
            let words: &'static [&'static str] = std::slice::from_ref(word);
            add("warned", Formula::Ratio(vec![worded(&fact("warned").fact, "at", words)], vec![fact("warned")]));
        }
    }
    all
}

fn contacts() -> Vec<Indicator> {
    use Formula::{Duration, Level, Oldest, Ratio, Score};
    use Limit::{Below, Beyond, From, Within};
    let gone = || vec![pick("call.answered"), pick("call.abandoned"), pick("call.overflowed")];
    let all = [
        ("answer_rate", Ratio(vec![pick("call.answered")], gone())),
        (
            "service_level",
            Ratio(vec![limited("call.answered", Within(20 * SECOND)), limited("call.abandoned", Below(10 * SECOND))], gone()),
        ),
        ("full", Ratio(vec![worded("call.overflowed", "reason", &["full", "timeout"])], vec![pick("call.offered")])),
        ("passed_on", Ratio(vec![worded("call.transferred", "to", &["second_level"])], vec![pick("call.transferred")])),
        ("solved", Ratio(vec![worded("call.ended", "resolved", &["true"])], vec![pick("call.ended")])),
        ("long_waits", Ratio(vec![limited("call.completed", Beyond(20 * SECOND))], vec![pick("call.completed")])),
        ("calls_lost", Ratio(vec![limited("call.expired", From(90 * SECOND))], vec![pick("call.expired")])),
        ("speed_of_answer", Duration(vec![pick("call.answered")])),
        ("patience", Duration(vec![pick("call.abandoned"), worded("call.overflowed", "reason", &["key"])])),
        ("talk", Duration(vec![Pick { place: Some(("tier", &["vip", "gold"])), ..pick("call.ended") }])),
        ("handling", Duration(vec![pick("call.handled")])),
        ("completed_wait", Duration(vec![pick("call.completed")])),
        ("calls_lost_after", Duration(vec![pick("call.expired"), pick("queue.expired"), pick("agent.expired"), pick("repair.expired")])),
        ("calls_waiting", Level(vec![pick("call.waiting")])),
        ("calls_talking", Level(vec![pick("call.talking")])),
        ("contacts_waiting", Level(vec![pick("call.waiting"), pick("queue.waiting")])),
        ("longest_wait", Oldest(vec![pick("call.waiting"), pick("queue.waiting")])),
        ("longest_vip_wait", Oldest(vec![Pick { place: Some(("tier", &["vip"])), ..pick("call.waiting") }])),
        ("hall_wait", Duration(vec![pick("queue.called")])),
        ("hall_left", Duration(vec![pick("queue.left")])),
        ("hall_no_show", Ratio(vec![worded("queue.left", "reason", &["no_show"])], vec![pick("queue.joined")])),
        ("hall_service", Duration(vec![pick("queue.served")])),
        ("hall_solved", Ratio(vec![worded("queue.served", "resolved", &["true"])], vec![pick("queue.served")])),
        ("at_counter", Level(vec![pick("queue.at_counter")])),
        ("satisfied", Ratio(vec![Pick { answers: &[4, 5], ..pick("survey.rated") }], vec![pick("survey.rated")])),
        ("score", Score(vec![pick("survey.rated")])),
        ("ready_time", Duration(vec![pick("agent.ready_time")])),
        ("busy_time", Duration(vec![pick("agent.talking_time"), pick("agent.wrapup_time")])),
        ("break_time", Duration(vec![pick("agent.pause_time")])),
        ("agents_ready", Level(vec![pick("agent.ready")])),
        ("agents_in", Level(vec![pick("agent.ready"), pick("agent.talking"), pick("agent.wrapup"), pick("agent.pause")])),
        ("longest_away", Oldest(vec![pick("agent.pause"), pick("agent.offline")])),
    ];
    all.map(|(name, formula)| Indicator { name: name.to_owned(), formula }).into()
}

fn orders(family: &str, all: &mut Vec<Indicator>) {
    let fact = |name: &str| pick(&format!("{family}.{name}"));
    let once = |name: &str, of: &str| Formula::Ratio(vec![fact(name)], vec![fact(of)]);
    let wording = |name: &str, field: &'static str, words: &'static [&'static str]| worded(&fact(name).fact, field, words);
    let formulas = [
        ("assigned", Formula::Duration(vec![fact("assigned")])),
        ("arrived", Formula::Duration(vec![fact("arrived")])),
        ("replied", Formula::Duration(vec![fact("replied")])),
        ("resolved", Formula::Duration(vec![fact("resolved")])),
        ("restored", Formula::Duration(vec![fact("first_resolved")])),
        ("by_first_owner", once("by_first_owner", "first_resolved")),
        ("reopen_rate", once("reopened_once", "first_resolved")),
        ("reopened", Formula::Ratio(vec![wording("reopened", "reason", &["same_fault"])], vec![fact("reopened")])),
        ("called_back", once("confirmed_once", "first_resolved")),
        ("happy", Formula::Ratio(vec![wording("confirmed", "satisfied", &["true"])], vec![fact("confirmed")])),
        ("escalated", once("escalated_once", "opened")),
        ("to_regulator", Formula::Ratio(vec![wording("escalated", "level", &["regulator"])], vec![fact("escalated")])),
        ("paused_time", Formula::Duration(vec![fact("resumed")])),
        ("parts_time", Formula::Duration(vec![Pick { limit: Some(Limit::From(MINUTE)), ..wording("resumed", "reason", &["parts"]) }])),
        ("cancelled", Formula::Ratio(vec![wording("cancelled", "reason", &["absent"])], vec![fact("cancelled")])),
        ("lost", Formula::Ratio(vec![limited(&fact("expired").fact, Limit::From(24 * HOUR))], vec![fact("opened")])),
        ("open", Formula::Level(vec![fact("open")])),
        ("outages_open", Formula::Level(vec![Pick { place: Some(("class", &["outage"])), ..fact("open") }])),
        ("oldest_open", Formula::Oldest(vec![fact("open")])),
        ("paused", Formula::Oldest(vec![fact("paused")])),
    ];
    all.extend(formulas.map(|(name, formula)| Indicator { name: format!("{family}s_{name}"), formula }));
}

impl Pick {
    /// Whether a fact of this kind counts.
    pub(crate) fn takes(&self, fact: &Fact, attributes: &Attributes) -> bool {
        let value = fact.value;
        let limit = match self.limit {
            None => true,
            Some(Limit::Within(millis)) => value.is_some_and(|value| value <= millis),
            Some(Limit::Below(millis)) => value.is_some_and(|value| value < millis),
            Some(Limit::Beyond(millis)) => value.is_some_and(|value| value > millis),
            Some(Limit::From(millis)) => value.is_some_and(|value| value >= millis),
        };
        let word = self.words.is_none_or(|(_, words)| fact.word.is_some_and(|word| words.contains(&word)));
        let place = self.place.is_none_or(|(dimension, values)| {
            let place = DIMENSIONS.iter().position(|known| *known == dimension).expect("a dimension");
            attributes[place].is_some_and(|value| values.contains(&value))
        });
        limit && word && place && (self.answers.is_empty() || value.is_some_and(|value| self.answers.contains(&value)))
    }

    /// The family or commitment, and the fact.
    pub(crate) fn name(&self) -> (&str, &str) {
        self.fact.split_once('.').expect("a name with a dot")
    }

    fn toml(&self) -> String {
        let mut fields = format!("fact = \"{}\"", self.fact);
        let (name, millis) = match self.limit {
            None => ("", 0),
            Some(Limit::Within(millis)) => ("within", millis),
            Some(Limit::Below(millis)) => ("below", millis),
            Some(Limit::Beyond(millis)) => ("beyond", millis),
            Some(Limit::From(millis)) => ("from", millis),
        };
        let mut say = |text: String| write!(fields, ", {text}").expect("a text can be written");
        if !name.is_empty() {
            say(format!("{name} = \"{millis}ms\""));
        }
        if let Some((field, words)) = self.words {
            // True and false are written as such, one word as a text, several as a list.
            say(match words {
                ["true"] => format!("{field} = true"),
                [one] => format!("{field} = \"{one}\""),
                several => format!("{field} = {several:?}"),
            });
        }
        if let Some((dimension, values)) = self.place {
            say(format!("where = {{ {dimension} = {values:?} }}"));
        }
        if !self.answers.is_empty() {
            say(format!("answers = {:?}", self.answers));
        }
        format!("{{ {fields} }}")
    }
}

fn list(picks: &[Pick]) -> String {
    format!("[{}]", picks.iter().map(Pick::toml).collect::<Vec<_>>().join(", "))
}

impl Indicator {
    /// Its picks; those of a numerator first.
    pub(crate) fn picks(&self) -> Vec<&Pick> {
        match &self.formula {
            Formula::Ratio(good, of) => good.iter().chain(of).collect(),
            Formula::Duration(of) | Formula::Level(of) | Formula::Oldest(of) | Formula::Score(of) => of.iter().collect(),
        }
    }

    /// Its paragraph of the standard.
    pub(crate) fn toml(&self) -> String {
        let formula = match &self.formula {
            Formula::Ratio(good, of) => {
                let (target, warning) = TARGET;
                format!(
                    "ratio = {{ good = {}, of = {} }}\ntarget = {{ at_least = {target}, warning = {warning} }}\nsmall_sample = {SMALL}",
                    list(good),
                    list(of)
                )
            }
            Formula::Duration(of) => format!("duration = {}", list(of)),
            Formula::Level(of) => format!("level = {}", list(of)),
            Formula::Oldest(of) => format!("level = {}\noldest = true", list(of)),
            Formula::Score(of) => format!("score = {}\nweights = {WEIGHTS:?}", list(of)),
        };
        format!("\n[indicator.{0}]\ntitle = {{ en = \"{0}\", zh = \"{0}\" }}\n{formula}\n", self.name)
    }
}
