//! A history: lives of one service on one machine, what is done to it, and what must be true all the time.

use super::audit::{self, Audit};
use super::bell::Bell;
use super::life::Life;
use super::machine::Machine;
use super::senders::{Senders, shuffled};
use super::wall::{Wall, Witness};
use firstline::domain::standard::{Schema, Standard};
use firstline::domain::time::Timestamp;
use firstline::edition::Edition;
use firstline::engine::feed::Refused;
use firstline::engine::state::State;
use firstline::engine::status::Status;
use firstline::engine::steady::TOLERANCE_MS;
use firstline::engine::{Acknowledge, Keeping, Settings, recovery};
use firstline::journal::{self, Disk, Error, Retention};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::Duration;

const PUBLISH_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct History {
    chance: ChaCha8Rng,
    machine: Machine,
    settings: Settings,
    standards: [Arc<Standard>; 2],
    senders: Senders,
    walls: [Wall; 2],
    witness: Witness,
    bell: Bell,
    audit: Audit,
    /// The time of the board seen last.
    as_of: Timestamp,
    /// The time of the newest board that a crash took back: events of that time may come again, and are ahead of the clock then.
    newest: Timestamp,
    /// Whether that was before a crash.
    crashed: bool,
    /// Whether the newest snapshot was damaged once.
    damaged: bool,
}

impl History {
    pub(crate) fn new(seed: u64, acknowledge: Acknowledge) -> History {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let machine = Machine::new(chance.random());
        let standards = audit::standards();
        let bytes = chance.random_ratio(1, 3).then_some(1);
        let keeping = Keeping {
            disk: Arc::new(machine.disk.clone()),
            journal: journal::Settings { segment_bytes: chance.random_range(500..20_000), keys: 0 },
            acknowledge,
            retention: Retention { age_ms: None, bytes },
            // The keeper is a thread, and is never asked here: see `audit::make_snapshot`.
            snapshot_ms: i64::MAX,
            snapshot_events: u64::MAX,
        };
        let queue_batches = chance.random_range(3..20);
        let settings = Settings { standard: standards[0].clone(), publish_every: PUBLISH_EVERY, queue_batches, journal: Some(keeping) };
        let (senders, walls) = (Senders::new(acknowledge), Default::default());
        let (witness, audit, as_of) = (Witness::default(), Audit::default(), Timestamp::MIN);
        History {
            chance,
            machine,
            settings,
            standards,
            senders,
            walls,
            witness,
            bell: Bell::default(),
            audit,
            as_of,
            newest: as_of,
            crashed: false,
            damaged: false,
        }
    }

    /// Lives it to its end; gives how many steps it had, and how many alerts fired.
    pub(crate) async fn live(mut self) -> (usize, usize) {
        let mut steps = 0;
        for _ in 0..self.chance.random_range(2..5) {
            if self.chance.random_ratio(1, 4) {
                self.machine.disturb_disk(&mut self.chance);
            }
            steps += self.life().await;
        }
        let fired = self.finish().await;
        (steps, fired)
    }

    /// From a start to an end, of whatever kind.
    async fn life(&mut self) -> usize {
        let full = self.chance.random_ratio(1, 8);
        let Some(mut life) = self.begin(full).await else { return 0 };
        let steps = self.chance.random_range(1..30);
        for _ in 0..steps {
            self.step(&mut life).await;
        }
        if self.chance.random_ratio(1, 3) {
            self.stop(life).await;
        } else {
            self.crash(life).await;
        }
        steps
    }

    /// Starts the service; none if it could not, for which only the disk is an excuse. The disk can be full from when the journal is
    /// read on.
    async fn begin(&mut self, full: bool) -> Option<Life> {
        if !self.damaged && self.chance.random_ratio(1, 6) {
            self.damaged = true;
            self.machine.damage_newest_snapshot(&mut self.chance);
        }
        if self.chance.random_ratio(1, 8) {
            self.settings.standard = self.standards[self.chance.random_range(0..2)].clone();
        }
        let (settings, clock) = (self.settings.clone(), self.machine.clock());
        let recovered = || {
            if full {
                self.machine.fill_disk();
            }
        };
        match Life::begin(settings, clock, recovered).await {
            Ok(mut life) => {
                self.look(&mut life);
                self.compare(&life);
                Some(life)
            }
            Err(recovery::Error::Unwritten { .. } | recovery::Error::Journal(Error::Full { .. } | Error::Io { .. }))
                if self.machine.faulty =>
            {
                self.machine.disk.power_for(0);
                self.end_process();
                None
            }
            Err(error) => panic!("it does not start: {error}"),
        }
    }

