//! How a history reaches the core: in which order, which events twice, in which batches, with which ticks between; and when the
//! board is compared with what the events heard so far mean.

use super::board::{Picked, expected, picked};
use super::compare::differences;
use super::hours::{DAY, HOUR, MINUTE, SECOND};
use super::indicators::Indicator;
use super::meaning::{self, Meaning};
use super::promises;
use super::said::{Said, written};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::Timestamp;
use firstline::ingest::wire::{Decoder, Keys};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A later time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Later {
    /// So many milliseconds later.
    By(i64),
    /// So many milliseconds after one of the next moments at which time alone changes something.
    Edge(u8, i64),
}

/// A way to deliver a history.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Events are delivered in the order of these numbers, over and over; all the same leaves them as they are.
    keys: Vec<u8>,
    /// Places of events that are said once more at the end of the batch with this number.
    again: Vec<(prop::sample::Index, u8)>,
    /// The sizes of the batches, over and over.
    batches: Vec<usize>,
    /// What follows each batch, over and over: whether the board is looked at, and a tick so many thousandths on the way.
    between: Vec<(bool, Option<i64>)>,
    /// What follows the last batch: the board is looked at each time.
    after: Vec<Later>,
}

pub(crate) fn delivery() -> impl Strategy<Value = Delivery> {
    let keys = prop_oneof![1 => Just(vec![0]), 2 => prop::collection::vec(any::<u8>(), 1..40)];
    let again = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5);
    let batches = prop_oneof![1 => Just(vec![usize::MAX]), 2 => prop::collection::vec(1..8_usize, 1..4)];
    let between =
        prop::collection::vec((prop::bool::weighted(0.15), prop_oneof![3 => Just(None), 1 => (0..=1_000_i64).prop_map(Some)]), 1..6);
    let lengths = vec![0, 1, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 8 * DAY, 35 * DAY];
    let later = prop_oneof![
        1 => select(lengths).prop_map(Later::By),
        1 => (0..DAY).prop_map(Later::By),
        4 => (0..6_u8, -1..=1_i64).prop_map(|(which, by)| Later::Edge(which, by)),
    ];
    (keys, again, batches, between, prop::collection::vec(later, 1..5)).prop_map(|(keys, again, batches, between, after)| Delivery {
        keys,
        again,
        batches,
        between,
        after,
    })
}

/// A board that differs.
pub(crate) struct Look {
    /// What had been heard, in the order of arrival; ticks are not shown.
    pub(crate) heard: Vec<Said>,
    pub(crate) at: String,
    pub(crate) differences: Vec<String>,
}

/// The standard with what the oracle knows of it.
pub(crate) struct Oracle {
    standard: Arc<Standard>,
    indicators: Vec<Indicator>,
    /// Of which families each indicator speaks.
    families: Vec<Vec<&'static str>>,
    picked: Picked,
}

/// The core beside what it was told.
struct Told<'o> {
    oracle: &'o Oracle,
    monitor: Monitor,
    decoder: Decoder,
    heard: Vec<Said>,
    /// For each case and id, the event that holds with the number that settles ties.
    holds: BTreeMap<(usize, usize), (Said, u64)>,
    now: i64,
}

impl Oracle {
    pub(crate) fn new(standard: Arc<Standard>, indicators: Vec<Indicator>) -> Oracle {
        let of = |name: &str| {
            let families = ["call", "queue", "survey", "agent", "repair", "install"];
            let promise = promises::all().into_iter().find(|promise| promise.name == name).map(|promise| promise.from.0);
            promise.or_else(|| families.into_iter().find(|family| *family == name)).expect("a family or a commitment")
        };
        let families = indicators.iter().map(|indicator| indicator.picks().iter().map(|pick| of(pick.name().0)).collect()).collect();
        let picked = picked(&indicators);
        Oracle { standard, indicators, families, picked }
    }

