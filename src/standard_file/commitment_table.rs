//! `[commitment.NAME]`: a service commitment with a clock.

mod deadline;
mod miss_holder;

use super::fact_lists::find_fact;
use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::facts::catalog::{FactKind, FactMeasure};
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::standard::{
    Commitment, CommitmentTerms, CommitmentWarning, PauseTerms, ReopeningEffect, Standard,
    WarningTime,
};
use crate::domain::time::timestamp::Timestamp;
use crate::standard_file::check_name;
use crate::toml_document::{TomlTable, TomlValue};

/// Adds the commitment to the standard. A commitment without a valid clock is not added.
pub(super) fn read_commitment(name: &str, value: &TomlValue<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.require_table() else { return };
    let from = read_clock_end(&table, "from", standard);
    let until = read_clock_end(&table, "until", standard);
    let terms = read_terms(&table, standard);
    let recurs = table.optional_bool("each").unwrap_or(false);
    if recurs && table.value("reopening").is_some() {
        table.report_problem("reopening", "`each` starts its own clocks; remove `reopening`");
    }
    let holder = miss_holder::read_miss_holder(&table, standard);
    table.report_unknown_keys();
    let (Some(from), Some(until)) = (from, until) else { return };
    let family = standard.kinds.family(from);
    if holder.is_some() && standard.schema.life_cycle(family) != LifeCycle::Order {
        table.report_problem("holder", "only orders are held by units; remove `holder`");
    }
    for (key, kind) in
        std::iter::once(("until", until)).chain(terms.void.iter().map(|kind| ("void", *kind)))
    {
        if standard.kinds.family(kind) != family {
            let (start, fact) = (standard.kinds.name(from), standard.kinds.name(kind));
            table.report_problem(
                key,
                format!("`{fact}` and `{start}` are facts of different families; use one family"),
            );
        }
    }
    if terms.choices.is_empty() {
        return;
    }
    if standard.kinds.find_kind(&format!("{name}.kept")).is_some() {
        value.report_problem(format!("the facts of `{name}` exist already; choose another name"));
        return;
    }
    let first_fact = standard.kinds.add_commitment(name, family);
    standard.commitments.push(Commitment {
        name: name.to_owned(),
        family,
        from,
        until,
        recurs,
        holder,
        terms: vec![terms],
        first_fact,
    });
}

fn read_clock_end(table: &TomlTable<'_>, key: &str, standard: &Standard) -> Option<FactKind> {
    let value = table.required_value(key, "a fact, as in \"repair.opened\"")?;
    let kind = find_fact(&value, standard)?;
    if standard.kinds.fact_measure(kind) == FactMeasure::CurrentState {
        value.report_problem(format!(
            "`{}` is a state; a clock needs a fact at a moment",
            standard.kinds.name(kind)
        ));
        return None;
    }
    check_counts_in_case(&value, kind, standard).then_some(kind)
}

/// Returns true if a fact counts in its case, so that a clock or a rule can refer to it. Reports a
/// problem if not.
pub(super) fn check_counts_in_case(
    value: &TomlValue<'_>,
    kind: FactKind,
    standard: &Standard,
) -> bool {
    let counts_apart = standard.counts_apart(kind);
    if counts_apart {
        value.report_problem(format!(
            "`{}` counts for a unit or an agent and not for the case; use another fact",
            standard.kinds.name(kind)
        ));
    }
    !counts_apart
}

fn read_terms(table: &TomlTable<'_>, standard: &Standard) -> CommitmentTerms {
    let void = table.value("void").and_then(|value| value.require_array()).unwrap_or_default();
    let reopening = [
        ("first", ReopeningEffect::FirstVerdict),
        ("resumes", ReopeningEffect::Resumes),
        ("restarts", ReopeningEffect::Restarts),
    ];
    CommitmentTerms {
        since: Timestamp(i64::MIN),
        choices: deadline::read_deadline_choices(table, standard),
        void: void
            .iter()
            .filter_map(|value| {
                let kind = find_fact(value, standard)?;
                check_counts_in_case(value, kind, standard).then_some(kind)
            })
            .collect(),
        excused_by: read_symbols(table, "excused_by"),
        pauses: read_pauses(table),
        reopening: table
            .optional_choice("reopening", &reopening)
            .unwrap_or(ReopeningEffect::FirstVerdict),
        by_first_attributes: table
            .optional_choice("chosen_by", &[("now", false), ("first", true)])
            .unwrap_or(false),
        warnings: read_warnings(table),
        due_soon_ms: table.optional_duration("due_soon"),
        warns_in_wall_time: table
            .optional_choice("clock", &[("open", false), ("wall", true)])
            .unwrap_or(false),
    }
}

fn read_symbols(table: &TomlTable<'_>, key: &str) -> Vec<Symbol> {
    table.optional_strings(key).unwrap_or_default().into_iter().map(Symbol::from_text).collect()
}

/// Reads `pauses = "excused"`, or a list of `{ reason = [..], liable = [..], clock = "excused" }`.
/// The first matching entry applies.
fn read_pauses(table: &TomlTable<'_>) -> Vec<PauseTerms> {
    let effects = [
        ("excused", PauseEffect::Excused),
        ("counted", PauseEffect::Counted),
        ("ignored", PauseEffect::Ignored),
    ];
    let Some(value) = table.value("pauses") else { return Vec::new() };
    if value.as_str().is_some() {
        return value
            .require_choice(&effects)
            .map(|effect| PauseTerms { reasons: Vec::new(), liable: Vec::new(), effect })
            .into_iter()
            .collect();
    }
    let mut pauses = Vec::new();
    for entry in value.require_array().unwrap_or_default() {
        let Some(pause) = entry.require_table() else { continue };
        let (reasons, liable) = (read_symbols(&pause, "reason"), read_symbols(&pause, "liable"));
        let effect = pause
            .required_value("clock", "the effect: \"excused\", \"counted\" or \"ignored\"")
            .and_then(|value| value.require_choice(&effects));
        pause.report_unknown_keys();
        pauses.extend(effect.map(|effect| PauseTerms { reasons, liable, effect }));
    }
    pauses
}

/// Reads `warn = ["50%", "2h"]`: a share of the time allowed, or a duration before the deadline.
fn read_warnings(table: &TomlTable<'_>) -> Vec<CommitmentWarning> {
    let mut warnings = Vec::new();
    for value in table.value("warn").and_then(|value| value.require_array()).unwrap_or_default() {
        let Some(text) = value.require_string() else { continue };
        let at = match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent @ 1..=99) => Some(WarningTime::Percent(percent)),
                _ => {
                    value.report_problem(format!(
                        "`{text}` is not a warning; use 1% to 99% of the time allowed, or a \
                         duration before the deadline"
                    ));
                    None
                }
            },
            None => value.require_duration().map(WarningTime::Before),
        };
        warnings.extend(at.map(|at| CommitmentWarning { label: Symbol::from_text(text), at }));
    }
    warnings
}
