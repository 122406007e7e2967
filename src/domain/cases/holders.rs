//! Holders of an order: the units that had it, one after the other.
//!
//! A unit is a combination of values of the standard's holder dimensions, such as `center`. An event
//! that names another value hands the order over, and one that names another owner ends the part of
//! the owner before. An order is held
//! from its first event until it is closed, and again after it is reopened. Pauses are part of it.

use super::groups::CaseGroups;
use super::observation::Observation;
use crate::domain::events::event::{EventVerb, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind, PlacedFact, place::order};
use crate::domain::facts::hold_period::HoldPeriod;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::Timestamp;

/// Returns the periods in which units held an order whose observations join to `case_group`.
pub(super) fn hold_periods(
    observations: impl Iterator<Item = Observation>,
    case_group: u32,
    groups: &mut CaseGroups,
    standard: &Standard,
) -> Vec<HoldPeriod> {
    let unit_dimensions = unit_dimensions(standard);
    let mut periods: Vec<HoldPeriod> = Vec::new();
    let mut unit: Option<(u32, Option<Symbol>)> = None;
    let mut closed = false;
    for one in observations {
        let (time, before) = (one.time, unit);
        let group = match before {
            None => one.group,
            Some((group, _)) => hand_over(group, one.group, groups, standard),
        };
        let owner = one.detail.owner.or(before.and_then(|(_, owner)| owner));
        unit = Some((group, owner));
        let was_closed = closed;
        closed = match one.kind.verb {
            EventVerb::Resolved | EventVerb::Cancelled => true,
            EventVerb::Reopened => false,
            _ => closed,
        };
        let is_same = before.is_some_and(|(known, known_owner)| {
            known_owner == owner && has_same_unit(known, group, unit_dimensions, groups)
        });
        if closed || !is_same {
            end_period(&mut periods, time);
        }
        if !closed && (was_closed || !is_same) {
            let again = periods.last_mut().filter(|last| {
                last.end == Some(time)
                    && last.owner == owner
                    && has_same_unit(last.group, group, unit_dimensions, groups)
            });
            match again {
                Some(last) => last.end = None,
                None => periods.push(HoldPeriod { begin: time, end: None, group, owner }),
            }
        }
    }
    for period in &mut periods {
        let others = !unit_dimensions;
        period.group =
            groups.inherit_attributes(period.group, case_group, unit_dimensions, others, standard);
    }
    periods
}

/// Ends the last period. A period that would be empty is removed.
fn end_period(periods: &mut Vec<HoldPeriod>, time: Timestamp) {
    let Some(last) = periods.last_mut().filter(|last| last.end.is_none()) else { return };
    last.end = Some(time);
    if last.begin >= time {
        periods.pop();
    }
}

/// Returns the dimensions that name a unit or a part of one, as a bit set.
fn unit_dimensions(standard: &Standard) -> u16 {
    let holders = standard.holder_dimensions;
    (0..16)
        .filter(|dimension| holders >> dimension & 1 == 1)
        .fold(holders, |all, dimension| all | standard.narrower_dimensions(dimension))
}

/// Returns the group of the unit after an event with the attributes `named`. A new value of a holder
/// dimension takes away the values of the narrower ones that the event does not name.
fn hand_over(group: u32, named: u32, groups: &mut CaseGroups, standard: &Standard) -> u32 {
    let changed = (0..16).filter(|dimension| {
        standard.holder_dimensions >> dimension & 1 == 1
            && groups.has_value(named, *dimension)
            && !groups.has_same_value(named, group, *dimension)
    });
    let narrower = changed.fold(0, |all, dimension| all | standard.narrower_dimensions(dimension));
    groups.inherit_attributes(named, group, narrower, 0, standard)
}

fn has_same_unit(one: u32, other: u32, dimensions: u16, groups: &CaseGroups) -> bool {
    one == other
        || (0..16)
            .filter(|dimension| dimensions >> dimension & 1 == 1)
            .all(|dimension| groups.has_same_value(one, other, dimension))
}

