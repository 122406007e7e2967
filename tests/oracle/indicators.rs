//! Compared indicators: their sections of the standard and their formulas for the oracle.

use super::board::is_leg_scope;
use super::calendar::{HOUR, MINUTE, OracleCalendar, SECOND};
use super::case_facts::{DIMENSIONS, DimensionValues, OracleFact, zone_of};
use super::commitments;
use super::holders::MissedBy;
use super::targets;
use std::fmt::Write;

/// Limit of a fact's duration in milliseconds, named as in a standard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DurationLimit {
    Within(i64),
    Below(i64),
    Beyond(i64),
    From(i64),
}

/// Selection of facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct FactPick {
    /// Full name, as in `call.answered`.
    pub(crate) fact: String,
    pub(crate) limit: Option<DurationLimit>,
    /// Field and the accepted values.
    pub(crate) field_values: Option<(&'static str, &'static [&'static str])>,
    /// Dimension and the accepted values.
    pub(crate) dimension_values: Option<(&'static str, &'static [&'static str])>,
    /// Accepted answers; empty accepts all.
    pub(crate) answers: &'static [i64],
    /// Calendar in whose open hours the fact happened.
    pub(crate) calendar: Option<OracleCalendar>,
}

/// Formula of an indicator. Picks of a ratio are the numerator and the denominator.
#[derive(Clone, Debug)]
pub(crate) enum OracleFormula {
    Ratio(Vec<FactPick>, Vec<FactPick>),
    Duration(Vec<FactPick>),
    Count(Vec<FactPick>),
    /// Sum of shares of misses.
    MissCount(Vec<FactPick>),
    Level(Vec<FactPick>),
    /// Time-weighted mean of a level.
    MeanLevel(Vec<FactPick>),
    Oldest(Vec<FactPick>),
    Score(Vec<FactPick>),
    /// Names of ratios, each with its weight.
    Weighted(Vec<(&'static str, f64)>),
    /// Part and whole.
    Share(Vec<FactPick>, Vec<FactPick>),
}

/// Compared indicator. [`OracleIndicator::to_toml`] sets the targets.
#[derive(Clone, Debug)]
pub(crate) struct OracleIndicator {
    pub(crate) name: String,
    pub(crate) formula: OracleFormula,
}

/// Weights of the answers 1 to 5.
pub(crate) const SCORE_WEIGHTS: [f64; 5] = [0.0, 0.2, 0.5, 0.8, 1.0];
/// Ratios with fewer cases are small samples.
pub(crate) const SMALL_SAMPLE: i64 = 2;

fn pick_fact(fact: &str) -> FactPick {
    FactPick { fact: fact.to_owned(), ..FactPick::default() }
}

fn pick_with_limit(fact: &str, limit: DurationLimit) -> FactPick {
    FactPick { limit: Some(limit), ..pick_fact(fact) }
}

fn pick_with_values(fact: &str, field: &'static str, values: &'static [&'static str]) -> FactPick {
    FactPick { field_values: Some((field, values)), ..pick_fact(fact) }
}

/// Returns all compared indicators.
pub(crate) fn all_indicators() -> Vec<OracleIndicator> {
    let mut all = contact_indicators();
    for family in ["repair", "install"] {
        add_order_indicators(family, &mut all);
    }
    for commitment in commitments::all_commitments() {
        let fact = |name: &str| pick_fact(&format!("{}.{name}", commitment.name));
        let mut add = |name: &str, formula: OracleFormula| {
            all.push(OracleIndicator { name: format!("{}_{name}", commitment.name), formula });
        };
        add(
            "in_time",
            OracleFormula::Ratio(vec![fact("kept")], vec![fact("kept"), fact("missed")]),
        );
        add("due_kept", OracleFormula::Ratio(vec![fact("kept_due")], vec![fact("promised")]));
        add("gross", OracleFormula::Duration(vec![fact("kept")]));
        add("net", OracleFormula::Duration(vec![fact("net")]));
        add("late", OracleFormula::Duration(vec![fact("late")]));
        let customer = pick_with_values(&fact("excused").fact, "liable", &["customer"]);
        add("excused", OracleFormula::Ratio(vec![customer], vec![fact("excused")]));
        add("running", OracleFormula::Level(vec![fact("running")]));
        add("overdue", OracleFormula::Level(vec![fact("overdue")]));
        add("pressing_mean", OracleFormula::MeanLevel(vec![fact("overdue"), fact("stopped")]));
        add("stopped", OracleFormula::Oldest(vec![fact("stopped")]));
        if commitment.due_soon.is_some() {
            add("due_soon", OracleFormula::Level(vec![fact("due_soon")]));
            add("soonest", OracleFormula::Oldest(vec![fact("due_soon")]));
        }
        if commitment.missed_by == Some(MissedBy::Shares) {
            add("missed_share", OracleFormula::MissCount(vec![fact("missed_share")]));
        }
        if let Some((label, _)) = commitment.warn.first() {
            let labels: &'static [&'static str] = std::slice::from_ref(label);
            add(
                "warned",
                OracleFormula::Ratio(
                    vec![pick_with_values(&fact("warned").fact, "at", labels)],
                    vec![fact("warned")],
                ),
            );
        }
    }
    all
}

fn contact_indicators() -> Vec<OracleIndicator> {
    use DurationLimit::{Below, Beyond, From, Within};
    use OracleFormula::{Count, Duration, Level, MeanLevel, Oldest, Ratio, Score, Share, Weighted};
    let gone = || {
        vec![pick_fact("call.answered"), pick_fact("call.abandoned"), pick_fact("call.overflowed")]
    };
    let once = |good: &str, of: &str| Ratio(vec![pick_fact(good)], vec![pick_fact(of)]);
    let all = [
        ("answer_rate", Ratio(vec![pick_fact("call.answered")], gone())),
        ("offered", Count(vec![pick_fact("call.offered")])),
        (
            "answered_by_day",
            Ratio(
                vec![FactPick {
                    calendar: Some(OracleCalendar::Field),
                    ..pick_with_limit("call.answered", Within(20 * SECOND))
                }],
                vec![pick_fact("call.answered")],
            ),
        ),
        (
            "night_exits",
            Count(vec![FactPick {
                calendar: Some(OracleCalendar::Night),
                ..pick_with_values("call.overflowed", "reason", &["full", "timeout"])
            }]),
        ),
        (
            "repairs_by_night",
            Duration(vec![
                FactPick { calendar: Some(OracleCalendar::Night), ..pick_fact("repair.resolved") },
                pick_fact("install.resolved"),
            ]),
        ),
        ("quick_answers", Count(vec![pick_with_limit("call.answered", Within(20 * SECOND))])),
        (
            "service_level",
            Ratio(
                vec![
                    pick_with_limit("call.answered", Within(20 * SECOND)),
                    pick_with_limit("call.abandoned", Below(10 * SECOND)),
                ],
                gone(),
            ),
        ),
        (
            "full",
            Ratio(
                vec![pick_with_values("call.overflowed", "reason", &["full", "timeout"])],
                vec![pick_fact("call.offered")],
            ),
        ),
        (
            "passed_on",
            Ratio(
                vec![pick_with_values("call.transferred", "to", &["second_level"])],
                vec![pick_fact("call.transferred")],
            ),
        ),
        (
            "solved",
            Ratio(
                vec![pick_with_values("call.ended", "resolved", &["true"])],
                vec![pick_fact("call.ended")],
            ),
        ),
        (
            "long_waits",
            Ratio(
                vec![pick_with_limit("call.completed", Beyond(20 * SECOND))],
                vec![pick_fact("call.completed")],
            ),
        ),
        (
            "calls_lost",
            Ratio(
                vec![pick_with_limit("call.expired", From(90 * SECOND))],
                vec![pick_fact("call.expired")],
            ),
        ),
        ("speed_of_answer", Duration(vec![pick_fact("call.answered")])),
        (
            "patience",
            Duration(vec![
                pick_fact("call.abandoned"),
                pick_with_values("call.overflowed", "reason", &["key"]),
            ]),
        ),
        (
            "talk",
            Duration(vec![FactPick {
                dimension_values: Some(("tier", &["vip", "gold"])),
                ..pick_fact("call.ended")
            }]),
        ),
        ("handling", Duration(vec![pick_fact("call.handled")])),
        ("completed_wait", Duration(vec![pick_fact("call.completed")])),
        (
            "calls_lost_after",
            Duration(vec![
                pick_fact("call.expired"),
                pick_fact("queue.expired"),
                pick_fact("agent.expired"),
                pick_fact("repair.expired"),
            ]),
        ),
        ("calls_waiting", Level(vec![pick_fact("call.waiting")])),
        ("calls_waiting_mean", MeanLevel(vec![pick_fact("call.waiting")])),
        ("calls_talking_mean", MeanLevel(vec![pick_fact("call.talking")])),
        (
            "contacts_mean",
            MeanLevel(vec![
                pick_fact("call.waiting"),
                pick_fact("queue.waiting"),
                pick_fact("queue.at_counter"),
                pick_fact("call.callback"),
            ]),
        ),
        (
            "vip_waiting_mean",
            MeanLevel(vec![FactPick {
                dimension_values: Some(("tier", &["vip"])),
                ..pick_fact("call.waiting")
            }]),
        ),
        ("legs_mean", MeanLevel(vec![pick_fact("leg.waiting"), pick_fact("leg.talking")])),
        ("staffed", MeanLevel(vec![pick_fact("agent.ready"), pick_fact("agent.talking")])),
        ("calls_talking", Level(vec![pick_fact("call.talking")])),
        ("contacts_waiting", Level(vec![pick_fact("call.waiting"), pick_fact("queue.waiting")])),
        ("longest_wait", Oldest(vec![pick_fact("call.waiting"), pick_fact("queue.waiting")])),
        (
            "longest_vip_wait",
            Oldest(vec![FactPick {
                dimension_values: Some(("tier", &["vip"])),
                ..pick_fact("call.waiting")
            }]),
        ),
        ("not_offered", once("call.not_offered", "call.not_offered")),
        (
            "to_callback",
            Ratio(
                vec![pick_with_values("call.overflowed", "reason", &["callback"])],
                vec![pick_fact("call.overflowed")],
            ),
        ),
        ("callbacks_pending", Level(vec![pick_fact("call.callback")])),
        ("callback_time", Duration(vec![pick_fact("call.called_back")])),
        ("leg_callback_time", Duration(vec![pick_fact("leg.called_back")])),
        ("missed_rings", Count(vec![pick_fact("call.ring_missed")])),
        ("missed_ring_time", Duration(vec![pick_fact("call.ring_missed")])),
        ("longest_callback", Oldest(vec![pick_fact("call.callback")])),
        (
            "leg_answer_rate",
            Ratio(
                vec![pick_fact("leg.answered")],
                vec![
                    pick_fact("leg.answered"),
                    pick_fact("leg.abandoned"),
                    pick_fact("leg.overflowed"),
                ],
            ),
        ),
        (
            "leg_overflow",
            Ratio(
                vec![pick_with_values("leg.overflowed", "reason", &["unknown", "timeout"])],
                vec![pick_fact("leg.offered")],
            ),
        ),
        ("legs_not_offered", once("leg.not_offered", "leg.not_offered")),
        ("leg_speed_of_answer", Duration(vec![pick_fact("leg.answered")])),
        ("leg_patience", Duration(vec![pick_fact("leg.abandoned"), pick_fact("leg.overflowed")])),
        ("leg_talk", Duration(vec![pick_fact("leg.talked")])),
        (
            "legs_passed_on",
            Ratio(
                vec![pick_with_values("leg.transferred", "to", &["second_level"])],
                vec![pick_fact("leg.transferred")],
            ),
        ),
        ("legs_lost_after", Duration(vec![pick_fact("leg.expired")])),
        ("legs_waiting", Level(vec![pick_fact("leg.waiting")])),
        ("legs_talking", Level(vec![pick_fact("leg.talking")])),
        ("longest_leg_wait", Oldest(vec![pick_fact("leg.waiting")])),
        ("hall_wait", Duration(vec![pick_fact("queue.called")])),
        ("hall_left", Duration(vec![pick_fact("queue.left")])),
        (
            "hall_no_show",
            Ratio(
                vec![pick_with_values("queue.left", "reason", &["no_show"])],
                vec![pick_fact("queue.joined")],
            ),
        ),
        ("hall_service", Duration(vec![pick_fact("queue.served")])),
        (
            "hall_solved",
            Ratio(
                vec![pick_with_values("queue.served", "resolved", &["true"])],
                vec![pick_fact("queue.served")],
            ),
        ),
        ("at_counter", Level(vec![pick_fact("queue.at_counter")])),
        (
            "satisfied",
            Ratio(
                vec![FactPick { answers: &[4, 5], ..pick_fact("survey.rated") }],
                vec![pick_fact("survey.rated")],
            ),
        ),
        ("score", Score(vec![pick_fact("survey.rated")])),
        (
            "friendliness",
            Score(vec![pick_with_values("survey.rated", "question", &["friendliness"])]),
        ),
        ("ready_time", Duration(vec![pick_fact("agent.ready_time")])),
        (
            "busy_time",
            Duration(vec![pick_fact("agent.talking_time"), pick_fact("agent.wrapup_time")]),
        ),
        ("break_time", Duration(vec![pick_fact("agent.pause_time")])),
        ("agents_ready", Level(vec![pick_fact("agent.ready")])),
        (
            "agents_in",
            Level(vec![
                pick_fact("agent.ready"),
                pick_fact("agent.talking"),
                pick_fact("agent.wrapup"),
                pick_fact("agent.pause"),
            ]),
        ),
        (
            "occupancy",
            Share(
                vec![pick_fact("agent.talking_time"), pick_fact("agent.wrapup_time")],
                vec![
                    pick_fact("agent.talking_time"),
                    pick_fact("agent.wrapup_time"),
                    pick_fact("agent.ready_time"),
                ],
            ),
        ),
        (
            "talking_of_outages",
            Share(
                vec![FactPick {
                    dimension_values: Some(("class", &["outage"])),
                    ..pick_fact("agent.talking_time")
                }],
                vec![pick_fact("agent.talking_time"), pick_fact("agent.pause_time")],
            ),
        ),
        // A share with a limit counts a duration as a whole when it ends.
        (
            "long_talks",
            Share(
                vec![pick_with_limit("agent.talking_time", From(10 * MINUTE))],
                vec![pick_fact("agent.talking_time")],
            ),
        ),
        (
            "contact_score",
            Weighted(vec![("answer_rate", 3.0), ("service_level", 1.5), ("solved", 1.0)]),
        ),
        ("longest_away", Oldest(vec![pick_fact("agent.pause"), pick_fact("agent.offline")])),
    ];
    all.map(|(name, formula)| OracleIndicator { name: name.to_owned(), formula }).into()
}

fn add_order_indicators(family: &str, all: &mut Vec<OracleIndicator>) {
    let fact = |name: &str| pick_fact(&format!("{family}.{name}"));
    let once = |name: &str, of: &str| OracleFormula::Ratio(vec![fact(name)], vec![fact(of)]);
    let labeled = |name: &str, field: &'static str, values: &'static [&'static str]| {
        pick_with_values(&fact(name).fact, field, values)
    };
    let formulas = [
        ("assigned", OracleFormula::Duration(vec![fact("assigned")])),
        ("arrived", OracleFormula::Duration(vec![fact("arrived")])),
        ("replied", OracleFormula::Duration(vec![fact("replied")])),
        ("resolved", OracleFormula::Duration(vec![fact("resolved")])),
        ("restored", OracleFormula::Duration(vec![fact("first_resolved")])),
        ("by_first_owner", once("by_first_owner", "first_resolved")),
        ("reopen_rate", once("reopened_once", "first_resolved")),
        (
            "reopened",
            OracleFormula::Ratio(
                vec![labeled("reopened", "reason", &["same_fault"])],
                vec![fact("reopened")],
            ),
        ),
        ("called_back", once("confirmed_once", "first_resolved")),
        (
            "happy",
            OracleFormula::Ratio(
                vec![labeled("confirmed", "satisfied", &["true"])],
                vec![fact("confirmed")],
            ),
        ),
        ("escalated", once("escalated_once", "opened")),
        (
            "to_regulator",
            OracleFormula::Ratio(
                vec![labeled("escalated", "level", &["regulator"])],
                vec![fact("escalated")],
            ),
        ),
        ("time_held", OracleFormula::Duration(vec![fact("held")])),
        ("time_held_by_ann", OracleFormula::Duration(vec![labeled("held", "owner", &["ann"])])),
        ("customer_replies", OracleFormula::Count(vec![fact("customer_replied")])),
        ("paused_time", OracleFormula::Duration(vec![fact("resumed")])),
        (
            "parts_time",
            OracleFormula::Duration(vec![FactPick {
                limit: Some(DurationLimit::From(MINUTE)),
                ..labeled("resumed", "reason", &["parts"])
            }]),
        ),
        (
            "cancelled",
            OracleFormula::Ratio(
                vec![labeled("cancelled", "reason", &["absent"])],
                vec![fact("cancelled")],
            ),
        ),
        (
            "lost",
            OracleFormula::Ratio(
                vec![pick_with_limit(&fact("expired").fact, DurationLimit::From(24 * HOUR))],
                vec![fact("opened")],
            ),
        ),
        ("open", OracleFormula::Level(vec![fact("open")])),
        ("open_mean", OracleFormula::MeanLevel(vec![fact("open")])),
        ("paused_mean", OracleFormula::MeanLevel(vec![fact("paused")])),
        (
            "outages_open",
            OracleFormula::Level(vec![FactPick {
                dimension_values: Some(("class", &["outage"])),
                ..fact("open")
            }]),
        ),
        ("oldest_open", OracleFormula::Oldest(vec![fact("open")])),
        ("paused", OracleFormula::Oldest(vec![fact("paused")])),
    ];
    all.extend(
        formulas
            .map(|(name, formula)| OracleIndicator { name: format!("{family}s_{name}"), formula }),
    );
}

impl FactPick {
    /// Returns true if the pick selects `fact` of a case with these attributes.
    pub(crate) fn matches_fact(&self, fact: &OracleFact, attributes: &DimensionValues) -> bool {
        let value = fact.value;
        let limit = match self.limit {
            None => true,
            Some(DurationLimit::Within(millis)) => value.is_some_and(|value| value <= millis),
            Some(DurationLimit::Below(millis)) => value.is_some_and(|value| value < millis),
            Some(DurationLimit::Beyond(millis)) => value.is_some_and(|value| value > millis),
            Some(DurationLimit::From(millis)) => value.is_some_and(|value| value >= millis),
        };
        let label = self
            .field_values
            .is_none_or(|(_, values)| fact.label.is_some_and(|label| values.contains(&label)));
        let dimension = self.dimension_values.is_none_or(|(dimension, values)| {
            let index =
                DIMENSIONS.iter().position(|known| *known == dimension).expect("a dimension");
            attributes[index].is_some_and(|value| values.contains(&value))
        });
        let is_open = self.calendar.is_none_or(|calendar| {
            calendar.open_millis_between(fact.time, fact.time + 1, zone_of(attributes)) > 0
        });
        limit
            && is_open
            && label
            && dimension
            && (self.answers.is_empty() || value.is_some_and(|value| self.answers.contains(&value)))
    }

    /// Returns the family or commitment and the fact.
    pub(crate) fn fact_name(&self) -> (&str, &str) {
        self.fact.split_once('.').expect("a name with a dot")
    }

    fn to_toml(&self) -> String {
        let mut fields = format!("fact = \"{}\"", self.fact);
        let (name, millis) = match self.limit {
            None => ("", 0),
            Some(DurationLimit::Within(millis)) => ("within", millis),
            Some(DurationLimit::Below(millis)) => ("below", millis),
            Some(DurationLimit::Beyond(millis)) => ("beyond", millis),
            Some(DurationLimit::From(millis)) => ("from", millis),
        };
        let mut add_field =
            |text: String| write!(fields, ", {text}").expect("writing to a string succeeds");
        if !name.is_empty() {
            add_field(format!("{name} = \"{millis}ms\""));
        }
        if let Some((field, values)) = self.field_values {
            add_field(match values {
                ["true"] => format!("{field} = true"),
                [one] => format!("{field} = \"{one}\""),
                several => format!("{field} = {several:?}"),
            });
        }
        if let Some((dimension, values)) = self.dimension_values {
            add_field(format!("where = {{ {dimension} = {values:?} }}"));
        }
        if let Some(calendar) = self.calendar {
            let name = match calendar {
                OracleCalendar::Field => "field",
                OracleCalendar::Night => "night",
            };
            add_field(format!("calendar = \"{name}\""));
        }
        if !self.answers.is_empty() {
            add_field(format!("answers = {:?}", self.answers));
        }
        format!("{{ {fields} }}")
    }
}

fn toml_list(picks: &[FactPick]) -> String {
    format!("[{}]", picks.iter().map(FactPick::to_toml).collect::<Vec<_>>().join(", "))
}

impl OracleIndicator {
    /// Returns true if all facts of the indicator are facts about legs.
    pub(crate) fn counts_legs_only(&self) -> bool {
        self.all_picks().iter().all(|pick| pick.fact_name().0 == "leg")
    }

    /// Returns what readings of the scope count; `None` for indicators that are not only of calls.
    pub(crate) fn counts_in_scope(&self, scope: &str) -> Option<&'static str> {
        let families: Vec<&str> = self.all_picks().iter().map(|pick| pick.fact_name().0).collect();
        match &families[..] {
            [] => None,
            all if all.iter().all(|family| *family == "leg") => Some("legs"),
            _ if self.all_picks().iter().any(|pick| pick.fact == "call.ring_missed") => None,
            all if all.iter().all(|family| *family == "call") => {
                Some(if is_leg_scope(scope) { "legs" } else { "contacts" })
            }
            _ => None,
        }
    }

    /// Returns all picks, those of a numerator first.
    pub(crate) fn all_picks(&self) -> Vec<&FactPick> {
        match &self.formula {
            OracleFormula::Ratio(good, of) | OracleFormula::Share(good, of) => {
                good.iter().chain(of).collect()
            }
            OracleFormula::Duration(of)
            | OracleFormula::Count(of)
            | OracleFormula::MissCount(of)
            | OracleFormula::Level(of)
            | OracleFormula::MeanLevel(of)
            | OracleFormula::Oldest(of)
            | OracleFormula::Score(of) => of.iter().collect(),
            OracleFormula::Weighted(_) => Vec::new(),
        }
    }

    /// Returns how many of the first picks belong to a numerator.
    pub(crate) fn numerator_len(&self) -> usize {
        match &self.formula {
            OracleFormula::Ratio(good, _) | OracleFormula::Share(good, _) => good.len(),
            _ => 0,
        }
    }

    /// Returns true if the indicator is the time-weighted mean of a level.
    pub(crate) fn is_mean_level(&self) -> bool {
        matches!(self.formula, OracleFormula::MeanLevel(_))
    }

    /// Returns true if the indicator counts the time of states inside the window.
    pub(crate) fn counts_state_time(&self) -> bool {
        matches!(self.formula, OracleFormula::Share(..))
            && self.all_picks().iter().all(|pick| pick.limit.is_none())
    }

    /// Returns the section of the indicator in a standard.
    pub(crate) fn to_toml(&self) -> String {
        let formula = match &self.formula {
            OracleFormula::Ratio(good, of) => {
                format!(
                    "ratio = {{ good = {}, of = {} }}\n{}\nsmall_sample = {SMALL_SAMPLE}",
                    toml_list(good),
                    toml_list(of),
                    targets::targets_toml()
                )
            }
            OracleFormula::Share(part, whole) => {
                format!(
                    "share = {{ part = {}, whole = {} }}\nsmall_sample = {SMALL_SAMPLE}",
                    toml_list(part),
                    toml_list(whole)
                )
            }
            OracleFormula::Duration(of) => format!("duration = {}", toml_list(of)),
            OracleFormula::Count(of) | OracleFormula::MissCount(of) => {
                format!("count = {}", toml_list(of))
            }
            OracleFormula::Level(of) => format!("level = {}", toml_list(of)),
            OracleFormula::MeanLevel(of) => format!("mean_level = {}", toml_list(of)),
            OracleFormula::Oldest(of) => format!("level = {}\noldest = true", toml_list(of)),
            OracleFormula::Weighted(parts) => {
                let part = |(name, weight): &(&str, f64)| {
                    format!("{{ indicator = \"{name}\", weight = {weight:?} }}")
                };
                let parts: Vec<String> = parts.iter().map(part).collect();
                format!("weighted = {{ parts = [{}] }}", parts.join(", "))
            }
            OracleFormula::Score(of) => {
                format!("score = {}\nweights = {SCORE_WEIGHTS:?}", toml_list(of))
            }
        };
        format!(
            "\n[indicator.{0}]\ntitle = {{ en = \"{0}\", zh = \"{0}\" }}\n{formula}\n",
            self.name
        )
    }
}
