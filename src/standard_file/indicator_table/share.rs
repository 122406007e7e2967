//! `share = { part = [..], whole = [..] }`: the share of one sum of durations in another.

use crate::domain::standard::{Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::TomlValue;

/// The formula, as far as it can be understood.
pub(super) fn read_share(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let side = |key: &str| {
        let list = table
            .required_value(key, "a list of facts with durations, as in [\"agent.talking_time\"]");
        list.map(|list| read_tallies(&list, AcceptedFacts::Durations, standard)).unwrap_or_default()
    };
    let (part, whole) = (side("part"), side("whole"));
    table.report_unknown_keys();
    if let Some(tally) =
        part.iter().find(|tally| !whole.iter().any(|other| other.kind == tally.kind))
    {
        let name = standard.kinds.name(tally.kind);
        table.report_problem(
            "whole",
            format!("`{name}` is in `part` but not here: a share is of a whole that contains it"),
        );
    }
    Some(Formula::Share { part, whole })
}
