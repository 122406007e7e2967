//! The live board: first the whole board, then changes, then a heartbeat per board without changes.
//!
//! Frames reach a client through a `ClientConnection`: a [`self::websocket`] or
//! [`self::server_sent_events`].
//!
//! Nothing is queued per client. A client gets all changes since the last board it received,
//! however many boards were published in between. Heartbeats (`beat`) follow published boards and
//! have no timer of their own, so a heartbeat proves that the engine works. A connection ends when
//! publishing ends.
//!
//! # Limits
//! | item | limit | above the limit |
//! |---|---|---|
//! | clients | `limits.live_clients`, both transports together | 503 |
//! | time until the first subscription | [`SUBSCRIBE_TIMEOUT`] | closed with a reason |
//! | time to send a frame | [`SEND_TIMEOUT`] | dropped as `slow`; the client resumes later |
//! | silence on a WebSocket despite pings | twice [`PING_INTERVAL`] | dropped as `silent` |
//! | message of a client | [`MESSAGE_BYTES`] | closed |

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

/// Maximum time until a client sends its subscription.
pub const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time to send a frame. A slower client is dropped and resumes when it reconnects.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// Interval of pings to a client.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum size of a client's message, in bytes.
pub const MESSAGE_BYTES: usize = 64 << 10;
/// Maximum time to send the close message.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// State shared by all connections to the live board.
#[derive(Clone, Debug)]
pub struct LiveBoard {
    boards: watch::Receiver<Arc<PublishedBoard>>,
    frames: Arc<FrameCache>,
    permits: Arc<Semaphore>,
}

/// A connection to one client.
pub(crate) trait ClientConnection {
    /// Receives from the client; `None` if it was no message. Cancel-safe.
    async fn receive_text(&mut self) -> Result<Option<String>, ConnectionEnd>;

    /// Sends a frame. After cancellation the connection can only be closed.
    async fn send_frame(&mut self, frame: &EncodedFrame) -> Result<(), ConnectionEnd>;

    /// Sends a ping to check that the client is present.
    async fn send_ping(&mut self) -> Result<(), ConnectionEnd>;

    /// Sends the reason of the end and closes the connection.
    async fn send_close(self, close: CloseMessage);
}

/// Reason sent to the client for the end of its connection, with a WebSocket close code.
pub(crate) struct CloseMessage {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// Cause of the end of a connection.
pub(crate) enum ConnectionEnd {
    /// The client disconnected or is unreachable.
    Disconnected,
    /// The client is too slow or silent. The text is the reason in the metric.
    Dropped(&'static str),
    /// The service closes the connection with a reason.
    Closed(CloseMessage),
}

impl ConnectionEnd {
    /// The service is shutting down.
    const GOING_AWAY: u16 = 1001;
    /// The client sent an unsupported type of message.
    pub(super) const UNSUPPORTED_DATA: u16 = 1003;
    /// The client's request cannot be fulfilled.
    const POLICY_VIOLATION: u16 = 1008;

    pub(super) fn closed_with(code: u16, reason: impl Into<String>) -> ConnectionEnd {
        ConnectionEnd::Closed(CloseMessage { code, reason: reason.into() })
    }

    fn policy_violation(reason: impl Into<String>) -> ConnectionEnd {
        ConnectionEnd::closed_with(ConnectionEnd::POLICY_VIOLATION, reason)
    }
}

impl LiveBoard {
    /// Creates a live board for at most `clients` connections.
    #[must_use]
    pub fn new(boards: watch::Receiver<Arc<PublishedBoard>>, clients: usize) -> LiveBoard {
        LiveBoard { boards, frames: Arc::default(), permits: Arc::new(Semaphore::new(clients)) }
    }

    /// Reserves a connection for a client; `None` at the limit.
    #[must_use]
    pub fn acquire_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// Resolves a client's message against the standard in force.
    ///
    /// # Errors
    /// Names the first entry that the standard does not have.
    pub fn resolve_subscription(
        &self,
        subscribe: ClientMessage,
        view: &Arc<GrantedView>,
    ) -> Result<SubscriptionRequest, String> {
        let published = self.boards.borrow().clone();
        SubscriptionRequest::new(subscribe, view, &published)
    }

    /// Serves a client until it disconnects, publishing ends or `revoked` resolves with the reason.
    ///
    /// The client sees only what `view` shows. Without a `subscription` it must send one first.
    pub(crate) async fn serve_client(
        self,
        mut connection: impl ClientConnection,
        permit: OwnedSemaphorePermit,
        view: Arc<GrantedView>,
        subscription: Option<SubscriptionRequest>,
        revoked: impl Future<Output = &'static str>,
    ) {
        Metric::LiveClients.adjust(1.0);
        let outcome = tokio::select! {
            biased;
            reason = revoked => Err(ConnectionEnd::policy_violation(reason)),
            outcome = self.send_updates(&mut connection, &view, subscription) => outcome,
        };
        match outcome {
            Err(ConnectionEnd::Disconnected) => {}
            Err(ConnectionEnd::Dropped(reason)) => {
                Metric::LiveClientsDropped.add_labeled("reason", reason, 1);
            }
            Err(ConnectionEnd::Closed(close)) => {
                _ = timeout(CLOSE_TIMEOUT, connection.send_close(close)).await;
            }
            Ok(()) => {
                let close = CloseMessage {
                    code: ConnectionEnd::GOING_AWAY,
                    reason: "the service is stopping".to_owned(),
                };
                let _ = timeout(CLOSE_TIMEOUT, connection.send_close(close)).await;
            }
        }
        Metric::LiveClients.adjust(-1.0);
        drop(permit);
    }

