//! Delivers a history to the engine in random order, with duplicates, batches and ticks. Compares
//! the board with the oracle on the way.

use super::board::{PicksByFact, expected_board, index_picks};
use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::case_facts::{self, CaseMeaning};
use super::commitments;
use super::comparison::board_differences;
use super::event::{OracleEvent, format_time};
use super::indicators::OracleIndicator;
use super::level_means::{CasePeriod, case_periods};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Time of a comparison after the last batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LaterTime {
    /// Milliseconds later.
    By(i64),
    /// Milliseconds after one of the next instants at which time alone changes the board.
    Edge(u8, i64),
}

/// Random way to deliver a history. Shorter lists are cycled.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryPlan {
    /// Sort keys of the events. Equal keys preserve the original order.
    order_keys: Vec<u8>,
    /// Events to repeat, each with the number modulo 8 of the batches that repeat it.
    repeats: Vec<(prop::sample::Index, u8)>,
    /// Batch sizes.
    batches: Vec<usize>,
    /// Actions after each batch: true to compare the board, and a tick in thousandths of the time
    /// from the start to the last event.
    between_batches: Vec<(bool, Option<i64>)>,
    /// Times after the last batch at which the board is compared.
    final_checks: Vec<LaterTime>,
}

pub(crate) fn delivery_strategy() -> impl Strategy<Value = DeliveryPlan> {
    let order_keys =
        prop_oneof![1 => Just(vec![0]), 2 => prop::collection::vec(any::<u8>(), 1..40)];
    let repeats = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5);
    let batches =
        prop_oneof![1 => Just(vec![usize::MAX]), 2 => prop::collection::vec(1..8_usize, 1..4)];
    let between_batches = prop::collection::vec(
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
    (order_keys, repeats, batches, between_batches, prop::collection::vec(later, 1..5)).prop_map(
        |(order_keys, repeats, batches, between_batches, final_checks)| DeliveryPlan {
            order_keys,
            repeats,
            batches,
            between_batches,
            final_checks,
        },
    )
}

/// Mismatch between the engine's board and the oracle's.
pub(crate) struct BoardMismatch {
    /// Events received so far in order of arrival, without ticks.
    pub(crate) received: Vec<OracleEvent>,
    pub(crate) at: String,
    pub(crate) differences: Vec<String>,
}

/// Standard with the oracle's view of it.
pub(crate) struct NaiveOracle {
    standard: Arc<Standard>,
    indicators: Vec<OracleIndicator>,
    /// Family of each pick of each indicator.
    families: Vec<Vec<&'static str>>,
    picks_by_fact: PicksByFact,
}

/// Engine under test with the events it received.
struct OracleRun<'o> {
    oracle: &'o NaiveOracle,
    monitor: Monitor,
    decoder: EventDecoder,
    received: Vec<OracleEvent>,
    /// Effective event by case and id, with the number that breaks ties.
    effective_events: BTreeMap<(usize, usize), (OracleEvent, u64)>,
    now: i64,
}

impl NaiveOracle {
    pub(crate) fn new(standard: Arc<Standard>, indicators: Vec<OracleIndicator>) -> NaiveOracle {
        let family_of = |name: &str| {
            let families = ["call", "queue", "survey", "agent", "repair", "install"];
            // The legs of calls are no family of their own.
            let name = if name == "leg" { "call" } else { name };
            let start_family = commitments::all_commitments()
                .into_iter()
                .find(|commitment| commitment.name == name)
                .map(|commitment| commitment.from.0);
            start_family
                .or_else(|| families.into_iter().find(|family| *family == name))
                .expect("a family or a commitment")
        };
        let families = indicators
            .iter()
            .map(|indicator| {
                indicator.all_picks().iter().map(|pick| family_of(pick.fact_name().0)).collect()
            })
            .collect();
        let picks_by_fact = index_picks(&indicators);
        NaiveOracle { standard, indicators, families, picks_by_fact }
    }

