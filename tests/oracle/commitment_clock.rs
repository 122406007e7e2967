//! Promises judged naively: where the clock runs it is led along, stretch by stretch, and what it comes to is told.

use super::calendar::{OracleCalendar, first_instant_of, local_time};
use super::case_facts::{CaseMeaning, DIMENSIONS, DimensionValues, FactName, OracleFact};
use super::commitments::{
    self, AttributeCondition, DeadlineRule, OracleCommitment, PauseTreatment, ReopeningRule,
    WarningTime,
};

/// Where a clock leads.
#[derive(Clone, Copy, Debug)]
enum ClockEnd {
    At(i64),
    /// It has stood since then.
    Stopped(i64),
}

/// A stretch in which a clock stands; without an end while it lasts.
type StoppedSpan = (i64, Option<i64>);

/// Adds what all commitments mean for a case.
pub(crate) fn evaluate_commitments(meaning: &mut CaseMeaning) {
    for promise in commitments::all_commitments() {
        let of = |name: FactName| move |fact: &&OracleFact| fact.name == name;
        let Some(from) = meaning.facts.iter().filter(of(promise.from)).map(|fact| fact.time).min()
        else {
            continue;
        };
        let ends: Vec<&OracleFact> = meaning.facts.iter().filter(of(promise.until)).collect();
        // Each event that reopened a resolved order: its place and its time.
        let reopened: Vec<(usize, i64)> = meaning
            .interruptions
            .iter()
            .filter(|stop| stop.closed)
            .filter_map(|stop| Some((stop.ended_by_event, stop.end?)))
            .collect();
        let end = |after: Option<usize>, before: Option<usize>| {
            let own = |fact: &&&OracleFact| {
                after.is_none_or(|after| fact.event_index > after)
                    && before.is_none_or(|before| fact.event_index < before)
            };
            ends.iter().filter(own).map(|fact| fact.time).min()
        };
        let clocks: Vec<(i64, Option<i64>)> = match promise.reopening {
            ReopeningRule::First => vec![(from, end(None, None))],
            ReopeningRule::Resumes => {
                vec![(from, end(reopened.last().map(|(place, _)| *place), None))]
            }
            ReopeningRule::Restarts => {
                let first = (from, end(None, reopened.first().map(|(place, _)| *place)));
                let later = reopened.iter().enumerate().map(|(number, (place, time))| {
                    let next = reopened.get(number + 1).map(|(place, _)| *place);
                    (*time, end(Some(*place), next))
                });
                std::iter::once(first).chain(later).collect()
            }
        };
        let many = clocks.len();
        for (number, (from, until)) in clocks.into_iter().enumerate() {
            evaluate_clock(&promise, from, until, number + 1 == many, meaning);
        }
    }
}

fn matches_attributes(wanted: AttributeCondition, attributes: &DimensionValues) -> bool {
    wanted.iter().all(|(dimension, values)| {
        let place = DIMENSIONS.iter().position(|known| known == dimension).expect("a dimension");
        attributes[place].is_some_and(|value| values.contains(&value))
    })
}

