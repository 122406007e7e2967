//! Naive evaluation of commitments: each clock is advanced span by span around its pauses.
//! `tests/deadlines.rs` checks the rules of deadlines minute by minute.

use super::calendar::{first_instant_at, first_instant_of, local_time};
use super::case_facts::{CaseMeaning, DIMENSIONS, DimensionValues, FactName, OracleFact};
use super::commitments::{
    self, AttributeCondition, DeadlineRule, OracleCommitment, PauseTreatment, ReopeningRule,
    WarningTime,
};
use super::holders::{MissedBy, miss_parts};

/// Result of advancing a clock.
#[derive(Clone, Copy, Debug)]
enum ClockEnd {
    At(i64),
    /// Stopped since this instant, without a resumption so far.
    Stopped(i64),
}

/// Span in which a clock is stopped; `None` while it lasts.
type StoppedSpan = (i64, Option<i64>);

/// Adds the facts of all commitments to a case.
pub(crate) fn evaluate_commitments(meaning: &mut CaseMeaning) {
    for commitment in commitments::all_commitments() {
        let of = |name: FactName| move |fact: &&OracleFact| fact.name == name;
        let Some(from) =
            meaning.facts.iter().filter(of(commitment.from)).map(|fact| fact.time).min()
        else {
            continue;
        };
        let ends: Vec<&OracleFact> = meaning.facts.iter().filter(of(commitment.until)).collect();
        // Events that reopened a resolved order, as index and time.
        let reopened: Vec<(usize, i64)> = meaning
            .interruptions
            .iter()
            .filter(|stop| stop.closed)
            .filter_map(|stop| Some((stop.ended_by_event, stop.end?)))
            .collect();
        let end = |after: Option<usize>, before: Option<usize>| {
            let in_range = |fact: &&&OracleFact| {
                after.is_none_or(|after| fact.event_index > after)
                    && before.is_none_or(|before| fact.event_index < before)
            };
            ends.iter().filter(in_range).map(|fact| fact.time).min()
        };
        let clocks: Vec<(i64, Option<i64>)> = match commitment.reopening {
            _ if commitment.each => each_clock(&commitment, meaning),
            _ if commitment.from == commitment.until => {
                let mut times: Vec<i64> = ends.iter().map(|fact| fact.time).collect();
                times.sort_unstable();
                vec![(from, times.get(1).copied())]
            }
            ReopeningRule::First => vec![(from, end(None, None))],
            ReopeningRule::Resumes => {
                vec![(from, end(reopened.last().map(|(index, _)| *index), None))]
            }
            ReopeningRule::Restarts => {
                let first = (from, end(None, reopened.first().map(|(index, _)| *index)));
                let later = reopened.iter().enumerate().map(|(number, (index, time))| {
                    let next = reopened.get(number + 1).map(|(index, _)| *index);
                    (*time, end(Some(*index), next))
                });
                std::iter::once(first).chain(later).collect()
            }
        };
        let count = clocks.len();
        for (number, (from, until)) in clocks.into_iter().enumerate() {
            evaluate_clock(&commitment, from, until, number + 1 == count, meaning);
        }
    }
}

/// Returns the start and end of each clock of a recurring commitment: a start counts unless the last
/// of the starts, ends and voiding facts before it is a start too.
fn each_clock(commitment: &OracleCommitment, meaning: &CaseMeaning) -> Vec<(i64, Option<i64>)> {
    let is_end = |fact: &OracleFact| fact.name == commitment.until;
    let is_void = |fact: &OracleFact| Some(fact.name) == commitment.void;
    let mut facts: Vec<OracleFact> = meaning
        .facts
        .iter()
        .filter(|fact| fact.name == commitment.from || is_end(fact) || is_void(fact))
        .cloned()
        .collect();
    facts.sort_by_key(|fact| (fact.time, fact.event_index));
    let mut clocks = Vec::new();
    for (place, start) in facts.iter().enumerate() {
        let runs = place
            .checked_sub(1)
            .is_some_and(|before| facts[before].name == commitment.from && !is_end(&facts[before]));
        if start.name == commitment.from && !runs {
            let next = facts[place + 1..].iter().find(|fact| is_end(fact) || is_void(fact));
            clocks.push((start.time, next.filter(|fact| is_end(fact)).map(|fact| fact.time)));
        }
    }
    clocks
}

