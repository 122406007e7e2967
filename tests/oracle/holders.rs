//! Units that hold an order, and the parts of a miss that count for each.
//!
//! A unit is a center and a tier, since tiers divide the scopes of a center.

use super::case_facts::{CaseMeaning, DimensionValues, OracleFact};
use super::event::OracleEvent;

const CENTER: usize = 0;
const TIER: usize = 2;

/// Time that one unit and one owner held an order.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct UnitHold {
    pub(crate) begin: i64,
    /// `None` while it lasts.
    pub(crate) end: Option<i64>,
    center: Option<&'static str>,
    tier: Option<&'static str>,
    owner: Option<&'static str>,
}

/// Which unit a miss counts for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum MissedBy {
    First,
    Last,
    AtDeadline,
    Longest,
    Shares,
}

impl UnitHold {
    /// Returns the values with which facts of the unit count.
    pub(crate) fn values(&self, case: &DimensionValues) -> DimensionValues {
        let mut values = *case;
        (values[CENTER], values[TIER]) = (self.center, self.tier);
        values
    }
}

/// Adds the units that held an order, and the facts about their time. An order is held from its
/// first event until it is closed, and again when it is reopened.
pub(crate) fn derive_holds(
    family: &'static str,
    events: &[(usize, &OracleEvent)],
    meaning: &mut CaseMeaning,
) {
    // The state after each event, and until the next one.
    let (mut center, mut tier, mut owner, mut closed) = (None, None, None, false);
    let mut spans: Vec<UnitHold> = Vec::new();
    for (place, (_, event)) in events.iter().enumerate() {
        let named = event.text_field("center");
        tier = match named {
            Some(_) if named != center => event.text_field("tier"),
            _ => event.text_field("tier").or(tier),
        };
        center = named.or(center);
        owner = event.text_field("owner").or(owner);
        closed = match event.verb {
            "resolved" | "cancelled" => true,
            "reopened" => false,
            _ => closed,
        };
        let end = events.get(place + 1).map(|(_, next)| next.time);
        if !closed && end != Some(event.time) {
            spans.push(UnitHold { begin: event.time, end, center, tier, owner });
        }
    }
    // Spans of the same unit and owner without a gap are one.
    for span in spans {
        match meaning.holds.last_mut() {
            Some(last)
                if last.end == Some(span.begin)
                    && (last.center, last.tier, last.owner)
                        == (span.center, span.tier, span.owner) =>
            {
                last.end = span.end;
            }
            _ => meaning.holds.push(span),
        }
    }
    for hold in &meaning.holds {
        if let Some(end) = hold.end {
            let fact = OracleFact {
                name: (family, "held"),
                time: end,
                value: Some(end - hold.begin),
                label: hold.owner,
                event_index: usize::MAX,
            };
            meaning.placed.push((fact, hold.values(&meaning.attributes)));
        }
    }
}

/// Returns the units for which a miss counts, each with its millionths. `clock_time` gives the time of
/// the clock between two instants.
pub(crate) fn miss_parts(
    missed_by: MissedBy,
    holds: &[UnitHold],
    (from, deadline): (i64, i64),
    clock_time: impl Fn(i64, i64) -> i64,
) -> Vec<(UnitHold, i64)> {
    const WHOLE: i64 = 1_000_000;
    let before: Vec<&UnitHold> = holds.iter().filter(|hold| hold.begin < deadline).collect();
    let at_deadline: Vec<(UnitHold, i64)> =
        before.last().map(|hold| (**hold, WHOLE)).into_iter().collect();
    // Centers in the order in which they first had the order, with their latest hold and their time.
    let mut centers: Vec<(UnitHold, i64)> = Vec::new();
    for hold in &before {
        let (begin, end) = (hold.begin.max(from), hold.end.unwrap_or(deadline).min(deadline));
        if begin < end {
            let time = clock_time(begin, end);
            match centers.iter_mut().find(|(known, _)| known.center == hold.center) {
                Some(known) => *known = (**hold, known.1 + time),
                None => centers.push((**hold, time)),
            }
        }
    }
    let whole = |hold: Option<UnitHold>| match hold {
        Some(hold) => vec![(hold, WHOLE)],
        None => at_deadline.clone(),
    };
    let named = || centers.iter().filter(|(hold, _)| hold.center.is_some());
    match missed_by {
        MissedBy::First => whole(named().next().map(|(hold, _)| *hold)),
        MissedBy::Last => whole(holds.iter().rfind(|hold| hold.center.is_some()).copied()),
        MissedBy::AtDeadline => at_deadline,
        MissedBy::Longest => {
            let most = named().map(|(_, time)| *time).max();
            whole(named().find(|(_, time)| Some(*time) == most).map(|(hold, _)| *hold))
        }
        MissedBy::Shares => {
            let total: i128 = centers.iter().map(|(_, time)| i128::from(*time)).sum();
            if total == 0 {
                return at_deadline;
            }
            let exact = |time: i64| i128::from(time) * i128::from(WHOLE);
            let mut parts: Vec<i64> =
                centers.iter().map(|(_, time)| (exact(*time) / total) as i64).collect();
            let mut given: Vec<bool> = vec![false; parts.len()];
            while parts.iter().sum::<i64>() < WHOLE {
                let rest = |place: usize| exact(centers[place].1) % total;
                let open = (0..parts.len()).filter(|place| !given[*place]);
                // Of equal rests the first one; `max_by_key` would give the last.
                let next = open.rev().max_by_key(|place| rest(*place)).expect("a part is left");
                (parts[next], given[next]) = (parts[next] + 1, true);
            }
            let with_parts = centers.into_iter().zip(parts);
            with_parts.filter(|(_, part)| *part > 0).map(|((hold, _), part)| (hold, part)).collect()
        }
    }
}
