//! Scenarios with values written by hand: the model gives them, and the engine gives what the model
//! gives, in any order.

use super::event::{CallEvent, events_from_lines, events_from_ndjson};
use super::figures::contact_text;
use super::model::derive_contacts;
use super::product::{EngineRun, legs_standard};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Scenario: its title, the events of one contact, and the contact with its legs in words.
struct LegScenario {
    title: &'static str,
    events: &'static str,
    contact: &'static str,
}

const SCENARIOS: [LegScenario; 24] = [
    LegScenario {
        title: "overflow into another queue",
        events: "0 offered queue=q1
            60 overflowed reason=timeout
            70 offered queue=q2
            80 answered agent=a1
            300 ended",
        contact: "answered after 80 s: q1 overflowed (timeout) after 60 s; q2 answered after 10 s, talk 220 s",
    },
    LegScenario {
        title: "overflow and next offer at one moment",
        events: "0 offered queue=q1
            30 offered queue=q2
            30 overflowed reason=key
            35 answered
            50 ended",
        contact: "answered after 35 s: q1 overflowed (key) after 30 s; q2 answered after 5 s, talk 15 s",
    },
    LegScenario {
        title: "overflow that only the next queue reports",
        events: "0 offered queue=q1
            40 offered queue=q2
            45 abandoned",
        contact: "abandoned after 45 s: q1 overflowed (unknown) after 40 s; q2 abandoned after 5 s",
    },
    LegScenario {
        title: "reason of an overflow reported after the next offer",
        events: "0 offered queue=q1
            40 offered queue=q2
            41 overflowed queue=q1 reason=key
            45 answered",
        contact: "answered after 45 s: q1 overflowed (key) after 40 s; q2 answered after 5 s",
    },
    LegScenario {
        title: "blind transfer at one moment",
        events: "0 offered queue=q1
            10 answered agent=a1
            120 transferred
            120 offered queue=q2
            180 answered agent=a2
            540 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 110 s; q2 answered after 60 s, talk 360 s",
    },
    LegScenario {
        title: "blind transfer that only the next queue reports",
        events: "0 offered queue=q1
            10 answered
            100 offered queue=q2
            130 abandoned",
        contact: "answered after 10 s: q1 answered after 10 s, talk 90 s; q2 abandoned after 30 s",
    },
    LegScenario {
        title: "transfer to a number outside",
        events: "0 offered queue=q1
            10 answered
            100 transferred
            500 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 90 s",
    },
    LegScenario {
        title: "attended transfer, consultation in a named leg",
        events: "0 offered queue=q1 leg=1
            10 answered leg=1
            40 offered queue=q2 leg=2
            45 answered leg=2
            60 transferred leg=1
            90 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 50 s; q2 answered after 5 s, talk 45 s",
    },
    LegScenario {
        title: "attended transfer into a queue that the contact never entered",
        events: "0 offered queue=q1
            12 answered queue=q1 wait_seconds=12
            132 transferred queue=q1
            138 answered queue=q2 wait_seconds=7
            311 ended",
        contact: "answered after 12 s: q1 answered after 12 s, talk 120 s; q2 answered after 7 s, talk 173 s",
    },
    LegScenario {
        title: "joined from elsewhere without a stated wait",
        events: "0 offered queue=q1
            10 answered queue=q1
            100 transferred queue=q1
            106 answered queue=q2
            110 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 90 s; q2 answered after 6 s, talk 4 s",
    },
    LegScenario {
        title: "leaves by key and comes back into the same queue",
        events: "0 offered queue=q1
            20 overflowed reason=key
            50 offered queue=q1
            55 answered
            60 ended",
        contact: "answered after 55 s: q1 overflowed (key) after 20 s; q1 answered after 5 s, talk 5 s",
    },
    LegScenario {
        title: "transferred back into the same queue",
        events: "0 offered queue=q1
            10 answered
            70 transferred
            70 offered queue=q1
            90 answered
            99 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 60 s; q1 answered after 20 s, talk 9 s",
    },
    LegScenario {
        title: "abandoned and resumed",
        events: "0 offered queue=q1
            30 abandoned
            50 offered queue=q1
            60 answered
            90 ended",
        contact: "answered after 60 s: q1 abandoned after 30 s; q1 answered after 10 s, talk 30 s",
    },
    LegScenario {
        title: "abandonment taken back by an answer",
        events: "0 offered queue=q1
            20 abandoned
            21 answered
            50 ended",
        contact: "answered after 21 s: q1 answered after 21 s, talk 29 s",
    },
    LegScenario {
        title: "end while waiting",
        events: "0 offered queue=q1
            25 ended",
        contact: "abandoned after 25 s: q1 abandoned after 25 s",
    },
    LegScenario {
        title: "offer repeated without a queue",
        events: "0 offered queue=q1
            5 offered
            10 answered
            10 ended",
        contact: "answered after 10 s: q1 answered after 10 s, talk 0 s",
    },
    LegScenario {
        title: "call-back offered and pending",
        events: "0 offered queue=q1
            60 overflowed reason=callback",
        contact: "call-back pending (callback) after 60 s: q1 overflowed (callback) after 60 s",
    },
    LegScenario {
        title: "call-back reached",
        events: "0 offered queue=q1
            60 overflowed reason=callback
            1200 called_back reached=true
            1300 ended",
        contact: "answered (callback) after 1200 s: q1 overflowed (callback) after 60 s",
    },
    LegScenario {
        title: "call-back answered by an agent in the queue",
        events: "0 offered queue=q1
            60 overflowed reason=callback
            600 answered queue=q1
            700 ended",
        contact: "answered after 600 s: q1 overflowed (callback) after 60 s; q1 not offered, answered, talk 100 s",
    },
    LegScenario {
        title: "call-back failed",
        events: "0 offered queue=q1
            60 overflowed reason=callback
            900 called_back reached=false
            1000 ended",
        contact: "overflowed (callback) after 60 s: q1 overflowed (callback) after 60 s",
    },
    LegScenario {
        title: "conference with a second agent",
        events: "0 offered queue=q1
            5 answered agent=a1
            60 answered agent=a2
            125 ended",
        contact: "answered after 5 s: q1 answered after 5 s, talk 120 s",
    },
    LegScenario {
        title: "named legs side by side",
        events: "0 offered queue=q1 leg=a
            0 offered queue=q2 leg=b
            9 answered leg=a
            9 overflowed leg=b reason=answered_elsewhere
            60 ended",
        contact: "answered after 9 s: q1 answered after 9 s, talk 51 s; q2 overflowed (answered_elsewhere) after 9 s",
    },
    LegScenario {
        title: "answer without an offer",
        events: "0 answered queue=q1 agent=a1 wait_seconds=5
            60 ended",
        contact: "not offered, answered after 5 s: q1 not offered, answered after 5 s, talk 60 s",
    },
    LegScenario {
        title: "answered, then waiting in another queue",
        events: "0 offered queue=q1
            10 answered
            40 transferred
            50 offered queue=q2",
        contact: "answered after 10 s: q1 answered after 10 s, talk 30 s; q2 waiting",
    },
];

