//! Policies on orders: warnings that become more urgent as a deadline comes nearer.

use crate::domain::events::event::{CaseFamily, Symbol};
use crate::domain::standard::alert_policy::{AlertRule, OrderRule, OrderRuleGrade, Severity};
use crate::domain::standard::{CommitmentWarning, Standard, WarningTime};
use crate::standard_file::alert_table::{read_receiver, read_severity};
use crate::standard_file::fact_lists::read_conditions;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// What the policy in `table` says of the orders of `commitment`; `usual` is how urgent a grade is, and who is told of it, if
/// it does not say.
pub(super) fn read_order_rule(
    commitment: &TomlValue<'_>,
    table: &TomlTable<'_>,
    usual: (Option<Severity>, Option<&String>),
    standard: &Standard,
) -> Option<OrderRule> {
    let place = commitment.require_string().and_then(|name| {
        let place = standard.commitments.iter().position(|known| known.name == name);
        if place.is_none() {
            let near = nearest_match(name, standard.commitments.iter().map(|known| known.name.as_str()));
            let hint = near.map_or_else(|| format!("declare it: `[commitment.{name}]`"), |near| format!("did you mean `{near}`?"));
            commitment.report_problem(format!("there is no commitment `{name}`; {hint}"));
        }
        place.filter(|place| {
            let order = standard.commitments[*place].family >= CaseFamily::FIRST_ORDER;
            if !order {
                commitment.report_problem(format!(
                    "`{name}` is no promise on orders; of calls and tickets take an indicator, as the longest wait"
                ));
            }
            order
        })
    });
    let conditions = read_conditions(table, standard);
    let mut grades: Vec<OrderRuleGrade> = Vec::new();
    let example = "as in [{ left = \"4h\", to = \"desk\" }, { overdue = true, to = \"manager\" }]";
    for entry in table
        .required_value("grades", example)
        .and_then(|value| value.require_array())
        .unwrap_or_default()
    {
        let Some(grade) = entry.require_table() else { continue };
        let grade = read_grade(&grade, &entry, usual);
        if let Some(grade) = grade {
            if grades.iter().any(|known| known.text == grade.text) {
                entry.report_problem(format!("the grade `{}` is there already", grade.text));
            }
            grades.push(grade);
        }
    }
    if grades.len() > OrderRule::MAX_GRADES {
        table.report_problem(
            "grades",
            format!("{} grades are too many: at most {}", grades.len(), OrderRule::MAX_GRADES),
        );
        grades.truncate(OrderRule::MAX_GRADES);
    }
    if grades.is_empty() {
        table.report_problem(
            "grades",
            format!("without a grade nobody is ever told: write one, {example}"),
        );
    }
    Some(OrderRule { commitment: place?, conditions, grades })
}

fn read_grade(
    table: &TomlTable<'_>,
    entry: &TomlValue<'_>,
    usual: (Option<Severity>, Option<&String>),
) -> Option<OrderRuleGrade> {
    let (left, used) = (table.value("left"), table.value("used"));
    let overdue = table.optional_bool("overdue").unwrap_or(false);
    let (severity, to) =
        (read_severity(table).or(usual.0), read_receiver(table).or(usual.1.cloned()));
    table.report_unknown_keys();
    let (text, warning) = match (left, used, overdue) {
        (Some(left), None, false) => {
            let millis = left.require_duration()?;
            if millis == 0 {
                left.report_problem("no time left is `overdue = true`");
            }
            (left.require_string()?.to_owned(), Some(Symbol::from_text(left.require_string()?)))
        }
        (None, Some(used), false) => {
            let text = used.require_string()?;
            if parse_percent(text).is_none() {
                used.report_problem(format!(
                    "`{text}` is no part of the time allowed: write \"1%\" to \"99%\""
                ));
            }
            (text.to_owned(), Some(Symbol::from_text(text)))
        }
        (None, None, true) => ("overdue".to_owned(), None),
        _ => {
            entry.report_problem(
                "a grade is one of `left = \"4h\"`, `used = \"80%\"` and `overdue = true`",
            );
            return None;
        }
    };
    let usual = if overdue { Severity::Critical } else { Severity::Warning };
    Some(OrderRuleGrade { text, warning, severity: severity.unwrap_or(usual), receiver: to })
}

fn parse_percent(text: &str) -> Option<i64> {
    text.strip_suffix('%')?.parse().ok().filter(|percent| (1..=99).contains(percent))
}

/// Lets the commitments of policies warn when their grades begin, in the terms of every version: so a case asks by itself to be
/// looked at, and nobody has to look through all of them.
pub(in crate::standard_file) fn add_policy_warnings(standard: &mut Standard) {
    for policy in &standard.policies {
        let AlertRule::Orders(orders) = &policy.rule else { continue };
        for grade in &orders.grades {
            let Some(word) = grade.warning else { continue };
            let at = match parse_percent(&grade.text) {
                Some(percent) => WarningTime::Percent(percent),
                None => WarningTime::Before(
                    crate::toml_document::parse_duration(&grade.text).unwrap_or_default(),
                ),
            };
            for terms in &mut standard.commitments[orders.commitment].terms {
                if !terms.warnings.iter().any(|known| known.label == word) {
                    terms.warnings.push(CommitmentWarning { label: word, at });
                }
            }
        }
    }
}
