//! Inputs of `../shared/cases` that came out wrong once, replayed by the program. The values were
//! written by hand.

use super::event::{BEGIN, events_from_lines};
use super::figures::FigureKey;
use super::product::{EngineRun, board_figures, legs_standard};
use super::replay::{ReplayCommand, ReplayedBoard};
use super::scenarios::shared_folder;
use serde_json::Value;

const HOUR: i64 = 3_600_000;

/// Returns the replay of a case by `standards/legs.toml`; `None` without the folder.
fn replay_case(file: &str) -> Option<ReplayCommand> {
    let file = shared_folder("cases")?.join(file);
    let is_log = file.extension().is_some_and(|end| end == "queue_log");
    let format = if is_log { "queue_log" } else { "cloudevents" };
    Some(ReplayCommand::new("legs.toml", format, &[file]))
}

/// Numerator and denominator. A group without events counts as 0.
fn ratio(board: &ReplayedBoard, indicator: &str, group: &str) -> (i64, i64) {
    let reading = board.reading(indicator, group);
    let side = |name: &str| reading[name].as_i64().unwrap_or(0);
    (side("good"), side("of"))
}

/// Number and sum of durations in seconds.
fn durations(board: &ReplayedBoard, indicator: &str, group: &str) -> (i64, i64) {
    let reading = board.reading(indicator, group);
    let of = reading["of"].as_i64().unwrap_or(0);
    (of, (reading["mean"].as_f64().unwrap_or(0.0) * of as f64).round() as i64)
}

/// Value of a gauge.
fn level(board: &ReplayedBoard, indicator: &str, group: &str) -> i64 {
    board.reading(indicator, group)["value"].as_f64().unwrap_or(0.0) as i64
}

#[test]
fn overflow_and_transfer_count_legs_by_queue() {
    let Some(replay) = replay_case("legs.ndjson") else { return };
    let whole = replay.run_for_board();
    assert_eq!(ratio(&whole, "call_offered", ""), (2, 2));
    assert_eq!(ratio(&whole, "call_answer_rate", ""), (2, 2));
    assert_eq!(durations(&whole, "call_answered_wait", ""), (2, 80 + 10));
    assert_eq!(ratio(&whole, "call_within_20s", ""), (1, 2));
    assert_eq!(ratio(&whole, "leg_offered", ""), (4, 4));
    assert_eq!(ratio(&whole, "leg_answer_rate", ""), (3, 4));
    let queues = replay.by_dimensions("queue").run_for_board();
    for counted in ["call", "leg"] {
        let ratio = |name: &str, queue| ratio(&queues, &format!("{counted}_{name}"), queue);
        let durations = |name: &str, queue| durations(&queues, &format!("{counted}_{name}"), queue);
        assert_eq!(ratio("offered", "q1"), (2, 2), "{counted}");
        assert_eq!(ratio("answer_rate", "q1"), (1, 2), "{counted}");
        assert_eq!(durations("answered_wait", "q1"), (1, 10), "{counted}");
        assert_eq!(durations("overflowed_wait", "q1"), (1, 60), "{counted}");
        assert_eq!(ratio("overflowed_timeout", "q1"), (1, 1), "{counted}");
        assert_eq!(ratio("offered", "q2"), (2, 2), "{counted}");
        assert_eq!(ratio("answer_rate", "q2"), (2, 2), "{counted}");
        assert_eq!(durations("answered_wait", "q2"), (2, 10 + 60), "{counted}");
    }
    let agents = replay.by_dimensions("agent").run_for_board();
    assert_eq!(durations(&agents, "call_answered_wait", "a1"), (2, 10 + 10));
    assert_eq!(durations(&agents, "call_answered_wait", "a2"), (1, 60));
    assert_eq!(durations(&agents, "leg_talk", "a1"), (2, 220 + 110));
    assert_eq!(durations(&agents, "leg_talk", "a2"), (1, 360));
}

