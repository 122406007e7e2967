//! `one_shot`: first contact resolution.

use super::family_bit;
use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::facts::catalog::place::{one_shot, order};
use crate::domain::standard::{FactTally, FirstContactRule, Formula, Standard};
use crate::standard_file::commitment_table::check_counts_in_case;
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::{TomlTable, TomlValue};

/// Reads `one_shot` with its keys `contacts`, `within`, `followed_by`, `not_resolved_if`, `exclude`
/// and `matured`.
///
/// The value is the share of contacts that are neither invalidated nor followed by a repeat within
/// the time. Returns `None` if the rule is invalid.
pub(super) fn read_first_contact(
    name: &str,
    body: &TomlValue<'_>,
    standard: &mut Standard,
) -> Option<(Formula, u64)> {
    let table = body.require_table()?;
    let moments = |list: &TomlValue<'_>| {
        let tallies = read_tallies(list, AcceptedFacts::Moments, standard);
        if tallies.iter().any(|tally| tally.calendar.is_some()) {
            list.report_problem("contacts count at any time; remove `calendar`");
        }
        for tally in &tallies {
            check_counts_in_case(list, tally.kind, standard);
        }
        tallies
    };
    let contacts = table
        .required_value("contacts", "a list of facts")
        .map(|list| moments(&list))
        .unwrap_or_default();
    let followed_by = table.value("followed_by").map(|list| moments(&list)).unwrap_or_default();
    let optional =
        |key: &str, old_key: &str| table.renamed_value(key, old_key).map(|list| moments(&list));
    let invalidated_by = optional("not_resolved_if", "spoilt_by");
    let excluded_by = optional("exclude", "leave_out").unwrap_or_default();
    let within = table.required_value("within", "a duration, as in \"72h\"");
    let within_ms = within.and_then(|value| {
        let millis = value.require_duration()?;
        if !FirstContactRule::REPEAT_WINDOW_RANGE_MS.contains(&millis) {
            value.report_problem("the time for repeat contacts must be from \"24h\" to \"30d\"");
        }
        Some(millis)
    });
    let counted_when_matured = table.optional_bool("matured").unwrap_or(false);
    table.report_unknown_keys();
    let families =
        contacts.iter().fold(0, |families, tally| families | family_bit(standard, tally));
    let (within_ms, family) = (within_ms?, standard.kinds.family(contacts.first()?.kind));
    if standard.kinds.find_kind(&format!("{name}.contacts")).is_some() {
        body.report_problem(format!("the facts of `{name}` exist already; choose another name"));
        return None;
    }
    if standard.first_contact_rules.len() == FirstContactRule::MAX_RULES {
        body.report_problem(format!(
            "too many indicators with `one_shot`: at most {}",
            FirstContactRule::MAX_RULES
        ));
        return None;
    }
    warn_of_ignored_limits(&table, &contacts, standard);
    let invalidated_by =
        invalidated_by.unwrap_or_else(|| default_invalidating_facts(&contacts, standard));
    let (orders, contacts): (Vec<FactTally>, Vec<FactTally>) =
        contacts.into_iter().partition(|tally| is_order_fact(tally, standard));
    let mut resolutions: Vec<FactTally> =
        orders.iter().map(|tally| first_resolution(tally, standard)).collect();
    let openings = orders.iter().map(|tally| order_fact(tally, order::OPENED, standard));
    let mut repeats: Vec<FactTally> =
        contacts.iter().cloned().chain(openings).chain(followed_by).collect();
    // Several facts of one family of orders have the same first resolution and opening.
    for tallies in [&mut resolutions, &mut repeats] {
        tallies.sort();
        tallies.dedup();
    }
    let first_fact = standard.kinds.add_first_contact(name, family);
    standard.first_contact_rules.push(FirstContactRule {
        contacts,
        resolutions,
        repeats,
        within_ms,
        invalidated_by,
        excluded_by,
        counted_when_matured,
        first_fact,
    });
    let tally = |offset: u16| vec![FactTally::of_kind(first_fact.offset_by(offset))];
    let matures_ms = (!counted_when_matured).then_some(within_ms);
    Some((
        Formula::Ratio { good: tally(one_shot::ONCE), of: tally(one_shot::CONTACTS), matures_ms },
        families,
    ))
}

