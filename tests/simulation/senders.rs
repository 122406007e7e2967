//! The senders' side: what they sent, what was answered, and what must therefore be on disk.

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

/// Whether a body is part of the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BodyPresence {
    Absent,
    /// It was sent, and no answer was heard.
    Unsure,
    Present,
}

#[derive(Debug)]
struct SentBody {
    body: EventBody,
    presence: BodyPresence,
    acknowledged: bool,
    /// Whether it must outlive whatever happens.
    must_survive: bool,
    /// Whether it was in the journal when the service started: then the next acknowledgement adds nothing to it.
    was_recovered: bool,
}

/// All bodies there are, and what is known of them.
#[derive(Debug)]
pub(crate) struct SimulatedSenders {
    acknowledge: AcknowledgementLevel,
    sent: Vec<SentBody>,
    identities: BTreeMap<u64, usize>,
    /// Acknowledged since the last board, in this order, where that is no promise yet; also whether it was taken only then,
    /// and not before, when nobody heard the answer.
    soon_acknowledged: Vec<(usize, bool)>,
    /// The time the board showed when the last promise was made, and when the last of `soon` was acknowledged.
    durable_at: Timestamp,
    soon_acknowledged_at: Timestamp,
}

impl SimulatedSenders {
    pub(crate) fn new(acknowledge: AcknowledgementLevel) -> SimulatedSenders {
        let (promised_at, soon_at) = (Timestamp::MIN, Timestamp::MIN);
        SimulatedSenders {
            acknowledge,
            sent: Vec::new(),
            identities: BTreeMap::new(),
            soon_acknowledged: Vec::new(),
            durable_at: promised_at,
            soon_acknowledged_at: soon_at,
        }
    }

    /// Bodies to be sent now: new ones, those not acknowledged, and some again that were.
    pub(crate) fn choose_bodies(
        &mut self,
        now: Timestamp,
        standard: &Standard,
        chance: &mut ChaCha8Rng,
    ) -> Vec<usize> {
        let mut chosen = BTreeSet::new();
        for _ in 0..chance.random_range(1..5) {
            let number = self.sent.len();
            if number == 0 || chance.random_ratio(2, 3) {
                let body = EventBody::new(number, now, chance);
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
                chosen.insert(chance.random_range(0..number));
            }
        }
        chosen
            .extend(self.unacknowledged_bodies().into_iter().filter(|_| chance.random_ratio(1, 3)));
        // What was made by a clock that was ahead, which a crash made the service forget, would be refused for that.
        chosen.retain(|number| self.sent[*number].body.made_at <= now);
        shuffle_numbers(chosen.into_iter().collect(), chance)
    }

    /// Those whose senders have heard nothing good.
    pub(crate) fn unacknowledged_bodies(&self) -> Vec<usize> {
        (0..self.sent.len()).filter(|number| !self.sent[*number].acknowledged).collect()
    }

    /// The time of the board when the newest body was made.
    pub(crate) fn newest_body_time(&self) -> Timestamp {
        self.sent.iter().map(|sent| sent.body.made_at).max().unwrap_or(Timestamp::MIN)
    }

    pub(crate) fn body(&self, number: usize) -> &EventBody {
        &self.sent[number].body
    }

    /// No answer was heard to this body.
    pub(crate) fn record_lost_answer(&mut self, number: usize) {
        let sent = &mut self.sent[number];
        if sent.presence == BodyPresence::Absent {
            sent.presence = BodyPresence::Unsure;
        }
    }

    /// A body was taken while the board showed this time: its answer must account for every event.
    pub(crate) fn record_acknowledgement(
        &mut self,
        number: usize,
        applied: &ApplyResult,
        board: Timestamp,
    ) {
        let sent = &mut self.sent[number];
        let EventBody { new_event_count: new, refused, .. } = &sent.body;
        let places: BTreeSet<usize> = applied.refused.iter().map(|(place, _)| *place).collect();
        assert!(
            places.iter().eq(refused),
            "body {number}: refused are {:?} and not {refused:?}",
            applied.refused
        );
        let all = applied.accepted + applied.duplicates + refused.len() as u64;
        assert_eq!(all, sent.body.event_count() as u64, "body {number}: an event has no answer");
        let fine = match sent.presence {
            BodyPresence::Absent => applied.accepted == *new,
            BodyPresence::Present => applied.accepted == 0,
            BodyPresence::Unsure => applied.accepted == *new || applied.accepted == 0,
        };
        assert!(
            fine,
            "body {number} is {:?} with {new} new events, and {} were accepted",
            sent.presence, applied.accepted
        );
        (sent.presence, sent.acknowledged) = (BodyPresence::Present, true);
        match self.acknowledge {
            AcknowledgementLevel::Disk => {
                (sent.must_survive, self.durable_at) = (true, self.durable_at.max(board))
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

    /// A board was published, and the journal can be written: what was acknowledged is on disk.
    pub(crate) fn record_flush(&mut self) {
        for (number, _) in self.soon_acknowledged.drain(..) {
            self.sent[number].must_survive = true;
        }
        self.durable_at = self.durable_at.max(self.soon_acknowledged_at);
    }

    /// What is in the journal, by the identities of bodies' first events, after an end of whatever kind; the time reached there.
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
            "the journal has not heard of the time of a promise"
        );
        let mut taken = self
            .soon_acknowledged
            .iter()
            .filter(|(_, now)| *now)
            .map(|(number, _)| number)
            .skip_while(|number| found.contains(number));
        let found_later = taken.find(|number| found.contains(number));
        assert_eq!(found_later, None, "lost was not what was acknowledged last");
        for (number, sent) in self.sent.iter_mut().enumerate() {
            let present = found.contains(&number);
            assert!(present || !sent.must_survive, "body {number} was acknowledged, and is gone");
            sent.presence = if present { BodyPresence::Present } else { BodyPresence::Absent };
            sent.was_recovered = present;
            sent.acknowledged &= present;
        }
        self.soon_acknowledged.clear();
        self.soon_acknowledged_at = self.durable_at;
    }

    /// Whether it is known of every body whether it is part of the board.
    pub(crate) fn is_presence_known(&self) -> bool {
        self.sent.iter().all(|sent| sent.presence != BodyPresence::Unsure)
    }

    /// The state of a core that was never interrupted: it hears of the time once, and then of every body that is there, once.
    pub(crate) fn uninterrupted_state(
        &self,
        standard: &Arc<Standard>,
        now: Timestamp,
    ) -> EngineState {
        let mut state = EngineState::new(standard.clone(), "never interrupted".into());
        let schema = Arc::new(standard.schema.clone());
        state.monitor.tick(now);
        for sent in self.sent.iter().filter(|sent| sent.presence == BodyPresence::Present) {
            state.apply_batch(&sent.body.decode_events(&schema));
        }
        state
    }
}

/// In another order.
pub(crate) fn shuffle_numbers(mut numbers: Vec<usize>, chance: &mut ChaCha8Rng) -> Vec<usize> {
    for place in 1..numbers.len() {
        numbers.swap(place, chance.random_range(0..=place));
    }
    numbers
}
