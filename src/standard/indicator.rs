//! `[indicator.NAME]`: a definition over facts, with its title and target.

use super::formula::{Takes, tallies};
use super::{check_name, title};
use crate::document::{Table, Value};
use crate::domain::fact::place::one_shot;
use crate::domain::standard::{Better, DatedTarget, Formula, Indicator, OneShot, Standard, Tally, Target};
use crate::domain::time::Timestamp;

/// Adds the indicator to the standard, as far as it can be understood.
pub(super) fn read(name: &str, value: &Value<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.table() else { return };
    let title = title(&table);
    let formula = formula(name, value, &table, standard);
    let seconds = !matches!(formula, Some((Formula::Ratio { .. } | Formula::Level { .. } | Formula::Score { .. }, _)));
    let target = table.table("target").and_then(|target| self::target(&target, seconds));
    let small_sample = table.integer("small_sample").unwrap_or(0);
    let small_sample = u64::try_from(small_sample).unwrap_or_else(|_| {
        table.problem("small_sample", "a number of cases cannot be negative");
        0
    });
    table.finish();
    if let Some((formula, families)) = formula {
        let targets = vec![DatedTarget { since: Timestamp(i64::MIN), target }];
        standard.indicators.push(Indicator { name: name.to_owned(), title, formula, targets, small_sample, families });
    }
}

/// The formula and the families it speaks of.
fn formula(name: &str, value: &Value<'_>, table: &Table<'_>, standard: &mut Standard) -> Option<(Formula, u64)> {
    let kinds = ["ratio", "duration", "level", "score", "one_shot"];
    let given: Vec<(&str, Value<'_>)> = kinds.iter().filter_map(|kind| Some((*kind, table.value(kind)?))).collect();
    let [(kind, body)] = given[..] else {
        let problem = if given.is_empty() { "needs a formula" } else { "has more than one formula" };
        value.problem(format!("`{name}` {problem}: write one of {}", kinds.map(|kind| format!("`{kind}`")).join(", ")));
        return None;
    };
    let oldest = if kind == "level" { table.bool("oldest").unwrap_or(false) } else { false };
    let weights = if kind == "score" { weights(table) } else { Vec::new() };
    let formula = match kind {
        "ratio" => {
            let ratio = body.table()?;
            let side = |key: &str| {
                let list = ratio.required(key, "a list of facts");
                list.map(|list| tallies(&list, Takes::Moments, standard)).unwrap_or_default()
            };
            let (good, of) = (side("good"), side("of"));
            ratio.finish();
            Formula::Ratio { good, of, matures_ms: None }
        }
        "duration" => Formula::Duration { of: tallies(&body, Takes::Durations, standard) },
        "level" if oldest => Formula::Oldest { of: tallies(&body, Takes::Standing, standard) },
        "level" => Formula::Level { of: tallies(&body, Takes::Standing, standard) },
        "score" => Formula::Score { of: tallies(&body, Takes::Answers, standard), weights },
        _ => return one_shot(name, &body, standard),
    };
    let indicator =
        Indicator { name: String::new(), title: Default::default(), formula, targets: Vec::new(), small_sample: 0, families: 0 };
    let families = indicator.tallies().map(|tally| family_bit(standard, tally)).fold(0, |all, one| all | one);
    Some((indicator.formula, families))
}

fn family_bit(standard: &Standard, tally: &Tally) -> u64 {
    1 << (standard.kinds.family(tally.kind).0 & 63)
}

/// `one_shot = { contacts = [..], within = ".." }`: the share of contacts that no other contact followed in time.
fn one_shot(name: &str, body: &Value<'_>, standard: &mut Standard) -> Option<(Formula, u64)> {
    let table = body.table()?;
    let contacts = table.required("contacts", "a list of facts").map(|list| tallies(&list, Takes::Moments, standard)).unwrap_or_default();
    let within = table.required("within", "a duration, as in \"72h\"").and_then(|value| value.duration());
    table.finish();
    if contacts.iter().any(|tally| tally.values.is_some() || !tally.conditions.is_empty()) {
        body.problem("contacts are whole facts: write their names without limits");
    }
    let families = contacts.iter().map(|tally| family_bit(standard, tally)).fold(0, |all, one| all | one);
    let within_ms = within?;
    let family = standard.kinds.family(contacts.first()?.kind);
    if standard.kinds.find(&format!("{name}.contacts")).is_some() {
        body.problem(format!("the facts of `{name}` exist already; choose another name"));
        return None;
    }
    let facts = standard.kinds.add_one_shot(name, family);
    standard.one_shots.push(OneShot { contacts: contacts.iter().map(|tally| tally.kind).collect(), within_ms, facts });
    let tally = |place: u16| vec![Tally { kind: facts.plus(place), values: None, words: Vec::new(), conditions: Vec::new() }];
    Some((Formula::Ratio { good: tally(one_shot::ONCE), of: tally(one_shot::CONTACTS), matures_ms: Some(within_ms) }, families))
}

fn weights(table: &Table<'_>) -> Vec<f64> {
    let list = table.required("weights", "what the answers 1, 2, 3 ... count, as in [0.0, 0.2, 0.5, 0.8, 1.0]");
    let weights: Vec<f64> = list.and_then(|list| list.array()).unwrap_or_default().iter().filter_map(Value::float).collect();
    if weights.len() != 5 {
        table.problem("weights", format!("there are five answers, from 1 to 5, but {} weights", weights.len()));
    }
    weights
}

/// `target = { at_least | at_most = .., warning = .. }`, in the unit of the indicator.
fn target(table: &Table<'_>, seconds: bool) -> Option<Target> {
    let number = |key: &str| {
        let value = table.value(key)?;
        match value.as_str() {
            Some(_) if seconds => value.duration().map(|millis| millis as f64 / 1_000.0),
            None if seconds => {
                value.problem(format!("`{key}` of a duration needs a unit, as in \"20s\""));
                None
            }
            _ => value.float(),
        }
    };
    let (at_least, at_most, warning) = (number("at_least"), number("at_most"), number("warning"));
    table.finish();
    let (better, value) = match (at_least, at_most) {
        (Some(value), None) => (Better::Higher, value),
        (None, Some(value)) => (Better::Lower, value),
        (Some(_), Some(_)) => {
            table.problem("at_most", "a target has one threshold: `at_least` or `at_most`, not both");
            return None;
        }
        (None, None) => {
            table.problem("", "a target needs its threshold: `at_least` or `at_most`");
            return None;
        }
    };
    let sound = warning.is_none_or(|warning| if better == Better::Higher { warning >= value } else { warning <= value });
    if !sound {
        table.problem("warning", "`warning` must lie on the good side of the target: it says that the target is in danger");
    }
    Some(Target { better, value, warning })
}