fn is_order_fact(tally: &FactTally, standard: &Standard) -> bool {
    standard.schema.life_cycle(standard.kinds.family(tally.kind)) == LifeCycle::Order
}

/// Returns the fact at `place` of the tally's family of orders, with the same conditions.
fn order_fact(tally: &FactTally, place: u16, standard: &Standard) -> FactTally {
    let family = standard.kinds.family(tally.kind);
    let kind = standard.kinds.first_kind(family).offset_by(place);
    FactTally { conditions: tally.conditions.clone(), ..FactTally::of_kind(kind) }
}

/// Returns true if an order has the tally's fact at most once, when it is first resolved.
fn is_first_resolution(tally: &FactTally, standard: &Standard) -> bool {
    let first_kind = standard.kinds.first_kind(standard.kinds.family(tally.kind));
    [order::FIRST_RESOLVED, order::BY_FIRST_OWNER]
        .iter()
        .any(|place| first_kind.offset_by(*place) == tally.kind)
}

/// Returns the first resolution of the orders that a tally of `contacts` names.
fn first_resolution(tally: &FactTally, standard: &Standard) -> FactTally {
    if is_first_resolution(tally, standard) {
        return tally.clone();
    }
    order_fact(tally, order::FIRST_RESOLVED, standard)
}

/// Warns of limits on facts of orders that do not apply to the first resolution.
///
/// They are no error, since standards in existing journals must remain readable.
fn warn_of_ignored_limits(table: &TomlTable<'_>, contacts: &[FactTally], standard: &Standard) {
    let Some(list) = table.value("contacts") else { return };
    let limited = contacts.iter().filter(|tally| {
        is_order_fact(tally, standard)
            && !is_first_resolution(tally, standard)
            && (tally.values.is_some() || !tally.labels.is_empty())
    });
    for tally in limited {
        let resolution = first_resolution(tally, standard).kind;
        list.report_warning(format!(
            "an order is counted at `{}`, so the limits on `{}` are ignored; use `where`",
            standard.kinds.name(resolution),
            standard.kinds.name(tally.kind)
        ));
    }
}