    async fn send_updates(
        &self,
        connection: &mut impl ClientConnection,
        view: &Arc<GrantedView>,
        subscription: Option<SubscriptionRequest>,
    ) -> Result<(), ConnectionEnd> {
        let mut boards = self.boards.clone();
        let mut subscription = match subscription {
            Some(subscription) => subscription,
            None => timeout(SUBSCRIBE_TIMEOUT, self.receive_subscription(connection, view))
                .await
                .unwrap_or_else(|_| {
                Err(ConnectionEnd::policy_violation(
                    "no subscription received in time; send {} to subscribe to everything",
                ))
            })?,
        };
        boards.mark_changed();
        let mut ping = tokio::time::interval(PING_INTERVAL);
        ping.reset();
        loop {
            tokio::select! {
                // Biased, because a client that is about to get a board needs no ping.
                biased;
                more = boards.changed() => {
                    if more.is_err() {
                        return Ok(());
                    }
                    let published = boards.borrow_and_update().clone();
                    if !subscription.is_current_for(&published) {
                        subscription =
                            subscription.renew_for(view, &published).map_err(|error| {
                                ConnectionEnd::policy_violation(format!(
                                    "the standard has changed: {error}"
                                ))
                            })?;
                    }
                    let revision = published.board.revision;
                    let frames = self.frames.clone();
                    let (filter, since) =
                        (subscription.filter.clone(), subscription.known_revision);
                    let frame = frames.get_or_encode(published, filter, since).await;
                    with_send_timeout(connection.send_frame(&frame)).await?;
                    subscription.known_revision = Some(revision);
                }
                received = connection.receive_text() => {
                    if let Some(text) = received? {
                        subscription = self.parse_subscription(&text, view)?;
                        // The client's readings were selected by the previous filter.
                        subscription.known_revision = None;
                        boards.mark_changed();
                    }
                }
                _ = ping.tick() => with_send_timeout(connection.send_ping()).await?,
            }
        }
    }

