//! The live board: the whole board first, then what changes, then a beat for every edition without change. How that reaches a
//! client is a `Line`'s matter: [`super::socket`] is a WebSocket, [`super::stream`] server-sent events.
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

mod wish;

use super::frame::{Frames, Sent};
use crate::access::grant::View;
use crate::edition::Edition;
use crate::telemetry::Metric;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
pub use wish::{Resume, Subscribe, Wish};

/// How long a client may take to say what it wants.
pub const GREETING: Duration = Duration::from_secs(10);
/// How long a frame may take to leave. A client that is slower is dropped; it will come back for what it missed.
pub const SENDING: Duration = Duration::from_secs(20);
/// How often a client is asked whether it is there.
pub const PING: Duration = Duration::from_secs(30);
/// The longest message of a client, in bytes.
pub const MESSAGE_BYTES: usize = 64 << 10;
/// How long the last word may take to leave.
const FAREWELL: Duration = Duration::from_secs(1);

/// What connections to the live board share.
#[derive(Clone, Debug)]
pub struct Live {
    editions: watch::Receiver<Arc<Edition>>,
    frames: Arc<Frames>,
    places: Arc<Semaphore>,
}

/// A connection to one client.
pub(crate) trait Line {
    /// What the client says, if that is a message. May be dropped while it waits, without loss.
    async fn hear(&mut self) -> Result<Option<String>, End>;

    /// Sends a frame. If it is dropped before it is done, only the end can follow.
    async fn send(&mut self, frame: &Sent) -> Result<(), End>;

    /// Asks the client whether it is there.
    async fn ping(&mut self) -> Result<(), End>;

    /// Says the last word.
    async fn close(self, close: Close);
}

/// Why the service ends a connection, as the client is told: codes are those of a WebSocket.
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// Why a connection ends.
pub(crate) enum End {
    /// The client went, or cannot be reached.
    Gone,
    /// It is too slow, or silent.
    Dropped(&'static str),
    /// It is told why.
    Told(Close),
}

impl End {
    /// The service is stopping.
    const AWAY: u16 = 1001;
    /// The client sent what this service does not take.
    pub(super) const UNSUPPORTED: u16 = 1003;
    /// What the client asked for cannot be given to it.
    const POLICY: u16 = 1008;

    pub(super) fn told(code: u16, reason: impl Into<String>) -> End {
        End::Told(Close { code, reason: reason.into() })
    }

    fn refused(reason: impl Into<String>) -> End {
        End::told(End::POLICY, reason)
    }
}

impl Live {
    /// A live board of these editions for at most so many clients.
    #[must_use]
    pub fn new(editions: watch::Receiver<Arc<Edition>>, clients: usize) -> Live {
        Live { editions, frames: Arc::default(), places: Arc::new(Semaphore::new(clients)) }
    }

    /// A place for one more client, if there is one.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// What a client asks for, as the standard in force knows it.
    ///
    /// # Errors
    /// A sentence about the first name that the standard does not have.
    pub fn wish(&self, subscribe: Subscribe, view: &Arc<View>) -> Result<Wish, String> {
        let edition = self.editions.borrow().clone();
        Wish::new(subscribe, view, &edition)
    }

    /// Serves a client, who sees what `view` shows, until it goes, the editions end, or it is no longer let in: `shut_out`
    /// says why. One that has not said its `wish` yet is asked for it.
    pub(crate) async fn serve(
        self,
        mut line: impl Line,
        place: OwnedSemaphorePermit,
        view: Arc<View>,
        wish: Option<Wish>,
        shut_out: impl Future<Output = &'static str>,
    ) {
        Metric::LiveClients.change(1.0);
        let followed = tokio::select! {
            biased;
            reason = shut_out => Err(End::refused(reason)),
            followed = self.follow(&mut line, &view, wish) => followed,
        };
        match followed {
            Err(End::Gone) => {}
            Err(End::Dropped(reason)) => Metric::LiveClientsDropped.count("reason", reason, 1),
            Err(End::Told(close)) => _ = timeout(FAREWELL, line.close(close)).await,
            Ok(()) => {
                let close = Close { code: End::AWAY, reason: "the service is stopping".to_owned() };
                let _ = timeout(FAREWELL, line.close(close)).await;
            }
        }
        Metric::LiveClients.change(-1.0);
        drop(place);
    }

