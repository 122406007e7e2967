//! `share = { part = [..], whole = [..] }`: the share of one sum of durations in another.

use super::super::formula::{Takes, tallies};
use crate::document::Value;
use crate::domain::standard::{Formula, Standard};

/// The formula, as far as it can be understood.
pub(super) fn read(body: &Value<'_>, standard: &Standard) -> Option<Formula> {
    let table = body.table()?;
    let side = |key: &str| {
        let list = table.required(key, "a list of facts with durations, as in [\"agent.talking_time\"]");
        list.map(|list| tallies(&list, Takes::Durations, standard)).unwrap_or_default()
    };
    let (part, whole) = (side("part"), side("whole"));
    table.finish();
    if let Some(tally) = part.iter().find(|tally| !whole.iter().any(|other| other.kind == tally.kind)) {
        let name = standard.kinds.name(tally.kind);
        table.problem("whole", format!("`{name}` is in `part` but not here: a share is of a whole that contains it"));
    }
    Some(Formula::Share { part, whole })
}
