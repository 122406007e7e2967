//! The live board: the whole board first, then what changes, then a beat for every edition without change. How that reaches a
//! client is a `Line`'s matter: [`self::websocket`] is a WebSocket, [`self::server_sent_events`] server-sent events.
//!
//! Nothing is queued for a client: it is sent what changed since the edition it saw last, however many came between.
//! Beats come from the engine's editions and not from a timer of their own, so a wall that hears one knows that the engine
//! works. A connection ends when the editions do.
//!
//! # Limits
//! | what | limit | beyond it |
//! |---|---|---|
//! | clients | `limits.live_clients`, both kinds together | 503 |
//! | until a client has said what it wants | [`GREETING`] | closed with the reason |
//! | until a frame has left | [`SENDING`] | dropped as `slow`; it comes back for what it missed |
//! | without a word, though asked, on a WebSocket | twice [`PING`] | dropped as `silent` |
//! | a client's message | [`MESSAGE_BYTES`] | closed |

pub mod frame;
pub mod server_sent_events;
mod subscription;
pub mod websocket;

use self::frame::{EncodedFrame, FrameCache};
pub use self::subscription::{ClientMessage, ResumePoint, SubscriptionRequest};
use crate::access::grant::GrantedView;
use crate::domain::board::published_board::PublishedBoard;
use crate::telemetry::Metric;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// How long a client may take to say what it wants.
pub const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a frame may take to leave. A client that is slower is dropped; it will come back for what it missed.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a client is asked whether it is there.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
/// The longest message of a client, in bytes.
pub const MESSAGE_BYTES: usize = 64 << 10;
/// How long the last word may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What connections to the live board share.
#[derive(Clone, Debug)]
pub struct LiveBoard {
    boards: watch::Receiver<Arc<PublishedBoard>>,
    frames: Arc<FrameCache>,
    permits: Arc<Semaphore>,
}

/// A connection to one client.
pub(crate) trait ClientConnection {
    /// What the client says, if that is a message. May be dropped while it waits, without loss.
    async fn receive_text(&mut self) -> Result<Option<String>, ConnectionEnd>;

    /// Sends a frame. If it is dropped before it is done, only the end can follow.
    async fn send_frame(&mut self, frame: &EncodedFrame) -> Result<(), ConnectionEnd>;

    /// Asks the client whether it is there.
    async fn send_ping(&mut self) -> Result<(), ConnectionEnd>;

    /// Says the last word.
    async fn send_close(self, close: CloseMessage);
}

/// Why the service ends a connection, as the client is told: codes are those of a WebSocket.
pub(crate) struct CloseMessage {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// Why a connection ends.
pub(crate) enum ConnectionEnd {
    /// The client went, or cannot be reached.
    Disconnected,
    /// It is too slow, or silent.
    Dropped(&'static str),
    /// It is told why.
    Closed(CloseMessage),
}

impl ConnectionEnd {
    /// The service is stopping.
    const GOING_AWAY: u16 = 1001;
    /// The client sent what this service does not take.
    pub(super) const UNSUPPORTED_DATA: u16 = 1003;
    /// What the client asked for cannot be given to it.
    const POLICY_VIOLATION: u16 = 1008;

    pub(super) fn closed_with(code: u16, reason: impl Into<String>) -> ConnectionEnd {
        ConnectionEnd::Closed(CloseMessage { code, reason: reason.into() })
    }

    fn policy_violation(reason: impl Into<String>) -> ConnectionEnd {
        ConnectionEnd::closed_with(ConnectionEnd::POLICY_VIOLATION, reason)
    }
}

impl LiveBoard {
    /// A live board of these editions for at most so many clients.
    #[must_use]
    pub fn new(editions: watch::Receiver<Arc<PublishedBoard>>, clients: usize) -> LiveBoard {
        LiveBoard {
            boards: editions,
            frames: Arc::default(),
            permits: Arc::new(Semaphore::new(clients)),
        }
    }

    /// A place for one more client, if there is one.
    #[must_use]
    pub fn acquire_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// What a client asks for, as the standard in force knows it.
    ///
    /// # Errors
    /// A sentence about the first name that the standard does not have.
    pub fn resolve_subscription(
        &self,
        subscribe: ClientMessage,
        view: &Arc<GrantedView>,
    ) -> Result<SubscriptionRequest, String> {
        let edition = self.boards.borrow().clone();
        SubscriptionRequest::new(subscribe, view, &edition)
    }

