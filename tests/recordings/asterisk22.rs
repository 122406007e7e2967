//! The `queue_log` of an Asterisk 22 with transfers and exits: 285 legs of 268 contacts.
//!
//! Three counts are compared: what the program reads from the log, what the model of
//! `tests/legs` derives from its lines, and `expected.json`. [`log_differs_from_truth_where_known`]
//! lists where the log cannot say what happened.

use super::comparison::FigureComparison;
use super::event::{CallData, CallEvent, CallEventKind};
use super::model::{ContactOutcome, LegOutcome, ModelContact, ModelLeg, derive_contacts};
use super::replay::{RecordedSet, ReplayCommand, ReplayedBoard};
use serde_json::Value;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000;
const QUEUES: [&str; 3] = ["sales", "repair", "vip"];
const EXIT_REASONS: [&str; 4] = ["timeout", "key", "empty", "withdrawn"];
const THRESHOLDS: [i64; 5] = [5, 8, 10, 12, 20];

/// Figures by name, as in `expected.json`.
type LogFigures = BTreeMap<String, i64>;

fn open_log() -> Option<(RecordedSet, String)> {
    let set = RecordedSet::open("asterisk22")?;
    let log = std::fs::read_to_string(set.file_path("queue_log")).unwrap();
    Some((set, log))
}

/// Reads the lines of a log as events of calls. Agents and unknown verbs are left out.
fn log_events(log: &str) -> Vec<CallEvent> {
    use CallEventKind::{Abandoned, Answered, Ended, Offered, Overflowed, Transferred};
    let mut events = Vec::new();
    for (number, line) in log.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').collect();
        let [time, subject, queue, agent, verb, rest @ ..] = &cells[..] else { continue };
        let seconds = |index: usize| Some(rest[index].parse::<i64>().unwrap() * SECOND);
        let in_queue = || CallData { queue: Some((*queue).to_owned()), ..CallData::default() };
        let overflow = |reason: &str| CallData { reason: Some(reason.to_owned()), ..in_queue() };
        let (kind, data) = match *verb {
            "ENTERQUEUE" => (Offered, in_queue()),
            "CONNECT" => (
                Answered,
                CallData { agent: Some((*agent).to_owned()), wait: seconds(0), ..in_queue() },
            ),
            "ABANDON" => (Abandoned, CallData { wait: seconds(2), ..in_queue() }),
            "EXITWITHTIMEOUT" => (Overflowed, overflow("timeout")),
            "EXITWITHKEY" => (Overflowed, overflow("key")),
            "EXITEMPTY" => (Overflowed, overflow("empty")),
            "WITHDRAW" => (Overflowed, overflow("withdrawn")),
            "BLINDTRANSFER" | "ATTENDEDTRANSFER" => (Transferred, in_queue()),
            "COMPLETECALLER" | "COMPLETEAGENT" => (Ended, in_queue()),
            _ => continue,
        };
        let time = time.parse::<i64>().unwrap() * SECOND;
        let line = number + 1;
        events.push(CallEvent::new(subject, &line.to_string(), kind, time, line as u32, data));
    }
    events
}

fn model_contacts(log: &str) -> Vec<ModelContact> {
    let events = log_events(log);
    derive_contacts(&events.iter().collect::<Vec<_>>()).into_values().collect()
}

/// Counts the legs of a queue, or of all with `*`. All times are in seconds.
fn leg_figures(contacts: &[ModelContact], queue: &str) -> LogFigures {
    let mut figures = LogFigures::new();
    let mut add = |name: &str, by: i64| *figures.entry(name.to_owned()).or_default() += by;
    let legs = contacts.iter().flat_map(|contact| &contact.legs);
    for leg in legs.filter(|leg| queue == "*" || leg.queue.as_deref() == Some(queue)) {
        let wait = leg.wait.map(|millis| millis / SECOND);
        let wait = wait.expect("every leg of the log has an arrival and an outcome");
        add("entered", 1);
        let (outcome, prefix) = match leg.outcome.expect("no leg waits at the end of the log") {
            LegOutcome::Answered => ("answered", ""),
            LegOutcome::Abandoned => ("abandoned", "abandoned_"),
            LegOutcome::Overflowed => {
                add(leg.reason.as_deref().expect("every exit has a reason"), 1);
                continue;
            }
        };
        add(outcome, 1);
        add(&format!("wait_{outcome}_sum"), wait);
        for threshold in THRESHOLDS {
            add(&format!("{prefix}within_{threshold}"), i64::from(wait <= threshold));
        }
        add("talk_sum", leg.talk().unwrap_or(0) / SECOND);
    }
    figures
}

