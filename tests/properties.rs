//! Properties of the whole board: it is a function of the set of events and of the time reached, boards of disjoint cases
//! add up, and for calls it says what a naive model says.
//!
//! Seeds are fixed, so that a red run is red again; `PROPERTIES_SEED` and `PROPERTIES_CASES` look elsewhere and longer. A
//! failure prints its seed and the smallest set that was found.

#[path = "properties/adopt.rs"]
mod adopt;
#[path = "properties/delivery.rs"]
mod delivery;
#[path = "properties/figures.rs"]
mod figures;
#[path = "properties/hostile.rs"]
mod hostile;
#[path = "properties/memory.rs"]
mod memory;
#[path = "properties/model.rs"]
mod model;
#[path = "properties/one_shot.rs"]
mod one_shot;
#[path = "properties/said.rs"]
mod said;
#[path = "properties/trend.rs"]
mod trend;

use delivery::{Delivery, deliver, deliver_sorted, deliver_to, last};
use figures::{differences, lines, sums};
use firstline::domain::board::MadeOf;
use firstline::domain::monitor::Monitor;
use firstline::domain::period::Period;
use firstline::domain::standard::{Horizon, Standard};
use firstline::domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use firstline::domain::window::Window;
use firstline::standard::{BUILT_IN, BUILT_IN_NAME, read};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use said::{Road, Said};
use std::collections::BTreeMap;
use std::sync::Arc;

const SEED: u64 = 10_010;

/// Tries `property` on inputs of the strategy: `cases` of them from a fixed seed.
fn check<S: Strategy>(cases: u32, inputs: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = asked("PROPERTIES_SEED").unwrap_or(SEED);
    let cases = asked("PROPERTIES_CASES").map_or(cases, |cases| cases as u32);
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    match TestRunner::new(config).run(inputs, property) {
        Ok(()) => {}
        Err(TestError::Fail(why, smallest)) => panic!("PROPERTIES_SEED={seed}\n{why}\nsmallest: {smallest:#?}"),
        Err(TestError::Abort(why)) => panic!("PROPERTIES_SEED={seed}: {why}"),
    }
}

