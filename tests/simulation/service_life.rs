//! One life of the service: the real engine on the runtime of the test, and what is held of it.

use firstline::clock::WallClock;
use firstline::domain::alerts::evaluation::AlertOverview;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::engine::commands::{EngineHandle, EngineUnavailable, PendingAcknowledgement};
use firstline::engine::readiness::Readiness;
use firstline::engine::recovery;
use firstline::engine::{Engine, EngineEndpoints, EngineSettings};
use futures_util::FutureExt;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the test lets the engine go first: more often than it ever waits for something that is there.
const YIELD_COUNT: usize = 16;

pub(crate) struct ServiceLife {
    pub(crate) feed: EngineHandle,
    boards: watch::Receiver<Arc<PublishedBoard>>,
    alerts: watch::Receiver<Arc<AlertOverview>>,
    work: JoinHandle<Result<(), recovery::RecoveryError>>,
    /// The edition seen last, if one was visible.
    pub(crate) last_board: Option<Arc<PublishedBoard>>,
}

impl ServiceLife {
    /// Starts the service; an error if it ends before its board is whole. `recovered` happens when the journal is read and nothing is
    /// published yet.
    pub(crate) async fn start(
        settings: EngineSettings,
        clock: WallClock,
        recovered: impl FnOnce(),
    ) -> Result<ServiceLife, recovery::RecoveryError> {
        let (engine, EngineEndpoints { handle: feed, published_boards: editions, alerts }) =
            Engine::new(settings);
        let work = tokio::spawn(engine.run());
        ServiceLife::run_until_idle().await;
        recovered();
        match feed.start_clock(clock).await {
            Ok(()) => Ok(ServiceLife { feed, boards: editions, alerts, work, last_board: None }),
            Err(_) => {
                drop(feed);
                match work.await.expect("the engine panicked") {
                    Ok(()) => panic!("the engine ended without a reason"),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// An edition that was published since the last look, and is visible.
    pub(crate) fn take_new_board(&mut self) -> Option<Arc<PublishedBoard>> {
        let edition = self.boards.borrow().clone();
        let visible = self.feed.readiness().has_board();
        assert!(visible, "a board was visible, and is no more");
        let new = self.last_board.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &edition));
        self.last_board = Some(edition.clone());
        new.then_some(edition)
    }

    /// The alerts as they were told last.
    pub(crate) fn current_alerts(&self) -> Arc<AlertOverview> {
        self.alerts.borrow().clone()
    }

    pub(crate) fn status(&self) -> Readiness {
        self.feed.readiness()
    }

    /// Lets the engine do all it can do without time passing.
    pub(crate) async fn run_until_idle() {
        for _ in 0..YIELD_COUNT {
            tokio::task::yield_now().await;
        }
    }

    /// What was answered, if it was.
    pub(crate) fn received_answer(
        answer: PendingAcknowledgement,
    ) -> Option<Result<firstline::domain::monitor::ApplyResult, EngineUnavailable>> {
        answer.wait().now_or_never()
    }

    /// Stops in good order. The last edition, unless it could not say the last word.
    pub(crate) async fn stop(self) -> Result<Arc<PublishedBoard>, recovery::RecoveryError> {
        let ServiceLife { feed, boards: editions, work, .. } = self;
        drop(feed);
        work.await.expect("the engine panicked")?;
        let last = editions.borrow().clone();
        Ok(last)
    }

    /// The process is killed; the disk must be frozen already.
    pub(crate) async fn kill(self) {
        self.work.abort();
        if let Err(error) = self.work.await {
            assert!(error.is_cancelled(), "the engine panicked: {error}");
        }
    }
}
