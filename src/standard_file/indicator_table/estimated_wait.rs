//! `estimated_wait = { waiting = [..], handling = [..], agents = [..], window = "1h" }`: how long one more would wait.

use crate::domain::standard::{FactTally, Formula, Standard};
use crate::domain::time::window::Window;
use crate::standard_file::fact_lists::{AcceptedFacts, read_tallies};
use crate::toml_document::TomlValue;

/// The formula, as far as it can be understood.
pub(super) fn read_estimated_wait(body: &TomlValue<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.require_table()?;
    let list = |key: &str, what: &str, takes: AcceptedFacts| -> Vec<FactTally> {
        table
            .required_value(key, what)
            .map(|list| read_tallies(&list, takes, standard))
            .unwrap_or_default()
    };
    let waiting =
        list("waiting", "standing facts, as in [\"call.waiting\"]", AcceptedFacts::CurrentStates);
    let handling = list(
        "handling",
        "facts with durations, as in [\"call.handled\"]",
        AcceptedFacts::Durations,
    );
    let agents = list(
        "agents",
        "standing facts, as in [\"agent.ready\", \"agent.talking\"]",
        AcceptedFacts::CurrentStates,
    );
    let window = table.required_value("window", "a window of the standard, as in \"1h\"").and_then(
        |value| {
            let name = value.require_string()?;
            let place = Window::parse(name)
                .and_then(|wanted| standard.windows.iter().position(|window| *window == wanted));
            if place.is_none() {
                let known: Vec<String> = standard.windows.iter().map(Window::to_string).collect();
                value.report_problem(format!(
                    "`{name}` is not a window of this standard; `windows` has: {}",
                    known.join(", ")
                ));
            }
            place
        },
    );
    table.report_unknown_keys();
    Some(Formula::EstimatedWait { waiting, handling, agents, window: window? })
}
