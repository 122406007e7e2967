//! One run of the service: the real engine on the runtime of the test, and its endpoints.

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

/// Number of times the test yields to the engine. It exceeds the longest chain of awaits that can
/// complete without time passing.
const YIELD_COUNT: usize = 16;

pub(crate) struct ServiceLife {
    pub(crate) feed: EngineHandle,
    boards: watch::Receiver<Arc<PublishedBoard>>,
    alerts: watch::Receiver<Arc<AlertOverview>>,
    work: JoinHandle<Result<(), recovery::RecoveryError>>,
    /// The last observed board. `None` before the first one.
    pub(crate) last_board: Option<Arc<PublishedBoard>>,
}

impl ServiceLife {
    /// Starts the service. `recovered` is called after the journal was read and before a board is
    /// published.
    ///
    /// # Errors
    /// The error with which the engine ended before its first board.
    pub(crate) async fn start(
        settings: EngineSettings,
        clock: WallClock,
        recovered: impl FnOnce(),
    ) -> Result<ServiceLife, recovery::RecoveryError> {
        let (engine, EngineEndpoints { handle: feed, published_boards: boards, alerts }) =
            Engine::new(settings);
        let work = tokio::spawn(engine.run());
        ServiceLife::run_until_idle().await;
        recovered();
        match feed.start_clock(clock).await {
            Ok(()) => Ok(ServiceLife { feed, boards, alerts, work, last_board: None }),
            Err(_) => {
                drop(feed);
                match work.await.expect("the engine panicked") {
                    Ok(()) => panic!("the engine ended without a reason"),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Returns the current board, or `None` if it was returned before.
    ///
    /// # Panics
    /// Panics if the board is no longer visible.
    pub(crate) fn take_new_board(&mut self) -> Option<Arc<PublishedBoard>> {
        let published = self.boards.borrow().clone();
        let visible = self.feed.readiness().has_board();
        assert!(visible, "the board is no longer visible");
        let is_new = self.last_board.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &published));
        self.last_board = Some(published.clone());
        is_new.then_some(published)
    }

    pub(crate) fn current_alerts(&self) -> Arc<AlertOverview> {
        self.alerts.borrow().clone()
    }

    pub(crate) fn status(&self) -> Readiness {
        self.feed.readiness()
    }

    /// Runs the engine until it can do no more without time passing.
    pub(crate) async fn run_until_idle() {
        for _ in 0..YIELD_COUNT {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the answer, or `None` if it has not arrived.
    pub(crate) fn received_answer(
        answer: PendingAcknowledgement,
    ) -> Option<Result<firstline::domain::monitor::ApplyResult, EngineUnavailable>> {
        answer.wait().now_or_never()
    }

    /// Shuts down gracefully. Returns the last published board.
    ///
    /// # Errors
    /// The error that prevented the engine from writing its stop record.
    pub(crate) async fn stop(self) -> Result<Arc<PublishedBoard>, recovery::RecoveryError> {
        let ServiceLife { feed, boards, work, .. } = self;
        drop(feed);
        work.await.expect("the engine panicked")?;
        let last = boards.borrow().clone();
        Ok(last)
    }

    /// Kills the process. The disk must have lost its power before.
    pub(crate) async fn kill(self) {
        self.work.abort();
        if let Err(error) = self.work.await {
            assert!(error.is_cancelled(), "the engine panicked: {error}");
        }
    }
}