    /// Delivers a history to a core; the first board that differs.
    pub(crate) fn differences(&self, events: &[Said], delivery: &Delivery, begin: i64) -> Option<Look> {
        let decoder = Decoder::new(Arc::new(self.standard.schema.clone()), Keys::default());
        let monitor = Monitor::new(self.standard.clone(), None);
        let mut told = Told { oracle: self, monitor, decoder, heard: Vec::new(), holds: BTreeMap::new(), now: i64::MIN };
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|place| delivery.keys[place % delivery.keys.len()]);
        let end = events.iter().map(|said| said.time).max().unwrap_or(begin);
        let mut rest = &order[..];
        for (number, (batch, between)) in delivery.batches.iter().cycle().zip(delivery.between.iter().cycle()).enumerate() {
            if rest.is_empty() {
                break;
            }
            let (these, others) = rest.split_at(rest.len().min(*batch));
            rest = others;
            let again =
                delivery.again.iter().filter(|(_, at)| usize::from(*at) % 8 == number % 8).map(|(which, _)| which.index(events.len()));
            told.hear(these.iter().copied().chain(again).map(|place| &events[place]));
            let (look, tick) = between;
            if let Some(thousandths) = tick {
                told.tick(begin + (end - begin) / 1_000 * thousandths);
            }
            if *look && let Some(look) = told.look() {
                return Some(look);
            }
        }
        if let Some(look) = told.look() {
            return Some(look);
        }
        for later in &delivery.after {
            let to = match later {
                Later::By(millis) => told.now + millis,
                Later::Edge(which, by) => {
                    let mut moments: Vec<i64> = told.meanings().iter().flat_map(|case| case.moments.clone()).collect();
                    moments.retain(|moment| moment + by > told.now);
                    moments.sort_unstable();
                    moments.dedup();
                    moments.get(usize::from(*which) % moments.len().max(1)).map_or(told.now, |moment| moment + by)
                }
            };
            told.tick(to);
            if let Some(look) = told.look() {
                return Some(look);
            }
        }
        None
    }
}

impl Told<'_> {
    fn hear<'s>(&mut self, events: impl Iterator<Item = &'s Said>) {
        let heard: Vec<&Said> = events.collect();
        for said in &heard {
            self.decoder.json(said.json().as_bytes()).unwrap_or_else(|rejection| panic!("{said:?}: {}", rejection.reason));
        }
        let batch = self.decoder.take();
        for (said, event) in heard.iter().zip(&batch.events) {
            self.now = self.now.max(said.time);
            self.heard.push((*said).clone());
            // Of two events with one id the earlier one holds; they differ in nothing but their time.
            let holds = self.holds.entry((said.subject, said.id)).or_insert_with(|| ((*said).clone(), event.id.0));
            if said.time < holds.0.time {
                holds.0 = (*said).clone();
            }
        }
        self.monitor.apply(&batch);
    }

    fn tick(&mut self, now: i64) {
        self.monitor.tick(Timestamp(now));
        self.now = self.now.max(now);
    }

    fn meanings(&self) -> Vec<Meaning> {
        let mut cases: BTreeMap<usize, Vec<(&Said, u64)>> = BTreeMap::new();
        for ((subject, _), (said, tie)) in &self.holds {
            cases.entry(*subject).or_default().push((said, *tie));
        }
        cases.values().map(|events| meaning::of(events, self.now)).collect()
    }

    /// Compares the board.
    fn look(&self) -> Option<Look> {
        let oracle = self.oracle;
        let expected = expected(&self.meanings(), self.now, &oracle.indicators, &oracle.families, &oracle.picked);
        let board = self.monitor.board();
        let mut differences = differences(&board, &expected, &oracle.indicators, self.now);
        if board.as_of != Some(Timestamp(self.now)) {
            differences.insert(0, format!("as of {:?}", board.as_of));
        }
        (!differences.is_empty()).then(|| Look { heard: self.heard.clone(), at: written(self.now), differences })
    }
}