/// Folder of the scenarios beside the repository. Prints a message and returns `None` without it.
pub(crate) fn shared_folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if !folder.exists() {
        println!("skipped: ../shared/{name} does not exist");
        return None;
    }
    Some(folder)
}

/// Returns the names and the texts of the scenarios beside the repository, in order.
fn shared_scenarios(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|end| end == "ndjson")).collect();
    files.sort();
    assert!(files.len() > 20, "only {} scenarios in {}", files.len(), folder.display());
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn model_gives_hand_written_values() {
    for LegScenario { title, events, contact } in &SCENARIOS {
        let events = events_from_lines(events);
        for rotated in rotations(&events) {
            let contacts = derive_contacts(&rotated);
            assert_eq!(contact_text(&contacts["c"]), *contact, "{title}");
        }
    }
}

#[test]
fn model_gives_values_of_shared_scenarios() {
    let Some(folder) = shared_folder("legs") else { return };
    let scenarios = shared_scenarios(&folder);
    for (file, text) in &scenarios {
        let expected = fs::read_to_string(file.with_extension("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let events = events_from_ndjson(text);
        for rotated in rotations(&events) {
            assert_eq!(summary(&rotated), expected, "{}", file.display());
        }
    }
    println!("legs: {} scenarios equal", scenarios.len());
}

#[test]
fn engine_matches_model_in_own_scenarios() {
    for LegScenario { title, events, .. } in &SCENARIOS {
        check_rotations(title, &events_from_lines(events));
    }
}

#[test]
fn engine_matches_model_in_shared_scenarios() {
    let Some(folder) = shared_folder("legs") else { return };
    for (file, text) in shared_scenarios(&folder) {
        check_rotations(&file.display().to_string(), &events_from_ndjson(&text));
    }
}

/// Returns the events from each of them on, then those before, then the first two again.
fn rotations(events: &[CallEvent]) -> impl Iterator<Item = Vec<&CallEvent>> {
    (0..events.len()).map(move |first| {
        let repeated = &events[..events.len().min(2)];
        events[first..].iter().chain(&events[..first]).chain(repeated).collect()
    })
}

/// Delivers every rotation one event at a time and in one batch. The board must match the model
/// after each batch.
fn check_rotations(title: &str, events: &[CallEvent]) {
    let standard = legs_standard();
    for rotated in rotations(events) {
        for size in [1, rotated.len()] {
            let mut run = EngineRun::new(&standard);
            for batch in rotated.chunks(size) {
                run.receive_batch(batch.iter().copied());
                let differences = run.board_differences().unwrap_or_default();
                let order: Vec<&str> = rotated.iter().map(|event| event.id.as_str()).collect();
                assert!(
                    differences.is_empty(),
                    "{title}, received as {order:?}, {size} at a time:\n{}",
                    differences.join("\n")
                );
            }
        }
    }
}

/// Returns counts, waits and talks as in the expected files of the shared scenarios.
fn summary(events: &[&CallEvent]) -> Value {
    let contacts = derive_contacts(events);
    let (mut whole, mut queues) = (json!({}), json!({}));
    let count = |into: &mut Value, names: &[&str]| {
        for name in names {
            into[name] = (into[name].as_i64().unwrap_or(0) + 1).into();
        }
    };
    let seconds = |millis: Option<i64>| millis.map(|millis| millis / 1_000);
    let (mut waits, mut talks) = (json!({}), json!({}));
    for (subject, contact) in &contacts {
        use super::model::{ContactOutcome, LegOutcome};
        match contact.offered {
            None => count(&mut whole, &["not_offered"]),
            Some(_) => count(
                &mut whole,
                &[
                    "offered",
                    match contact.outcome {
                        ContactOutcome::Answered => "answered",
                        ContactOutcome::Waiting => "waiting",
                        ContactOutcome::Abandoned => "abandoned",
                        ContactOutcome::Overflowed => "overflowed",
                        ContactOutcome::CallbackPending => "callback_pending",
                    },
                ],
            ),
        }
        for leg in &contact.legs {
            let queue = leg.queue.clone().unwrap_or_default();
            let row = &mut queues[queue];
            match leg.offered {
                None => count(row, &["not_offered"]),
                Some(_) => count(
                    row,
                    &[
                        "offered",
                        match leg.outcome {
                            None => "waiting",
                            Some(LegOutcome::Answered) => "answered",
                            Some(LegOutcome::Abandoned) => "abandoned",
                            Some(LegOutcome::Overflowed) => "overflowed",
                        },
                    ],
                ),
            }
        }
        let of_legs = contact.legs.iter().map(|leg| seconds(leg.wait));
        let all: Vec<Option<i64>> = std::iter::once(seconds(contact.wait)).chain(of_legs).collect();
        waits[subject] = json!(all);
        let all: Vec<Option<i64>> = contact.legs.iter().map(|leg| seconds(leg.talk())).collect();
        talks[subject] = json!(all);
    }
    json!({ "contacts": whole, "legs": queues, "waits": waits, "talks": talks })
}
