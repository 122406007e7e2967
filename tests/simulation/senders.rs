//! Simulated senders: the bodies they sent, the answers they received, and the events that must
//! therefore be on disk.

use super::body::EventBody;
use firstline::domain::monitor::ApplyResult;
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::Timestamp;
use firstline::engine::AcknowledgementLevel;
use firstline::engine::state::EngineState;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Presence of a body in the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BodyPresence {
    Absent,
    /// Sent without an answer.
    Unsure,
    Present,
}

#[derive(Debug)]
struct SentBody {
    body: EventBody,
    presence: BodyPresence,
    acknowledged: bool,
    /// True if the body must survive any crash.
    must_survive: bool,
    /// True if the journal contained the body at the last start. It is then on disk already, even
    /// if the next acknowledgement comes before a sync.
    was_recovered: bool,
}

/// All bodies created so far and their status.
#[derive(Debug)]
pub(crate) struct SimulatedSenders {
    acknowledge: AcknowledgementLevel,
    sent: Vec<SentBody>,
    identities: BTreeMap<u64, usize>,
    /// Bodies acknowledged since the last board that may still be lost, in order. True marks a
    /// body that this request added. False marks one added by an earlier request without an answer.
    soon_acknowledged: Vec<(usize, bool)>,
    /// Board time of the last durable acknowledgement.
    durable_at: Timestamp,
    /// Board time of the last acknowledgement with `soon`.
    soon_acknowledged_at: Timestamp,
}

impl SimulatedSenders {
    pub(crate) fn new(acknowledge: AcknowledgementLevel) -> SimulatedSenders {
        SimulatedSenders {
            acknowledge,
            sent: Vec::new(),
            identities: BTreeMap::new(),
            soon_acknowledged: Vec::new(),
            durable_at: Timestamp::MIN,
            soon_acknowledged_at: Timestamp::MIN,
        }
    }

    /// Chooses bodies to send: new ones, unacknowledged ones and some acknowledged ones.
    pub(crate) fn choose_bodies(
        &mut self,
        now: Timestamp,
        standard: &Standard,
        rng: &mut ChaCha8Rng,
    ) -> Vec<usize> {
        let mut chosen = BTreeSet::new();
        for _ in 0..rng.random_range(1..5) {
            let number = self.sent.len();
            if number == 0 || rng.random_ratio(2, 3) {
                let body = EventBody::new(number, now, rng);
                self.identities.insert(body.first_identity(standard), number);
                self.sent.push(SentBody {
                    body,
                    presence: BodyPresence::Absent,
                    acknowledged: false,
                    must_survive: false,
                    was_recovered: false,
                });
                chosen.insert(number);
            } else {
                chosen.insert(rng.random_range(0..number));
            }
        }
        chosen.extend(self.unacknowledged_bodies().into_iter().filter(|_| rng.random_ratio(1, 3)));
        // Bodies created while the clock was ahead would be refused once a crash rolled back that
        // board time.
        chosen.retain(|number| self.sent[*number].body.made_at <= now);
        shuffle_numbers(chosen.into_iter().collect(), rng)
    }

    /// Bodies that were not acknowledged.
    pub(crate) fn unacknowledged_bodies(&self) -> Vec<usize> {
        (0..self.sent.len()).filter(|number| !self.sent[*number].acknowledged).collect()
    }

    /// Latest board time at which a body was created. `Timestamp::MIN` if no body exists.
    pub(crate) fn newest_body_time(&self) -> Timestamp {
        self.sent.iter().map(|sent| sent.body.made_at).max().unwrap_or(Timestamp::MIN)
    }

    pub(crate) fn body(&self, number: usize) -> &EventBody {
        &self.sent[number].body
    }

    /// Records that the answer to a body was lost.
    pub(crate) fn record_lost_answer(&mut self, number: usize) {
        let sent = &mut self.sent[number];
        if sent.presence == BodyPresence::Absent {
            sent.presence = BodyPresence::Unsure;
        }
    }

