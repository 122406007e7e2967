//! `[commitment.NAME]`: a promise with a clock.

use super::check_name;
use super::formula::fact;
use crate::document::{Table, Value};
use crate::domain::fact::FactKind;
use crate::domain::standard::{Choice, Commitment, Deadline, Reopening, Standard, Terms};
use crate::domain::time::Timestamp;

/// Adds the commitment to the standard, as far as it can be understood.
pub(super) fn read(name: &str, value: &Value<'_>, standard: &mut Standard) {
    check_name(value, name);
    let Some(table) = value.table() else { return };
    let from = end(&table, "from", standard);
    let until = end(&table, "until", standard);
    let void: Vec<FactKind> =
        table.value("void").and_then(|value| value.array()).unwrap_or_default().iter().filter_map(|value| fact(value, standard)).collect();
    let deadline = deadline(&table);
    let due_soon_ms = table.duration("due_soon");
    table.finish();
    let (Some(from), Some(until)) = (from, until) else { return };
    let family = standard.kinds.family(from);
    for (key, kind) in std::iter::once(("until", until)).chain(void.iter().map(|kind| ("void", *kind))) {
        if standard.kinds.family(kind) != family {
            let (one, other) = (standard.kinds.name(from), standard.kinds.name(kind));
            table.problem(key, format!("`{other}` is not a fact of the same cases as `{one}`; a commitment is on one family"));
        }
    }
    let Some(deadline) = deadline else { return };
    if standard.kinds.find(&format!("{name}.kept")).is_some() {
        value.problem(format!("the facts of `{name}` exist already; choose another name"));
        return;
    }
    let facts = standard.kinds.add_commitment(name, family);
    let terms = Terms {
        since: Timestamp(i64::MIN),
        choices: vec![Choice { conditions: Vec::new(), deadline }],
        void,
        excused_by: Vec::new(),
        pauses: Vec::new(),
        reopening: Reopening::First,
        by_first_attributes: false,
        warnings: Vec::new(),
        due_soon_ms,
    };
    standard.commitments.push(Commitment { name: name.to_owned(), family, from, until, terms: vec![terms], facts });
}

fn end(table: &Table<'_>, key: &str, standard: &Standard) -> Option<FactKind> {
    let value = table.required(key, "a fact, as in \"repair.opened\"")?;
    let kind = fact(&value, standard)?;
    if standard.kinds.measure(kind) == crate::domain::fact::Measure::Standing {
        value.problem(format!("`{}` stands for a while; a clock needs a fact that happens at a moment", standard.kinds.name(kind)));
        return None;
    }
    Some(kind)
}

fn deadline(table: &Table<'_>) -> Option<Deadline> {
    match (table.value("within"), table.bool("due")) {
        (Some(_), Some(true)) => {
            table.problem("due", "a commitment has one deadline: `within` or `due = true`, not both");
            None
        }
        (Some(value), _) => value.duration().map(|millis| Deadline::Within(millis, None)),
        (None, Some(true)) => Some(Deadline::Due),
        (None, _) => {
            table.problem("", "a commitment needs a deadline: `within = \"48h\"`, or `due = true` if its events say one");
            None
        }
    }
}