/// Adds the facts `held` of a family whose facts start at `first`: the length of each period that is
/// over, in the group of its unit and labeled by its owner.
pub(super) fn add_held_facts(first: FactKind, is_used: bool, facts: &mut CaseFacts) {
    for place in 0..facts.holds.len() {
        let HoldPeriod { begin, end, group, owner } = facts.holds[place];
        facts.placed_groups.push(group);
        if let Some(end) = end.filter(|_| is_used) {
            let kind = first.offset_by(order::HELD);
            let fact = Fact { kind, label: owner, time: end, value: end.millis_since(begin) };
            facts.placed.push(PlacedFact { group, fact });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::{Attributes, CaseFamily, EventDetail, EventId, EventType};
    use crate::standard_file::parse_standard;

    const STANDARD: &str = r#"
    name = "held"
    version = "1"
    title = { en = "Held orders", zh = "经手工单" }
    time_zone = "UTC"
    dimensions = ["center", "queue", "tier"]
    scopes = [[], ["center"], ["center", "queue"]]
    windows = ["all"]
    orders = ["complaint"]
    holders = ["center"]
    [indicator.held]
    title = { en = "Time held", zh = "经手时长" }
    duration = ["complaint.held"]
    "#;

    /// Events of an order: second, verb, center, queue, tier, owner.
    type HeldEvent = (i64, EventVerb, &'static str, &'static str, &'static str, &'static str);

    /// Returns each period as `begin-end center/queue/tier owner`, with `-` for what is missing.
    fn periods_of(events: &[HeldEvent]) -> Vec<String> {
        let standard = parse_standard("held.toml", STANDARD).expect("the standard is valid");
        let mut groups = CaseGroups::default();
        let named = |text: &str| (!text.is_empty()).then(|| Box::<str>::from(text));
        let family = CaseFamily(4);
        let observations: Vec<Observation> = events
            .iter()
            .enumerate()
            .map(|(place, (second, verb, center, queue, tier, owner))| Observation {
                time: Timestamp(second * 1_000),
                sequence: 0,
                kind: EventType { family, verb: *verb },
                id: EventId(place as u64),
                group: groups.intern(
                    &Attributes::from(vec![named(center), named(queue), named(tier)]),
                    &standard,
                ),
                detail: EventDetail {
                    owner: named(owner).map(|owner| Symbol::from_text(&owner)),
                    ..EventDetail::default()
                },
            })
            .collect();
        let case_group = observations
            .iter()
            .map(|one| one.group)
            .reduce(|known, next| groups.join_groups(known, next, 0, &standard))
            .expect("at least one observation");
        let periods = hold_periods(observations.into_iter(), case_group, &mut groups, &standard);
        let owner_name = |owner: Symbol| {
            let known =
                events.iter().map(|event| event.5).find(|name| Symbol::from_text(name) == owner);
            known.unwrap_or("?").to_owned()
        };
        periods
            .iter()
            .map(|period| {
                let values: Vec<&str> = groups
                    .get(period.group)
                    .attributes
                    .values()
                    .iter()
                    .map(|value| value.as_deref().unwrap_or("-"))
                    .collect();
                let end = period.end.map_or("now".to_owned(), |end| (end.0 / 1_000).to_string());
                let owner = period.owner.map_or("-".to_owned(), owner_name);
                format!("{}-{end} {} {owner}", period.begin.0 / 1_000, values.join("/"))
            })
            .collect()
    }

    #[test]
    fn hand_over_begins_a_period() {
        use EventVerb::{Assigned, Opened, Resolved};
        let periods = periods_of(&[
            (0, Opened, "hefei", "q1", "", "li"),
            (10, Assigned, "wuhu", "", "vip", "wang"),
            (30, Assigned, "wuhu", "q7", "", ""),
            (40, Assigned, "", "", "", "wang"),
            (100, Resolved, "", "", "", ""),
        ]);
        assert_eq!(
            periods,
            ["0-10 hefei/q1/vip li", "10-30 wuhu/-/vip wang", "30-100 wuhu/q7/vip wang"]
        );
    }

    #[test]
    fn closed_order_is_held_by_nobody() {
        use EventVerb::{Assigned, Cancelled, Confirmed, Opened, Reopened, Resolved};
        let periods = periods_of(&[
            (0, Opened, "", "", "", ""),
            (5, Assigned, "hefei", "", "", ""),
            (20, Resolved, "", "", "", ""),
            (25, Confirmed, "wuhu", "", "", ""),
            (30, Reopened, "", "", "", ""),
            (50, Cancelled, "", "", "", ""),
        ]);
        assert_eq!(periods, ["0-5 -/-/- -", "5-20 hefei/-/- -", "30-50 wuhu/-/- -"]);
        assert_eq!(
            periods_of(&[(0, Resolved, "hefei", "", "", ""), (1, Opened, "hefei", "", "", "")]),
            [""; 0]
        );
        assert_eq!(periods_of(&[(3, Opened, "hefei", "", "", "")]), ["3-now hefei/-/- -"]);
    }

    #[test]
    fn detour_of_no_length_is_no_handover() {
        use EventVerb::{Assigned, Opened, Reopened, Resolved};
        let detour = [
            (0, Opened, "hefei", "", "", ""),
            (9, Assigned, "wuhu", "", "", ""),
            (9, Assigned, "hefei", "", "", ""),
            (20, Resolved, "", "", "", ""),
            (20, Reopened, "", "", "", ""),
        ];
        assert_eq!(periods_of(&detour), ["0-now hefei/-/- -"]);
    }
}