    async fn step(&mut self, life: &mut Life) {
        match self.chance.random_range(0..100) {
            0..40 => {
                let by = self.chance.random_range(1_000..3_000);
                self.pass(life, Duration::from_millis(by)).await;
            }
            40..46 => {
                let by = self.chance.random_range(5..400);
                self.pass(life, Duration::from_secs(by)).await;
            }
            46..80 => self.send(life).await,
            80..86 => {
                self.machine.disturb_clock(&mut self.chance);
                self.pass(life, PUBLISH_EVERY).await;
            }
            86..90 => self.adopt(life).await,
            90..95 => self.snapshot(life).await,
            95..98 => self.machine.disturb_disk(&mut self.chance),
            _ => self.repair_disk(life).await,
        }
    }

    /// Time passes, and a board is published: it shows the time, or says how far the clock is off.
    async fn pass(&mut self, life: &mut Life, by: Duration) {
        self.machine.pass(by);
        tokio::time::advance(by).await;
        Life::settle().await;
        assert!(self.look(life), "no board was published in {by:?}");
        if life.status() == Status::Ready {
            self.senders.flushed();
        }
        if self.chance.random_ratio(1, 8) {
            self.compare(life);
        }
    }

    /// Looks whether there is another edition, and at that.
    fn look(&mut self, life: &mut Life) -> bool {
        self.bell.hear(&life.alerts());
        let Some(edition) = life.look() else { return false };
        self.see(&edition);
        true
    }

    fn see(&mut self, edition: &Edition) {
        let (as_of, clock, off) = (edition.board.as_of.expect("a time"), self.machine.time(), edition.clock_off_ms);
        // After a crash a clock that was set back meanwhile is believed as far as the journal has not heard of the time.
        let reached = if std::mem::take(&mut self.crashed) { self.as_of.min(clock) } else { self.as_of };
        assert!(as_of >= reached, "the board went back from {} to {as_of} at {clock}", self.as_of);
        if as_of < self.as_of {
            self.newest = self.newest.max(self.as_of);
        }
        let pushed = as_of > clock && as_of <= self.newest;
        assert!(
            off != 0 || pushed || clock.since(as_of).abs() <= TOLERANCE_MS,
            "the board says {as_of}, the clock {clock}, and nobody that it is doubted"
        );
        self.as_of = as_of;
        self.witness.see(edition);
        for wall in &mut self.walls {
            if self.chance.random() {
                wall.take(edition);
            }
        }
    }

    /// The board is that of a core that was never interrupted.
    fn compare(&self, life: &Life) {
        let Some(edition) = &life.seen else { return };
        if !self.senders.are_sure() {
            return;
        }
        let expected = self.senders.uninterrupted(&edition.standard, edition.board.as_of.expect("a time")).edition();
        let differ = edition.board.readings.iter().zip(&expected.board.readings).find(|(one, other)| one != other);
        let alike = differ.is_none() && edition.board.readings.len() == expected.board.readings.len();
        assert!(alike, "the living board is not that of a core never interrupted: {differ:#?}");
    }

    /// Senders send at the same time. Some do not hear the answer.
    async fn send(&mut self, life: &mut Life) {
        let standard = self.settings.standard.clone();
        let bodies = self.senders.choose(self.as_of, &standard, &mut self.chance);
        let schema = life.feed.schema();
        self.send_these(life, &schema, bodies).await;
    }

    /// Sends bodies that were decoded by this schema.
    async fn send_these(&mut self, life: &mut Life, schema: &Arc<Schema>, bodies: Vec<usize>) {
        let mut answers = Vec::new();
        for number in bodies {
            match life.feed.offer(self.senders.body(number).decoded(schema), schema.clone()) {
                Ok(answer) => answers.push((number, answer)),
                Err(Refused::Full) => {}
                Err(other) => panic!("the engine has ended: {other}"),
            }
        }
        Life::settle().await;
        for (number, answer) in answers {
            if self.chance.random_ratio(1, 8) {
                self.senders.unheard(number);
                continue;
            }
            match Life::heard(answer).expect("the engine has had its turn") {
                Ok(applied) => self.senders.acknowledged(number, &applied, self.as_of),
                Err(Refused::Unwritten(reason)) => {
                    assert!(!reason.is_empty() && self.machine.faulty, "refused without a reason: {reason}");
                    assert_eq!(life.status(), Status::Failing(reason), "it takes no events and does not say so");
                }
                Err(other) => panic!("the engine has ended: {other}"),
            }
        }
    }