#[test]
fn readings_state_what_they_count() {
    let Some(replay) = replay_case("legs.ndjson") else { return };
    let counts = |replay: &ReplayCommand, indicator: &str, group: &str| {
        let board = replay.run_for_board();
        board.reading(indicator, group)["counts"].as_str().map(str::to_owned)
    };
    for (dimensions, group, of_calls) in [
        ("", "", "contacts"),
        ("center", "x", "contacts"),
        ("queue", "q1", "legs"),
        ("center,queue", "x,q1", "legs"),
        ("agent", "a1", "legs"),
    ] {
        let replay = replay.by_dimensions(dimensions);
        let of_calls = Some(of_calls.to_owned());
        assert_eq!(counts(&replay, "call_answer_rate", group), of_calls, "by `{dimensions}`");
        assert_eq!(counts(&replay, "call_waiting", group), of_calls, "by `{dimensions}`");
        let of_legs = Some("legs".to_owned());
        assert_eq!(counts(&replay, "leg_answer_rate", group), of_legs, "by `{dimensions}`");
    }
}

#[test]
fn attended_transfer_between_queues_is_one_contact() {
    let Some(replay) = replay_case("legs.queue_log") else { return };
    let whole = replay.run_for_board();
    assert_eq!(ratio(&whole, "call_answer_rate", ""), (2, 2));
    assert_eq!(durations(&whole, "call_answered_wait", ""), (2, 10 + 10));
    assert_eq!(ratio(&whole, "leg_transferred", ""), (1, 1));
    let queues = replay.by_dimensions("queue").run_for_board();
    assert_eq!(ratio(&queues, "call_answer_rate", "q1"), (2, 2));
    assert_eq!(durations(&queues, "call_answered_wait", "q1"), (2, 10 + 10));
    assert_eq!(durations(&queues, "leg_talk", "q1"), (2, 89 + 90));
    assert_eq!(ratio(&queues, "call_answer_rate", "q2"), (1, 1));
    assert_eq!(durations(&queues, "call_answered_wait", "q2"), (1, 60));
    assert_eq!(durations(&queues, "leg_talk", "q2"), (1, 240));
    let file = shared_folder("cases").unwrap().join("legs.queue_log");
    let built_in = ReplayCommand::new("../../standards/telecom.toml", "queue_log", &[file]);
    let built_in = built_in.run_for_board();
    assert_eq!(ratio(&built_in, "one_shot_resolution", ""), (2, 2));
}

/// The caller is joined with a queue that only the agent's consultation entered.
#[test]
fn attended_transfer_into_queue_keeps_the_caller() {
    let Some(replay) = replay_case("attended_into_queue.queue_log") else { return };
    let whole = replay.run_for_board();
    assert_eq!(ratio(&whole, "call_offered", ""), (1, 1));
    assert_eq!(ratio(&whole, "call_answer_rate", ""), (1, 1));
    assert_eq!(durations(&whole, "call_answered_wait", ""), (1, 12));
    assert_eq!(level(&whole, "call_waiting", ""), 0);
    let queues = replay.by_dimensions("queue").run_for_board();
    for (queue, wait, talk, transferred) in [("1501", 12, 120, (1, 1)), ("1509", 7, 173, (0, 0))] {
        assert_eq!(ratio(&queues, "call_offered", queue), (1, 1), "{queue}");
        assert_eq!(ratio(&queues, "call_answer_rate", queue), (1, 1), "{queue}");
        assert_eq!(durations(&queues, "call_answered_wait", queue), (1, wait), "{queue}");
        assert_eq!(durations(&queues, "leg_talk", queue), (1, talk), "{queue}");
        assert_eq!(ratio(&queues, "leg_transferred", queue), transferred, "{queue}");
        assert_eq!(level(&queues, "call_waiting", queue), 0, "{queue}");
    }
}

/// This kind of transfer has two channels before the hold time and the talk time.
#[test]
fn attended_transfer_by_link_has_its_talk_time() {
    let Some(replay) = replay_case("attended_link.queue_log") else { return };
    let whole = replay.run_for_board();
    assert_eq!(ratio(&whole, "call_answer_rate", ""), (1, 1));
    assert_eq!(durations(&whole, "call_answered_wait", ""), (1, 5));
    assert_eq!(durations(&whole, "leg_talk", ""), (1, 60));
    assert_eq!(ratio(&whole, "leg_transferred", ""), (1, 1));
    assert_eq!(level(&whole, "leg_talking", ""), 0);
}