fn matches_attributes(condition: AttributeCondition, attributes: &DimensionValues) -> bool {
    condition.iter().all(|(dimension, values)| {
        let index = DIMENSIONS.iter().position(|known| known == dimension).expect("a dimension");
        attributes[index].is_some_and(|value| values.contains(&value))
    })
}

/// Adds the facts of one clock of a commitment.
fn evaluate_clock(
    commitment: &OracleCommitment,
    from: i64,
    until: Option<i64>,
    last: bool,
    meaning: &mut CaseMeaning,
) {
    let attributes = if commitment.uses_first_attributes {
        &meaning.first_attributes
    } else {
        &meaning.attributes
    };
    let usable = |rule: &DeadlineRule| match rule {
        DeadlineRule::Due => meaning.due.is_some(),
        DeadlineRule::Appointment => meaning.appointment.is_some(),
        _ => true,
    };
    let Some((_, rule)) = commitment
        .rules
        .iter()
        .find(|(condition, rule)| matches_attributes(condition, attributes) && usable(rule))
    else {
        return;
    };
    let excused = stopped_spans(commitment, from, until, meaning, |treatment| {
        treatment == PauseTreatment::Excused
    });
    let ends = deadline_of(*rule, from, &excused, meaning);
    let deadline = if let ClockEnd::At(deadline) = ends { Some(deadline) } else { None };
    let void = meaning
        .facts
        .iter()
        .filter(|fact| Some(fact.name) == commitment.void && fact.time >= from)
        .map(|fact| fact.time)
        .min();
    let (now, case_open, liable) = (meaning.now, meaning.open, meaning.liable);
    let before = |time: i64, other: Option<i64>| other.is_none_or(|other| time <= other);
    let mut facts: Vec<(&'static str, i64, Option<i64>, Option<&'static str>)> =
        vec![("promised", from, None, None)];
    let mut critical_times: Vec<i64> = deadline.into_iter().collect();

    let kept_at = until.filter(|until| before(*until, deadline) && before(*until, void));
    // A missed commitment can no longer be void.
    let voided_at = void.filter(|void| kept_at.is_none() && before(*void, deadline));
    if let Some(kept_at) = kept_at {
        facts.push(("kept", kept_at, Some(kept_at - from), None));
        facts.extend(
            deadline
                .filter(|deadline| *deadline <= now)
                .map(|deadline| ("kept_due", deadline, None, None)),
        );
    } else if let Some(voided_at) = voided_at {
        facts.push(("excused", voided_at, None, liable));
    } else if let (Some(until), true) =
        (until, liable.is_some_and(|liable| commitment.excused_by.contains(&liable)))
    {
        facts.push(("excused", until, None, liable));
    } else {
        let runs = last && until.is_none() && void.is_none() && case_open;
        // A source clock that runs ahead may report the end before the deadline is reached.
        let missed_at = deadline.filter(|deadline| *deadline <= now || until.is_some());
        let mut misses: Vec<(&'static str, i64, Option<i64>, Option<&'static str>)> = Vec::new();
        misses.extend(missed_at.map(|deadline| ("missed", deadline, None, None)));
        if let (Some(until), Some(deadline)) = (until, deadline) {
            misses.push(("late", until, Some(until - deadline), None));
        }
        let parts = match (commitment.missed_by, missed_at) {
            (Some(missed_by), Some(deadline)) => {
                let clock_time = |begin: i64, end: i64| {
                    let stopped: i64 = excused
                        .iter()
                        .map(|(stop, go)| (*stop.max(&begin), go.unwrap_or(end).min(end)))
                        .filter(|(stop, go)| stop < go)
                        .map(|(stop, go)| open_millis(*rule, stop, go, meaning))
                        .sum();
                    open_millis(*rule, begin, end, meaning) - stopped
                };
                miss_parts(missed_by, &meaning.holds, (from, deadline), clock_time)
            }
            _ => Vec::new(),
        };
        let whole_unit = parts.first().filter(|_| commitment.missed_by != Some(MissedBy::Shares));
        match whole_unit {
            Some((hold, _)) => {
                let values = hold.values(&meaning.attributes);
                for (fact, time, value, label) in misses {
                    let name = (commitment.name, fact);
                    let fact = OracleFact { name, time, value, label, event_index: usize::MAX };
                    meaning.placed.push((fact, values));
                }
            }
            None => facts.extend(misses),
        }
        for (hold, part) in parts {
            let fact = OracleFact {
                name: (commitment.name, "missed_share"),
                time: deadline.expect("a miss has a deadline"),
                value: Some(part),
                label: None,
                event_index: usize::MAX,
            };
            meaning.placed.push((fact, hold.values(&meaning.attributes)));
        }
        let missed_at = missed_at.filter(|deadline| *deadline <= now);
        if runs {
            facts.push(("running", from, None, None));
            if let ClockEnd::Stopped(since) = ends {
                facts.push(("stopped", since, None, None));
            }
            facts.extend(missed_at.map(|deadline| ("overdue", deadline, None, None)));
            if let (Some(_), Some(soon), None) = (deadline, commitment.due_soon, missed_at)
                && let ClockEnd::At(soon) =
                    warning_time(*rule, WarningTime::Before(soon), from, &excused, meaning)
            {
                critical_times.push(soon);
                facts.extend((soon <= now).then_some(("due_soon", soon, None, None)));
            }
        }
    }
    if let Some(until) = until {
        let paused = stopped_spans(commitment, from, until.into(), meaning, |treatment| {
            treatment != PauseTreatment::Ignored
        });
        let open = |from: i64, until: i64| open_millis(*rule, from, until, meaning);
        let net = open(from, until)
            - paused.iter().map(|(begin, end)| open(*begin, end.unwrap_or(until))).sum::<i64>();
        facts.push(("net", until, Some(net), None));
    }
    for (label, warn) in commitment.warn {
        let at = warning_time(*rule, *warn, from, &excused, meaning);
        let ClockEnd::At(at) = at else { continue };
        critical_times.push(at);
        if at <= now
            && until.is_none_or(|until| at < until)
            && voided_at.is_none_or(|void| at < void)
        {
            facts.push(("warned", at, None, Some(label)));
        }
    }
    for (fact, time, value, label) in facts {
        meaning.add_labeled_fact((commitment.name, fact), usize::MAX, time, value, label);
    }
    meaning.critical_times.extend(critical_times);
}