    /// Waits for the first message of a client and resolves it.
    async fn receive_subscription(
        &self,
        connection: &mut impl ClientConnection,
        view: &Arc<GrantedView>,
    ) -> Result<SubscriptionRequest, ConnectionEnd> {
        loop {
            if let Some(text) = connection.receive_text().await? {
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

    /// Maximum duration of a step, in paused test time, which advances without waiting.
    const TEST_TIMEOUT: Duration = Duration::from_secs(3_600);

    /// Everything that a client received.
    #[derive(Default)]
    struct ClientTranscript {
        frames: Vec<Value>,
        pings: usize,
        close: Option<(u16, String)>,
    }

    /// A connection with the test as its other end.
    struct TestConnection {
        messages: mpsc::Receiver<String>,
        /// Number of frames that the client accepts.
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

    /// A client of a live board, and the sender of published boards.
    struct TestClient {
        boards: watch::Sender<Arc<PublishedBoard>>,
        messages: mpsc::Sender<String>,
        frame_permits: Arc<Semaphore>,
        transcript: Arc<Mutex<ClientTranscript>>,
        serving: JoinHandle<()>,
    }

    fn published_board(epoch: &str, standard: &str) -> PublishedBoard {
        let standard: Arc<Standard> =
            Arc::new(parse_standard("s.toml", standard).expect("a valid standard"));
        let board = Monitor::new(standard.clone(), None).compute_board();
        PublishedBoard::first_of_run(epoch.into(), standard, board, false, 1)
    }

    impl TestClient {
        fn connect(accepted_frames: usize) -> TestClient {
            let (boards, receiver) = watch::channel(Arc::new(published_board("e", BUILT_IN)));
            let (client_messages, messages) = mpsc::channel(8);
            let frame_permits = Arc::new(Semaphore::new(accepted_frames));
            let transcript = Arc::default();
            let live = LiveBoard::new(receiver, 1);
            let permit = live.acquire_permit().expect("a free connection");
            assert!(live.acquire_permit().is_none(), "it is the only one");
            let connection = TestConnection {
                messages,
                frame_permits: frame_permits.clone(),
                transcript: Arc::clone(&transcript),
            };
            let serving = tokio::spawn(live.serve_client(
                connection,
                permit,
                Arc::default(),
                None,
                std::future::pending(),
            ));
            TestClient { boards, messages: client_messages, frame_permits, transcript, serving }
        }

        /// Publishes a board with another value at this place.
        fn publish_value(&self, place: usize, value: f64) {
            let last = self.boards.borrow().clone();
            let mut board = (*last.board).clone();
            board.readings[place].value = Some(value);
            self.boards.send_replace(Arc::new(last.next_revision(board, false)));
        }

        async fn send_message(&self, text: &str) {
            self.messages.send(text.to_owned()).await.expect("the service runs");
        }

        /// Waits for `count` frames and returns all received frames.
        async fn wait_for_frames(&self, count: usize) -> Vec<Value> {
            let received = async {
                while self.transcript.lock().expect("no test task panics").frames.len() < count {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(TEST_TIMEOUT, received).await.expect("enough frames arrive");
            self.transcript.lock().expect("no test task panics").frames.clone()
        }

        /// Waits for the end of the connection. Returns the elapsed time and the reason.
        async fn wait_for_end(self) -> (Duration, Option<(u16, String)>) {
            let begun = Instant::now();
            let TestClient { transcript, serving, boards: _boards, messages: _messages, .. } = self;
            timeout(TEST_TIMEOUT, serving)
                .await
                .expect("an end in time")
                .expect("no test task panics");
            (begun.elapsed(), transcript.lock().expect("no test task panics").close.take())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_client_receives_one_combined_delta() {
        let client = TestClient::connect(1);
        client.send_message("{}").await;
        client.wait_for_frames(1).await;
        // The second frame is not accepted while four more boards are published.
        client.publish_value(0, 0.1);
        sleep(Duration::from_secs(1)).await;
        for place in 1..=4 {
            client.publish_value(place, 0.1);
        }
        sleep(Duration::from_secs(1)).await;
        client.frame_permits.add_permits(10);
        let frames = client.wait_for_frames(3).await;
        let summary = |frame: &Value| {
            (
                frame["from"].clone(),
                frame["revision"].clone(),
                frame["readings"].as_array().map(Vec::len),
            )
        };
        assert_eq!(summary(&frames[1]), (1.into(), 2.into(), Some(1)));
        assert_eq!(summary(&frames[2]), (2.into(), 6.into(), Some(4)), "all changes in one delta");
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
        let (code, reason) = close.expect("the close has a reason");
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
                client.transcript.lock().expect("no test task panics").pings
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
        let (code, reason) = close.expect("the close has a reason");
        assert!(
            code == 1008
                && reason
                    .starts_with("the standard has changed: there is no indicator `answer_rate`"),
            "{code} {reason}"
        );
    }

    /// Every kind of end releases the connection permit and the subscription to boards.
    #[tokio::test(start_paused = true)]
    async fn disconnected_clients_release_all_resources() {
        let (boards, receiver) = watch::channel(Arc::new(published_board("e", BUILT_IN)));
        let live = LiveBoard::new(receiver, 6);
        for round in 0..100 {
            let mut serving = Vec::new();
            let mut clients = Vec::new();
            for (place, (message, accepted_frames)) in [
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
                let (sender, messages) = mpsc::channel(8);
                if !message.is_empty() {
                    sender.send(message.to_owned()).await.expect("the channel has capacity");
                }
                let connection = TestConnection {
                    messages,
                    frame_permits: Arc::new(Semaphore::new(accepted_frames)),
                    transcript: Arc::default(),
                };
                // The access of the last client is revoked.
                let revoked = async move {
                    if place < 5 {
                        std::future::pending::<()>().await;
                    }
                    sleep(Duration::from_millis(10)).await;
                    "no longer"
                };
                let permit = live
                    .acquire_permit()
                    .unwrap_or_else(|| panic!("no free connection in round {round}"));
                serving.push(tokio::spawn(live.clone().serve_client(
                    connection,
                    permit,
                    Arc::default(),
                    None,
                    revoked,
                )));
                clients.push(sender);
            }
            sleep(Duration::from_millis(20)).await;
            let last = boards.borrow().clone();
            boards.send_replace(Arc::new(last.next_revision((*last.board).clone(), false)));
            drop(clients);
            for task in serving {
                task.await.expect("no test task panics");
            }
        }
        assert_eq!(
            (
                live.permits.available_permits(),
                boards.receiver_count(),
                Arc::strong_count(&live.frames)
            ),
            (6, 1, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_service_closes_after_last_board() {
        let TestClient { boards, messages, transcript, serving, .. } = TestClient::connect(100);
        messages.send("{}".to_owned()).await.expect("the service runs");
        sleep(Duration::from_secs(1)).await;
        drop(boards);
        serving.await.expect("no test task panics");
        let transcript = transcript.lock().expect("no test task panics");
        assert_eq!(
            (transcript.frames.len(), transcript.close.as_ref().map(|(code, _)| *code)),
            (1, Some(1001))
        );
    }
}