#[test]
fn model_counts_the_legs_of_the_log() {
    let Some((set, log)) = open_log() else { return };
    let contacts = model_contacts(&log);
    for queue in QUEUES.into_iter().chain(["*"]) {
        let expected = &set.expected["queue_log"]["figures"][queue];
        let figures = leg_figures(&contacts, queue);
        assert!(figures.len() > 15, "{figures:?}");
        for (name, value) in figures {
            assert_eq!(Some(value), expected[&name].as_i64(), "{queue}: {name}");
        }
    }
    let count = |outcome| contacts.iter().filter(|contact| contact.outcome == outcome).count();
    assert_eq!(contacts.iter().flat_map(|contact| &contact.legs).count(), 285);
    assert_eq!(contacts.len(), 268);
    assert!(contacts.iter().all(|contact| contact.offered.is_some()));
    assert_eq!(count(ContactOutcome::Answered), 200);
    assert_eq!(count(ContactOutcome::Abandoned), 39);
    assert_eq!(count(ContactOutcome::Overflowed), 29);
    println!("asterisk22: the model counts 285 legs of 268 contacts");
}

/// Compares the figures of legs in one group. `counted` is `call` or `leg`.
fn compare_legs(
    figures: &mut FigureComparison,
    board: &ReplayedBoard,
    group: &str,
    counted: &str,
    expected: &Value,
) {
    let name = |figure: &str| format!("{counted}_{figure}");
    figures.compare_numerator(board, group, &name("offered"), &expected["entered"]);
    figures.compare_denominator(board, group, &name("not_offered"), &0.into());
    figures.compare_numerator(board, group, &name("answer_rate"), &expected["answered"]);
    figures.compare_numerator(board, group, &name("abandonment_rate"), &expected["abandoned"]);
    for reason in EXIT_REASONS {
        figures.compare_numerator(
            board,
            group,
            &name(&format!("overflowed_{reason}")),
            &expected[reason],
        );
    }
    for threshold in THRESHOLDS {
        for outcome in ["", "abandoned_"] {
            let figure = format!("{outcome}within_{threshold}");
            figures.compare_numerator(
                board,
                group,
                &name(&format!("{figure}s")),
                &expected[figure],
            );
        }
    }
    compare_sum(figures, board, group, &name("answered_wait"), &expected["wait_answered_sum"]);
    compare_sum(figures, board, group, &name("abandoned_wait"), &expected["wait_abandoned_sum"]);
    compare_sum(figures, board, group, "leg_talk", &expected["talk_sum"]);
    figures.compare_denominator(board, group, "leg_talk", &expected["ended"]);
    for level in ["waiting", "talking"] {
        let value = &board.reading(&name(level), group)["value"];
        figures.compare_count(group, &name(level), &expected[level], value);
    }
}

/// Compares the sum of durations in seconds.
fn compare_sum(
    figures: &mut FigureComparison,
    board: &ReplayedBoard,
    group: &str,
    indicator: &str,
    expected: &Value,
) {
    let reading = board.reading(indicator, group);
    let sum = reading["mean"].as_f64().zip(reading["of"].as_f64()).map(|(mean, of)| mean * of);
    figures.compare_value(group, &format!("{indicator} (sum)"), expected, &sum.into());
}

