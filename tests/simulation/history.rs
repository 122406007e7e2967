//! One simulated history: several runs of a service on one machine, the faults injected and the
//! invariants checked throughout.

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
    /// Time of the last observed board.
    as_of: Timestamp,
    /// Time of the newest board that a crash rolled back. Retried events can have this time and
    /// are then ahead of the clock.
    newest_lost_board: Timestamp,
    /// True if the service crashed since the last observed board.
    lost_board_in_crash: bool,
    /// True if a snapshot was damaged already. It happens at most once in a history.
    damaged: bool,
}

impl SimulatedHistory {
    pub(crate) fn new(seed: u64, acknowledge: AcknowledgementLevel) -> SimulatedHistory {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let machine = SimulatedMachine::new(rng.random());
        let standards = journal_audit::simulated_standards();
        let bytes = rng.random_ratio(1, 3).then_some(1);
        let journal_settings = RetentionSettings {
            disk: Arc::new(machine.disk.clone()),
            journal: journal::JournalSettings {
                segment_bytes: rng.random_range(500..20_000),
                keys_fingerprint: 0,
            },
            acknowledge,
            retention: RetentionLimits { age_ms: None, bytes },
            // Automatic snapshots need a thread. `journal_audit::make_snapshot` replaces them.
            snapshot_ms: i64::MAX,
            snapshot_events: u64::MAX,
        };
        let queue_batches = rng.random_range(3..20);
        let settings = EngineSettings {
            standard: standards[0].clone(),
            publish_every: PUBLISH_EVERY,
            queue_batches,
            journal: Some(journal_settings),
        };
        let (senders, displays) = (SimulatedSenders::new(acknowledge), Default::default());
        let (witness, audit, as_of) =
            (BoardWitness::default(), JournalAudit::default(), Timestamp::MIN);
        SimulatedHistory {
            rng,
            machine,
            settings,
            standards,
            senders,
            displays,
            witness,
            alert_observer: AlertObserver::default(),
            audit,
            as_of,
            newest_lost_board: as_of,
            lost_board_in_crash: false,
            damaged: false,
        }
    }

    /// Runs the history to its end. Returns the number of steps and the number of fired alerts.
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