/// One clock of a promise.
fn evaluate_clock(
    promise: &OracleCommitment,
    from: i64,
    until: Option<i64>,
    last: bool,
    meaning: &mut CaseMeaning,
) {
    let attributes =
        if promise.uses_first_attributes { &meaning.first_attributes } else { &meaning.attributes };
    let usable = |rule: &DeadlineRule| match rule {
        DeadlineRule::Due => meaning.due.is_some(),
        DeadlineRule::Appointment => meaning.appointment.is_some(),
        _ => true,
    };
    let Some((_, rule)) = promise
        .rules
        .iter()
        .find(|(wanted, rule)| matches_attributes(wanted, attributes) && usable(rule))
    else {
        return;
    };
    let excused =
        stopped_spans(promise, from, until, meaning, |does| does == PauseTreatment::Excused);
    let ends = advance_clock(*rule, from, &excused, 100, meaning);
    let deadline = if let ClockEnd::At(deadline) = ends { Some(deadline) } else { None };
    let void = meaning
        .facts
        .iter()
        .filter(|fact| Some(fact.name) == promise.void && fact.time >= from)
        .map(|fact| fact.time)
        .min();
    let (now, case_open, liable) = (meaning.now, meaning.open, meaning.liable);
    let before = |time: i64, other: Option<i64>| other.is_none_or(|other| time <= other);
    let mut told: Vec<(&'static str, i64, Option<i64>, Option<&'static str>)> =
        vec![("promised", from, None, None)];
    let mut moments: Vec<i64> = deadline.into_iter().collect();

    let kept = until.filter(|until| before(*until, deadline) && before(*until, void));
    // Too late to be void once it is broken.
    let voided = void.filter(|void| kept.is_none() && before(*void, deadline));
    if let Some(kept) = kept {
        told.push(("kept", kept, Some(kept - from), None));
        told.extend(
            deadline
                .filter(|deadline| *deadline <= now)
                .map(|deadline| ("kept_due", deadline, None, None)),
        );
    } else if let Some(void) = voided {
        told.push(("excused", void, None, liable));
    } else if let (Some(until), true) =
        (until, liable.is_some_and(|liable| promise.excused_by.contains(&liable)))
    {
        told.push(("excused", until, None, liable));
    } else {
        let runs = last && until.is_none() && void.is_none() && case_open;
        let broken = deadline.filter(|deadline| *deadline <= now);
        told.extend(broken.map(|deadline| ("missed", deadline, None, None)));
        if let (Some(until), Some(deadline)) = (until, deadline) {
            told.push(("late", until, Some(until - deadline), None));
        }
        if runs {
            told.push(("running", from, None, None));
            if let ClockEnd::Stopped(since) = ends {
                told.push(("stopped", since, None, None));
            }
            told.extend(broken.map(|deadline| ("overdue", deadline, None, None)));
            if let (Some(deadline), Some(soon), None) = (deadline, promise.due_soon, broken) {
                // Nothing is due soon before it has begun.
                let soon = (deadline - soon).max(from);
                moments.push(soon);
                told.extend((soon <= now).then_some(("due_soon", soon, None, None)));
            }
        }
    }
    if let Some(until) = until {
        let paused = stopped_spans(promise, from, until.into(), meaning, |does| {
            does != PauseTreatment::Ignored
        });
        let open = |from: i64, until: i64| match rule {
            DeadlineRule::WithinOpen(_, calendar) => {
                calendar.open_millis_between(from, until, meaning.case_zone())
            }
            _ => until - from,
        };
        let net = open(from, until)
            - paused.iter().map(|(begin, end)| open(*begin, end.unwrap_or(until))).sum::<i64>();
        told.push(("net", until, Some(net), None));
    }
    for (word, warn) in promise.warn {
        let at = match warn {
            WarningTime::Percent(percent) => {
                advance_clock(*rule, from, &excused, *percent, meaning)
            }
            WarningTime::Before(millis) => deadline.map_or(ClockEnd::Stopped(0), |deadline| {
                ClockEnd::At((deadline - millis).max(from))
            }),
        };
        let ClockEnd::At(at) = at else { continue };
        moments.push(at);
        if at <= now && until.is_none_or(|until| at < until) && voided.is_none_or(|void| at < void)
        {
            told.push(("warned", at, None, Some(word)));
        }
    }
    for (fact, time, value, word) in told {
        meaning.add_labeled_fact((promise.name, fact), usize::MAX, time, value, word);
    }
    meaning.critical_times.extend(moments);
}

/// The stretches in which the order was not worked on, of those of which the promise says something that `fits`; cut to the time
/// in which the clock could run.
fn stopped_spans(
    promise: &OracleCommitment,
    from: i64,
    until: Option<i64>,
    meaning: &CaseMeaning,
    fits: impl Fn(PauseTreatment) -> bool,
) -> Vec<StoppedSpan> {
    let mut stands = Vec::new();
    for stop in &meaning.interruptions {
        let counts = if stop.closed {
            promise.reopening == ReopeningRule::Resumes
        } else {
            fits((promise.pauses)(stop.reason, stop.liable))
        };
        let begin = stop.begin.max(from);
        let end = [stop.end, until].into_iter().flatten().min();
        if counts && end.is_none_or(|end| end > begin) {
            stands.push((begin, end));
        }
    }
    stands
}

/// Leads a clock along until so many per cent of its time are gone.
fn advance_clock(
    rule: DeadlineRule,
    from: i64,
    stands: &[StoppedSpan],
    percent: i64,
    meaning: &CaseMeaning,
) -> ClockEnd {
    let zone = meaning.case_zone();
    let (allowed, calendar): (i64, Option<OracleCalendar>) = match rule {
        DeadlineRule::Within(millis) => (millis * percent / 100, None),
        DeadlineRule::WithinOpen(millis, calendar) => (millis * percent / 100, Some(calendar)),
        other => ((deadline_time(other, from, meaning) - from) * percent / 100, None),
    };
    let between = |from: i64, until: i64| {
        calendar.map_or(until - from, |calendar| calendar.open_millis_between(from, until, zone))
    };
    let (mut at, mut left) = (from, allowed);
    for (begin, end) in stands {
        let gone = between(at, *begin);
        if gone >= left {
            break;
        }
        left -= gone;
        match end {
            Some(end) => at = *end,
            None => return ClockEnd::Stopped(*begin),
        }
    }
    ClockEnd::At(calendar.map_or(at + left, |calendar| calendar.after_open_millis(at, left, zone)))
}

/// The moment that a rule names.
fn deadline_time(rule: DeadlineRule, from: i64, meaning: &CaseMeaning) -> i64 {
    let zone = meaning.case_zone();
    match rule {
        DeadlineRule::Days(days, calendar) => calendar.after_workdays(from, days, zone),
        DeadlineRule::FullDays(days, calendar) => calendar.end_of_full_workdays(from, days, zone),
        DeadlineRule::SameDay(hour, _) if local_time(from, zone).hour() < hour => {
            first_instant_of(local_time(from, zone).date().tomorrow().expect("a day after"), zone)
        }
        DeadlineRule::SameDay(_, otherwise) => from + otherwise,
        DeadlineRule::Due => meaning.due.expect("chosen only if it is there"),
        DeadlineRule::Appointment => meaning.appointment.expect("chosen only if it is there"),
        DeadlineRule::Within(_) | DeadlineRule::WithinOpen(..) => {
            unreachable!("an amount of time names no moment")
        }
    }
}
