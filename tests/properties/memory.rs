//! A core that begins again from what another one wrote down says and does what that one would have: wherever it was cut, and
//! also after another standard is adopted. A damaged memory is refused or believed; it never makes the core fail.

use super::delivery::{self, Delivery, last};
use super::said::{Packer, Road, Said};
use super::{after, check, hostile, lines, roads, same, standards};
use firstline::domain::event::Batch;
use firstline::domain::explain::Asked;
use firstline::domain::explain::risk::{Risk, Wanted};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::{Horizon, Standard};
use firstline::domain::time::{HOUR, MINUTE, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::Arc;

/// The standards of the other tests; the first knows the source of the decoded events, and all say when they are stale.
fn known() -> Vec<Arc<Standard>> {
    let mut known = standards().map(|standard| Standard { stale_after_ms: Some(7 * MINUTE), ..Standard::clone(&standard) });
    if let Some(first) = known[0].schema.sources.first_mut() {
        "/test".clone_into(first);
    }
    known.map(Arc::new).into()
}

fn horizons() -> impl Strategy<Value = Option<Horizon>> {
    let short = Horizon { contacts_ms: HOUR, orders_ms: 5 * HOUR, ahead_ms: MINUTE };
    select(vec![None, Some(Horizon::default()), Some(short), Some(short)])
}

/// What a core is told.
#[derive(Clone, Debug)]
enum Told {
    Events(Batch),
    Time(Timestamp),
}

impl Told {
    /// Tells it; what became of the events.
    fn to(&self, monitor: &mut Monitor) -> String {
        match self {
            Told::Events(batch) => format!("{:?}", monitor.apply(batch)),
            Told::Time(now) => {
                monitor.tick(*now);
                String::new()
            }
        }
    }
}

/// A delivery step by step, up to `end` and some time later.
fn steps(standard: &Standard, road: Road, set: &[Said], delivery: &Delivery, end: Timestamp, later: i64) -> Vec<Told> {
    let mut packer = Packer::new(standard, road);
    let begin = set.iter().map(|event| event.time).min().unwrap_or_default();
    let (mut rest, mut steps) = (&delivery.order[..], Vec::new());
    for (batch, tick) in delivery.batches.iter().cycle().zip(delivery.ticks.iter().cycle()) {
        if rest.is_empty() {
            break;
        }
        let (these, others) = rest.split_at(rest.len().min(*batch));
        steps.push(Told::Events(packer.pack(these.iter().map(|place| &set[*place]))));
        steps.extend(tick.map(|thousandths| Told::Time(begin.plus(end.since(begin) / 1_000 * i64::from(thousandths)))));
        rest = others;
    }
    steps.extend([Told::Time(end), Told::Time(end.plus(later))]);
    steps
}

fn written(monitor: &Monitor) -> Vec<u8> {
    postcard::to_stdvec(&monitor.memory()).expect("a memory can be written")
}

fn read(standard: &Arc<Standard>, horizon: Option<Horizon>, bytes: &[u8]) -> Result<Monitor, postcard::Error> {
    Monitor::remember(standard.clone(), horizon, &mut postcard::Deserializer::from_bytes(bytes))
}

/// All that a core says: the board, the cases behind some of its readings, the open cases, and what it counts of itself.
fn said(monitor: &mut Monitor) -> Vec<String> {
    let mut said = lines(monitor);
    let board = monitor.board();
    for reading in board.readings.iter().step_by(board.readings.len() / 6 + 1) {
        let key = &reading.key;
        let asked = Asked { indicator: key.indicator, scope: (*key.scope).clone(), window: key.window, limit: 20 };
        let told = monitor.explain(&asked);
        said.push(format!("{:?} {:?} {:?} {:?} {:?}", told.reading(), told.begin, told.good, told.of, told.left_out));
    }
    let wanted = Wanted { risks: Risk::ALL.to_vec(), family: None, commitment: None, fixed: Vec::new(), limit: 20 };
    let open = monitor.open_cases(&wanted);
    said.push(format!("{} open: {:?}", open.count, open.cases));
    for subject in 0..6 {
        let histories = monitor.histories(None, &subject.to_string()).into_iter();
        said.extend(histories.map(|history| format!("{:?} {:?} {:?} {:?}", history.name, history.events, history.facts, history.clocks)));
    }
    said.push(format!("{} cases, {} forgotten", monitor.cases(), monitor.forgotten()));
    said
}

#[test]
fn a_core_that_begins_again_goes_on_as_if_nothing_had_happened() {
    let standards = known();
    let sets = prop_oneof![3 => hostile::set(24), 1 => hostile::contacts(40)];
    let cuts = prop::collection::vec(any::<Index>(), 1..4);
    let inputs = (delivery::of(sets), (after(), after()), 0..4_usize, horizons(), roads(), cuts);
    check(1_000, &inputs, |((set, delivery), (after, later), number, horizon, road, cuts)| {
        let standard = &standards[number];
        let steps = steps(standard, road, &set, &delivery, last(&set).plus(after), later);
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(steps.len())).collect();
        let mut whole = Monitor::new(standard.clone(), horizon);
        let mut cut = Monitor::new(standard.clone(), horizon);
        for (place, step) in steps.iter().enumerate() {
            if cuts.contains(&place) {
                let bytes = written(&cut);
                cut = read(standard, horizon, &bytes).map_err(|error| TestCaseError::fail(format!("before step {place}: {error}")))?;
                prop_assert!(written(&cut) == bytes, "written again before step {place} it is not the same");
                same(&lines(&whole), &lines(&cut), &standard.name)?;
            }
            prop_assert_eq!(step.to(&mut whole), step.to(&mut cut), "at step {}", place);
        }
        prop_assert!(written(&whole) == written(&cut), "in the end their memories differ");
        same(&said(&mut whole), &said(&mut cut), &standard.name)?;
        // The first declares every dimension of the events.
        let other = &standards[if number == 0 { 2 } else { number }];
        let [mut whole, mut cut] = [whole, cut].map(|monitor| monitor.adopt(other.clone(), horizon).monitor);
        same(&said(&mut whole), &said(&mut cut), &other.name)
    });
}

