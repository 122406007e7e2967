//! Properties of the simulation: deterministic, ordered, well-formed and with realistic shares.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::time::timestamp::{HOUR, SECOND, Timestamp};
use crate::simulate::{Simulation, SimulationSettings};

/// Tuesday, 10 March 2026: neither a weekend nor a billing day.
const START: Timestamp = Timestamp(1_773_072_000_000);

fn simulation_settings(seed: u64, centers: u32, rate: f64) -> SimulationSettings {
    SimulationSettings { seed, start: START, centers, rate }
}

/// Returns the JSON lines of the first `hours` with their times.
fn event_lines(
    settings: &SimulationSettings,
    hours: i64,
) -> impl Iterator<Item = (Timestamp, String)> + use<> {
    let end = settings.start.plus_millis(hours * HOUR);
    Simulation::new(settings).take_while(move |event| event.time < end).map(|event| {
        let mut line = Vec::new();
        event.write_json(&mut line);
        (event.time, String::from_utf8(line).unwrap())
    })
}

fn parsed_events(
    settings: &SimulationSettings,
    hours: i64,
) -> impl Iterator<Item = (Timestamp, Value)> + use<> {
    event_lines(settings, hours).map(|(time, line)| (time, serde_json::from_str(&line).unwrap()))
}

fn text_field<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {event}"))
}

/// Returns the case of an event as source and subject.
fn case_name(event: &Value) -> String {
    format!("{} {}", text_field(event, "source"), text_field(event, "subject"))
}

#[test]
fn simulation_is_deterministic_for_its_settings() {
    let first: Vec<_> = event_lines(&simulation_settings(7, 3, 0.1), 10).collect();
    assert!(first.len() > 1_000, "{} events", first.len());
    assert!(first.iter().eq(&event_lines(&simulation_settings(7, 3, 0.1), 10).collect::<Vec<_>>()));
    assert!(first.iter().ne(&event_lines(&simulation_settings(8, 3, 0.1), 10).collect::<Vec<_>>()));
}

#[test]
fn different_start_gives_different_ids() {
    let ids = |start| -> BTreeSet<String> {
        let settings = SimulationSettings { start, ..simulation_settings(7, 1, 0.1) };
        parsed_events(&settings, 2)
            .map(|(_, event)| {
                format!("{} {}", text_field(&event, "source"), text_field(&event, "id"))
            })
            .collect()
    };
    assert!(ids(START).is_disjoint(&ids(START.plus_millis(HOUR))));
}

#[test]
fn events_are_well_formed_and_in_time_order() {
    let (mut last, mut ids, mut types) = (START, BTreeSet::new(), BTreeSet::new());
    let mut case_times = BTreeSet::new();
    for (time, event) in parsed_events(&simulation_settings(3, 3, 0.1), 48) {
        assert!(last <= time, "{event}");
        last = time;
        assert_eq!(Timestamp::parse(text_field(&event, "time")), Ok(time));
        assert!(text_field(&event, "time").ends_with("+08:00"));
        assert_eq!(text_field(&event, "specversion"), "1.0");
        assert!(
            ids.insert(format!("{} {}", text_field(&event, "source"), text_field(&event, "id"))),
            "duplicate id: {event}"
        );
        // Two events of one case at the same time would have no defined order.
        assert!(case_times.insert((case_name(&event), time)), "two events at once: {event}");
        let data = &event["data"];
        assert!(text_field(&event, "source").ends_with(text_field(data, "center")));
        assert!(
            !text_field(&event, "subject").is_empty() && !text_field(data, "region").is_empty()
        );
        let (family, _) = text_field(&event, "type").split_once('.').unwrap();
        let needs: &[&str] = match family {
            "call" | "queue" => &["queue", "channel", "tier", "topic", "customer"],
            "agent" => &["queue", "agent", "state"],
            "survey" => &["tier", "customer"],
            _ => &["product", "channel", "tier", "customer"],
        };
        needs.iter().for_each(|name| assert!(!text_field(data, name).is_empty()));
        types.insert(text_field(&event, "type").to_owned());
    }
    for verb in [
        "assigned",
        "arrived",
        "paused",
        "resumed",
        "resolved",
        "confirmed",
        "reopened",
        "escalated",
        "cancelled",
    ] {
        assert!(types.contains(&format!("repair.{verb}")), "no repair is ever {verb}: {types:?}");
    }
    for verb in [
        "queue.left",
        "queue.served",
        "call.transferred",
        "call.overflowed",
        "install.resolved",
        "move.opened",
        "parts.resolved",
    ] {
        assert!(types.contains(verb), "{types:?}");
    }
    for verb in ["replied", "resolved", "confirmed"] {
        assert!(
            types.contains(&format!("complaint.{verb}")),
            "no complaint is ever {verb}: {types:?}"
        );
    }
}

