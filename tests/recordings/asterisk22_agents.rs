//! Agents of the `queue_log` of an Asterisk 22, compared with Asterisk's own members.
//!
//! `snapshots.json` has the members of the queues at 26 instants, and `truth.json` what the telephones
//! of the agents did. Each difference is listed with its reason.

use super::replay::{RecordedSet, ReplayCommand, ReplayedBoard};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum difference of an occupancy, as a share.
const OCCUPANCY_TOLERANCE: f64 = 0.01;

/// Why the log shows other conversations than Asterisk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reason {
    /// The conversation begins or ends within the second of the instant.
    SameSecond,
    /// The caller was redirected. The log shows the conversation until the caller hangs up.
    Redirected,
}

/// Agents in conversation in the log or at the instant, but not in both.
const TALKING_DIFFERENCES: [(i64, &str, Reason); 11] = [
    (1_795_931_620, "Agent Six", Reason::SameSecond),
    (1_795_931_680, "Agent Four", Reason::SameSecond),
    (1_795_931_740, "Agent Six", Reason::SameSecond),
    (1_795_931_800, "Agent One", Reason::SameSecond),
    (1_795_931_800, "Agent Seven", Reason::SameSecond),
    (1_795_931_860, "Agent Seven", Reason::Redirected),
    (1_795_931_980, "Agent Eight", Reason::SameSecond),
    (1_795_932_010, "Agent Five", Reason::Redirected),
    (1_795_932_070, "Agent Five", Reason::SameSecond),
    (1_795_932_100, "Agent Four", Reason::SameSecond),
    (1_795_932_100, "Agent Six", Reason::SameSecond),
];

/// Members of the queues at one instant, as Asterisk lists them.
struct MemberSnapshot {
    /// Second of the instant.
    at: i64,
    on_duty: BTreeSet<String>,
    /// Paused in all their queues.
    paused: BTreeSet<String>,
    talking: BTreeSet<String>,
}

impl MemberSnapshot {
    fn new(snapshot: &Value) -> MemberSnapshot {
        let entries = snapshot["QueueStatus"].as_array().unwrap().iter();
        let members: Vec<(String, &Value)> = entries
            .filter(|entry| entry["Event"] == "QueueMember")
            .map(|member| (member["Name"].as_str().unwrap().to_owned(), member))
            .collect();
        let named = |chosen: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            let chosen = members.iter().filter(|(_, member)| chosen(member));
            chosen.map(|(name, _)| name.clone()).collect()
        };
        let on_duty = named(&|_| true);
        let active = named(&|member| member["Paused"] == "0");
        MemberSnapshot {
            at: snapshot["at"].as_f64().unwrap() as i64,
            paused: on_duty.difference(&active).cloned().collect(),
            talking: named(&|member| member["InCall"] == "1"),
            on_duty,
        }
    }
}

fn read_json(set: &RecordedSet, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(set.file_path(file)).unwrap()).unwrap()
}

fn format_instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// Returns the agents for which a level is 1.
fn agents_with(board: &ReplayedBoard, indicator: &str) -> BTreeSet<String> {
    let groups = board.groups().into_iter();
    let active = groups.filter(|agent| board.reading(indicator, agent)["value"] == 1.0);
    active.map(str::to_owned).collect()
}

/// Replays the log and returns the boards by agent at these instants.
fn replay_by_agent(set: &RecordedSet, instants: &[i64]) -> Vec<ReplayedBoard> {
    let instants: Vec<String> = instants.iter().copied().map(format_instant).collect();
    let replay = ReplayCommand::new("asterisk22.toml", "queue_log", &[set.file_path("queue_log")]);
    replay.by_dimensions("agent").at_instants(&instants).run().boards
}

#[test]
fn agents_equal_asterisks_members_at_each_instant() {
    let Some(set) = RecordedSet::open("asterisk22") else { return };
    let truth = read_json(&set, "truth.json");
    let snapshots: Vec<MemberSnapshot> = read_json(&set, "snapshots.json")
        .as_array()
        .unwrap()
        .iter()
        .map(MemberSnapshot::new)
        .collect();
    assert_eq!(snapshots.len(), 26);
    let log = std::fs::read_to_string(set.file_path("queue_log")).unwrap();
    let instants: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.at).collect();
    let boards = replay_by_agent(&set, &instants);
    let mut differences = Vec::new();
    for (board, own) in boards.iter().zip(&snapshots) {
        let on_duty = agents_with(board, "agents_on_duty");
        if own.at == instants[0] {
            // Members from `queues.conf` have no line before their first call.
            assert_eq!((on_duty.len(), own.on_duty.len()), (0, 6));
            continue;
        }
        // An added member is shown by its interface until the first line with its name.
        let is_interface = |agent: &&String| agent.contains('/');
        let by_interface: Vec<&str> =
            on_duty.iter().filter(is_interface).map(String::as_str).collect();
        let unnamed: &[&str] = match own.at {
            1_795_931_680 => &["Local/a7@agents/n"],
            1_795_931_860 => &["Local/a8@agents/n"],
            _ => &[],
        };
        assert_eq!(by_interface, unnamed, "{}", own.at);
        let named = |agents: &BTreeSet<String>| -> BTreeSet<String> {
            let name = |agent: &String| match agent.as_str() {
                "Local/a7@agents/n" => "Agent Seven".to_owned(),
                "Local/a8@agents/n" => "Agent Eight".to_owned(),
                _ => agent.clone(),
            };
            agents.iter().map(name).collect()
        };
        assert_eq!(named(&on_duty), own.on_duty, "{}", own.at);
        assert_eq!(named(&agents_with(board, "agents_paused")), own.paused, "{}", own.at);
        let talking = agents_with(board, "agents_talking");
        differences.extend(
            talking.symmetric_difference(&own.talking).map(|agent| (own.at, agent.clone())),
        );
    }
    let expected: Vec<(i64, String)> =
        TALKING_DIFFERENCES.iter().map(|(at, agent, _)| (*at, (*agent).to_owned())).collect();
    assert_eq!(differences, expected);
    for (at, agent, reason) in TALKING_DIFFERENCES {
        let is_in_second = log.lines().any(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            cells[0] == at.to_string()
                && cells[3] == agent
                && ["CONNECT", "COMPLETE", "TRANSFER"].iter().any(|verb| cells[4].contains(verb))
        });
        let was_redirected = truth["stays"].as_array().unwrap().iter().any(|stay| {
            stay["agent"] == agent
                && stay["how"] == "redirected in conversation"
                && stay["answered"].as_f64().is_some_and(|answered| answered < at as f64)
                && stay["end"]
                    .as_f64()
                    .is_some_and(|end| at as f64 - end < 10.0 && end <= at as f64)
        });
        match reason {
            Reason::SameSecond => assert!(is_in_second, "{agent} at {at}"),
            Reason::Redirected => assert!(was_redirected && !is_in_second, "{agent} at {at}"),
        }
    }
}

