//! `[alert.NAME]`: when somebody must be told, and who.

mod figure;
mod orders;

use super::{check_name, title};
use crate::document::{Table, Value};
use crate::domain::standard::Standard;
use crate::domain::standard::alert::{Policy, Rule, Severity};

/// The longest `to` and `runbook`, in bytes: they become labels and annotations of other systems.
const TEXT_BYTES: usize = 500;

/// Adds every policy of the file to the standard, whose indicators and commitments are known by now.
pub(super) fn read(root: &Table<'_>, standard: &mut Standard) {
    let Some(table) = root.table("alert") else { return };
    for (name, value) in table.entries() {
        let policy = one(name, &value, standard);
        standard.policies.extend(policy);
    }
    if standard.policies.len() > Policy::MOST {
        root.problem("alert", format!("{} policies are too many: at most {}", standard.policies.len(), Policy::MOST));
        standard.policies.truncate(Policy::MOST);
    }
}

fn one(name: &str, value: &Value<'_>, standard: &Standard) -> Option<Policy> {
    check_name(value, name);
    let table = value.table()?;
    let title = title(&table);
    let severity = severity(&table);
    let (to, runbook) = (receiver(&table), text(&table, "runbook"));
    let follow_up = table.bool("follow_up");
    let rule = match (table.value("indicator"), table.value("commitment")) {
        (Some(indicator), None) => figure::read(&indicator, &table, standard).map(Rule::Figure),
        (None, Some(commitment)) => orders::read(&commitment, &table, (severity, to.as_ref()), standard).map(Rule::Orders),
        (Some(_), Some(commitment)) => {
            commitment.problem("a policy looks at an `indicator` or at the orders of a `commitment`, not at both: write two policies");
            return None;
        }
        (None, None) => {
            value.problem(format!("`{name}` looks at nothing: name an `indicator`, or a `commitment` whose orders are in danger"));
            return None;
        }
    };
    table.finish();
    let rule = rule?;
    // Orders are followed one by one as long as they are open; a figure that was missed is a shortfall that somebody must answer for.
    let follow_up = follow_up.unwrap_or(matches!(rule, Rule::Figure(_)));
    Some(Policy { name: name.to_owned(), title, rule, severity: severity.unwrap_or(Severity::Warning), to, runbook, follow_up })
}

fn severity(table: &Table<'_>) -> Option<Severity> {
    table.choice("severity", &Severity::ALL)
}

/// `to = "desk"`: a name by which receivers are told apart.
fn receiver(table: &Table<'_>) -> Option<String> {
    let value = table.value("to")?;
    let name = value.string()?;
    if !super::is_name(name) {
        value.problem(format!("`{name}` cannot be a receiver: write lower-case letters, digits and `_`, as in \"duty_officer\""));
    }
    Some(name.to_owned())
}

fn text(table: &Table<'_>, key: &str) -> Option<String> {
    let text = table.string(key)?;
    if text.is_empty() || text.len() > TEXT_BYTES {
        table.problem(key, format!("`{key}` is a text of 1 to {TEXT_BYTES} bytes"));
    }
    Some(text.to_owned())
}

/// A duration that is no longer than anybody would wait for.
fn span(value: &Value<'_>) -> Option<i64> {
    let millis = value.duration()?;
    if millis > Policy::LONGEST {
        value.problem(format!("`{}` is longer than 30 days; nobody would be told in time", value.key()));
    }
    Some(millis)
}

pub(super) use orders::warn_in_time;

#[cfg(test)]
mod tests;