/// Returns the facts that invalidate a contact if the standard names none: for each family of
/// orders in `contacts` an escalation, a reopening, and a customer who is not satisfied.
fn default_invalidating_facts(contacts: &[FactTally], standard: &Standard) -> Vec<FactTally> {
    let of_order = |tally: &FactTally| {
        let fact = |place: u16, labels: Vec<Symbol>| FactTally {
            labels,
            conditions: Vec::new(),
            ..order_fact(tally, place, standard)
        };
        [
            fact(order::ESCALATED, Vec::new()),
            fact(order::REOPENED, Vec::new()),
            fact(order::CONFIRMED, vec![Symbol::from_text("false")]),
        ]
    };
    let orders = contacts.iter().filter(|tally| is_order_fact(tally, standard));
    let mut facts: Vec<FactTally> = orders.flat_map(of_order).collect();
    facts.sort();
    facts.dedup();
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard_file::{parse_standard, parse_with_warnings};

    const STANDARD_HEAD: &str = r#"
name = "x"
version = "1"
date_of_effect = 2026-01-01
title = { en = "X", zh = "X" }
time_zone = "Asia/Shanghai"
dimensions = ["center"]
windows = ["24h"]
orders = ["repair"]
"#;

    fn first_contact_table(name: &str, more: &str) -> String {
        format!(
            "[indicator.{name}]\ntitle = {{ en = \"A\", zh = \"B\" }}\none_shot = {{ contacts = [\"call.answered\"], {more} }}\n"
        )
    }

    #[test]
    fn reports_first_contact_mistakes() {
        for (more, excerpt) in [
            (r#"within = "23h""#, "from \"24h\" to \"30d\""),
            (r#"within = "31d""#, "from \"24h\" to \"30d\""),
            (r#"matured = true"#, "within"),
            (
                r#"within = "72h", not_resolved_if = ["repair.reopend"]"#,
                "did you mean `repair.reopened`",
            ),
            (r#"within = "72h", not_resolved_if = ["repair.open"]"#, "is a state"),
            (
                r#"within = "72h", exclude = [{ fact = "call.transferred", resolved = false }]"#,
                "cannot be limited by `resolved`",
            ),
            (
                r#"within = "72h", not_resolved_of = ["repair.reopened"]"#,
                "did you mean `not_resolved_if`",
            ),
        ] {
            let problems = parse_standard(
                "x.toml",
                &(STANDARD_HEAD.to_owned() + &first_contact_table("a", more)),
            )
            .expect_err(more);
            let found = problems.iter().any(|problem| problem.message.contains(excerpt));
            assert!(found, "{more} does not mention {excerpt}: {problems:#?}");
        }
    }

    #[test]
    fn rejects_seventeenth_first_contact_indicator() {
        let many = |count: usize| {
            (0..count)
                .map(|n| first_contact_table(&format!("a{n}"), r#"within = "30d""#))
                .collect::<String>()
        };
        assert!(parse_standard("x.toml", &(STANDARD_HEAD.to_owned() + &many(16))).is_ok());
        let problems = parse_standard("x.toml", &(STANDARD_HEAD.to_owned() + &many(17)))
            .expect_err("too many indicators");
        assert!(problems[0].message.contains("16"), "{problems:#?}");
    }

    fn parse_rule(contacts: &str) -> (Standard, Vec<String>) {
        let table = format!(
            "[indicator.a]\ntitle = {{ en = \"A\", zh = \"B\" }}\none_shot = {{ contacts = {contacts}, within = \"72h\" }}\n"
        );
        let head = STANDARD_HEAD.replace(r#"["repair"]"#, r#"["repair", "complaint"]"#);
        let files = [("x.toml".to_owned(), head + &table)];
        let (standard, warnings) = parse_with_warnings(&files);
        let standard = standard.unwrap_or_else(|problems| panic!("{problems:#?}"));
        (standard, warnings.into_iter().map(|warning| warning.message).collect())
    }

    /// Returns the names of the tallies' facts.
    fn fact_names(standard: &Standard, tallies: &[FactTally]) -> Vec<String> {
        tallies.iter().map(|tally| standard.kinds.name(tally.kind).to_owned()).collect()
    }

    #[test]
    fn orders_count_at_first_resolution_and_repeat_at_opening() {
        let contacts = r#"["call.answered", "repair.opened", "repair.reopened", { fact = "complaint.by_first_owner", within = "8h" }]"#;
        let (standard, warnings) = parse_rule(contacts);
        let rule = &standard.first_contact_rules[0];
        assert_eq!(fact_names(&standard, &rule.contacts), ["call.answered"]);
        assert_eq!(
            fact_names(&standard, &rule.resolutions),
            ["repair.first_resolved", "complaint.by_first_owner"]
        );
        assert!(rule.resolutions[1].values.is_some(), "the limit applies");
        assert_eq!(
            fact_names(&standard, &rule.repeats),
            ["call.answered", "repair.opened", "complaint.opened"]
        );
        assert_eq!(
            fact_names(&standard, &rule.invalidated_by),
            [
                "repair.reopened",
                "repair.confirmed",
                "repair.escalated",
                "complaint.reopened",
                "complaint.confirmed",
                "complaint.escalated",
            ]
        );
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn contacts_of_calls_have_no_default_invalidating_fact() {
        let (standard, _) = parse_rule(r#"["call.answered"]"#);
        assert!(standard.first_contact_rules[0].invalidated_by.is_empty());
    }

    #[test]
    fn warns_of_limits_that_the_first_resolution_ignores() {
        let contacts = r#"[{ fact = "repair.escalated", level = "manager" }]"#;
        let (standard, warnings) = parse_rule(contacts);
        assert_eq!(
            fact_names(&standard, &standard.first_contact_rules[0].resolutions),
            ["repair.first_resolved"]
        );
        assert!(warnings[0].contains("limits on `repair.escalated` are ignored"), "{warnings:?}");
    }
}
