//! Policies on orders: warnings that become more urgent as a deadline comes nearer.

use super::{receiver, severity};
use crate::document::{Table, Value, nearest};
use crate::domain::event::{Family, Word};
use crate::domain::standard::alert::{Grade, Orders, Rule, Severity};
use crate::domain::standard::{Standard, WarnAt, Warning};
use crate::standard::formula::conditions;

/// What the policy in `table` says of the orders of `commitment`; `usual` is how urgent a grade is, and who is told of it, if
/// it does not say.
pub(super) fn read(
    commitment: &Value<'_>,
    table: &Table<'_>,
    usual: (Option<Severity>, Option<&String>),
    standard: &Standard,
) -> Option<Orders> {
    let place = commitment.string().and_then(|name| {
        let place = standard.commitments.iter().position(|known| known.name == name);
        if place.is_none() {
            let near = nearest(name, standard.commitments.iter().map(|known| known.name.as_str()));
            let hint = near.map_or_else(|| format!("declare it: `[commitment.{name}]`"), |near| format!("did you mean `{near}`?"));
            commitment.problem(format!("there is no commitment `{name}`; {hint}"));
        }
        place.filter(|place| {
            let order = standard.commitments[*place].family >= Family::FIRST_ORDER;
            if !order {
                commitment
                    .problem(format!("`{name}` is no promise on orders; of calls and tickets take an indicator, as the longest wait"));
            }
            order
        })
    });
    let conditions = conditions(table, standard);
    let mut grades: Vec<Grade> = Vec::new();
    let example = "as in [{ left = \"4h\", to = \"desk\" }, { overdue = true, to = \"manager\" }]";
    for entry in table.required("grades", example).and_then(|value| value.array()).unwrap_or_default() {
        let Some(grade) = entry.table() else { continue };
        let grade = self::grade(&grade, &entry, usual);
        if let Some(grade) = grade {
            if grades.iter().any(|known| known.text == grade.text) {
                entry.problem(format!("the grade `{}` is there already", grade.text));
            }
            grades.push(grade);
        }
    }
    if grades.len() > Orders::GRADES {
        table.problem("grades", format!("{} grades are too many: at most {}", grades.len(), Orders::GRADES));
        grades.truncate(Orders::GRADES);
    }
    if grades.is_empty() {
        table.problem("grades", format!("without a grade nobody is ever told: write one, {example}"));
    }
    Some(Orders { commitment: place?, conditions, grades })
}

fn grade(table: &Table<'_>, entry: &Value<'_>, usual: (Option<Severity>, Option<&String>)) -> Option<Grade> {
    let (left, used) = (table.value("left"), table.value("used"));
    let overdue = table.bool("overdue").unwrap_or(false);
    let (severity, to) = (severity(table).or(usual.0), receiver(table).or(usual.1.cloned()));
    table.finish();
    let (text, warning) = match (left, used, overdue) {
        (Some(left), None, false) => {
            let millis = left.duration()?;
            if millis == 0 {
                left.problem("no time left is `overdue = true`");
            }
            (left.string()?.to_owned(), Some(Word::of(left.string()?)))
        }
        (None, Some(used), false) => {
            let text = used.string()?;
            if percent(text).is_none() {
                used.problem(format!("`{text}` is no part of the time allowed: write \"1%\" to \"99%\""));
            }
            (text.to_owned(), Some(Word::of(text)))
        }
        (None, None, true) => ("overdue".to_owned(), None),
        _ => {
            entry.problem("a grade is one of `left = \"4h\"`, `used = \"80%\"` and `overdue = true`");
            return None;
        }
    };
    let usual = if overdue { Severity::Critical } else { Severity::Warning };
    Some(Grade { text, warning, severity: severity.unwrap_or(usual), to })
}

fn percent(text: &str) -> Option<i64> {
    text.strip_suffix('%')?.parse().ok().filter(|percent| (1..=99).contains(percent))
}

/// Lets the commitments of policies warn when their grades begin, in the terms of every version: so a case asks by itself to be
/// looked at, and nobody has to look through all of them.
pub(in crate::standard) fn warn_in_time(standard: &mut Standard) {
    for policy in &standard.policies {
        let Rule::Orders(orders) = &policy.rule else { continue };
        for grade in &orders.grades {
            let Some(word) = grade.warning else { continue };
            let at = match percent(&grade.text) {
                Some(percent) => WarnAt::Percent(percent),
                None => WarnAt::Before(crate::document::duration(&grade.text).unwrap_or_default()),
            };
            for terms in &mut standard.commitments[orders.commitment].terms {
                if !terms.warnings.iter().any(|known| known.word == word) {
                    terms.warnings.push(Warning { word, at });
                }
            }
        }
    }
}
