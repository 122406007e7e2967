//! `estimated_wait = { waiting = [..], handling = [..], agents = [..], window = "1h" }`: expected
//! wait of the next case.

use crate::domain::standard::{FactTally, Formula, Standard};
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::standard_file::named_parts::find_window;
use crate::toml_document::TomlValue;

/// Reads the formula. Returns `None` without a valid window.
pub(super) fn read_estimated_wait(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let list = |key: &str, remedy: &str, accepted: AcceptedFacts| -> Vec<FactTally> {
        table
            .required_value(key, remedy)
            .map(|list| read_tallies(&list, accepted, standard))
            .unwrap_or_default()
    };
    let waiting = list("waiting", "states, as in [\"call.waiting\"]", AcceptedFacts::CurrentStates);
    let handling = list(
        "handling",
        "facts with durations, as in [\"call.handled\"]",
        AcceptedFacts::Durations,
    );
    let agents = list(
        "agents",
        "states, as in [\"agent.ready\", \"agent.talking\"]",
        AcceptedFacts::CurrentStates,
    );
    let window = table
        .required_value("window", "a window of the standard, as in \"1h\"")
        .and_then(|value| find_window(&value, standard));
    table.report_unknown_keys();
    Some(Formula::EstimatedWait { waiting, handling, agents, window: window? })
}