    /// Another standard, while batches decoded by the one before may be on their way.
    async fn adopt(&mut self, life: &mut Life) {
        let standard = self.standards[self.chance.random_range(0..2)].clone();
        let schema = life.feed.schema();
        let numbers = self.senders.choose(self.as_of, &standard, &mut self.chance);
        let adopted = tokio::spawn({
            let (feed, standard) = (life.feed.clone(), standard.clone());
            async move { feed.adopt(standard).await }
        });
        tokio::task::yield_now().await;
        self.send_these(life, &schema, numbers).await;
        match adopted.await.expect("no panic") {
            Ok(_) => self.settings.standard = standard,
            Err(Refused::Unwritten(_)) if self.machine.faulty => {}
            Err(other) => panic!("no other standard: {other}"),
        }
        Life::settle().await;
        self.look(life);
    }

    async fn snapshot(&mut self, life: &mut Life) {
        self.pass(life, PUBLISH_EVERY).await;
        if life.status() != Status::Ready || self.machine.disk.is_off() {
            return;
        }
        let journal = self.settings.journal.as_ref().expect("a journal").journal;
        if let Err(error) = audit::make_snapshot(&self.machine.disk, journal) {
            assert!(self.machine.faulty, "no snapshot: {error}");
        }
    }

    /// There is room again: soon the service takes events again by itself.
    async fn repair_disk(&mut self, life: &mut Life) {
        self.machine.repair_disk();
        if self.machine.faulty {
            return;
        }
        for _ in 0..3 {
            self.pass(life, PUBLISH_EVERY).await;
        }
        assert_eq!(life.status(), Status::Ready, "there is room, and events are refused");
    }

    /// The process dies, or the power goes, while something is on its way.
    async fn crash(&mut self, life: Life) {
        if self.chance.random() {
            let schema = life.feed.schema();
            for number in self.senders.choose(self.as_of, &self.settings.standard, &mut self.chance) {
                if life.feed.offer(self.senders.body(number).decoded(&schema), schema.clone()).is_ok() {
                    self.senders.unheard(number);
                }
            }
            // A part of the work is done, until the disk freezes.
            self.machine.disk.power_for(self.chance.random_range(1..60));
            Life::settle().await;
        }
        self.machine.disk.power_for(0);
        life.kill().await;
        self.crashed = true;
        self.end_process();
    }

    /// Stops in good order; what was seen last goes on in the next life.
    async fn stop(&mut self, life: Life) {
        match life.stop().await {
            Ok(last) => {
                let closed = self.machine.disk.list().expect("the names").iter().any(|name| name == "closed");
                assert!(closed || self.machine.faulty, "the journal was not closed in good order");
                self.see(&last);
                self.walls[0].take(&last);
                self.senders.flushed();
                let whole = self.walls[0].whole;
                let state = self.end_process().expect("records");
                assert!(
                    state.stopped && state.revision == last.board.revision && state.epoch == last.epoch,
                    "the last word was not written"
                );
                if self.chance.random() {
                    self.resume(whole).await;
                }
            }
            Err(recovery::Error::Unwritten { .. } | recovery::Error::Journal(_)) if self.machine.faulty => {
                self.machine.disk.power_for(0);
                self.crashed = true;
                self.end_process();
            }
            Err(error) => panic!("it does not stop in good order: {error}"),
        }
    }

    /// After a stop in good order a wall that saw the last board goes on in the same epoch, and needs no whole one.
    async fn resume(&mut self, whole: u32) {
        let Ok(mut life) = Life::begin(self.settings.clone(), self.machine.clock(), || ()).await else { panic!("it does not start") };
        self.bell.hear(&life.alerts());
        let edition = life.look().expect("a board");
        self.see(&edition);
        self.walls[0].take(&edition);
        assert_eq!(self.walls[0].whole, whole, "a wall needed a whole board after a stop in good order");
        self.machine.disk.power_for(0);
        life.kill().await;
        self.crashed = true;
        self.end_process();
    }

    /// The process is no more: what do the files tell?
    fn end_process(&mut self) -> Option<State> {
        self.machine.end_process(&mut self.chance);
        let journal = self.settings.journal.as_ref().expect("a journal").journal;
        self.audit.read(&self.machine.disk, journal, &mut self.senders)
    }

    /// In the end all is well: everything is sent until it is acknowledged, and everything is there.
    async fn finish(mut self) -> usize {
        self.machine.reach(self.senders.newest());
        let mut life = self.begin(false).await.expect("nothing is wrong with the disk");
        loop {
            let rest = shuffled(self.senders.unacknowledged(), &mut self.chance);
            if rest.is_empty() {
                break;
            }
            let schema = life.feed.schema();
            self.send_these(&mut life, &schema, rest).await;
        }
        self.pass(&mut life, Duration::from_secs(10)).await;
        self.compare(&life);
        self.stop(life).await;
        self.bell.fired()
    }
}
