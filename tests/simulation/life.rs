//! One life of the service: the real engine on the runtime of the test, and what is held of it.

use firstline::domain::alert::View;
use firstline::edition::Edition;
use firstline::engine::clock::Clock;
use firstline::engine::feed::{Answer, Feed, Refused};
use firstline::engine::status::Status;
use firstline::engine::{Ends, Engine, Settings, recovery};
use futures_util::FutureExt;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the test lets the engine go first: more often than it ever waits for something that is there.
const TURNS: usize = 16;

pub(crate) struct Life {
    pub(crate) feed: Feed,
    editions: watch::Receiver<Arc<Edition>>,
    alerts: watch::Receiver<Arc<View>>,
    work: JoinHandle<Result<(), recovery::Error>>,
    /// The edition seen last, if one was visible.
    pub(crate) seen: Option<Arc<Edition>>,
}

impl Life {
    /// Starts the service; an error if it ends before its board is whole. `recovered` happens when the journal is read and nothing is
    /// published yet.
    pub(crate) async fn begin(settings: Settings, clock: Clock, recovered: impl FnOnce()) -> Result<Life, recovery::Error> {
        let (engine, Ends { feed, editions, alerts }) = Engine::new(settings);
        let work = tokio::spawn(engine.run());
        Life::settle().await;
        recovered();
        match feed.start(clock).await {
            Ok(()) => Ok(Life { feed, editions, alerts, work, seen: None }),
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
    pub(crate) fn look(&mut self) -> Option<Arc<Edition>> {
        let edition = self.editions.borrow().clone();
        let visible = self.feed.status().has_board();
        assert!(visible, "a board was visible, and is no more");
        let new = self.seen.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &edition));
        self.seen = Some(edition.clone());
        new.then_some(edition)
    }

    /// The alerts as they were told last.
    pub(crate) fn alerts(&self) -> Arc<View> {
        self.alerts.borrow().clone()
    }

    pub(crate) fn status(&self) -> Status {
        self.feed.status()
    }

    /// Lets the engine do all it can do without time passing.
    pub(crate) async fn settle() {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// What was answered, if it was.
    pub(crate) fn heard(answer: Answer) -> Option<Result<firstline::domain::monitor::Applied, Refused>> {
        answer.wait().now_or_never()
    }

    /// Stops in good order. The last edition, unless it could not say the last word.
    pub(crate) async fn stop(self) -> Result<Arc<Edition>, recovery::Error> {
        let Life { feed, editions, work, .. } = self;
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