#[test]
fn configured_member_names_hold_from_the_first_line() {
    let Some(set) = RecordedSet::open("asterisk22") else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("asterisk.toml");
    let members = (7..=8).map(|number| {
        let name = ["Agent Seven", "Agent Eight"][number - 7];
        format!("\"Local/a{number}@agents/n\" = \"{name}\"\n")
    });
    let text = format!("format = \"queue_log\"\n[members]\n{}", members.collect::<String>());
    std::fs::write(&settings, text).unwrap();
    let replay = ReplayCommand::new(
        "asterisk22.toml",
        settings.to_str().unwrap(),
        &[set.file_path("queue_log")],
    );
    let instants = [1_795_931_680, 1_795_931_860].map(format_instant);
    let boards = replay.by_dimensions("agent").at_instants(&instants).run().boards;
    for (board, agent) in boards.iter().zip(["Agent Seven", "Agent Eight"]) {
        let on_duty = agents_with(board, "agents_on_duty");
        assert!(on_duty.contains(agent) && !on_duty.iter().any(|name| name.contains('/')));
    }
}

/// Seconds of conversation and of duty outside pauses.
#[derive(Clone, Copy, Default)]
struct Seconds {
    talking: f64,
    working: f64,
}

impl Seconds {
    fn occupancy(self) -> f64 {
        self.talking / self.working
    }
}

#[test]
fn occupancy_equals_the_truth_within_one_point() {
    let Some(set) = RecordedSet::open("asterisk22") else { return };
    let truth = read_json(&set, "truth.json");
    let end = truth["end"].as_f64().unwrap() as i64;
    let replay = ReplayCommand::new("asterisk22.toml", "queue_log", &[set.file_path("queue_log")]);
    let whole = replay.at_instants(&[format_instant(end)]).run_for_board();
    let board = &replay_by_agent(&set, &[end])[0];
    let agents: BTreeMap<&str, Seconds> = truth["agents"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(agent, truth)| {
            let seconds = |name: &str| truth[name].as_f64().unwrap();
            let working = seconds("member_seconds") - seconds("paused_in_all_its_queues_seconds");
            (agent.as_str(), Seconds { talking: seconds("talking_seconds"), working })
        })
        .collect();
    let all = agents.values().fold(Seconds::default(), |sum, agent| Seconds {
        talking: sum.talking + agent.talking,
        working: sum.working + agent.working,
    });
    let reading = whole.reading("occupancy", "");
    let occupancy = reading["value"].as_f64().unwrap();
    assert!((occupancy - all.occupancy()).abs() < OCCUPANCY_TOLERANCE, "{reading}");
    // The log shows a conversation whose caller was redirected until the caller hangs up.
    let redirected: BTreeSet<&str> = truth["stays"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|stay| stay["how"] == "redirected in conversation")
        .map(|stay| stay["agent"].as_str().unwrap())
        .collect();
    let mut compared = 0;
    for (agent, seconds) in agents {
        let reading = board.reading("occupancy", agent);
        let occupancy = reading["value"].as_f64().unwrap();
        let talking = reading["part_seconds"].as_f64().unwrap();
        let difference = occupancy - seconds.occupancy();
        if redirected.contains(agent) {
            assert!(difference > -OCCUPANCY_TOLERANCE, "{agent}: {reading}");
        } else {
            compared += 1;
            assert!(difference.abs() < OCCUPANCY_TOLERANCE, "{agent}: {difference}, {reading}");
            assert!((talking - seconds.talking).abs() < 5.0, "{agent}: {reading}");
        }
    }
    assert_eq!((compared, redirected.len()), (3, 5));
    println!(
        "asterisk22: occupancy {:.2} %, truth {:.2} %",
        occupancy * 100.0,
        all.occupancy() * 100.0
    );
}
