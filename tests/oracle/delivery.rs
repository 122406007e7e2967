//! How a history reaches the core: in which order, which events twice, in which batches, with which ticks between; and when the
//! board is compared with what the events heard so far mean.

use super::board::{PicksByFact, expected_board, index_picks};
use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::case_facts::{self, CaseMeaning};
use super::commitments;
use super::comparison::board_differences;
use super::event::{OracleEvent, format_time};
use super::indicators::OracleIndicator;
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A later time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LaterTime {
    /// So many milliseconds later.
    By(i64),
    /// So many milliseconds after one of the next moments at which time alone changes something.
    Edge(u8, i64),
}

/// A way to deliver a history.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryPlan {
    /// Events are delivered in the order of these numbers, over and over; all the same leaves them as they are.
    order_keys: Vec<u8>,
    /// Places of events that are said once more at the end of the batch with this number.
    repeats: Vec<(prop::sample::Index, u8)>,
    /// The sizes of the batches, over and over.
    batches: Vec<usize>,
    /// What follows each batch, over and over: whether the board is looked at, and a tick so many thousandths on the way.
    between_batches: Vec<(bool, Option<i64>)>,
    /// What follows the last batch: the board is looked at each time.
    final_checks: Vec<LaterTime>,
}

pub(crate) fn delivery_strategy() -> impl Strategy<Value = DeliveryPlan> {
    let keys = prop_oneof![1 => Just(vec![0]), 2 => prop::collection::vec(any::<u8>(), 1..40)];
    let again = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5);
    let batches =
        prop_oneof![1 => Just(vec![usize::MAX]), 2 => prop::collection::vec(1..8_usize, 1..4)];
    let between = prop::collection::vec(
        (
            prop::bool::weighted(0.15),
            prop_oneof![3 => Just(None), 1 => (0..=1_000_i64).prop_map(Some)],
        ),
        1..6,
    );
    let lengths = vec![
        0,
        1,
        SECOND,
        20 * SECOND,
        MINUTE,
        10 * MINUTE,
        HOUR,
        4 * HOUR,
        DAY,
        3 * DAY,
        8 * DAY,
        35 * DAY,
    ];
    let later = prop_oneof![
        1 => select(lengths).prop_map(LaterTime::By),
        1 => (0..DAY).prop_map(LaterTime::By),
        4 => (0..6_u8, -1..=1_i64).prop_map(|(which, by)| LaterTime::Edge(which, by)),
    ];
    (keys, again, batches, between, prop::collection::vec(later, 1..5)).prop_map(
        |(keys, again, batches, between, after)| DeliveryPlan {
            order_keys: keys,
            repeats: again,
            batches,
            between_batches: between,
            final_checks: after,
        },
    )
}

/// A board that differs.
pub(crate) struct BoardMismatch {
    /// What had been heard, in the order of arrival; ticks are not shown.
    pub(crate) received: Vec<OracleEvent>,
    pub(crate) at: String,
    pub(crate) differences: Vec<String>,
}

/// The standard with what the oracle knows of it.
pub(crate) struct NaiveOracle {
    standard: Arc<Standard>,
    indicators: Vec<OracleIndicator>,
    /// Of which families each indicator speaks.
    families: Vec<Vec<&'static str>>,
    picks_by_fact: PicksByFact,
}

/// The core beside what it was told.
struct OracleRun<'o> {
    oracle: &'o NaiveOracle,
    monitor: Monitor,
    decoder: EventDecoder,
    received: Vec<OracleEvent>,
    /// For each case and id, the event that holds with the number that settles ties.
    effective_events: BTreeMap<(usize, usize), (OracleEvent, u64)>,
    now: i64,
}

impl NaiveOracle {
    pub(crate) fn new(standard: Arc<Standard>, indicators: Vec<OracleIndicator>) -> NaiveOracle {
        let of = |name: &str| {
            let families = ["call", "queue", "survey", "agent", "repair", "install"];
            let promise = commitments::all_commitments()
                .into_iter()
                .find(|promise| promise.name == name)
                .map(|promise| promise.from.0);
            promise
                .or_else(|| families.into_iter().find(|family| *family == name))
                .expect("a family or a commitment")
        };
        let families = indicators
            .iter()
            .map(|indicator| {
                indicator.all_picks().iter().map(|pick| of(pick.fact_name().0)).collect()
            })
            .collect();
        let picked = index_picks(&indicators);
        NaiveOracle { standard, indicators, families, picks_by_fact: picked }
    }