    /// Serves a client, who sees what `view` shows, until it goes, the editions end, or it is no longer let in: `shut_out`
    /// says why. One that has not said its `wish` yet is asked for it.
    pub(crate) async fn serve_client(
        self,
        mut line: impl ClientConnection,
        place: OwnedSemaphorePermit,
        view: Arc<GrantedView>,
        wish: Option<SubscriptionRequest>,
        shut_out: impl Future<Output = &'static str>,
    ) {
        Metric::LiveClients.adjust(1.0);
        let followed = tokio::select! {
            biased;
            reason = shut_out => Err(ConnectionEnd::policy_violation(reason)),
            followed = self.send_updates(&mut line, &view, wish) => followed,
        };
        match followed {
            Err(ConnectionEnd::Disconnected) => {}
            Err(ConnectionEnd::Dropped(reason)) => {
                Metric::LiveClientsDropped.add_labeled("reason", reason, 1)
            }
            Err(ConnectionEnd::Closed(close)) => {
                _ = timeout(CLOSE_TIMEOUT, line.send_close(close)).await
            }
            Ok(()) => {
                let close = CloseMessage {
                    code: ConnectionEnd::GOING_AWAY,
                    reason: "the service is stopping".to_owned(),
                };
                let _ = timeout(CLOSE_TIMEOUT, line.send_close(close)).await;
            }
        }
        Metric::LiveClients.adjust(-1.0);
        drop(place);
    }

    async fn send_updates(
        &self,
        line: &mut impl ClientConnection,
        view: &Arc<GrantedView>,
        wish: Option<SubscriptionRequest>,
    ) -> Result<(), ConnectionEnd> {
        let mut editions = self.boards.clone();
        let mut wish = match wish {
            Some(wish) => wish,
            None => timeout(SUBSCRIBE_TIMEOUT, self.receive_subscription(line, view))
                .await
                .unwrap_or_else(|_| {
                    Err(ConnectionEnd::policy_violation(
                        "say what you want to see; send {} for everything",
                    ))
                })?,
        };
        editions.mark_changed();
        let mut ping = tokio::time::interval(PING_INTERVAL);
        ping.reset();
        loop {
            tokio::select! {
                // Editions come now and then, and a client that has said nothing need not be asked before it is sent one.
                biased;
                more = editions.changed() => {
                    if more.is_err() {
                        return Ok(());
                    }
                    let edition = editions.borrow_and_update().clone();
                    if !wish.is_current_for(&edition) {
                        wish = wish.renew_for(view, &edition).map_err(|error| ConnectionEnd::policy_violation(format!("the standard has changed: {error}")))?;
                    }
                    let revision = edition.board.revision;
                    let frame = self.frames.clone().get_or_encode(edition, wish.filter.clone(), wish.known_revision).await;
                    with_send_timeout(line.send_frame(&frame)).await?;
                    wish.known_revision = Some(revision);
                }
                said = line.receive_text() => {
                    if let Some(text) = said? {
                        wish = self.parse_subscription(&text, view)?;
                        // What it has was chosen otherwise.
                        wish.known_revision = None;
                        editions.mark_changed();
                    }
                }
                _ = ping.tick() => with_send_timeout(line.send_ping()).await?,
            }
        }
    }

    /// Waits for a client to say what it wants.
    async fn receive_subscription(
        &self,
        line: &mut impl ClientConnection,
        view: &Arc<GrantedView>,
    ) -> Result<SubscriptionRequest, ConnectionEnd> {
        loop {
            if let Some(text) = line.receive_text().await? {
                return self.parse_subscription(&text, view);
            }
        }
    }