    /// Runs the service from a start to a shutdown or a crash. Returns the number of steps, or 0
    /// if the service did not start.
    async fn run_life(&mut self) -> usize {
        let fill_disk = self.rng.random_ratio(1, 8);
        let Some(mut life) = self.start_life(fill_disk).await else { return 0 };
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

    /// Starts the service. Returns `None` if a faulty disk prevented the start. With `fill_disk`
    /// the disk becomes full after the journal has been read.
    ///
    /// # Panics
    /// Panics if the start fails for another reason.
    async fn start_life(&mut self, fill_disk: bool) -> Option<ServiceLife> {
        if !self.damaged && self.rng.random_ratio(1, 6) {
            self.damaged = true;
            self.machine.damage_newest_snapshot(&mut self.rng);
        }
        if self.rng.random_ratio(1, 8) {
            self.settings.standard = self.standards[self.rng.random_range(0..2)].clone();
        }
        let (settings, clock) = (self.settings.clone(), self.machine.clock());
        let recovered = || {
            if fill_disk {
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
            Err(error) => panic!("the service does not start: {error}"),
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

    /// Advances time until a board is published.
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

    /// Checks the alerts and the next published board. Returns false if no new board was published.
    fn observe_board(&mut self, life: &mut ServiceLife) -> bool {
        self.alert_observer.observe_alerts(&life.current_alerts());
        let Some(published) = life.take_new_board() else { return false };
        self.check_board(&published);
        true
    }

    /// Checks the time of a board, then shows it to the witness and to some displays.
    ///
    /// # Panics
    /// Panics if the board is older than the one before, or if it differs from the clock without
    /// reporting an offset.
    fn check_board(&mut self, published: &PublishedBoard) {
        let (as_of, clock, offset_ms) = (
            published.board.as_of.expect("a board has a time"),
            self.machine.time(),
            published.clock_offset_ms,
        );
        // After a crash the engine accepts a clock that was set back meanwhile, unless the journal
        // contains a later time.
        let reached = if std::mem::take(&mut self.lost_board_in_crash) {
            self.as_of.min(clock)
        } else {
            self.as_of
        };
        assert!(
            as_of >= reached,
            "board time went backward from {} to {as_of} at {clock}",
            self.as_of
        );
        if as_of < self.as_of {
            self.newest_lost_board = self.newest_lost_board.max(self.as_of);
        }
        // A retried event can advance board time past the clock.
        let advanced_by_retry = as_of > clock && as_of <= self.newest_lost_board;
        assert!(
            offset_ms != 0 || advanced_by_retry || clock.millis_since(as_of).abs() <= TOLERANCE_MS,
            "the board shows {as_of}, the clock {clock}, and no offset is reported"
        );
        self.as_of = as_of;
        self.witness.record_board(published);
        for display in &mut self.displays {
            if self.rng.random() {
                display.apply_board(published);
            }
        }
    }

    /// Compares the board with that of an uninterrupted engine. Does nothing while an answer is
    /// outstanding, because the expected board is then unknown.
    fn compare_with_uninterrupted(&self, life: &ServiceLife) {
        let Some(published) = &life.last_board else { return };
        if !self.senders.is_presence_known() {
            return;
        }
        let expected = self
            .senders
            .uninterrupted_state(
                &published.standard,
                published.board.as_of.expect("a board has a time"),
            )
            .first_published_board();
        let difference = published
            .board
            .readings
            .iter()
            .zip(&expected.board.readings)
            .find(|(actual, expected)| actual != expected);
        let equal =
            difference.is_none() && published.board.readings.len() == expected.board.readings.len();
        assert!(equal, "the board is not that of an uninterrupted engine: {difference:#?}");
    }

    /// Sends bodies concurrently. Some answers are lost.
    async fn send_bodies(&mut self, life: &mut ServiceLife) {
        let standard = self.settings.standard.clone();
        let bodies = self.senders.choose_bodies(self.as_of, &standard, &mut self.rng);
        let schema = life.feed.schema();
        self.send_decoded_bodies(life, &schema, bodies).await;
    }

    /// Sends bodies decoded with `schema`. Some answers are lost.
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
                Err(error) => panic!("the engine has ended: {error}"),
            }
        }
        ServiceLife::run_until_idle().await;
        for (number, answer) in answers {
            if self.rng.random_ratio(1, 8) {
                self.senders.record_lost_answer(number);
                continue;
            }
            match ServiceLife::received_answer(answer).expect("the idle engine has answered") {
                Ok(applied) => self.senders.record_acknowledgement(number, &applied, self.as_of),
                Err(EngineUnavailable::JournalUnwritable(reason)) => {
                    assert!(
                        !reason.is_empty() && self.machine.has_faulty_disk,
                        "refused without a reason: {reason}"
                    );
                    assert_eq!(
                        life.status(),
                        Readiness::Failing(reason),
                        "the engine refuses events but reports another status"
                    );
                }
                Err(error) => panic!("the engine has ended: {error}"),
            }
        }
    }

    /// Changes the standard while batches decoded with the previous one may be queued.
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
            Err(error) => panic!("the standard cannot be changed: {error}"),
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
            assert!(self.machine.has_faulty_disk, "the snapshot failed: {error}");
        }
    }

    /// Frees space on the disk. The service must then accept events again without a restart.
    async fn repair_disk(&mut self, life: &mut ServiceLife) {
        self.machine.repair_disk();
        if self.machine.has_faulty_disk {
            return;
        }
        for _ in 0..3 {
            self.pass_time(life, PUBLISH_EVERY).await;
        }
        assert_eq!(
            life.status(),
            Readiness::Ready,
            "events are refused although the disk has space"
        );
    }

    /// Kills the process or cuts the power, in half of the cases while requests are in flight.
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
            // Only part of the work reaches the disk.
            self.machine.disk.lose_power_after(self.rng.random_range(1..60));
            ServiceLife::run_until_idle().await;
        }
        self.machine.disk.lose_power_after(0);
        life.kill().await;
        self.lost_board_in_crash = true;
        self.end_process();
    }

    /// Shuts down gracefully. The next run must continue from the last board.
    async fn stop_service(&mut self, life: ServiceLife) {
        match life.stop().await {
            Ok(last) => {
                let closed = self
                    .machine
                    .disk
                    .list_files()
                    .expect("the disk lists its files")
                    .iter()
                    .any(|name| name == "closed");
                assert!(
                    closed || self.machine.has_faulty_disk,
                    "the journal was not closed by a graceful shutdown"
                );
                self.check_board(&last);
                self.displays[0].apply_board(&last);
                self.senders.record_flush();
                let full_boards = self.displays[0].full_board_count;
                let state = self.end_process().expect("the journal has records");
                assert!(
                    state.stopped_cleanly
                        && state.revision == last.board.revision
                        && state.epoch == last.epoch,
                    "the stop record was not written"
                );
                if self.rng.random() {
                    self.check_resumption(full_boards).await;
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
            Err(error) => panic!("graceful shutdown failed: {error}"),
        }
    }

    /// Restarts after a graceful shutdown. A display that showed the last board must resume in the
    /// same epoch without a full board.
    async fn check_resumption(&mut self, full_boards: u32) {
        let Ok(mut life) =
            ServiceLife::start(self.settings.clone(), self.machine.clock(), || ()).await
        else {
            panic!("the service does not start")
        };
        self.alert_observer.observe_alerts(&life.current_alerts());
        let published = life.take_new_board().expect("a started service has a board");
        self.check_board(&published);
        self.displays[0].apply_board(&published);
        assert_eq!(
            self.displays[0].full_board_count, full_boards,
            "a display needed a full board after a graceful shutdown"
        );
        self.machine.disk.lose_power_after(0);
        life.kill().await;
        self.lost_board_in_crash = true;
        self.end_process();
    }

    /// Ends the process and checks its files. Returns the state that the next start will recover,
    /// or `None` if nothing was written.
    fn end_process(&mut self) -> Option<EngineState> {
        self.machine.end_process(&mut self.rng);
        let journal = self.settings.journal.as_ref().expect("a journal").journal;
        self.audit.check_files(&self.machine.disk, journal, &mut self.senders)
    }

    /// Runs the service once more without faults until every body is acknowledged. Returns the
    /// number of fired alerts.
    async fn finish(mut self) -> usize {
        self.machine.set_clock_to(self.senders.newest_body_time());
        let mut life = self.start_life(false).await.expect("the disk has no faults");
        loop {
            let unacknowledged =
                shuffle_numbers(self.senders.unacknowledged_bodies(), &mut self.rng);
            if unacknowledged.is_empty() {
                break;
            }
            let schema = life.feed.schema();
            self.send_decoded_bodies(&mut life, &schema, unacknowledged).await;
        }
        self.pass_time(&mut life, Duration::from_secs(10)).await;
        self.compare_with_uninterrupted(&life);
        self.stop_service(life).await;
        self.alert_observer.fired_count()
    }
}
