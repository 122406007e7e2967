//! `mean_level = [..]`: the time-weighted mean of a level in each window.

use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::place::agent;
use crate::domain::standard::{Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::TomlValue;

/// Reads the formula. Returns `None` if the value names a state whose past nothing records.
pub(super) fn read_mean_level(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let of = read_tallies(body, AcceptedFacts::CurrentStates, standard);
    let offline = standard.kinds.first_kind(CaseFamily::AGENT).offset_by(agent::OFFLINE);
    if of.iter().any(|tally| tally.kind == offline) {
        let name = standard.kinds.name(offline);
        body.report_problem(format!("`{name}` is not working time and has no mean; remove it"));
        return None;
    }
    Some(Formula::MeanLevel { of })
}
