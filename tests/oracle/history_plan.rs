//! Plans of random histories: small numbers and choices that shrink well. `history.rs` turns them
//! into events.

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use proptest::prelude::*;
use proptest::sample::select;

/// Time of an event, relative to the one before it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PlannedTime {
    /// Milliseconds later; earlier if negative.
    After(i64),
    /// Milliseconds after one of the instants at which time alone changes the case: a deadline, a
    /// warning, an expiry.
    Edge(u8, i64),
}

/// Planned event of a case.
#[derive(Clone, Debug)]
pub(crate) struct PlannedEvent {
    /// Selects one of the likely verbs, or any verb of the family if `stray`.
    pub(crate) verb: u8,
    pub(crate) stray: bool,
    pub(crate) when: PlannedTime,
    /// Selects the value of a text field such as a reason.
    pub(crate) text_choice: u8,
    /// Queue and leg of a call.
    pub(crate) queue: Option<&'static str>,
    pub(crate) leg: Option<&'static str>,
    pub(crate) liable: Option<&'static str>,
    pub(crate) owner: Option<&'static str>,
    /// Values of center, class, tier and area.
    pub(crate) dimensions: [Option<&'static str>; 4],
    /// Due time in milliseconds after the event.
    pub(crate) due: Option<i64>,
    /// Appointment in milliseconds after the event.
    pub(crate) appointment: Option<i64>,
    pub(crate) seconds: [Option<i64>; 4],
    pub(crate) sequence: u32,
    /// Offset in milliseconds of a second event with the same id, if there is one.
    pub(crate) duplicate_offset: Option<i64>,
}

/// Planned case.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCase {
    pub(crate) family: &'static str,
    /// Milliseconds after the beginning of the history.
    pub(crate) start: i64,
    /// Dimensions of its first event.
    pub(crate) dimensions: [Option<&'static str>; 4],
    pub(crate) steps: Vec<PlannedEvent>,
}

/// Planned history.
#[derive(Clone, Debug)]
pub(crate) struct HistoryPlan {
    /// Start in milliseconds since 1970; cases start around it.
    pub(crate) begin: i64,
    pub(crate) cases: Vec<PlannedCase>,
}

/// Starts near opening hours, daylight-saving changes, holidays and the ends of periods.
const START_TIMES: [&str; 17] = [
    "2026-03-02T09:00:00+08:00",
    "2026-03-02T16:00:00+01:00",
    "2026-03-03T16:00:00+08:00",
    "2026-06-05T16:00:00+02:00",
    "2026-03-06T17:00:00+08:00",
    // Daylight-saving changes in Berlin.
    "2026-03-27T18:00:00+01:00",
    "2026-03-28T02:30:00+01:00",
    "2026-03-28T22:00:00+01:00",
    "2026-03-29T02:00:00+01:00",
    "2026-10-23T02:30:00+02:00",
    "2026-10-24T22:00:00+02:00",
    "2026-10-25T02:30:00+01:00",
    // Ends of months, holidays and a year.
    "2026-02-28T23:59:00+08:00",
    "2026-02-28T23:30:00+01:00",
    "2026-09-30T16:00:00+08:00",
    "2026-10-03T12:00:00+08:00",
    "2026-12-31T23:00:00+08:00",
];

fn start_time() -> impl Strategy<Value = i64> {
    let parse = |text: &str| text.parse::<jiff::Timestamp>().expect("a time").as_millisecond();
    select(START_TIMES.map(parse).to_vec())
}

const CENTERS: [Option<&str>; 5] =
    [Some("berlin"), Some("berlin"), Some("shanghai"), Some("hefei"), None];
const CLASSES: [Option<&str>; 4] = [None, Some("outage"), Some("slow"), Some("noise")];
const TIERS: [Option<&str>; 4] = [None, Some("vip"), Some("gold"), Some("plain")];
const AREAS: [Option<&str>; 4] = [None, Some("town"), Some("country"), Some("sea")];

fn dimension_values() -> impl Strategy<Value = [Option<&'static str>; 4]> {
    (
        select(CENTERS.to_vec()),
        select(CLASSES.to_vec()),
        select(TIERS.to_vec()),
        select(AREAS.to_vec()),
    )
        .prop_map(|(center, class, tier, area)| [center, class, tier, area])
}

/// Dimensions of a later event, usually none.
fn later_dimension_values() -> impl Strategy<Value = [Option<&'static str>; 4]> {
    let class = select(CLASSES.to_vec()).prop_map(|class| [None, class, None, None]);
    prop_oneof![8 => Just([None; 4]), 2 => class, 1 => dimension_values()]
}

/// Delay in milliseconds between two events of a family whose typical step is `unit`.
fn event_delay(unit: i64) -> BoxedStrategy<i64> {
    let edges = vec![
        0,
        1,
        SECOND,
        5 * SECOND,
        10 * SECOND,
        20 * SECOND,
        90 * SECOND,
        2 * MINUTE,
        8 * MINUTE,
        10 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        61 * MINUTE,
        90 * MINUTE,
        2 * HOUR,
        3 * HOUR,
        4 * HOUR,
        6 * HOUR,
        8 * HOUR,
        24 * HOUR,
        2 * DAY,
        3 * DAY,
        20 * DAY,
    ];
    let edges: Vec<i64> = edges.into_iter().filter(|edge| *edge <= unit * 60).collect();
    prop_oneof![
        3 => Just(0),
        8 => (1..60_i64).prop_map(move |many| many * unit / 4),
        6 => (select(edges), -1..=1_i64).prop_map(|(edge, by)| edge + by),
        1 => 0..100_000_i64,
        1 => (1..20_i64).prop_map(move |many| -many * unit / 4),
    ]
    .boxed()
}

fn planned_event(unit: i64) -> impl Strategy<Value = PlannedEvent> {
    let when = prop_oneof![
        5 => event_delay(unit).prop_map(PlannedTime::After),
        2 => (any::<u8>(), prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(-1), 1 => Just(-MINUTE), 1 => Just(MINUTE)])
            .prop_map(|(which, by)| PlannedTime::Edge(which, by)),
    ];
    let liable = select(vec![
        None,
        None,
        Some("customer"),
        Some("us"),
        Some("third_party"),
        Some("force_majeure"),
    ]);
    let queue = select(vec![None, None, Some("sales"), Some("help")]);
    let leg = prop_oneof![9 => Just(None), 1 => select(vec![Some("1"), Some("2")])];
    let owner = select(vec![None, None, None, Some("ann"), Some("bob")]);
    let named_time = || prop_oneof![5 => Just(None), 1 => event_delay(unit).prop_map(Some)];
    let seconds = || prop_oneof![2 => Just(None), 1 => select(vec![0, 1, 9_999, 10_000, 20_000, 20_001, 61_500, 600_000]).prop_map(Some)];
    (
        (any::<u8>(), prop::bool::weighted(0.12), when),
        (0..4_u8, liable, owner, queue, leg),
        later_dimension_values(),
        (named_time(), named_time()),
        [seconds(), seconds(), seconds(), seconds()],
        prop_oneof![12 => Just(0), 1 => 1..3_u32],
        prop_oneof![20 => Just(None), 1 => event_delay(unit).prop_map(Some)],
    )
        .prop_map(
            |(
                (verb, stray, when),
                (text_choice, liable, owner, queue, leg),
                dimensions,
                (due, appointment),
                seconds,
                sequence,
                duplicate_offset,
            )| {
                PlannedEvent {
                    verb,
                    stray,
                    when,
                    text_choice,
                    queue,
                    leg,
                    liable,
                    owner,
                    dimensions,
                    due,
                    appointment,
                    seconds,
                    sequence,
                    duplicate_offset,
                }
            },
        )
}

