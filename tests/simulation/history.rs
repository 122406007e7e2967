//! A history: lives of one service on one machine, what is done to it, and what must be true all the time.

use super::alert_observer::AlertObserver;
use super::display::{BoardWitness, SimulatedDisplay};
use super::journal_audit::{self, JournalAudit};
use super::machine::SimulatedMachine;
use super::senders::{SimulatedSenders, shuffle_numbers};
use super::service_life::ServiceLife;
use firstline::clock::monotonic::TOLERANCE_MS;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::standard::{EventSchema, Standard};
use firstline::domain::time::timestamp::Timestamp;
use firstline::engine::commands::EngineUnavailable;
use firstline::engine::readiness::Readiness;
use firstline::engine::recovery;
use firstline::engine::state::EngineState;
use firstline::engine::{AcknowledgementLevel, EngineSettings, RetentionSettings};
use firstline::journal::{self, FileStorage, JournalError, RetentionLimits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::Duration;

const PUBLISH_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct SimulatedHistory {
    rng: ChaCha8Rng,
    machine: SimulatedMachine,
    settings: EngineSettings,
    standards: [Arc<Standard>; 2],
    senders: SimulatedSenders,
    displays: [SimulatedDisplay; 2],
    witness: BoardWitness,
    alert_observer: AlertObserver,
    audit: JournalAudit,
    /// The time of the board seen last.
    as_of: Timestamp,
    /// The time of the newest board that a crash took back: events of that time may come again, and are ahead of the clock then.
    newest_lost_board: Timestamp,
    /// Whether that was before a crash.
    lost_board_in_crash: bool,
    /// Whether the newest snapshot was damaged once.
    damaged: bool,
}

impl SimulatedHistory {
    pub(crate) fn new(seed: u64, acknowledge: AcknowledgementLevel) -> SimulatedHistory {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let machine = SimulatedMachine::new(chance.random());
        let standards = journal_audit::simulated_standards();
        let bytes = chance.random_ratio(1, 3).then_some(1);
        let keeping = RetentionSettings {
            disk: Arc::new(machine.disk.clone()),
            journal: journal::JournalSettings {
                segment_bytes: chance.random_range(500..20_000),
                keys_fingerprint: 0,
            },
            acknowledge,
            retention: RetentionLimits { age_ms: None, bytes },
            // The keeper is a thread, and is never asked here: see `journal_audit::make_snapshot`.
            snapshot_ms: i64::MAX,
            snapshot_events: u64::MAX,
        };
        let queue_batches = chance.random_range(3..20);
        let settings = EngineSettings {
            standard: standards[0].clone(),
            publish_every: PUBLISH_EVERY,
            queue_batches,
            journal: Some(keeping),
        };
        let (senders, walls) = (SimulatedSenders::new(acknowledge), Default::default());
        let (witness, audit, as_of) =
            (BoardWitness::default(), JournalAudit::default(), Timestamp::MIN);
        SimulatedHistory {
            rng: chance,
            machine,
            settings,
            standards,
            senders,
            displays: walls,
            witness,
            alert_observer: AlertObserver::default(),
            audit,
            as_of,
            newest_lost_board: as_of,
            lost_board_in_crash: false,
            damaged: false,
        }
    }

    /// Lives it to its end; gives how many steps it had, and how many alerts fired.
    pub(crate) async fn run_to_end(mut self) -> (usize, usize) {
        let mut steps = 0;
        for _ in 0..self.rng.random_range(2..5) {
            if self.rng.random_ratio(1, 4) {
                self.machine.disturb_disk(&mut self.rng);
            }
            steps += self.run_life().await;
        }
        let fired = self.finish().await;
        (steps, fired)
    }

    /// From a start to an end, of whatever kind.
    async fn run_life(&mut self) -> usize {
        let full = self.rng.random_ratio(1, 8);
        let Some(mut life) = self.start_life(full).await else { return 0 };
        let steps = self.rng.random_range(1..30);
        for _ in 0..steps {
            self.run_step(&mut life).await;
        }
        if self.rng.random_ratio(1, 3) {
            self.stop_service(life).await;
        } else {
            self.crash_service(life).await;
        }
        steps
    }

    /// Starts the service; none if it could not, for which only the disk is an excuse. The disk can be full from when the journal is
    /// read on.
    async fn start_life(&mut self, full: bool) -> Option<ServiceLife> {
        if !self.damaged && self.rng.random_ratio(1, 6) {
            self.damaged = true;
            self.machine.damage_newest_snapshot(&mut self.rng);
        }
        if self.rng.random_ratio(1, 8) {
            self.settings.standard = self.standards[self.rng.random_range(0..2)].clone();
        }
        let (settings, clock) = (self.settings.clone(), self.machine.clock());
        let recovered = || {
            if full {
                self.machine.fill_disk();
            }
        };
        match ServiceLife::start(settings, clock, recovered).await {
            Ok(mut life) => {
                self.observe_board(&mut life);
                self.compare_with_uninterrupted(&life);
                Some(life)
            }
            Err(
                recovery::RecoveryError::JournalUnwritable { .. }
                | recovery::RecoveryError::Journal(
                    JournalError::DiskFull { .. } | JournalError::Io { .. },
                ),
            ) if self.machine.has_faulty_disk => {
                self.machine.disk.lose_power_after(0);
                self.end_process();
                None
            }
            Err(error) => panic!("it does not start: {error}"),
        }
    }

    async fn run_step(&mut self, life: &mut ServiceLife) {
        match self.rng.random_range(0..100) {
            0..40 => {
                let by = self.rng.random_range(1_000..3_000);
                self.pass_time(life, Duration::from_millis(by)).await;
            }
            40..46 => {
                let by = self.rng.random_range(5..400);
                self.pass_time(life, Duration::from_secs(by)).await;
            }
            46..80 => self.send_bodies(life).await,
            80..86 => {
                self.machine.disturb_clock(&mut self.rng);
                self.pass_time(life, PUBLISH_EVERY).await;
            }
            86..90 => self.change_standard(life).await,
            90..95 => self.make_snapshot(life).await,
            95..98 => self.machine.disturb_disk(&mut self.rng),
            _ => self.repair_disk(life).await,
        }
    }

    /// Time passes, and a board is published: it shows the time, or says how far the clock is off.
    async fn pass_time(&mut self, life: &mut ServiceLife, by: Duration) {
        self.machine.pass_time(by);
        tokio::time::advance(by).await;
        ServiceLife::run_until_idle().await;
        assert!(self.observe_board(life), "no board was published in {by:?}");
        if life.status() == Readiness::Ready {
            self.senders.record_flush();
        }
        if self.rng.random_ratio(1, 8) {
            self.compare_with_uninterrupted(life);
        }
    }

    /// Looks whether there is another edition, and at that.
    fn observe_board(&mut self, life: &mut ServiceLife) -> bool {
        self.alert_observer.observe_alerts(&life.current_alerts());
        let Some(edition) = life.take_new_board() else { return false };
        self.check_board(&edition);
        true
    }

    fn check_board(&mut self, edition: &PublishedBoard) {
        let (as_of, clock, off) =
            (edition.board.as_of.expect("a time"), self.machine.time(), edition.clock_offset_ms);
        // After a crash a clock that was set back meanwhile is believed as far as the journal has not heard of the time.
        let reached = if std::mem::take(&mut self.lost_board_in_crash) {
            self.as_of.min(clock)
        } else {
            self.as_of
        };
        assert!(as_of >= reached, "the board went back from {} to {as_of} at {clock}", self.as_of);
        if as_of < self.as_of {
            self.newest_lost_board = self.newest_lost_board.max(self.as_of);
        }
        let pushed = as_of > clock && as_of <= self.newest_lost_board;
        assert!(
            off != 0 || pushed || clock.millis_since(as_of).abs() <= TOLERANCE_MS,
            "the board says {as_of}, the clock {clock}, and nobody that it is doubted"
        );
        self.as_of = as_of;
        self.witness.record_board(edition);
        for wall in &mut self.displays {
            if self.rng.random() {
                wall.apply_board(edition);
            }
        }
    }

    /// The board is that of a core that was never interrupted.
    fn compare_with_uninterrupted(&self, life: &ServiceLife) {
        let Some(edition) = &life.last_board else { return };
        if !self.senders.is_presence_known() {
            return;
        }
        let expected = self
            .senders
            .uninterrupted_state(&edition.standard, edition.board.as_of.expect("a time"))
            .first_published_board();
        let differ = edition
            .board
            .readings
            .iter()
            .zip(&expected.board.readings)
            .find(|(one, other)| one != other);
        let alike =
            differ.is_none() && edition.board.readings.len() == expected.board.readings.len();
        assert!(alike, "the living board is not that of a core never interrupted: {differ:#?}");
    }

    /// Senders send at the same time. Some do not hear the answer.
    async fn send_bodies(&mut self, life: &mut ServiceLife) {
        let standard = self.settings.standard.clone();
        let bodies = self.senders.choose_bodies(self.as_of, &standard, &mut self.rng);
        let schema = life.feed.schema();
        self.send_decoded_bodies(life, &schema, bodies).await;
    }

    /// Sends bodies that were decoded by this schema.
    async fn send_decoded_bodies(
        &mut self,
        life: &mut ServiceLife,
        schema: &Arc<EventSchema>,
        bodies: Vec<usize>,
    ) {
        let mut answers = Vec::new();
        for number in bodies {
            match life
                .feed
                .try_submit(self.senders.body(number).decode_events(schema), schema.clone())
            {
                Ok(answer) => answers.push((number, answer)),
                Err(EngineUnavailable::QueueFull) => {}
                Err(other) => panic!("the engine has ended: {other}"),
            }
        }
        ServiceLife::run_until_idle().await;
        for (number, answer) in answers {
            if self.rng.random_ratio(1, 8) {
                self.senders.record_lost_answer(number);
                continue;
            }
            match ServiceLife::received_answer(answer).expect("the engine has had its turn") {
                Ok(applied) => self.senders.record_acknowledgement(number, &applied, self.as_of),
                Err(EngineUnavailable::JournalUnwritable(reason)) => {
                    assert!(
                        !reason.is_empty() && self.machine.has_faulty_disk,
                        "refused without a reason: {reason}"
                    );
                    assert_eq!(
                        life.status(),
                        Readiness::Failing(reason),
                        "it takes no events and does not say so"
                    );
                }
                Err(other) => panic!("the engine has ended: {other}"),
            }
        }
    }

    /// Another standard, while batches decoded by the one before may be on their way.
    async fn change_standard(&mut self, life: &mut ServiceLife) {
        let standard = self.standards[self.rng.random_range(0..2)].clone();
        let schema = life.feed.schema();
        let numbers = self.senders.choose_bodies(self.as_of, &standard, &mut self.rng);
        let adopted = tokio::spawn({
            let (feed, standard) = (life.feed.clone(), standard.clone());
            async move { feed.change_standard(standard).await }
        });
        tokio::task::yield_now().await;
        self.send_decoded_bodies(life, &schema, numbers).await;
        match adopted.await.expect("no panic") {
            Ok(_) => self.settings.standard = standard,
            Err(EngineUnavailable::JournalUnwritable(_)) if self.machine.has_faulty_disk => {}
            Err(other) => panic!("no other standard: {other}"),
        }
        ServiceLife::run_until_idle().await;
        self.observe_board(life);
    }

    async fn make_snapshot(&mut self, life: &mut ServiceLife) {
        self.pass_time(life, PUBLISH_EVERY).await;
        if life.status() != Readiness::Ready || self.machine.disk.is_powered_off() {
            return;
        }
        let journal = self.settings.journal.as_ref().expect("a journal").journal;
        if let Err(error) = journal_audit::make_snapshot(&self.machine.disk, journal) {
            assert!(self.machine.has_faulty_disk, "no snapshot: {error}");
        }
    }

    /// There is room again: soon the service takes events again by itself.
    async fn repair_disk(&mut self, life: &mut ServiceLife) {
        self.machine.repair_disk();
        if self.machine.has_faulty_disk {
            return;
        }
        for _ in 0..3 {
            self.pass_time(life, PUBLISH_EVERY).await;
        }
        assert_eq!(life.status(), Readiness::Ready, "there is room, and events are refused");
    }

    /// The process dies, or the power goes, while something is on its way.
    async fn crash_service(&mut self, life: ServiceLife) {
        if self.rng.random() {
            let schema = life.feed.schema();
            for number in
                self.senders.choose_bodies(self.as_of, &self.settings.standard, &mut self.rng)
            {
                if life
                    .feed
                    .try_submit(self.senders.body(number).decode_events(&schema), schema.clone())
                    .is_ok()
                {
                    self.senders.record_lost_answer(number);
                }
            }
            // A part of the work is done, until the disk freezes.
            self.machine.disk.lose_power_after(self.rng.random_range(1..60));
            ServiceLife::run_until_idle().await;
        }
        self.machine.disk.lose_power_after(0);
        life.kill().await;
        self.lost_board_in_crash = true;
        self.end_process();
    }

    /// Stops in good order; what was seen last goes on in the next life.
    async fn stop_service(&mut self, life: ServiceLife) {
        match life.stop().await {
            Ok(last) => {
                let closed = self
                    .machine
                    .disk
                    .list_files()
                    .expect("the names")
                    .iter()
                    .any(|name| name == "closed");
                assert!(
                    closed || self.machine.has_faulty_disk,
                    "the journal was not closed in good order"
                );
                self.check_board(&last);
                self.displays[0].apply_board(&last);
                self.senders.record_flush();
                let whole = self.displays[0].full_board_count;
                let state = self.end_process().expect("records");
                assert!(
                    state.stopped_cleanly
                        && state.revision == last.board.revision
                        && state.epoch == last.epoch,
                    "the last word was not written"
                );
                if self.rng.random() {
                    self.check_resumption(whole).await;
                }
            }
            Err(
                recovery::RecoveryError::JournalUnwritable { .. }
                | recovery::RecoveryError::Journal(_),
            ) if self.machine.has_faulty_disk => {
                self.machine.disk.lose_power_after(0);
                self.lost_board_in_crash = true;
                self.end_process();
            }
            Err(error) => panic!("it does not stop in good order: {error}"),
        }
    }

    /// After a stop in good order a wall that saw the last board goes on in the same epoch, and needs no whole one.
    async fn check_resumption(&mut self, whole: u32) {
        let Ok(mut life) =
            ServiceLife::start(self.settings.clone(), self.machine.clock(), || ()).await
        else {
            panic!("it does not start")
        };
        self.alert_observer.observe_alerts(&life.current_alerts());
        let edition = life.take_new_board().expect("a board");
        self.check_board(&edition);
        self.displays[0].apply_board(&edition);
        assert_eq!(
            self.displays[0].full_board_count, whole,
            "a wall needed a whole board after a stop in good order"
        );
        self.machine.disk.lose_power_after(0);
        life.kill().await;
        self.lost_board_in_crash = true;
        self.end_process();
    }

    /// The process is no more: what do the files tell?
    fn end_process(&mut self) -> Option<EngineState> {
        self.machine.end_process(&mut self.rng);
        let journal = self.settings.journal.as_ref().expect("a journal").journal;
        self.audit.check_files(&self.machine.disk, journal, &mut self.senders)
    }

    /// In the end all is well: everything is sent until it is acknowledged, and everything is there.
    async fn finish(mut self) -> usize {
        self.machine.set_clock_to(self.senders.newest_body_time());
        let mut life = self.start_life(false).await.expect("nothing is wrong with the disk");
        loop {
            let rest = shuffle_numbers(self.senders.unacknowledged_bodies(), &mut self.rng);
            if rest.is_empty() {
                break;
            }
            let schema = life.feed.schema();
            self.send_decoded_bodies(&mut life, &schema, rest).await;
        }
        self.pass_time(&mut life, Duration::from_secs(10)).await;
        self.compare_with_uninterrupted(&life);
        self.stop_service(life).await;
        self.alert_observer.fired_count()
    }
}