#[test]
fn replay_counts_the_legs_of_the_log() {
    let Some((set, log)) = open_log() else { return };
    let mut figures = FigureComparison::new("asterisk22");
    let expected = &set.expected["queue_log"]["figures"];
    let replay = ReplayCommand::new("asterisk22.toml", "queue_log", &[set.file_path("queue_log")]);
    let queues = replay.by_dimensions("queue").run_for_board();
    for queue in QUEUES {
        for counted in ["call", "leg"] {
            compare_legs(&mut figures, &queues, queue, counted, &expected[queue]);
        }
    }
    let whole = replay.run_for_board();
    compare_legs(&mut figures, &whole, "", "leg", &expected["*"]);
    let rings = &set.expected["ami"]["figures"];
    for (group, board) in QUEUES.map(|queue| (queue, &queues)).into_iter().chain([("", &whole)]) {
        let expected = &rings[if group.is_empty() { "*" } else { group }]["ring_no_answer"];
        let missed = &board.reading("missed_rings", group)["value"];
        figures.compare_count(group, "missed rings", expected, missed);
    }
    // Contacts, which the recording's own figures do not have.
    let contacts = model_contacts(&log);
    let count = |chosen: &dyn Fn(&ModelContact) -> bool| -> Value {
        contacts.iter().filter(|contact| chosen(contact)).count().into()
    };
    let sum = |outcome: ContactOutcome| -> Value {
        let chosen = contacts.iter().filter(|contact| contact.outcome == outcome);
        let millis: i64 = chosen.filter_map(|contact| contact.wait).sum();
        (millis as f64 / SECOND as f64).into()
    };
    figures.compare_numerator(&whole, "", "call_offered", &268.into());
    figures.compare_numerator(&whole, "", "call_answer_rate", &200.into());
    figures.compare_numerator(&whole, "", "call_abandonment_rate", &39.into());
    figures.compare_denominator(&whole, "", "call_answer_rate", &268.into());
    for reason in EXIT_REASONS {
        let expected = count(&|contact| {
            contact.outcome == ContactOutcome::Overflowed
                && contact.reason.as_deref() == Some(reason)
        });
        figures.compare_numerator(&whole, "", &format!("call_overflowed_{reason}"), &expected);
    }
    for (indicator, outcome) in [
        ("call_answered_wait", ContactOutcome::Answered),
        ("call_abandoned_wait", ContactOutcome::Abandoned),
        ("call_overflowed_wait", ContactOutcome::Overflowed),
    ] {
        compare_sum(&mut figures, &whole, "", indicator, &sum(outcome));
    }
    for threshold in THRESHOLDS {
        let expected = count(&|contact| {
            contact.outcome == ContactOutcome::Answered
                && contact.wait.is_some_and(|wait| wait <= threshold * SECOND)
        });
        figures.compare_numerator(&whole, "", &format!("call_within_{threshold}s"), &expected);
    }
    figures.finish();
}

/// A log that was rotated gives the output of the whole, wherever it is cut and in whatever order
/// its files are given.
#[test]
fn cut_log_counts_the_same_legs() {
    let Some((set, log)) = open_log() else { return };
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let folder = tempfile::tempdir().unwrap();
    let replay = |files: &[std::path::PathBuf]| {
        let replay = ReplayCommand::new("asterisk22.toml", "queue_log", files);
        let output = replay.by_dimensions("queue").to_command().output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.contains(" 0 rejected"), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    };
    let whole = replay(&[set.file_path("queue_log")]);
    let second_of = |line: &str| line.split_once('|').map(|(second, _)| second.to_owned());
    for cut in 1..lines.len() {
        let pieces = [("queue_log.1", &lines[..cut]), ("queue_log.2", &lines[cut..])];
        let files = pieces.map(|(name, lines)| {
            let file = folder.path().join(name);
            std::fs::write(&file, lines.concat()).unwrap();
            file
        });
        // Files that begin in the same second are read in the order given.
        let can_sort = second_of(lines[0]) != second_of(lines[cut]);
        let files = if can_sort { [files[1].clone(), files[0].clone()] } else { files };
        assert_eq!(replay(&files), whole, "cut after {cut} lines");
    }
}

