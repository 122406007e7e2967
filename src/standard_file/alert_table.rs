//! `[alert.NAME]`: when somebody must be told, and who.

use crate::domain::standard::Standard;
use crate::domain::standard::alert_policy::{AlertPolicy, AlertRule, Severity};
use crate::standard_file::{check_name, read_title};
use crate::toml_document::{TomlTable, TomlValue};

/// The longest `to` and `runbook`, in bytes: they become labels and annotations of other systems.
const TEXT_BYTES_MAX: usize = 500;

/// Adds every policy of the file to the standard, whose indicators and commitments are known by now.
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
    let (to, runbook) = (read_receiver(&table), read_short_text(&table, "runbook"));
    let follow_up = table.optional_bool("follow_up");
    let rule = match (table.value("indicator"), table.value("commitment")) {
        (Some(indicator), None) => {
            indicator_rule::read_indicator_rule(&indicator, &table, standard)
                .map(AlertRule::Indicator)
        }
        (None, Some(commitment)) => {
            order_rule::read_order_rule(&commitment, &table, (severity, to.as_ref()), standard)
                .map(AlertRule::Orders)
        }
        (Some(_), Some(commitment)) => {
            commitment
                .report_problem("a policy looks at an `indicator` or at the orders of a `commitment`, not at both: write two policies");
            return None;
        }
        (None, None) => {
            value.report_problem(format!("`{name}` looks at nothing: name an `indicator`, or a `commitment` whose orders are in danger"));
            return None;
        }
    };
    table.report_unknown_keys();
    let rule = rule?;
    // Orders are followed one by one as long as they are open; a figure that was missed is a shortfall that somebody must answer for.
    let follow_up = follow_up.unwrap_or(matches!(rule, AlertRule::Indicator(_)));
    Some(AlertPolicy {
        name: name.to_owned(),
        title,
        rule,
        severity: severity.unwrap_or(Severity::Warning),
        receiver: to,
        runbook,
        follow_up,
    })
}

fn read_severity(table: &TomlTable<'_>) -> Option<Severity> {
    table.optional_choice("severity", &Severity::ALL)
}

/// `to = "desk"`: a name by which receivers are told apart.
fn read_receiver(table: &TomlTable<'_>) -> Option<String> {
    let value = table.value("to")?;
    let name = value.require_string()?;
    if !super::is_valid_name(name) {
        value.report_problem(format!("`{name}` cannot be a receiver: write lower-case letters, digits and `_`, as in \"duty_officer\""));
    }
    Some(name.to_owned())
}

fn read_short_text(table: &TomlTable<'_>, key: &str) -> Option<String> {
    let text = table.optional_string(key)?;
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        table.report_problem(key, format!("`{key}` is a text of 1 to {TEXT_BYTES_MAX} bytes"));
    }
    Some(text.to_owned())
}

/// A duration that is no longer than anybody would wait for.
fn read_wait_duration(value: &TomlValue<'_>) -> Option<i64> {
    let millis = value.require_duration()?;
    if millis > AlertPolicy::MAX_DURATION_MS {
        value.report_problem(format!(
            "`{}` is longer than 30 days; nobody would be told in time",
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