/// The standards under test. Staleness is about when sources spoke, not about what they said, and has a test of its own.
fn standards() -> [Arc<Standard>; 4] {
    let standard = |name: &str, text: &str| {
        let mut standard = read(name, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        standard.stale_after_ms = None;
        Arc::new(standard)
    };
    [
        standard(BUILT_IN_NAME, BUILT_IN),
        standard("every_formula.toml", include_str!("standards/every_formula.toml")),
        standard("calendar.toml", include_str!("standards/calendar.toml")),
        standard("one_shots.toml", include_str!("standards/one_shots.toml")),
    ]
}

/// The types that a smaller standard does not know are left out for it; all know all that the sets are made of.
fn roads() -> impl Strategy<Value = Road> {
    select(vec![Road::ByHand, Road::Decoded])
}

/// How long after the last event the boards are compared: at once, on the edges of windows and deadlines, years later.
fn after() -> impl Strategy<Value = i64> {
    let edges = [0, 1, 15 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 11 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR, 80 * HOUR];
    (select(edges.to_vec()), prop_oneof![2 => Just(0), 1 => Just(1), 1 => Just(9_999)], prop::bool::weighted(0.03))
        .prop_map(|(edge, more, years)| edge + more + if years { 3 * 365 * 24 * HOUR } else { 0 })
}

fn same(one: &[String], other: &[String], what: &str) -> Result<(), TestCaseError> {
    let differences = differences(one, other);
    prop_assert!(differences.is_empty(), "{}:\n{}", what, differences);
    Ok(())
}

#[test]
fn the_board_is_a_function_of_the_set_of_events() {
    let standards = standards();
    check(1_500, &(delivery::of(hostile::set(24)), after(), 0..4_usize, roads()), |((set, delivery), after, standard, road)| {
        let end = last(&set).plus(after);
        let sorted = lines(&deliver_sorted(&standards[standard], road, &set, end));
        let shuffled = lines(&deliver(&standards[standard], road, &set, &delivery, end));
        same(&sorted, &shuffled, &standards[standard].name)
    });
}

/// Few cases with many events: ids that meet, ties, histories that leave the record, and timers that fall together.
#[test]
fn a_case_is_a_function_of_the_set_of_its_events() {
    let standards = standards();
    let crowded = hostile::set(14).prop_map(|mut set| {
        set.iter_mut().for_each(|event| event.subject = u8::from(event.subject > 4));
        set
    });
    check(2_500, &(delivery::of(crowded), after(), 0..4_usize, roads()), |((set, delivery), after, standard, road)| {
        let end = last(&set).plus(after);
        let sorted = lines(&deliver_sorted(&standards[standard], road, &set, end));
        let shuffled = lines(&deliver(&standards[standard], road, &set, &delivery, end));
        same(&sorted, &shuffled, &standards[standard].name)
    });
}

#[test]
fn time_passes_in_one_step_or_in_many() {
    let standards = standards();
    let steps = prop::collection::vec((0..=1_000_i64, -1..=1_i64), 1..40);
    check(500, &(hostile::set(16), after(), 0..4_usize, steps), |(set, after, standard, mut steps)| {
        let standard = &standards[standard];
        let (begin, end) = (last(&set), last(&set).plus(after));
        let at_once = lines(&deliver_sorted(standard, Road::ByHand, &set, end));
        let mut monitor = deliver_sorted(standard, Road::ByHand, &set, begin);
        steps.sort_unstable();
        for (thousandths, by) in steps {
            monitor.tick(Timestamp((begin.0 + end.since(begin) / 1_000 * thousandths + by).min(end.0)));
        }
        // Deadlines that an event named, to the millisecond: just before, on it, just after.
        let mut dues: Vec<i64> = set.iter().filter_map(|event| event.due).flat_map(|due| [due.0 - 1, due.0, due.0 + 1]).collect();
        dues.sort_unstable();
        dues.into_iter().filter(|due| *due <= end.0).for_each(|due| monitor.tick(Timestamp(due)));
        monitor.tick(end);
        same(&at_once, &lines(&monitor), &standard.name)
    });
}

#[test]
fn boards_of_disjoint_cases_add_up() {
    let standards = standards();
    check(500, &(delivery::of(hostile::set(30)), after(), 0..4_usize, any::<u8>()), |((set, delivery), after, standard, side)| {
        let standard = &standards[standard];
        let end = last(&set).plus(after);
        let part = |of: bool| -> Vec<Said> { set.iter().filter(|event| (side >> event.subject & 1 == 1) == of).cloned().collect() };
        let mut added: BTreeMap<_, (i64, i64)> = BTreeMap::new();
        for part in [part(true), part(false)] {
            for (name, (good, of)) in sums(&deliver_sorted(standard, Road::ByHand, &part, end).board()) {
                let sum = added.entry(name).or_default();
                *sum = (sum.0 + good, sum.1 + of);
            }
        }
        added.retain(|_, pair| *pair != (0, 0));
        prop_assert_eq!(added, sums(&deliver(standard, Road::ByHand, &set, &delivery, end).board()));
        Ok(())
    });
}

#[test]
fn calls_are_counted_as_a_naive_model_counts_them() {
    // The model knows nothing of lost ends.
    let standards = standards().map(|standard| Arc::new(Standard { expiry: Vec::new(), ..(*standard).clone() }));
    let modelled =
        ["answer_rate", "service_level_15s", "service_level_20s", "speed_of_answer", "calls_waiting", "calls_talking", "longest_wait_now"];
    let modelled_standards = select(vec![0, 2]);
    check(1_500, &(delivery::of(hostile::calls(60)), after(), roads(), modelled_standards), |((set, delivery), after, road, standard)| {
        let standard = &standards[standard];
        let end = last(&set).plus(after);
        let board = deliver(standard, road, &set, &delivery, end).board();
        let mut read = sums(&board);
        for reading in &board.readings {
            if let MadeOf::Oldest { since: Some(since) } = reading.made_of {
                let age = end.since(since);
                prop_assert_eq!(reading.value, Some(age as f64 / 1_000.0));
                let name = &board.standard.indicators[reading.key.indicator].name;
                read.insert((name.clone(), figures::scope(&board, &reading.key), board.window(&reading.key)), (age, 0));
            }
        }
        read.retain(|(indicator, ..), pair| modelled.contains(&indicator.as_str()) && *pair != (0, 0));
        let windows: Vec<String> = standard.windows.iter().map(ToString::to_string).collect();
        let zone = |center: &str| if standard.name == "calendar" && center == "wuhu" { "Europe/Berlin" } else { "Asia/Shanghai" };
        let mut expected = model::figures(&set, end.0, &windows, |center| jiff::tz::TimeZone::get(zone(center)).expect("a bundled zone"));
        // A wait of no time at all stands as a reading of 0 s, which this comparison does not tell from none.
        expected.retain(|_, pair| *pair != (0, 0));
        prop_assert_eq!(read, expected);
        Ok(())
    });
}

#[test]
fn customers_are_counted_as_a_naive_model_counts_them() {
    let standard = &standards()[3];
    check(2_000, &(delivery::of(hostile::contacts(40)), after()), |((set, delivery), after)| {
        let end = last(&set).plus(after);
        let board = deliver(standard, Road::ByHand, &set, &delivery, end).board();
        prop_assert_eq!(one_shot::read(&board), one_shot::figures(&set, end.0));
        Ok(())
    });
}

/// A core that forgets says the same as one that does not, as long as what it is told lies within its horizon.
#[test]
fn what_is_forgotten_stays_counted() {
    let standards = standards();
    let steps = prop::collection::vec(0..=1_000_i64, 0..6);
    check(500, &(delivery::of(hostile::set(20)), after(), 0..4_usize, steps), |((mut set, mut delivery), after, standard, mut steps)| {
        let standard = &standards[standard];
        let first = set.iter().map(|event| event.time).min().unwrap_or_default();
        set.iter_mut().for_each(|event| event.time = event.time.min(first.plus(24 * HOUR)));
        delivery.ticks = vec![None];
        let (begin, end) = (last(&set), last(&set).plus(after));
        let remembering = lines(&deliver(standard, Road::ByHand, &set, &delivery, end));
        let forgetful = Monitor::new(standard.clone(), Some(Horizon::default()));
        let mut forgetful = deliver_to(forgetful, standard, Road::ByHand, &set, &delivery, begin);
        steps.sort_unstable();
        steps.iter().for_each(|thousandths| forgetful.tick(begin.plus(end.since(begin) / 1_000 * thousandths)));
        forgetful.tick(end);
        same(&remembering, &lines(&forgetful), &standard.name)
    });
}

/// As long as a calendar window is open, what happened in it is taken in any order, however short the horizon.
#[test]
fn what_happened_in_an_open_month_is_never_too_late() {
    let calendar = &standards()[2];
    let steps = prop::collection::vec(0..=1_000_i64, 0..6);
    check(500, &(delivery::of(hostile::set(20)), after(), steps), |((mut set, mut delivery), after, mut steps)| {
        // March of 2026, which ends in Shanghai three days after the midnight of the sets.
        let (first, end) = (Timestamp(hostile::MIDNIGHT).plus(-28 * 24 * HOUR), Timestamp(hostile::MIDNIGHT).plus(72 * HOUR - 1));
        set.iter_mut().for_each(|event| event.time = event.time.clamp(first, end));
        delivery.ticks = vec![None];
        let (begin, end) = (last(&set), last(&set).plus(after));
        let remembering = deliver(calendar, Road::ByHand, &set, &delivery, begin);
        let short = Horizon { contacts_ms: MINUTE, orders_ms: MINUTE, ahead_ms: MINUTE };
        let forgetful = Monitor::new(calendar.clone(), Some(short));
        let mut forgetful = deliver_to(forgetful, calendar, Road::ByHand, &set, &delivery, begin);
        same(&lines(&remembering), &lines(&forgetful), "in March")?;
        steps.sort_unstable();
        steps.iter().for_each(|thousandths| forgetful.tick(begin.plus(end.since(begin) / 1_000 * thousandths)));
        forgetful.tick(end);
        same(&lines(&deliver(calendar, Road::ByHand, &set, &delivery, end)), &lines(&forgetful), "later")
    });
}

/// A case is remembered as long as its events may be said again: up to and with the horizon, to the millisecond.
#[test]
fn an_event_said_again_at_the_horizon_is_known_or_refused() {
    // Without the month, in which nothing is too late as long as it is open.
    let mut standard = (*standards()[0]).clone();
    standard.windows.retain(|window| *window != Window::Calendar(Period::Month));
    let standard = &Arc::new(standard);
    let horizon = Horizon::default();
    let said = |subject: u8, id: u32, after: i64, kind: &'static str| Said::plain(subject, id, Timestamp(hostile::MIDNIGHT + after), kind);
    for beyond in -1..=1 {
        let set = [said(1, 1, 0, "call.answered"), said(1, 2, 0, "call.ended"), said(2, 3, horizon.contacts_ms + beyond, "call.offered")];
        let mut monitor = Monitor::new(standard.clone(), Some(horizon));
        let mut packer = said::Packer::new(standard, Road::ByHand);
        monitor.apply(&packer.pack(set[..2].iter()));
        monitor.apply(&packer.pack(set[2..].iter()));
        let again = monitor.apply(&packer.pack(set[..2].iter()));
        let expected = if beyond > 0 { (0, 0, 2) } else { (0, 2, 0) };
        assert_eq!((again.accepted, again.duplicates, again.refused.len()), expected, "{beyond} ms beyond the horizon");
    }
}

/// An agent's case never ends; what lies before the horizon is let go, and the board doesn't notice.
#[test]
fn an_agent_works_for_longer_than_a_case_remembers() {
    let standard = Arc::new(read("expiry.toml", include_str!("standards/expiry.toml")).unwrap_or_else(|problems| panic!("{problems:#?}")));
    let state = |nth: u32| ["ready", "talking", "talking", "pause"][nth as usize % 4];
    let said = |nth: u32| {
        let time = Timestamp(hostile::MIDNIGHT).plus(i64::from(nth) * 3 * MINUTE);
        Said { state: Some(state(nth)), center: Some("hefei"), ..Said::plain(1, nth, time, "agent.changed") }
    };
    let (many, last) = (20_000, 1_200);
    let mut forgetful = Monitor::new(standard.clone(), Some(Horizon::default()));
    let mut remembering = Monitor::new(standard.clone(), None);
    let mut packer = said::Packer::new(&standard, Road::ByHand);
    for first in (0..many).step_by(100) {
        let events: Vec<Said> = (first..first + 100).map(said).collect();
        let batch = packer.pack(events.iter());
        assert_eq!(forgetful.apply(&batch).accepted, 100, "at {first}");
        if first >= many - last {
            remembering.apply(&batch);
        }
    }
    assert_eq!(lines(&forgetful), lines(&remembering));
}

/// Whether sources are silent is a matter of when they spoke: what was taken within the limit is not stale.
#[test]
fn a_board_is_stale_once_the_sources_are_silent_for_longer_than_the_limit() {
    let standard = Arc::new(read(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}")));
    let limit = standard.stale_after_ms.expect("the built-in standard has a limit");
    let one = Delivery { order: vec![0], batches: vec![1], ticks: vec![None], settled: vec![true] };
    check(
        50,
        &(hostile::set(1), select(vec![(0, false), (limit, false), (limit + 1, true), (limit * 9, true)])),
        |(mut set, (after, stale))| {
            set.truncate(1);
            let lines = lines(&deliver(&standard, Road::ByHand, &set, &one, last(&set).plus(after)));
            prop_assert!(lines[1..].iter().all(|line| line.contains("\"state\":\"stale\"") == stale), "{:#?}", lines);
            Ok(())
        },
    );
}