/// Returns the interruptions whose treatment by the commitment satisfies `fits`, clipped to the run
/// time of the clock.
fn stopped_spans(
    commitment: &OracleCommitment,
    from: i64,
    until: Option<i64>,
    meaning: &CaseMeaning,
    fits: impl Fn(PauseTreatment) -> bool,
) -> Vec<StoppedSpan> {
    let mut spans = Vec::new();
    for stop in &meaning.interruptions {
        let counts = if stop.closed {
            commitment.reopening == ReopeningRule::Resumes
        } else {
            fits((commitment.pauses)(stop.reason, stop.liable))
        };
        let begin = stop.begin.max(from);
        let end = [stop.end, until].into_iter().flatten().min();
        if counts && end.is_none_or(|end| end > begin) {
            spans.push((begin, end));
        }
    }
    spans
}

/// Returns the open time between two instants in the calendar of a rule, or all time without one.
fn open_millis(rule: DeadlineRule, from: i64, until: i64, meaning: &CaseMeaning) -> i64 {
    let calendar = rule.calendar();
    calendar.map_or(until - from, |calendar| {
        calendar.open_millis_between(from, until, meaning.case_zone())
    })
}

fn after_open_millis(rule: DeadlineRule, from: i64, millis: i64, meaning: &CaseMeaning) -> i64 {
    let calendar = rule.calendar();
    calendar.map_or(from + millis, |calendar| {
        calendar.after_open_millis(from, millis, meaning.case_zone())
    })
}