    fn parse_subscription(
        &self,
        text: &str,
        view: &Arc<GrantedView>,
    ) -> Result<SubscriptionRequest, ConnectionEnd> {
        ClientMessage::parse(text)
            .and_then(|subscribe| self.resolve_subscription(subscribe, view))
            .map_err(ConnectionEnd::policy_violation)
    }
}

async fn with_send_timeout(
    sending: impl Future<Output = Result<(), ConnectionEnd>>,
) -> Result<(), ConnectionEnd> {
    timeout(SEND_TIMEOUT, sending).await.unwrap_or(Err(ConnectionEnd::Dropped("slow")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::monitor::Monitor;
    use crate::domain::standard::Standard;
    use crate::standard_file::{BUILT_IN, parse_standard};
    use serde_json::Value;
    use std::sync::Mutex;
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    /// How long anything may take, by a clock that passes as fast as it can, before the test has failed.
    const TEST_TIMEOUT: Duration = Duration::from_secs(3_600);

    /// What a client was sent, and what it was told at the end.
    #[derive(Default)]
    struct ClientTranscript {
        frames: Vec<Value>,
        pings: usize,
        close: Option<(u16, String)>,
    }

    /// A connection whose other end is the test.
    struct TestConnection {
        messages: mpsc::Receiver<String>,
        /// How many frames the client takes.
        frame_permits: Arc<Semaphore>,
        transcript: Arc<Mutex<ClientTranscript>>,
    }

    impl ClientConnection for TestConnection {
        async fn receive_text(&mut self) -> Result<Option<String>, ConnectionEnd> {
            self.messages.recv().await.map(Some).ok_or(ConnectionEnd::Disconnected)
        }

        async fn send_frame(&mut self, frame: &EncodedFrame) -> Result<(), ConnectionEnd> {
            self.frame_permits.acquire().await.map_err(|_| ConnectionEnd::Disconnected)?.forget();
            let frame = serde_json::from_slice(&frame.event_parts()[1]).expect("JSON");
            self.transcript.lock().expect("no panic").frames.push(frame);
            Ok(())
        }

        async fn send_ping(&mut self) -> Result<(), ConnectionEnd> {
            self.transcript.lock().expect("no panic").pings += 1;
            Ok(())
        }

        async fn send_close(self, CloseMessage { code, reason }: CloseMessage) {
            self.transcript.lock().expect("no panic").close = Some((code, reason));
        }
    }

    /// A client of a live board, and the end of it from which editions come.
    struct TestClient {
        boards: watch::Sender<Arc<PublishedBoard>>,
        messages: mpsc::Sender<String>,
        frame_permits: Arc<Semaphore>,
        transcript: Arc<Mutex<ClientTranscript>>,
        serving: JoinHandle<()>,
    }

    fn published_board(epoch: &str, standard: &str) -> PublishedBoard {
        let standard: Arc<Standard> =
            Arc::new(parse_standard("s.toml", standard).expect("a good standard"));
        let board = Monitor::new(standard.clone(), None).compute_board();
        PublishedBoard::first_of_run(epoch.into(), standard, board, false, 1)
    }

    impl TestClient {
        fn connect(takes: usize) -> TestClient {
            let (editions, receiver) = watch::channel(Arc::new(published_board("e", BUILT_IN)));
            let (says, said) = mpsc::channel(8);
            let (takes, heard) = (Arc::new(Semaphore::new(takes)), Arc::default());
            let live = LiveBoard::new(receiver, 1);
            let place = live.acquire_permit().expect("a place");
            assert!(live.acquire_permit().is_none(), "it is the only one");
            let wire = TestConnection {
                messages: said,
                frame_permits: takes.clone(),
                transcript: Arc::clone(&heard),
            };
            let serving = tokio::spawn(live.serve_client(
                wire,
                place,
                Arc::default(),
                None,
                std::future::pending(),
            ));
            TestClient {
                boards: editions,
                messages: says,
                frame_permits: takes,
                transcript: heard,
                serving,
            }
        }

        /// The next edition, with another value at this place.
        fn publish_value(&self, place: usize, value: f64) {
            let last = self.boards.borrow().clone();
            let mut board = (*last.board).clone();
            board.readings[place].value = Some(value);
            self.boards.send_replace(Arc::new(last.next_revision(board, false)));
        }

        async fn send_message(&self, text: &str) {
            self.messages.send(text.to_owned()).await.expect("a service");
        }

        /// Waits until it has got so many frames, and gives them.
        async fn wait_for_frames(&self, count: usize) -> Vec<Value> {
            let come = async {
                while self.transcript.lock().expect("no panic").frames.len() < count {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(TEST_TIMEOUT, come).await.expect("so many frames");
            self.transcript.lock().expect("no panic").frames.clone()
        }

        /// After how long it was ended, and why.
        async fn wait_for_end(self) -> (Duration, Option<(u16, String)>) {
            let begun = Instant::now();
            let TestClient {
                transcript: heard, serving, boards: _editions, messages: _says, ..
            } = self;
            timeout(TEST_TIMEOUT, serving).await.expect("an end").expect("no panic");
            (begun.elapsed(), heard.lock().expect("no panic").close.take())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_client_receives_one_combined_delta() {
        let client = TestClient::connect(1);
        client.send_message("{}").await;
        client.wait_for_frames(1).await;
        // The second frame is on its way and is not taken while four more editions come.
        client.publish_value(0, 0.1);
        sleep(Duration::from_secs(1)).await;
        for edition in 1..=4 {
            client.publish_value(edition, 0.1);
        }
        sleep(Duration::from_secs(1)).await;
        client.frame_permits.add_permits(10);
        let frames = client.wait_for_frames(3).await;
        let told = |frame: &Value| {
            (
                frame["from"].clone(),
                frame["revision"].clone(),
                frame["readings"].as_array().map(Vec::len),
            )
        };
        assert_eq!(told(&frames[1]), (1.into(), 2.into(), Some(1)));
        assert_eq!(told(&frames[2]), (2.into(), 6.into(), Some(4)), "all at once, without a hole");
        sleep(Duration::from_secs(5)).await;
        assert_eq!(client.wait_for_frames(3).await.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn client_that_reads_nothing_is_dropped() {
        let client = TestClient::connect(0);
        client.send_message("{}").await;
        let (after, close) = client.wait_for_end().await;
        assert_eq!((after.as_secs(), close), (SEND_TIMEOUT.as_secs(), None));
    }

    #[tokio::test(start_paused = true)]
    async fn client_without_subscription_is_closed_with_reason() {
        let (after, close) = TestClient::connect(1).wait_for_end().await;
        let (code, reason) = close.expect("a reason");
        assert!(
            after.as_secs() == SUBSCRIBE_TIMEOUT.as_secs()
                && code == 1008
                && reason.contains("send {}"),
            "{after:?} {code} {reason}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn beats_follow_published_boards_and_pings_follow_interval() {
        let client = TestClient::connect(100);
        client.send_message("{}").await;
        client.wait_for_frames(1).await;
        sleep(2 * PING_INTERVAL + Duration::from_secs(1)).await;
        assert_eq!(
            (
                client.wait_for_frames(1).await.len(),
                client.transcript.lock().expect("no panic").pings
            ),
            (1, 2)
        );
        let same = (*client.boards.borrow().board).clone();
        let next = client.boards.borrow().next_revision(same, false);
        client.boards.send_replace(Arc::new(next));
        assert_eq!(client.wait_for_frames(2).await[1]["type"], "beat");
    }

    #[tokio::test(start_paused = true)]
    async fn changed_standard_sends_new_board_or_closes() {
        let client = TestClient::connect(100);
        client.send_message(r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
        client.wait_for_frames(1).await;
        client.boards.send_replace(Arc::new(published_board("f", BUILT_IN)));
        let frames = client.wait_for_frames(2).await;
        assert_eq!((&frames[1]["type"], &frames[1]["epoch"]), (&"board".into(), &"f".into()));
        client.boards.send_replace(Arc::new(published_board(
            "g",
            &BUILT_IN.replace("answer_rate", "answered_share"),
        )));
        let (_, close) = client.wait_for_end().await;
        let (code, reason) = close.expect("a reason");
        assert!(
            code == 1008
                && reason
                    .starts_with("the standard has changed: there is no indicator `answer_rate`"),
            "{code} {reason}"
        );
    }

    /// Whatever end they come to, nothing of them stays: no place, no follower of the editions.
    #[tokio::test(start_paused = true)]
    async fn disconnected_clients_release_all_resources() {
        let (editions, receiver) = watch::channel(Arc::new(published_board("e", BUILT_IN)));
        let live = LiveBoard::new(receiver, 6);
        for round in 0..100 {
            let mut serving = Vec::new();
            let mut lines = Vec::new();
            for (place, (says, takes)) in [
                ("{}", 9),
                ("{}", 0),
                ("", 9),
                ("nonsense", 9),
                (r#"{"resume":{"epoch":"e","revision":1}}"#, 9),
                ("{}", 9),
            ]
            .into_iter()
            .enumerate()
            {
                let (sender, said) = mpsc::channel(8);
                if !says.is_empty() {
                    sender.send(says.to_owned()).await.expect("room");
                }
                let wire = TestConnection {
                    messages: said,
                    frame_permits: Arc::new(Semaphore::new(takes)),
                    transcript: Arc::default(),
                };
                // The last one loses its token.
                let shut_out = async move {
                    if place < 5 {
                        std::future::pending::<()>().await;
                    }
                    sleep(Duration::from_millis(10)).await;
                    "no longer"
                };
                let place =
                    live.acquire_permit().unwrap_or_else(|| panic!("a place in round {round}"));
                serving.push(tokio::spawn(live.clone().serve_client(
                    wire,
                    place,
                    Arc::default(),
                    None,
                    shut_out,
                )));
                lines.push(sender);
            }
            sleep(Duration::from_millis(20)).await;
            let last = editions.borrow().clone();
            editions.send_replace(Arc::new(last.next_revision((*last.board).clone(), false)));
            drop(lines);
            for one in serving {
                one.await.expect("no panic");
            }
        }
        assert_eq!(
            (
                live.permits.available_permits(),
                editions.receiver_count(),
                Arc::strong_count(&live.frames)
            ),
            (6, 1, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_service_closes_after_last_board() {
        let TestClient { boards, messages, transcript, serving, .. } = TestClient::connect(100);
        messages.send("{}".to_owned()).await.expect("a service");
        sleep(Duration::from_secs(1)).await;
        drop(boards);
        serving.await.expect("no panic");
        let heard = transcript.lock().expect("no panic");
        assert_eq!(
            (heard.frames.len(), heard.close.as_ref().map(|(code, _)| *code)),
            (1, Some(1001))
        );
    }
}