    /// Records that a body was acknowledged at board time `board`.
    ///
    /// # Panics
    /// Panics if the answer does not account for every event, or if it accepts known events.
    pub(crate) fn record_acknowledgement(
        &mut self,
        number: usize,
        applied: &ApplyResult,
        board: Timestamp,
    ) {
        let sent = &mut self.sent[number];
        let EventBody { new_event_count: new, refused, .. } = &sent.body;
        let indexes: BTreeSet<usize> = applied.refused.iter().map(|(index, _)| *index).collect();
        assert!(
            indexes.iter().eq(refused),
            "body {number}: {:?} were refused, expected {refused:?}",
            applied.refused
        );
        let answered = applied.accepted + applied.duplicates + refused.len() as u64;
        assert_eq!(
            answered,
            sent.body.event_count() as u64,
            "body {number}: an event has no answer"
        );
        let plausible = match sent.presence {
            BodyPresence::Absent => applied.accepted == *new,
            BodyPresence::Present => applied.accepted == 0,
            BodyPresence::Unsure => applied.accepted == *new || applied.accepted == 0,
        };
        assert!(
            plausible,
            "body {number} is {:?} with {new} new events, and {} were accepted",
            sent.presence, applied.accepted
        );
        (sent.presence, sent.acknowledged) = (BodyPresence::Present, true);
        match self.acknowledge {
            AcknowledgementLevel::Disk => {
                (sent.must_survive, self.durable_at) = (true, self.durable_at.max(board));
            }
            AcknowledgementLevel::Soon => {
                self.soon_acknowledged_at = self.soon_acknowledged_at.max(board);
                sent.must_survive |= sent.was_recovered;
                if !sent.must_survive
                    && self.soon_acknowledged.iter().all(|(known, _)| *known != number)
                {
                    self.soon_acknowledged.push((number, applied.accepted > 0));
                }
            }
        }
    }

    /// Records that a board was published while the journal was writable. All acknowledged bodies
    /// are then on disk.
    pub(crate) fn record_flush(&mut self) {
        for (number, _) in self.soon_acknowledged.drain(..) {
            self.sent[number].must_survive = true;
        }
        self.durable_at = self.durable_at.max(self.soon_acknowledged_at);
    }

    /// Records the content of the journal after a shutdown or a crash. `identities` are those of
    /// the first events of bodies, `reached` is the last board time.
    ///
    /// # Panics
    /// Panics if the journal misses a durable acknowledgement or its time. Also panics if a body
    /// was lost although a later one survived.
    pub(crate) fn record_recovery(
        &mut self,
        identities: &BTreeSet<u64>,
        reached: Option<Timestamp>,
    ) {
        let found: BTreeSet<usize> = identities
            .iter()
            .filter_map(|identity| self.identities.get(identity).copied())
            .collect();
        assert!(
            reached >= Some(self.durable_at) || self.durable_at == Timestamp::MIN,
            "the journal misses the time of a durable acknowledgement"
        );
        let mut after_first_loss = self
            .soon_acknowledged
            .iter()
            .filter(|(_, added)| *added)
            .map(|(number, _)| number)
            .skip_while(|number| found.contains(number));
        let survivor = after_first_loss.find(|number| found.contains(number));
        assert_eq!(survivor, None, "a body was lost although a later one survived");
        for (number, sent) in self.sent.iter_mut().enumerate() {
            let present = found.contains(&number);
            assert!(present || !sent.must_survive, "acknowledged body {number} is lost");
            sent.presence = if present { BodyPresence::Present } else { BodyPresence::Absent };
            sent.was_recovered = present;
            sent.acknowledged &= present;
        }
        self.soon_acknowledged.clear();
        self.soon_acknowledged_at = self.durable_at;
    }

    /// True if no body has an unknown presence.
    pub(crate) fn is_presence_known(&self) -> bool {
        self.sent.iter().all(|sent| sent.presence != BodyPresence::Unsure)
    }

    /// Returns the state of an uninterrupted engine. It receives one tick, then every body that is
    /// present, once.
    pub(crate) fn uninterrupted_state(
        &self,
        standard: &Arc<Standard>,
        now: Timestamp,
    ) -> EngineState {
        let mut state = EngineState::new(standard.clone(), "uninterrupted".into());
        let schema = Arc::new(standard.schema.clone());
        state.monitor.tick(now);
        for sent in self.sent.iter().filter(|sent| sent.presence == BodyPresence::Present) {
            state.apply_batch(&sent.body.decode_events(&schema));
        }
        state
    }
}

/// Returns the numbers in random order.
pub(crate) fn shuffle_numbers(mut numbers: Vec<usize>, rng: &mut ChaCha8Rng) -> Vec<usize> {
    for index in 1..numbers.len() {
        numbers.swap(index, rng.random_range(0..=index));
    }
    numbers
}