    /// Delivers a history to an engine. Returns the first mismatch, `None` if all boards match.
    pub(crate) fn first_mismatch(
        &self,
        events: &[OracleEvent],
        delivery: &DeliveryPlan,
        begin: i64,
    ) -> Option<BoardMismatch> {
        let decoder =
            EventDecoder::new(Arc::new(self.standard.schema.clone()), HashKeys::default());
        let monitor = Monitor::new(self.standard.clone(), None);
        let mut run = OracleRun {
            oracle: self,
            monitor,
            decoder,
            received: Vec::new(),
            effective_events: BTreeMap::new(),
            now: i64::MIN,
        };
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|index| delivery.order_keys[index % delivery.order_keys.len()]);
        let end = events.iter().map(|event| event.time).max().unwrap_or(begin);
        let mut rest = &order[..];
        for (number, (batch, between)) in
            delivery.batches.iter().cycle().zip(delivery.between_batches.iter().cycle()).enumerate()
        {
            if rest.is_empty() {
                break;
            }
            let (batch_indexes, remaining) = rest.split_at(rest.len().min(*batch));
            rest = remaining;
            let repeated = delivery
                .repeats
                .iter()
                .filter(|(_, at)| usize::from(*at) % 8 == number % 8)
                .map(|(event, _)| event.index(events.len()));
            let indexes = batch_indexes.iter().copied().chain(repeated);
            run.receive_events(indexes.map(|index| &events[index]));
            let (compare, tick) = between;
            if let Some(thousandths) = tick {
                run.tick_to(begin + (end - begin) / 1_000 * thousandths);
            }
            if *compare && let Some(mismatch) = run.compare_boards() {
                return Some(mismatch);
            }
        }
        if let Some(mismatch) = run.compare_boards() {
            return Some(mismatch);
        }
        for later in &delivery.final_checks {
            let to = match later {
                LaterTime::By(millis) => run.now + millis,
                LaterTime::Edge(which, by) => {
                    let mut moments: Vec<i64> = run
                        .case_meanings()
                        .iter()
                        .flat_map(|(case, _)| case.critical_times.clone())
                        .collect();
                    moments.retain(|moment| moment + by > run.now);
                    moments.sort_unstable();
                    moments.dedup();
                    moments
                        .get(usize::from(*which) % moments.len().max(1))
                        .map_or(run.now, |moment| moment + by)
                }
            };
            run.tick_to(to);
            if let Some(mismatch) = run.compare_boards() {
                return Some(mismatch);
            }
        }
        None
    }
}

impl OracleRun<'_> {
    fn receive_events<'s>(&mut self, events: impl Iterator<Item = &'s OracleEvent>) {
        let events: Vec<&OracleEvent> = events.collect();
        for event in &events {
            self.decoder
                .decode_json(event.to_json().as_bytes())
                .unwrap_or_else(|rejection| panic!("{event:?}: {}", rejection.reason));
        }
        let batch = self.decoder.take_batch();
        for (event, decoded) in events.iter().zip(&batch.events) {
            self.now = self.now.max(event.time);
            self.received.push((*event).clone());
            // The earlier of two events with one id is effective; they differ only in their time.
            let effective = self
                .effective_events
                .entry((event.subject, event.id))
                .or_insert_with(|| ((*event).clone(), decoded.id.0));
            if event.time < effective.0.time {
                effective.0 = (*event).clone();
            }
        }
        self.monitor.apply_batch(&batch);
    }

    fn tick_to(&mut self, now: i64) {
        self.monitor.tick(Timestamp(now));
        self.now = self.now.max(now);
    }

    /// Returns each case as it is, and its periods since its first event.
    fn case_meanings(&self) -> Vec<(CaseMeaning, Vec<CasePeriod>)> {
        let mut cases: BTreeMap<usize, Vec<(&OracleEvent, u64)>> = BTreeMap::new();
        for ((subject, _), (event, tie)) in &self.effective_events {
            cases.entry(*subject).or_default().push((event, *tie));
        }
        cases
            .values()
            .flat_map(|events| case_facts::split_subject(events))
            .map(|events| {
                let periods = case_periods(&events, self.now);
                (case_facts::from_events(&events, self.now), periods)
            })
            .collect()
    }

    /// Compares the board with the expected one. Returns `None` if they match.
    fn compare_boards(&mut self) -> Option<BoardMismatch> {
        let oracle = self.oracle;
        let mut first_times: BTreeMap<&str, i64> = BTreeMap::new();
        for event in &self.received {
            let first = first_times.entry(event.family).or_insert(event.time);
            *first = event.time.min(*first);
        }
        let expected = expected_board(
            &self.case_meanings(),
            self.now,
            &oracle.indicators,
            &oracle.families,
            &oracle.picks_by_fact,
            &first_times,
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