#[test]
fn weekday_service_level_is_realistic() {
    let (mut offered, mut counts) = (BTreeMap::new(), BTreeMap::<&str, u32>::new());
    for (time, event) in parsed_events(&simulation_settings(7, 3, 0.2), 24) {
        let outcome = match text_field(&event, "type") {
            "call.offered" => {
                assert!(
                    offered.insert(case_name(&event), time).is_none(),
                    "offered twice: {event}"
                );
                continue;
            }
            "call.answered" if time.millis_since(offered[&case_name(&event)]) <= 20 * SECOND => {
                "soon"
            }
            "call.answered" => "late",
            "call.abandoned" => "abandoned",
            "call.overflowed" => "overflowed",
            _ => continue,
        };
        assert!(offered.contains_key(&case_name(&event)), "never offered: {event}");
        *counts.entry(outcome).or_default() += 1;
    }
    let share = |outcome: &[&str]| {
        outcome.iter().map(|outcome| counts[outcome]).sum::<u32>() as f64
            / counts.values().sum::<u32>() as f64
    };
    assert!((0.85..0.96).contains(&share(&["soon", "late"])), "{counts:?}");
    assert!((0.70..0.95).contains(&share(&["soon"])), "{counts:?}");
    assert!((0.02..0.14).contains(&share(&["abandoned"])), "{counts:?}");
}

#[test]
fn agent_states_match_their_calls() {
    // State of each agent, its start, and the current call if any.
    let mut agents: BTreeMap<String, (String, Timestamp, Option<String>)> = BTreeMap::new();
    let mut times: BTreeMap<String, i64> = BTreeMap::new();
    // Agent and start of each shift.
    let mut shifts: BTreeMap<String, (String, Timestamp)> = BTreeMap::new();
    for (time, event) in parsed_events(&simulation_settings(5, 2, 0.1), 24) {
        let Some(agent) = event["data"]["agent"].as_str().map(str::to_owned) else { continue };
        let (state, since, call) =
            agents.entry(agent.clone()).or_insert_with(|| ("offline".to_owned(), time, None));
        match text_field(&event, "type") {
            "call.answered" => {
                assert_eq!((state.as_str(), &call), ("ready", &&mut None), "not free: {event}");
                *call = Some(case_name(&event));
            }
            "call.ended" => {
                assert_eq!(
                    (state.as_str(), call.take()),
                    ("talking", Some(case_name(&event))),
                    "another's call: {event}"
                );
            }
            _ => {
                let new = text_field(&event["data"], "state");
                let valid = match (state.as_str(), new) {
                    ("ready", "talking") => call.is_some(),
                    ("talking", "wrapup")
                    | ("offline", "ready")
                    | ("pause", "ready" | "offline") => call.is_none(),
                    ("ready" | "wrapup", "pause" | "offline") | ("wrapup", "ready") => {
                        call.is_none()
                    }
                    _ => false,
                };
                assert!(valid, "after {state}: {event}");
                assert_eq!(
                    state == "offline",
                    !shifts.contains_key(&case_name(&event)),
                    "not one shift per sign-on: {event}"
                );
                let (shift_agent, began) =
                    shifts.entry(case_name(&event)).or_insert_with(|| (agent.clone(), time));
                assert!(
                    *shift_agent == agent && time.millis_since(*began) < 10 * HOUR,
                    "{shift_agent} since {began}: {event}"
                );
                assert!(
                    ["broadband", "mobile", "billing", "complaints"]
                        .contains(&text_field(&event["data"], "queue"))
                );
                *times.entry(std::mem::replace(state, new.to_owned())).or_default() +=
                    time.millis_since(*since);
                *since = time;
            }
        }
    }
    let share = |part: &[&str], of: &[&str]| {
        let sum = |states: &[&str]| states.iter().map(|state| times[*state]).sum::<i64>() as f64;
        sum(part) / sum(of)
    };
    let occupancy = share(&["talking", "wrapup"], &["ready", "talking", "wrapup"]);
    assert!((0.6..0.95).contains(&occupancy), "{occupancy}: {times:?}");
    let pauses = share(&["pause"], &["ready", "talking", "wrapup", "pause"]);
    assert!((0.04..0.14).contains(&pauses), "{pauses}: {times:?}");
}

#[test]
fn unresolved_callers_call_again() {
    // Ended calls of the first day by customer and topic: time, and 1 for a solved problem.
    let mut ended: BTreeMap<String, (Timestamp, usize)> = BTreeMap::new();
    let (mut calls, mut again, mut lost) = ([0_u32; 2], [0_u32; 2], BTreeSet::new());
    for (time, event) in parsed_events(&simulation_settings(7, 2, 0.05), 4 * 24) {
        let data = &event["data"];
        let contact = || format!("{} {}", text_field(data, "customer"), text_field(data, "topic"));
        match text_field(&event, "type") {
            "call.answered" => {
                if let Some((_, resolved)) = ended.remove(&contact()) {
                    again[resolved] += 1;
                }
            }
            "call.ended" if time < START.plus_millis(24 * HOUR) => {
                let resolved = usize::from(data["resolved"].as_bool().unwrap());
                calls[resolved] += 1;
                ended.insert(contact(), (time, resolved));
            }
            "call.overflowed" => _ = lost.insert(text_field(data, "reason").to_owned()),
            _ => {}
        }
    }
    let share = |resolved: usize| f64::from(again[resolved]) / f64::from(calls[resolved]);
    assert!((0.7..0.9).contains(&share(0)) && share(1) < 0.08, "{again:?} of {calls:?}");
    let first_contact = 1.0 - f64::from(again[0] + again[1]) / f64::from(calls[0] + calls[1]);
    assert!((0.65..0.80).contains(&first_contact), "{again:?} of {calls:?}");
    assert!(lost.contains("key") && lost.contains("timeout"), "{lost:?}");
}