fn planned_case(
    family: &'static str,
    unit: i64,
    steps: usize,
) -> impl Strategy<Value = PlannedCase> {
    let start = prop_oneof![2 => Just(0), 3 => -1..=1_i64, 4 => (-48..48_i64).prop_map(|many| many * 15 * MINUTE), 2 => -DAY..DAY, 1 => (-7..7_i64).prop_map(|days| days * DAY)];
    (start, dimension_values(), prop::collection::vec(planned_event(unit), 1..=steps)).prop_map(
        move |(start, dimensions, steps)| PlannedCase { family, start, dimensions, steps },
    )
}

/// Generates histories of at most `max_cases` cases.
pub(crate) fn history_plan(max_cases: usize) -> impl Strategy<Value = HistoryPlan> {
    let case = prop_oneof![
        3 => planned_case("call", 4 * SECOND, 8),
        1 => planned_case("call", 30 * MINUTE, 6),
        2 => planned_case("queue", MINUTE, 6),
        8 => select(vec![MINUTE, 20 * MINUTE, HOUR, 6 * HOUR]).prop_flat_map(|unit| planned_case("repair", unit, 9)),
        2 => select(vec![20 * MINUTE, 2 * HOUR]).prop_flat_map(|unit| planned_case("install", unit, 7)),
        1 => planned_case("agent", 10 * MINUTE, 7),
        1 => planned_case("survey", MINUTE, 2),
    ];
    (start_time(), prop::collection::vec(case, 1..=max_cases))
        .prop_map(|(begin, cases)| HistoryPlan { begin, cases })
}
