//! Naive model of the call figures, recomputed from the set of events without engine code.

use super::board_values::ReadingName;
use super::contact_model::{ModelContact, split_contacts};
use super::event::TestEvent;
use firstline::domain::time::timestamp::{HOUR, MINUTE, SECOND};
use jiff::Zoned;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Contact or leg as it counts in its scopes. Times are milliseconds since 1970.
struct CountedCall {
    scopes: Vec<String>,
    center: &'static str,
    /// Time and wait in milliseconds.
    answered: Option<(i64, i64)>,
    /// Time of the exit without an answer.
    left_unanswered: Option<i64>,
    is_talking: bool,
    waiting_since: Option<i64>,
}

/// Returns the contacts, which count in scopes without a queue, and the legs, which count in the
/// others. What was never offered has neither an answer nor an exit.
fn counted_calls(set: &[TestEvent], now: i64) -> Vec<CountedCall> {
    let mut by_subject: BTreeMap<u8, Vec<&TestEvent>> = BTreeMap::new();
    set.iter().for_each(|event| by_subject.entry(event.subject).or_default().push(event));
    let mut calls = Vec::new();
    for events in by_subject.into_values().flat_map(|events| split_contacts(&events)) {
        let contact = ModelContact::from_events(&events);
        let Some(first) = contact.legs.first() else { continue };
        let by_center = first.center.map(|center| format!("center={center}"));
        let answer = |(time, wait): (i64, Option<i64>)| Some((time, wait?));
        calls.push(CountedCall {
            scopes: by_center.into_iter().chain([String::new()]).collect(),
            center: first.center.unwrap_or_default(),
            answered: contact.answer().and_then(answer).filter(|_| first.offered.is_some()),
            left_unanswered: contact.exit(now).filter(|_| first.offered.is_some()),
            is_talking: contact.is_talking(),
            waiting_since: contact.waiting_since(),
        });
        calls.extend(contact.legs.iter().filter_map(|leg| {
            let center = leg.center?;
            Some(CountedCall {
                scopes: vec![format!("center={center} queue={}", leg.queue?)],
                center,
                answered: leg.answer().and_then(answer).filter(|_| leg.offered.is_some()),
                left_unanswered: leg.exit().filter(|_| leg.offered.is_some()),
                is_talking: leg.is_talking(),
                waiting_since: leg.offered.filter(|_| leg.is_waiting()),
            })
        }));
    }
    calls
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
    for call in counted_calls(set, now) {
        let zone = zone(call.center);
        let windows: Vec<(&String, i64)> =
            windows.iter().map(|window| (window, window_start(window, now, &zone))).collect();
        for scope in call.scopes {
            let key = |indicator: &str, window: &str| {
                (indicator.to_owned(), scope.clone(), window.to_owned())
            };
            for &(window, begin) in &windows {
                let answered = call.answered.filter(|(time, _)| *time >= begin);
                let left = call.left_unanswered.filter(|time| *time >= begin);
                let counted = i64::from(answered.is_some() || left.is_some());
                let mut ratio = |indicator: &str, good: bool| {
                    let entry = figures.entry(key(indicator, window)).or_default();
                    *entry = (entry.0 + i64::from(good), entry.1 + counted);
                };
                let within = |limit: i64| answered.is_some_and(|(_, wait)| wait <= limit);
                ratio("answer_rate", answered.is_some());
                ratio("service_level_15s", within(15 * SECOND));
                ratio("service_level_20s", within(20 * SECOND));
                if let Some((_, wait)) = answered {
                    let entry = figures.entry(key("speed_of_answer", window)).or_default();
                    *entry = (entry.0 + wait, entry.1 + 1);
                }
            }
            if call.is_talking {
                figures.entry(key("calls_talking", "now")).or_default().0 += 1;
            }
            if let Some(since) = call.waiting_since {
                figures.entry(key("calls_waiting", "now")).or_default().0 += 1;
                let oldest = figures.entry(key("longest_wait_now", "now")).or_default();
                oldest.0 = oldest.0.max(now - since);
            }
        }
    }
    figures.retain(|_, pair| *pair != (0, 0));
    figures
}
