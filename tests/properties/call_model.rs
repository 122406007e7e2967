//! Naive model of the call figures, recomputed from the set of events without engine code.

use super::board_values::ReadingName;
use super::event::TestEvent;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND};
use jiff::Zoned;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Times of a call in milliseconds since 1970.
struct ModelCall {
    center: String,
    queue: String,
    offered: Option<i64>,
    answered: Option<i64>,
    /// Abandoned or overflowed; `None` if the call was answered.
    left_unanswered: Option<i64>,
    ended: Option<i64>,
}

fn model_calls(set: &[TestEvent]) -> Vec<ModelCall> {
    let mut by_subject: BTreeMap<u8, Vec<&TestEvent>> = BTreeMap::new();
    set.iter().for_each(|event| by_subject.entry(event.subject).or_default().push(event));
    let call = |events: Vec<&TestEvent>| {
        let first = |kinds: &[&str]| {
            events
                .iter()
                .filter(|event| kinds.contains(&event.kind))
                .map(|event| event.time.0)
                .min()
        };
        let answered = first(&["call.answered"]);
        ModelCall {
            center: events[0].center.unwrap_or_default().to_owned(),
            queue: events[0].queue.unwrap_or_default().to_owned(),
            offered: first(&["call.offered"]),
            answered,
            left_unanswered: first(&["call.abandoned", "call.overflowed"])
                .filter(|_| answered.is_none()),
            ended: first(&["call.ended"]),
        }
    };
    by_subject.into_values().map(call).collect()
}

/// Returns the start of a window at `now`, in milliseconds since 1970. Rolling windows start at a
/// multiple of their step, calendar windows at a local boundary.
fn window_start(window: &str, now: i64, zone: &TimeZone) -> i64 {
    let local = jiff::Timestamp::from_millisecond(now).expect("a time").to_zoned(zone.clone());
    let midnight = |day: &Zoned| day.start_of_day().expect("a day").timestamp().as_millisecond();
    let elapsed_of = |minutes: i8| {
        i64::from(local.minute() % minutes) * MINUTE
            + i64::from(local.second()) * SECOND
            + i64::from(local.millisecond())
    };
    let (length, step) = match window {
        "5m" => (5 * MINUTE, 10 * SECOND),
        "30m" => (30 * MINUTE, MINUTE),
        "1h" => (HOUR, MINUTE),
        "24h" => (24 * HOUR, 15 * MINUTE),
        "168h" | "7d" => (7 * 24 * HOUR, 15 * MINUTE),
        "interval15" => return now - elapsed_of(15),
        "interval30" => return now - elapsed_of(30),
        "today" => return midnight(&local),
        "week" => {
            let mut day = local;
            while day.weekday() != Weekday::Monday {
                day = day.yesterday().expect("a day before");
            }
            return midnight(&day);
        }
        "month" => return midnight(&local.first_of_month().expect("a first of the month")),
        _ => panic!("the model has no window `{window}`"),
    };
    (now - length).div_euclid(step) * step
}

/// Returns numerator and denominator of every nonzero figure by indicator, scope and window.
/// Durations are in milliseconds. `zone` maps a center to its time zone.
pub(crate) fn expected_sums(
    set: &[TestEvent],
    now: i64,
    windows: &[String],
    zone: impl Fn(&str) -> TimeZone,
) -> BTreeMap<ReadingName, (i64, i64)> {
    let mut figures: BTreeMap<ReadingName, (i64, i64)> = BTreeMap::new();
    for call in model_calls(set) {
        let zone = zone(&call.center);
        let windows: Vec<(&String, i64)> =
            windows.iter().map(|window| (window, window_start(window, now, &zone))).collect();
        let scopes = [
            String::new(),
            format!("center={}", call.center),
            format!("center={} queue={}", call.center, call.queue),
        ];
        for scope in scopes {
            let key = |indicator: &str, window: &str| {
                (indicator.to_owned(), scope.clone(), window.to_owned())
            };
            for &(window, begin) in &windows {
                let within = |time: Option<i64>| time.is_some_and(|time| time >= begin);
                let wait =
                    call.answered.zip(call.offered).map(|(answered, offered)| answered - offered);
                let counted = i64::from(within(call.answered) || within(call.left_unanswered));
                let mut ratio = |indicator: &str, good: bool| {
                    let entry = figures.entry(key(indicator, window)).or_default();
                    *entry = (entry.0 + i64::from(good), entry.1 + counted);
                };
                ratio("answer_rate", within(call.answered));
                ratio(
                    "service_level_15s",
                    within(call.answered) && wait.is_some_and(|wait| wait <= 15 * SECOND),
                );
                ratio(
                    "service_level_20s",
                    within(call.answered) && wait.is_some_and(|wait| wait <= 20 * SECOND),
                );
                if let Some(wait) = wait.filter(|_| within(call.answered)) {
                    let entry = figures.entry(key("speed_of_answer", window)).or_default();
                    *entry = (entry.0 + wait, entry.1 + 1);
                }
            }
            if call.answered.is_some() && call.ended.is_none() {
                figures.entry(key("calls_talking", "now")).or_default().0 += 1;
            }
            if let (Some(offered), None, None, None) =
                (call.offered, call.answered, call.left_unanswered, call.ended)
            {
                figures.entry(key("calls_waiting", "now")).or_default().0 += 1;
                let oldest = figures.entry(key("longest_wait_now", "now")).or_default();
                oldest.0 = oldest.0.max(now - offered);
            }
        }
    }
    figures.retain(|_, pair| *pair != (0, 0));
    figures
}