/// Returns the open time that a rule allows.
fn allowed_millis(rule: DeadlineRule, from: i64, meaning: &CaseMeaning) -> i64 {
    match rule {
        DeadlineRule::Within(millis) | DeadlineRule::WithinOpen(millis, _) => millis,
        other => open_millis(rule, from, deadline_time(other, from, meaning), meaning),
    }
}

/// Returns the deadline. A deadline at a fixed instant is moved by each pause that begins before
/// it: by the open time of the pause, and at least to its end.
fn deadline_of(
    rule: DeadlineRule,
    from: i64,
    stopped: &[StoppedSpan],
    meaning: &CaseMeaning,
) -> ClockEnd {
    if let DeadlineRule::Within(millis) | DeadlineRule::WithinOpen(millis, _) = rule {
        return advance_clock(rule, from, millis, stopped, meaning);
    }
    let mut deadline = deadline_time(rule, from, meaning);
    for (begin, end) in stopped {
        if *begin >= deadline {
            break;
        }
        let Some(end) = *end else { return ClockEnd::Stopped(*begin) };
        let paused = open_millis(rule, *begin, end, meaning);
        deadline = after_open_millis(rule, deadline, paused, meaning).max(end);
    }
    ClockEnd::At(deadline)
}

fn warning_time(
    rule: DeadlineRule,
    warn: WarningTime,
    from: i64,
    stopped: &[StoppedSpan],
    meaning: &CaseMeaning,
) -> ClockEnd {
    let allowed = allowed_millis(rule, from, meaning);
    match warn {
        WarningTime::Percent(percent) => {
            advance_clock(rule, from, allowed * percent / 100, stopped, meaning)
        }
        WarningTime::Before(left) if allowed <= left => ClockEnd::At(from),
        WarningTime::Before(left) => advance_clock(rule, from, allowed - left, stopped, meaning),
    }
}

/// Advances a clock through an amount of open time.
fn advance_clock(
    rule: DeadlineRule,
    from: i64,
    millis: i64,
    stopped: &[StoppedSpan],
    meaning: &CaseMeaning,
) -> ClockEnd {
    let (mut at, mut left) = (from, millis);
    for (begin, end) in stopped {
        let elapsed = open_millis(rule, at, *begin, meaning);
        if elapsed >= left {
            break;
        }
        left -= elapsed;
        match end {
            Some(end) => at = *end,
            None => return ClockEnd::Stopped(*begin),
        }
    }
    ClockEnd::At(after_open_millis(rule, at, left, meaning))
}

/// Returns the instant of a deadline rule that is not a plain amount of time.
fn deadline_time(rule: DeadlineRule, from: i64, meaning: &CaseMeaning) -> i64 {
    let zone = meaning.case_zone();
    match rule {
        DeadlineRule::Days(days, calendar) => calendar.after_workdays(from, days, zone),
        DeadlineRule::FullDays(days, calendar) => calendar.end_of_full_workdays(from, days, zone),
        DeadlineRule::SameDay(hour, ..) if local_time(from, zone).hour() < hour => {
            first_instant_of(local_time(from, zone).date().tomorrow().expect("a day after"), zone)
        }
        DeadlineRule::SameDay(_, otherwise, _) => from + otherwise,
        DeadlineRule::TimesOfDay([before, at, next_at], calendar) => {
            let start = local_time(from, zone);
            let is_workday = |day| calendar.is_none_or(|calendar| calendar.is_workday(day));
            let (mut day, mut hour) = (start.date(), at);
            if start.hour() >= before || !is_workday(day) {
                hour = next_at;
                day = day.tomorrow().expect("a day after");
                while !is_workday(day) {
                    day = day.tomorrow().expect("a day after");
                }
            }
            first_instant_at(day.at(hour, 0, 0, 0), zone)
        }
        DeadlineRule::Due => meaning.due.expect("usable rules have their time"),
        DeadlineRule::Appointment => meaning.appointment.expect("usable rules have their time"),
        DeadlineRule::Within(_) | DeadlineRule::WithinOpen(..) => {
            unreachable!("amounts of time are counted by the clock")
        }
    }
}