/// The log does not have all that happened. Each difference to `truth.json` is of a known kind.
#[test]
fn log_differs_from_truth_where_known() {
    let Some((set, log)) = open_log() else { return };
    let truth = std::fs::read_to_string(set.file_path("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let contacts = model_contacts(&log);
    let legs: Vec<&ModelLeg> = contacts.iter().flat_map(|contact| &contact.legs).collect();
    let groups = QUEUES.into_iter().map(|queue| (queue, &truth["queues"][queue]));
    for (group, truth) in groups.chain([("*", &truth["overall"])]) {
        let figures = leg_figures(&contacts, group);
        let log = |name: &str| figures.get(name).copied().unwrap_or(0);
        let happened = |name: &str| truth[name].as_i64().unwrap();
        let seconds = |name: &str| truth[name].as_f64().unwrap();
        // What the log has exactly: entries, answers, exits with a verb of their own.
        for name in ["entered", "answered", "timeout", "key", "empty", "withdrawn"] {
            assert_eq!(log(name), happened(name), "{group}: {name}");
        }
        // A caller redirected while waiting is written as ABANDON.
        let redirected = happened("redirected");
        assert_eq!(log("abandoned"), happened("abandoned") + redirected, "{group}");
        // Calls refused at the entrance of a full or empty queue leave no line.
        let refused = happened("full") + happened("joinempty");
        assert_eq!(log("entered"), happened("asked") - refused, "{group}");
        // Waits are whole seconds, each less than a second off.
        let difference = log("wait_answered_sum") as f64 - seconds("wait_answered_sum_s");
        assert!(difference.abs() < log("answered") as f64, "{group}: {difference} s");
        // A threshold may therefore judge waits near to it otherwise.
        for threshold in THRESHOLDS {
            let name = format!("answered_within_{threshold}s");
            let difference = log(&format!("within_{threshold}")) - happened(&name);
            let borderline = happened(&format!("{name}_borderline"));
            assert!(difference.abs() <= borderline, "{group}: {name} {difference}");
            // So may those of the abandoned, which also have the redirected among them.
            let name = format!("abandoned_within_{threshold}s");
            let difference = log(&format!("abandoned_within_{threshold}")) - happened(&name);
            assert!((0..=log("abandoned")).contains(&difference), "{group}: {name} {difference}");
        }
        // A conversation whose caller is redirected lasts until the caller hangs up.
        let by_redirect = truth["ended_by"]["redirected in conversation"].as_i64().unwrap();
        let difference = log("talk_sum") as f64 - seconds("talk_sum_s");
        let whole_seconds = log("answered") as f64;
        assert!(difference > -whole_seconds, "{group}: {difference} s");
        assert!(by_redirect > 0 || difference < whole_seconds, "{group}: {difference} s");
    }
    // It ends with COMPLETECALLER like a conversation that the caller ended.
    let verb_count = |verb: &str| log.lines().filter(|line| line.contains(verb)).count();
    let ended_by = &truth["overall"]["ended_by"];
    let ended = |by: &str| ended_by[by].as_u64().unwrap() as usize;
    assert_eq!(
        verb_count("|COMPLETECALLER|"),
        ended("caller") + ended("redirected in conversation")
    );
    assert_eq!(verb_count("|COMPLETEAGENT|"), ended("agent"));
    assert_eq!(verb_count("TRANSFER|"), ended("transfer"));
    // Each contact of the log is a caller that entered a queue, answered in truth as in the log.
    let stays = truth["stays"].as_array().unwrap();
    let mut callers: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for stay in
        stays.iter().filter(|stay| !["full", "joinempty"].map(Value::from).contains(&stay["how"]))
    {
        callers.entry(stay["uid"].as_str().unwrap()).or_default().push(stay);
    }
    assert_eq!(contacts.len(), callers.len());
    assert_eq!(legs.len(), callers.values().map(Vec::len).sum::<usize>());
    let answered =
        callers.values().filter(|stays| stays.iter().any(|stay| !stay["answered"].is_null()));
    let count = |outcome| contacts.iter().filter(|contact| contact.outcome == outcome).count();
    assert_eq!(count(ContactOutcome::Answered), answered.count());
    // A caller whose last stay ended by a redirect counts as abandoned.
    let last_abandoned = callers.values().filter(|stays| {
        let last = stays.last().expect("a stay");
        stays.iter().all(|stay| stay["answered"].is_null())
            && ["abandoned", "redirected"].map(Value::from).contains(&last["how"])
    });
    assert_eq!(count(ContactOutcome::Abandoned), last_abandoned.count());
}
