//! Policies on orders: grades that escalate as a deadline comes closer.

use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::standard::alert_policy::{AlertRule, OrderRule, OrderRuleGrade, Severity};
use crate::domain::standard::{CommitmentWarning, Standard, WarningTime};
use crate::standard_file::alert_table::{read_receiver, read_severity};
use crate::standard_file::fact_lists::read_conditions;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};

/// Reads the rule of a policy on the orders of `commitment`. `defaults` are the severity and the
/// receiver of grades without their own. Returns `None` if the commitment is invalid.
pub(super) fn read_order_rule(
    commitment: &TomlValue<'_>,
    table: &TomlTable<'_>,
    defaults: (Option<Severity>, Option<&String>),
    standard: &Standard,
) -> Option<OrderRule> {
    let place = commitment.require_string().and_then(|name| {
        let place = standard.commitments.iter().position(|known| known.name == name);
        if place.is_none() {
            let known = standard.commitments.iter().map(|known| known.name.as_str());
            let hint = nearest_match(name, known).map_or_else(
                || format!("declare it: `[commitment.{name}]`"),
                |near| format!("did you mean `{near}`?"),
            );
            commitment.report_problem(format!("there is no commitment `{name}`; {hint}"));
        }
        place.filter(|place| {
            let is_on_orders = standard.schema.life_cycle(standard.commitments[*place].family)
                == LifeCycle::Order;
            if !is_on_orders {
                commitment.report_problem(format!(
                    "`{name}` is not a commitment on orders; for calls and tickets use an \
                     `indicator`, as in the longest wait"
                ));
            }
            is_on_orders
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
        let grade = read_grade(&grade, &entry, defaults);
        if let Some(grade) = grade {
            if grades.iter().any(|known| known.text == grade.text) {
                entry.report_problem(format!("the grade `{}` is listed already", grade.text));
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
        table.report_problem("grades", format!("a policy on orders needs a grade, {example}"));
    }
    Some(OrderRule { commitment: place?, conditions, grades })
}

fn read_grade(
    table: &TomlTable<'_>,
    entry: &TomlValue<'_>,
    defaults: (Option<Severity>, Option<&String>),
) -> Option<OrderRuleGrade> {
    let (left, used) = (table.value("left"), table.value("used"));
    let overdue = table.optional_bool("overdue").unwrap_or(false);
    let (severity, receiver) =
        (read_severity(table).or(defaults.0), read_receiver(table).or(defaults.1.cloned()));
    table.report_unknown_keys();
    let (text, warning) = match (left, used, overdue) {
        (Some(left), None, false) => {
            let millis = left.require_duration()?;
            if millis == 0 {
                left.report_problem(
                    "`left` must be above 0; for no time left use `overdue = true`",
                );
            }
            (left.require_string()?.to_owned(), Some(Symbol::from_text(left.require_string()?)))
        }
        (None, Some(used), false) => {
            let text = used.require_string()?;
            if parse_percent(text).is_none() {
                used.report_problem(format!(
                    "`{text}` is not a share of the time allowed; use \"1%\" to \"99%\""
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
    let default = if overdue { Severity::Critical } else { Severity::Warning };
    Some(OrderRuleGrade { text, warning, severity: severity.unwrap_or(default), receiver })
}

fn parse_percent(text: &str) -> Option<i64> {
    text.strip_suffix('%')?.parse().ok().filter(|percent| (1..=99).contains(percent))
}

/// Adds a warning to the commitments of policies for each grade, in the terms of every version.
///
/// The timers of a case then report the grade, so that alerts need not scan all cases.
pub(in crate::standard_file) fn add_policy_warnings(standard: &mut Standard) {
    for policy in &standard.policies {
        let AlertRule::Orders(orders) = &policy.rule else { continue };
        for grade in &orders.grades {
            let Some(label) = grade.warning else { continue };
            let at = match parse_percent(&grade.text) {
                Some(percent) => WarningTime::Percent(percent),
                None => WarningTime::Before(
                    crate::toml_document::parse_duration(&grade.text).unwrap_or_default(),
                ),
            };
            for terms in &mut standard.commitments[orders.commitment].terms {
                if !terms.warnings.iter().any(|known| known.label == label) {
                    terms.warnings.push(CommitmentWarning { label, at });
                }
            }
        }
    }
}
