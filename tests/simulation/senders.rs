//! The senders' side: what they sent, what was answered, and what must therefore be on disk.

use super::body::Body;
use firstline::domain::monitor::Applied;
use firstline::domain::standard::Standard;
use firstline::domain::time::Timestamp;
use firstline::engine::Acknowledge;
use firstline::engine::state::State;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether a body is part of the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Presence {
    Absent,
    /// It was sent, and no answer was heard.
    Unsure,
    Present,
}

#[derive(Debug)]
struct Sent {
    body: Body,
    presence: Presence,
    acknowledged: bool,
    /// Whether it must outlive whatever happens.
    promised: bool,
    /// Whether it was in the journal when the service started: then the next acknowledgement adds nothing to it.
    found: bool,
}

/// All bodies there are, and what is known of them.
#[derive(Debug)]
pub(crate) struct Senders {
    acknowledge: Acknowledge,
    sent: Vec<Sent>,
    identities: BTreeMap<u64, usize>,
    /// Acknowledged since the last board, in this order, where that is no promise yet; also whether it was taken only then,
    /// and not before, when nobody heard the answer.
    soon: Vec<(usize, bool)>,
    /// The time the board showed when the last promise was made, and when the last of `soon` was acknowledged.
    promised_at: Timestamp,
    soon_at: Timestamp,
}

impl Senders {
    pub(crate) fn new(acknowledge: Acknowledge) -> Senders {
        let (promised_at, soon_at) = (Timestamp::MIN, Timestamp::MIN);
        Senders { acknowledge, sent: Vec::new(), identities: BTreeMap::new(), soon: Vec::new(), promised_at, soon_at }
    }

    /// Bodies to be sent now: new ones, those not acknowledged, and some again that were.
    pub(crate) fn choose(&mut self, now: Timestamp, standard: &Standard, chance: &mut ChaCha8Rng) -> Vec<usize> {
        let mut chosen = BTreeSet::new();
        for _ in 0..chance.random_range(1..5) {
            let number = self.sent.len();
            if number == 0 || chance.random_ratio(2, 3) {
                let body = Body::new(number, now, chance);
                self.identities.insert(body.identity(standard), number);
                self.sent.push(Sent { body, presence: Presence::Absent, acknowledged: false, promised: false, found: false });
                chosen.insert(number);
            } else {
                chosen.insert(chance.random_range(0..number));
            }
        }
        chosen.extend(self.unacknowledged().into_iter().filter(|_| chance.random_ratio(1, 3)));
        // What was made by a clock that was ahead, which a crash made the service forget, would be refused for that.
        chosen.retain(|number| self.sent[*number].body.made <= now);
        shuffled(chosen.into_iter().collect(), chance)
    }

    /// Those whose senders have heard nothing good.
    pub(crate) fn unacknowledged(&self) -> Vec<usize> {
        (0..self.sent.len()).filter(|number| !self.sent[*number].acknowledged).collect()
    }

    /// The time of the board when the newest body was made.
    pub(crate) fn newest(&self) -> Timestamp {
        self.sent.iter().map(|sent| sent.body.made).max().unwrap_or(Timestamp::MIN)
    }

    pub(crate) fn body(&self, number: usize) -> &Body {
        &self.sent[number].body
    }

    /// No answer was heard to this body.
    pub(crate) fn unheard(&mut self, number: usize) {
        let sent = &mut self.sent[number];
        if sent.presence == Presence::Absent {
            sent.presence = Presence::Unsure;
        }
    }

    /// A body was taken while the board showed this time: its answer must account for every event.
    pub(crate) fn acknowledged(&mut self, number: usize, applied: &Applied, board: Timestamp) {
        let sent = &mut self.sent[number];
        let Body { new, refused, .. } = &sent.body;
        let places: BTreeSet<usize> = applied.refused.iter().map(|(place, _)| *place).collect();
        assert!(places.iter().eq(refused), "body {number}: refused are {:?} and not {refused:?}", applied.refused);
        let all = applied.accepted + applied.duplicates + refused.len() as u64;
        assert_eq!(all, sent.body.events() as u64, "body {number}: an event has no answer");
        let fine = match sent.presence {
            Presence::Absent => applied.accepted == *new,
            Presence::Present => applied.accepted == 0,
            Presence::Unsure => applied.accepted == *new || applied.accepted == 0,
        };
        assert!(fine, "body {number} is {:?} with {new} new events, and {} were accepted", sent.presence, applied.accepted);
        (sent.presence, sent.acknowledged) = (Presence::Present, true);
        match self.acknowledge {
            Acknowledge::Disk => (sent.promised, self.promised_at) = (true, self.promised_at.max(board)),
            Acknowledge::Soon => {
                self.soon_at = self.soon_at.max(board);
                sent.promised |= sent.found;
                if !sent.promised && self.soon.iter().all(|(known, _)| *known != number) {
                    self.soon.push((number, applied.accepted > 0));
                }
            }
        }
    }

    /// A board was published, and the journal can be written: what was acknowledged is on disk.
    pub(crate) fn flushed(&mut self) {
        for (number, _) in self.soon.drain(..) {
            self.sent[number].promised = true;
        }
        self.promised_at = self.promised_at.max(self.soon_at);
    }

    /// What is in the journal, by the identities of bodies' first events, after an end of whatever kind; the time reached there.
    pub(crate) fn found(&mut self, identities: &BTreeSet<u64>, reached: Option<Timestamp>) {
        let found: BTreeSet<usize> = identities.iter().filter_map(|identity| self.identities.get(identity).copied()).collect();
        assert!(
            reached >= Some(self.promised_at) || self.promised_at == Timestamp::MIN,
            "the journal has not heard of the time of a promise"
        );
        let mut taken = self.soon.iter().filter(|(_, now)| *now).map(|(number, _)| number).skip_while(|number| found.contains(number));
        let found_later = taken.find(|number| found.contains(number));
        assert_eq!(found_later, None, "lost was not what was acknowledged last");
        for (number, sent) in self.sent.iter_mut().enumerate() {
            let present = found.contains(&number);
            assert!(present || !sent.promised, "body {number} was acknowledged, and is gone");
            sent.presence = if present { Presence::Present } else { Presence::Absent };
            sent.found = present;
            sent.acknowledged &= present;
        }
        self.soon.clear();
        self.soon_at = self.promised_at;
    }

    /// Whether it is known of every body whether it is part of the board.
    pub(crate) fn are_sure(&self) -> bool {
        self.sent.iter().all(|sent| sent.presence != Presence::Unsure)
    }

    /// The state of a core that was never interrupted: it hears of the time once, and then of every body that is there, once.
    pub(crate) fn uninterrupted(&self, standard: &Arc<Standard>, now: Timestamp) -> State {
        let mut state = State::new(standard.clone(), "never interrupted".into());
        let schema = Arc::new(standard.schema.clone());
        state.monitor.tick(now);
        for sent in self.sent.iter().filter(|sent| sent.presence == Presence::Present) {
            state.apply(&sent.body.decoded(&schema));
        }
        state
    }
}

/// In another order.
pub(crate) fn shuffled(mut numbers: Vec<usize>, chance: &mut ChaCha8Rng) -> Vec<usize> {
    for place in 1..numbers.len() {
        numbers.swap(place, chance.random_range(0..=place));
    }
    numbers
}