    /// Delivers a history to a core; the first board that differs.
    pub(crate) fn first_mismatch(
        &self,
        events: &[OracleEvent],
        delivery: &DeliveryPlan,
        begin: i64,
    ) -> Option<BoardMismatch> {
        let decoder =
            EventDecoder::new(Arc::new(self.standard.schema.clone()), HashKeys::default());
        let monitor = Monitor::new(self.standard.clone(), None);
        let mut told = OracleRun {
            oracle: self,
            monitor,
            decoder,
            received: Vec::new(),
            effective_events: BTreeMap::new(),
            now: i64::MIN,
        };
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|place| delivery.order_keys[place % delivery.order_keys.len()]);
        let end = events.iter().map(|said| said.time).max().unwrap_or(begin);
        let mut rest = &order[..];
        for (number, (batch, between)) in
            delivery.batches.iter().cycle().zip(delivery.between_batches.iter().cycle()).enumerate()
        {
            if rest.is_empty() {
                break;
            }
            let (these, others) = rest.split_at(rest.len().min(*batch));
            rest = others;
            let again = delivery
                .repeats
                .iter()
                .filter(|(_, at)| usize::from(*at) % 8 == number % 8)
                .map(|(which, _)| which.index(events.len()));
            told.receive_events(these.iter().copied().chain(again).map(|place| &events[place]));
            let (look, tick) = between;
            if let Some(thousandths) = tick {
                told.tick_to(begin + (end - begin) / 1_000 * thousandths);
            }
            if *look && let Some(look) = told.compare_boards() {
                return Some(look);
            }
        }
        if let Some(look) = told.compare_boards() {
            return Some(look);
        }
        for later in &delivery.final_checks {
            let to = match later {
                LaterTime::By(millis) => told.now + millis,
                LaterTime::Edge(which, by) => {
                    let mut moments: Vec<i64> = told
                        .case_meanings()
                        .iter()
                        .flat_map(|case| case.critical_times.clone())
                        .collect();
                    moments.retain(|moment| moment + by > told.now);
                    moments.sort_unstable();
                    moments.dedup();
                    moments
                        .get(usize::from(*which) % moments.len().max(1))
                        .map_or(told.now, |moment| moment + by)
                }
            };
            told.tick_to(to);
            if let Some(look) = told.compare_boards() {
                return Some(look);
            }
        }
        None
    }
}

impl OracleRun<'_> {
    fn receive_events<'s>(&mut self, events: impl Iterator<Item = &'s OracleEvent>) {
        let heard: Vec<&OracleEvent> = events.collect();
        for said in &heard {
            self.decoder
                .decode_json(said.to_json().as_bytes())
                .unwrap_or_else(|rejection| panic!("{said:?}: {}", rejection.reason));
        }
        let batch = self.decoder.take_batch();
        for (said, event) in heard.iter().zip(&batch.events) {
            self.now = self.now.max(said.time);
            self.received.push((*said).clone());
            // Of two events with one id the earlier one holds; they differ in nothing but their time.
            let holds = self
                .effective_events
                .entry((said.subject, said.id))
                .or_insert_with(|| ((*said).clone(), event.id.0));
            if said.time < holds.0.time {
                holds.0 = (*said).clone();
            }
        }
        self.monitor.apply_batch(&batch);
    }

    fn tick_to(&mut self, now: i64) {
        self.monitor.tick(Timestamp(now));
        self.now = self.now.max(now);
    }

    fn case_meanings(&self) -> Vec<CaseMeaning> {
        let mut cases: BTreeMap<usize, Vec<(&OracleEvent, u64)>> = BTreeMap::new();
        for ((subject, _), (said, tie)) in &self.effective_events {
            cases.entry(*subject).or_default().push((said, *tie));
        }
        cases.values().map(|events| case_facts::from_events(events, self.now)).collect()
    }

    /// Compares the board.
    fn compare_boards(&self) -> Option<BoardMismatch> {
        let oracle = self.oracle;
        let expected = expected_board(
            &self.case_meanings(),
            self.now,
            &oracle.indicators,
            &oracle.families,
            &oracle.picks_by_fact,
        );
        let board = self.monitor.compute_board();
        let mut differences = board_differences(&board, &expected, &oracle.indicators, self.now);
        if board.as_of != Some(Timestamp(self.now)) {
            differences.insert(0, format!("as of {:?}", board.as_of));
        }
        (!differences.is_empty()).then(|| BoardMismatch {
            received: self.received.clone(),
            at: format_time(self.now),
            differences,
        })
    }
}