#[test]
fn offered_callback_is_pending_until_it_expires() {
    let Some(replay) = replay_case("callback_offered.ndjson") else { return };
    let instants = ["2026-03-02T10:01:00+08:00", "2026-03-04T10:00:00+08:00"].map(str::to_owned);
    let boards = replay.at_instants(&instants).run().boards;
    let [pending, expired] = &boards[..] else { panic!("{} boards", boards.len()) };
    assert_eq!(ratio(pending, "call_offered", ""), (1, 1));
    assert_eq!(ratio(pending, "call_answer_rate", ""), (0, 0));
    assert_eq!(level(pending, "call_callback", ""), 1);
    assert_eq!(level(pending, "call_waiting", ""), 0);
    assert_eq!(ratio(pending, "leg_overflowed_callback", ""), (1, 1));
    assert_eq!(durations(pending, "leg_overflowed_wait", ""), (1, 60));
    assert_eq!(level(expired, "call_callback", ""), 0);
    assert_eq!(ratio(expired, "call_answer_rate", ""), (0, 1));
    assert_eq!(ratio(expired, "call_overflowed_callback", ""), (1, 1));
    assert_eq!(durations(expired, "call_overflowed_wait", ""), (1, 60));
    let at_once = replay.by_dimensions("queue").run_for_board();
    assert_eq!(ratio(&at_once, "call_answer_rate", "q1"), (0, 1));
    assert_eq!(ratio(&at_once, "call_overflowed_callback", "q1"), (1, 1));
    assert_eq!(at_once.reading("call_answer_rate", "q2"), &Value::Null);
}

/// Expiry is only the absence of news: a call-back reported later still reached the customer.
#[test]
fn expired_callback_is_overflowed_until_reached() {
    let events = events_from_lines(
        "0 offered queue=q1
         60 overflowed reason=callback
         1200 called_back reached=true",
    );
    let figure = |run: &mut EngineRun, indicator: &str| {
        let key: FigureKey = (indicator.to_owned(), String::new());
        board_figures(&run.compute_board(), "all").remove(&key).unwrap_or_default()
    };
    let mut run = EngineRun::new(&legs_standard());
    run.receive_batch(&events[..2]);
    run.tick_to(BEGIN + 24 * HOUR);
    assert_eq!(figure(&mut run, "call_callback"), (1, 0));
    assert_eq!(figure(&mut run, "call_answer_rate"), (0, 0));
    run.tick_to(BEGIN + 25 * HOUR);
    assert_eq!(figure(&mut run, "call_callback"), (0, 0));
    assert_eq!(figure(&mut run, "call_overflowed_callback"), (1, 1));
    assert_eq!(figure(&mut run, "call_overflowed_wait"), (60_000, 1));
    run.receive_batch(&events[2..]);
    assert_eq!(figure(&mut run, "call_overflowed_callback"), (0, 0));
    assert_eq!(figure(&mut run, "call_answer_rate"), (1, 1));
    assert_eq!(figure(&mut run, "call_answered_wait"), (1_200_000, 1));
}

/// A center is no leg dimension: the contact counts where its first leg was.
#[test]
fn contact_counts_in_center_of_its_first_leg() {
    let events = events_from_lines(
        "0 offered center=x queue=q1
         30 overflowed center=x queue=q1 reason=timeout
         30 offered center=y queue=q2
         40 answered center=y queue=q2 agent=a1
         50 ended center=y",
    );
    let mut run = EngineRun::new(&legs_standard());
    run.receive_batch(&events);
    let figures = board_figures(&run.compute_board(), "all");
    let figure = |indicator: &str, scope: &str| {
        figures.get(&(indicator.to_owned(), scope.to_owned())).copied().unwrap_or_default()
    };
    assert_eq!(figure("call_answer_rate", "center=x"), (1, 1));
    assert_eq!(figure("call_answered_wait", "center=x"), (40_000, 1));
    assert_eq!(figure("call_answer_rate", "center=y"), (0, 0));
    assert_eq!(figure("leg_answer_rate", "center=x"), (0, 1));
    assert_eq!(figure("leg_answer_rate", "center=y"), (1, 1));
    assert_eq!(figure("call_answer_rate", "center=x queue=q1"), (0, 1));
    assert_eq!(figure("call_answer_rate", "center=y queue=q2"), (1, 1));
    assert_eq!(figure("call_answer_rate", "center=x queue=q2"), (0, 0));
    assert_eq!(figure("call_answered_wait", "agent=a1"), (10_000, 1));
}
