//! `share = { part = [..], whole = [..] }`: one sum of durations divided by another.

use crate::domain::standard::{FactTally, Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::TomlValue;

/// Reads the formula. Returns `None` if the value is not a table.
pub(super) fn read_share(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let side = |key: &str| {
        let list = table
            .required_value(key, "a list of facts with durations, as in [\"agent.talking_time\"]");
        list.map(|list| read_tallies(&list, AcceptedFacts::Durations, standard)).unwrap_or_default()
    };
    let (part, whole) = (side("part"), side("whole"));
    table.report_unknown_keys();
    if let Some(tally) = part.iter().find(|tally| !whole.iter().any(|fact| fact.kind == tally.kind))
    {
        let name = standard.kinds.name(tally.kind);
        table.report_problem(
            "whole",
            format!(
                "`{name}` is in `part` but not here; `whole` must contain every fact of `part`"
            ),
        );
    }
    let states = measured_states(&part, standard).zip(measured_states(&whole, standard));
    Some(Formula::Share { part, whole, states: states.map(|(part, whole)| [part, whole]) })
}

/// Returns the current states that these durations measure, sorted. Returns `None` if a duration has
/// a limit or does not measure a state.
fn measured_states(durations: &[FactTally], standard: &Standard) -> Option<Vec<FactTally>> {
    let measured = durations.iter().map(|tally| match tally {
        FactTally { kind, values: None, labels, conditions, calendar: None }
            if labels.is_empty() =>
        {
            let kind = standard.kinds.measured_state(*kind)?;
            Some(FactTally { conditions: conditions.clone(), ..FactTally::of_kind(kind) })
        }
        _ => None,
    });
    let mut states: Vec<FactTally> = measured.collect::<Option<_>>()?;
    states.sort();
    Some(states)
}