/// Groups of cases that nothing tells apart share their sums. Where the standard's scopes look at every dimension nothing is shared, and
/// that is how everything was written down once: a core with fewer scopes reads it all the same.
#[test]
fn what_was_written_apart_is_added_up_when_it_is_read() {
    let standards = known();
    let inputs = (delivery::of(hostile::set(24)), after(), 0..4_usize, horizons(), any::<Index>());
    check(300, &inputs, |((set, delivery), after, number, horizon, cut)| {
        let standard = &standards[number];
        let every = (0..standard.schema.dimensions.len()).map(|dimension| vec![dimension]);
        let apart = Arc::new(Standard { scopes: standard.scopes.iter().cloned().chain(every).collect(), ..Standard::clone(standard) });
        let steps = steps(standard, Road::ByHand, &set, &delivery, last(&set), after);
        let (before, behind) = steps.split_at(cut.index(steps.len()));
        let mut whole = Monitor::new(standard.clone(), horizon);
        let mut apart = Monitor::new(apart, horizon);
        before.iter().for_each(|step| _ = (step.to(&mut whole), step.to(&mut apart)));
        let mut read = read(standard, horizon, &written(&apart)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        same(&lines(&whole), &lines(&read), "at once")?;
        for step in behind {
            prop_assert_eq!(step.to(&mut whole), step.to(&mut read));
        }
        same(&said(&mut whole), &said(&mut read), "in the end")
    });
}

/// Who begins again is told of less time passing than who was there: only the ticks beside the batches were written down.
#[test]
fn what_a_core_says_does_not_depend_on_how_often_it_was_told_the_time() {
    let standards = known();
    let gaps = select(vec![0, 0, 1, 999, MINUTE, 10 * MINUTE, HOUR, 7 * HOUR, 24 * HOUR]);
    let gaps = prop::collection::vec(gaps, 1..6);
    let more = prop::collection::vec((any::<Index>(), 0..=1_000_i64), 1..40);
    let inputs = (delivery::of(hostile::set(24)), any::<bool>(), gaps, more, 0..4_usize, horizons(), after());
    check(1_000, &inputs, |((set, mut delivery), sorted, gaps, more, number, horizon, after)| {
        let standard = &standards[number];
        if sorted {
            delivery.order.sort_by_key(|place| set[*place].time);
        }
        delivery.ticks = vec![None];
        let mut now = set[delivery.order[0]].time;
        let mut few = Vec::new();
        let end = last(&set).plus(after);
        for (step, gap) in steps(standard, Road::Decoded, &set, &delivery, end, HOUR).into_iter().zip(gaps.iter().cycle()) {
            now = match step {
                Told::Time(time) => now.max(time),
                Told::Events(_) => now.plus(*gap),
            };
            few.push(Told::Time(now));
            few.push(step);
        }
        // Between the first tick and the last, each after the one before it in the list.
        let mut many: Vec<(usize, Timestamp)> = Vec::new();
        let times: Vec<(usize, Timestamp)> = few
            .iter()
            .enumerate()
            .filter_map(|(place, step)| if let Told::Time(now) = step { Some((place, *now)) } else { None })
            .collect();
        for (place, thousandths) in more {
            let [(_, before), (place, next)] = times[place.index(times.len() - 1)..][..2] else { continue };
            many.push((place, before.plus(next.since(before).max(0) / 1_000 * thousandths)));
        }
        many.sort_unstable();
        let (mut seldom, mut often) = (Monitor::new(standard.clone(), horizon), Monitor::new(standard.clone(), horizon));
        for (place, step) in few.iter().enumerate() {
            many.iter().filter(|(before, _)| *before == place).for_each(|(_, now)| often.tick(*now));
            prop_assert_eq!(step.to(&mut seldom), step.to(&mut often), "at step {}", place);
        }
        same(&said(&mut seldom), &said(&mut often), &standard.name)
    });
}

#[test]
fn a_damaged_memory_is_refused_or_believed() {
    let standards = known();
    let damage = prop::collection::vec((any::<Index>(), prop_oneof![3 => (0..8_u8).prop_map(|bit| 1 << bit), 1 => any::<u8>()]), 0..3);
    let inputs = (delivery::of(hostile::set(16)), after(), 0..4_usize, horizons(), damage, prop::option::weighted(0.3, any::<Index>()));
    check(3_000, &inputs, |((set, delivery), after, number, horizon, damage, length)| {
        let standard = &standards[number];
        let end = last(&set).plus(after);
        let steps = steps(standard, Road::Decoded, &set, &delivery, end, HOUR);
        let mut monitor = Monitor::new(standard.clone(), horizon);
        let (before, rest) = steps.split_at(steps.len() / 2);
        before.iter().for_each(|step| _ = step.to(&mut monitor));
        let mut bytes = written(&monitor);
        for (place, bits) in &damage {
            let place = place.index(bytes.len());
            bytes[place] ^= bits;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
            prop_assert!(!damage.is_empty() || read(standard, horizon, &bytes).is_err(), "what is cut short is refused");
        }
        if let Ok(mut believed) = read(standard, horizon, &bytes) {
            rest.iter().for_each(|step| _ = step.to(&mut believed));
            said(&mut believed);
            written(&believed);
        }
        Ok(())
    });
}