#[test]
fn most_repairs_are_on_time() {
    let (mut due, mut on_time, mut late) = (BTreeMap::new(), 0, 0);
    let repairs = event_lines(&simulation_settings(7, 3, 0.1), 5 * 24)
        .filter(|(_, line)| line.contains(r#""type":"repair."#));
    for (time, line) in repairs {
        let event: Value = serde_json::from_str(&line).unwrap();
        match text_field(&event, "type") {
            "repair.opened" => {
                _ = due.insert(
                    case_name(&event),
                    Timestamp::parse(text_field(&event["data"], "due")).unwrap(),
                );
            }
            "repair.cancelled" => _ = due.remove(&case_name(&event)),
            "repair.resolved" => match due.remove(&case_name(&event)) {
                Some(due) if time <= due => on_time += 1,
                Some(_) => late += 1,
                None => {}
            },
            _ => {}
        }
    }
    late += due.values().filter(|&&due| due < START.plus_millis(5 * 24 * HOUR)).count();
    let share = on_time as f64 / (on_time + late) as f64;
    assert!((0.90..0.985).contains(&share), "{on_time} on time, {late} late");
    assert!(late > 0);
}

#[test]
fn order_pauses_and_escalations_have_realistic_shares() {
    let mut counts = BTreeMap::<String, u32>::new();
    let mut owners = BTreeMap::new();
    let orders = event_lines(&simulation_settings(7, 3, 0.2), 6 * 24).filter(|(_, line)| {
        !line.contains(r#""type":"call."#) && line.contains(r#""source":"/field"#)
    });
    for (_, line) in orders {
        let event: Value = serde_json::from_str(&line).unwrap();
        let (kind, data) = (text_field(&event, "type"), &event["data"]);
        let mut count = |key: String| *counts.entry(key).or_default() += 1;
        count(kind.to_owned());
        let fields =
            ["reason", "liable", "level", "satisfied", "class", "area", "grade", "appointment"];
        for name in fields.into_iter().filter(|name| !data[*name].is_null()) {
            count(format!("{kind} {name}"));
            count(format!("{kind} {name}={}", data[name].to_string().trim_matches('"')));
        }
        if let Some(owner) = data["owner"].as_str() {
            let first = owners.entry(case_name(&event)).or_insert_with(|| owner.to_owned());
            if kind == "repair.resolved" && *first == owner {
                count("same owner".to_owned());
            }
        }
    }
    let share =
        |part: &str, of: &str| f64::from(*counts.get(part).unwrap_or(&0)) / f64::from(counts[of]);
    for (part, of, within) in [
        ("same owner", "repair.resolved", 0.88..0.97),
        ("repair.paused", "repair.opened", 0.07..0.18),
        ("repair.paused reason=absent", "repair.paused", 0.25..0.55),
        ("repair.paused reason=missed_appointment", "repair.paused", 0.02..0.20),
        ("repair.paused liable=us", "repair.paused", 0.15..0.45),
        ("repair.resolved liable", "repair.resolved", 0.005..0.06),
        ("repair.opened appointment", "repair.opened", 0.2..0.4),
        ("install.opened appointment", "install.opened", 0.75..0.95),
        ("repair.opened class=outage", "repair.opened", 0.55..0.75),
        ("repair.opened area=country", "repair.opened", 0.24..0.36),
        ("repair.assigned class=outage", "repair.assigned", 0.002..0.03),
        ("complaint.replied", "complaint.opened", 0.85..1.0),
        ("complaint.opened grade=1", "complaint.opened", 0.10..0.20),
        ("complaint.escalated", "complaint.opened", 0.005..0.10),
        ("complaint.escalated level=regulator", "complaint.opened", 0.001..0.05),
        ("repair.confirmed", "repair.resolved", 0.85..1.0),
        ("repair.confirmed satisfied=true", "repair.confirmed", 0.88..0.97),
        ("repair.reopened reason=fault_again", "repair.resolved", 0.01..0.06),
        ("parts.confirmed satisfied=true", "parts.confirmed", 0.96..0.999),
    ] {
        assert!(
            within.contains(&share(part, of)),
            "{part} of {of}: {:.4}\n{counts:#?}",
            share(part, of)
        );
    }
}

#[test]
fn clamps_settings_out_of_range() {
    for (centers, rate) in [(0, 0.0), (u32::MAX, f64::NAN), (1, -1.0)] {
        let settings = SimulationSettings { start: START, seed: 1, centers, rate };
        assert_eq!(Simulation::new(&settings).take(100).count(), 100);
    }
}