    async fn follow(&self, line: &mut impl Line, view: &Arc<View>, wish: Option<Wish>) -> Result<(), End> {
        let mut editions = self.editions.clone();
        let mut wish = match wish {
            Some(wish) => wish,
            None => timeout(GREETING, self.greeting(line, view))
                .await
                .unwrap_or_else(|_| Err(End::refused("say what you want to see; send {} for everything")))?,
        };
        editions.mark_changed();
        let mut ping = tokio::time::interval(PING);
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
                    if !wish.is_of(&edition) {
                        wish = wish.anew(view, &edition).map_err(|error| End::refused(format!("the standard has changed: {error}")))?;
                    }
                    let revision = edition.board.revision;
                    let frame = self.frames.clone().frame(edition, wish.filter.clone(), wish.seen).await;
                    in_time(line.send(&frame)).await?;
                    wish.seen = Some(revision);
                }
                said = line.hear() => {
                    if let Some(text) = said? {
                        wish = self.read(&text, view)?;
                        // What it has was chosen otherwise.
                        wish.seen = None;
                        editions.mark_changed();
                    }
                }
                _ = ping.tick() => in_time(line.ping()).await?,
            }
        }
    }

    /// Waits for a client to say what it wants.
    async fn greeting(&self, line: &mut impl Line, view: &Arc<View>) -> Result<Wish, End> {
        loop {
            if let Some(text) = line.hear().await? {
                return self.read(&text, view);
            }
        }
    }

    fn read(&self, text: &str, view: &Arc<View>) -> Result<Wish, End> {
        Subscribe::parse(text).and_then(|subscribe| self.wish(subscribe, view)).map_err(End::refused)
    }
}

