//! `[alert.NAME]`: alert policies.

use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertPolicy, AlertRule, Severity};
use crate::standard_file::{check_name, read_title};
use crate::toml_document::{TomlTable, TomlValue};

/// Maximum length of `runbook` in bytes, because it becomes an annotation of other systems.
const TEXT_BYTES_MAX: usize = 500;

/// Adds the policies of the file to the standard. Needs its indicators and commitments.
pub(super) fn read_policies(root: &TomlTable<'_>, standard: &mut Standard) {
    let Some(table) = root.optional_table("alert") else { return };
    for (name, value) in table.entries() {
        let policy = read_policy(name, &value, standard);
        standard.policies.extend(policy);
    }
    if standard.policies.len() > AlertPolicy::MAX_POLICIES {
        root.report_problem(
            "alert",
            format!(
                "{} policies are too many: at most {}",
                standard.policies.len(),
                AlertPolicy::MAX_POLICIES
            ),
        );
        standard.policies.truncate(AlertPolicy::MAX_POLICIES);
    }
}

fn read_policy(name: &str, value: &TomlValue<'_>, standard: &Standard) -> Option<AlertPolicy> {
    check_name(value, name);
    let table = value.require_table()?;
    let title = read_title(&table);
    let severity = read_severity(&table);
    let (receiver, runbook) = (read_receiver(&table), read_short_text(&table, "runbook"));
    let follow_up = table.optional_bool("follow_up");
    let rule = match (table.value("indicator"), table.value("commitment")) {
        (Some(indicator), None) => {
            indicator_rule::read_indicator_rule(&indicator, &table, standard)
                .map(AlertRule::Indicator)
        }
        (None, Some(commitment)) => order_rule::read_order_rule(
            &commitment,
            &table,
            (severity, receiver.as_ref()),
            standard,
        )
        .map(AlertRule::Orders),
        (Some(_), Some(commitment)) => {
            commitment.report_problem(
                "a policy has either an `indicator` or a `commitment`; write two policies",
            );
            return None;
        }
        (None, None) => {
            value.report_problem(format!(
                "`{name}` evaluates nothing; add an `indicator`, or a `commitment` on orders"
            ));
            return None;
        }
    };
    table.report_unknown_keys();
    let rule = rule?;
    // Orders alert until they are closed. A breached indicator needs a follow-up by default.
    let follow_up = follow_up.unwrap_or(matches!(rule, AlertRule::Indicator(_)));
    Some(AlertPolicy {
        name: name.to_owned(),
        title,
        rule,
        severity: severity.unwrap_or(Severity::Warning),
        receiver,
        runbook,
        follow_up,
    })
}

fn read_severity(table: &TomlTable<'_>) -> Option<Severity> {
    table.optional_choice("severity", &Severity::ALL)
}

/// Reads `to = "desk"`, the name of a receiver.
fn read_receiver(table: &TomlTable<'_>) -> Option<String> {
    let value = table.value("to")?;
    let name = value.require_string()?;
    if !super::is_valid_name(name) {
        value.report_problem(format!(
            "`{name}` is not a valid receiver; use lower-case letters, digits and `_`, as in \
             \"duty_officer\""
        ));
    }
    Some(name.to_owned())
}

fn read_short_text(table: &TomlTable<'_>, key: &str) -> Option<String> {
    let text = table.optional_string(key)?;
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        table.report_problem(key, format!("`{key}` must have 1 to {TEXT_BYTES_MAX} bytes"));
    }
    Some(text.to_owned())
}

/// Reads a duration of at most [`AlertPolicy::MAX_DURATION_MS`], in ms.
fn read_wait_duration(value: &TomlValue<'_>) -> Option<i64> {
    let millis = value.require_duration()?;
    if millis > AlertPolicy::MAX_DURATION_MS {
        value.report_problem(format!(
            "`{}` is longer than 30 days, so the alert would come too late",
            value.key()
        ));
    }
    Some(millis)
}

pub(super) use self::order_rule::add_policy_warnings;

mod indicator_rule;
mod order_rule;
#[cfg(test)]
mod tests;
