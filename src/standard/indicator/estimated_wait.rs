//! `estimated_wait = { waiting = [..], handling = [..], agents = [..], window = "1h" }`: how long one more would wait.

use super::super::formula::{Takes, tallies};
use crate::document::Value;
use crate::domain::standard::{Formula, Standard, Tally};
use crate::domain::window::Window;

/// The formula, as far as it can be understood.
pub(super) fn read(body: &Value<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.table()?;
    let list = |key: &str, what: &str, takes: Takes| -> Vec<Tally> {
        table.required(key, what).map(|list| tallies(&list, takes, standard)).unwrap_or_default()
    };
    let waiting = list("waiting", "standing facts, as in [\"call.waiting\"]", Takes::Standing);
    let handling = list("handling", "facts with durations, as in [\"call.handled\"]", Takes::Durations);
    let agents = list("agents", "standing facts, as in [\"agent.ready\", \"agent.talking\"]", Takes::Standing);
    let window = table.required("window", "a window of the standard, as in \"1h\"").and_then(|value| {
        let name = value.string()?;
        let place = Window::parse(name).and_then(|wanted| standard.windows.iter().position(|window| *window == wanted));
        if place.is_none() {
            let known: Vec<String> = standard.windows.iter().map(Window::to_string).collect();
            value.problem(format!("`{name}` is not a window of this standard; `windows` has: {}", known.join(", ")));
        }
        place
    });
    table.finish();
    Some(Formula::EstimatedWait { waiting, handling, agents, window: window? })
}