async fn in_time(sending: impl Future<Output = Result<(), End>>) -> Result<(), End> {
    timeout(SENDING, sending).await.unwrap_or(Err(End::Dropped("slow")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::monitor::Monitor;
    use crate::domain::standard::Standard;
    use crate::standard::{BUILT_IN, read};
    use serde_json::Value;
    use std::sync::Mutex;
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    /// How long anything may take, by a clock that passes as fast as it can, before the test has failed.
    const LONG: Duration = Duration::from_secs(3_600);

    /// What a client was sent, and what it was told at the end.
    #[derive(Default)]
    struct Heard {
        frames: Vec<Value>,
        pings: usize,
        close: Option<(u16, String)>,
    }

    /// A connection whose other end is the test.
    struct Wire {
        said: mpsc::Receiver<String>,
        /// How many frames the client takes.
        takes: Arc<Semaphore>,
        heard: Arc<Mutex<Heard>>,
    }

    impl Line for Wire {
        async fn hear(&mut self) -> Result<Option<String>, End> {
            self.said.recv().await.map(Some).ok_or(End::Gone)
        }

        async fn send(&mut self, frame: &Sent) -> Result<(), End> {
            self.takes.acquire().await.map_err(|_| End::Gone)?.forget();
            let frame = serde_json::from_slice(&frame.event()[1]).expect("JSON");
            self.heard.lock().expect("no panic").frames.push(frame);
            Ok(())
        }

        async fn ping(&mut self) -> Result<(), End> {
            self.heard.lock().expect("no panic").pings += 1;
            Ok(())
        }

        async fn close(self, Close { code, reason }: Close) {
            self.heard.lock().expect("no panic").close = Some((code, reason));
        }
    }

    /// A client of a live board, and the end of it from which editions come.
    struct Client {
        editions: watch::Sender<Arc<Edition>>,
        says: mpsc::Sender<String>,
        takes: Arc<Semaphore>,
        heard: Arc<Mutex<Heard>>,
        serving: JoinHandle<()>,
    }

    fn edition(epoch: &str, standard: &str) -> Edition {
        let standard: Arc<Standard> = Arc::new(read("s.toml", standard).expect("a good standard"));
        let board = Monitor::new(standard.clone(), None).board();
        Edition::first(epoch.into(), standard, board, false, 1)
    }

    impl Client {
        fn connect(takes: usize) -> Client {
            let (editions, receiver) = watch::channel(Arc::new(edition("e", BUILT_IN)));
            let (says, said) = mpsc::channel(8);
            let (takes, heard) = (Arc::new(Semaphore::new(takes)), Arc::default());
            let live = Live::new(receiver, 1);
            let place = live.place().expect("a place");
            assert!(live.place().is_none(), "it is the only one");
            let wire = Wire { said, takes: takes.clone(), heard: Arc::clone(&heard) };
            let serving = tokio::spawn(live.serve(wire, place, Arc::default(), None, std::future::pending()));
            Client { editions, says, takes, heard, serving }
        }

        /// The next edition, with another value at this place.
        fn publish(&self, place: usize, value: f64) {
            let last = self.editions.borrow().clone();
            let mut board = (*last.board).clone();
            board.readings[place].value = Some(value);
            self.editions.send_replace(Arc::new(last.next(board, false)));
        }

        async fn say(&self, text: &str) {
            self.says.send(text.to_owned()).await.expect("a service");
        }

        /// Waits until it has got so many frames, and gives them.
        async fn frames(&self, count: usize) -> Vec<Value> {
            let come = async {
                while self.heard.lock().expect("no panic").frames.len() < count {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(LONG, come).await.expect("so many frames");
            self.heard.lock().expect("no panic").frames.clone()
        }

        /// After how long it was ended, and why.
        async fn ended(self) -> (Duration, Option<(u16, String)>) {
            let begun = Instant::now();
            let Client { heard, serving, editions: _editions, says: _says, .. } = self;
            timeout(LONG, serving).await.expect("an end").expect("no panic");
            (begun.elapsed(), heard.lock().expect("no panic").close.take())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_falls_behind_gets_one_delta_and_no_backlog() {
        let client = Client::connect(1);
        client.say("{}").await;
        client.frames(1).await;
        // The second frame is on its way and is not taken while four more editions come.
        client.publish(0, 0.1);
        sleep(Duration::from_secs(1)).await;
        for edition in 1..=4 {
            client.publish(edition, 0.1);
        }
        sleep(Duration::from_secs(1)).await;
        client.takes.add_permits(10);
        let frames = client.frames(3).await;
        let told = |frame: &Value| (frame["from"].clone(), frame["revision"].clone(), frame["readings"].as_array().map(Vec::len));
        assert_eq!(told(&frames[1]), (1.into(), 2.into(), Some(1)));
        assert_eq!(told(&frames[2]), (2.into(), 6.into(), Some(4)), "all at once, without a hole");
        sleep(Duration::from_secs(5)).await;
        assert_eq!(client.frames(3).await.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_dropped() {
        let client = Client::connect(0);
        client.say("{}").await;
        let (after, close) = client.ended().await;
        assert_eq!((after.as_secs(), close), (SENDING.as_secs(), None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_told_to() {
        let (after, close) = Client::connect(1).ended().await;
        let (code, reason) = close.expect("a reason");
        assert!(after.as_secs() == GREETING.as_secs() && code == 1008 && reason.contains("send {}"), "{after:?} {code} {reason}");
    }

    #[tokio::test(start_paused = true)]
    async fn beats_come_with_editions_and_pings_with_time() {
        let client = Client::connect(100);
        client.say("{}").await;
        client.frames(1).await;
        sleep(2 * PING + Duration::from_secs(1)).await;
        assert_eq!((client.frames(1).await.len(), client.heard.lock().expect("no panic").pings), (1, 2));
        let same = (*client.editions.borrow().board).clone();
        let next = client.editions.borrow().next(same, false);
        client.editions.send_replace(Arc::new(next));
        assert_eq!(client.frames(2).await[1]["type"], "beat");
    }

    #[tokio::test(start_paused = true)]
    async fn another_standard_is_a_new_board_or_the_end() {
        let client = Client::connect(100);
        client.say(r#"{"subscribe":{"indicators":["answer_rate"]}}"#).await;
        client.frames(1).await;
        client.editions.send_replace(Arc::new(edition("f", BUILT_IN)));
        let frames = client.frames(2).await;
        assert_eq!((&frames[1]["type"], &frames[1]["epoch"]), (&"board".into(), &"f".into()));
        client.editions.send_replace(Arc::new(edition("g", &BUILT_IN.replace("answer_rate", "answered_share"))));
        let (_, close) = client.ended().await;
        let (code, reason) = close.expect("a reason");
        assert!(code == 1008 && reason.starts_with("the standard has changed: there is no indicator `answer_rate`"), "{code} {reason}");
    }

    /// Whatever end they come to, nothing of them stays: no place, no follower of the editions.
    #[tokio::test(start_paused = true)]
    async fn hundreds_that_come_and_go_leave_nothing_behind() {
        let (editions, receiver) = watch::channel(Arc::new(edition("e", BUILT_IN)));
        let live = Live::new(receiver, 6);
        for round in 0..100 {
            let mut serving = Vec::new();
            let mut lines = Vec::new();
            for (place, (says, takes)) in
                [("{}", 9), ("{}", 0), ("", 9), ("nonsense", 9), (r#"{"resume":{"epoch":"e","revision":1}}"#, 9), ("{}", 9)]
                    .into_iter()
                    .enumerate()
            {
                let (sender, said) = mpsc::channel(8);
                if !says.is_empty() {
                    sender.send(says.to_owned()).await.expect("room");
                }
                let wire = Wire { said, takes: Arc::new(Semaphore::new(takes)), heard: Arc::default() };
                // The last one loses its token.
                let shut_out = async move {
                    if place < 5 {
                        std::future::pending::<()>().await;
                    }
                    sleep(Duration::from_millis(10)).await;
                    "no longer"
                };
                let place = live.place().unwrap_or_else(|| panic!("a place in round {round}"));
                serving.push(tokio::spawn(live.clone().serve(wire, place, Arc::default(), None, shut_out)));
                lines.push(sender);
            }
            sleep(Duration::from_millis(20)).await;
            let last = editions.borrow().clone();
            editions.send_replace(Arc::new(last.next((*last.board).clone(), false)));
            drop(lines);
            for one in serving {
                one.await.expect("no panic");
            }
        }
        assert_eq!((live.places.available_permits(), editions.receiver_count(), Arc::strong_count(&live.frames)), (6, 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_editions_is_the_end_after_the_last() {
        let Client { editions, says, heard, serving, .. } = Client::connect(100);
        says.send("{}".to_owned()).await.expect("a service");
        sleep(Duration::from_secs(1)).await;
        drop(editions);
        serving.await.expect("no panic");
        let heard = heard.lock().expect("no panic");
        assert_eq!((heard.frames.len(), heard.close.as_ref().map(|(code, _)| *code)), (1, Some(1001)));
    }
}
