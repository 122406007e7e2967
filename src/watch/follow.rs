//! Following the board: once for a text, or until somebody presses q.

use super::board::{Board, Frame, Gap, Scope};
use super::plain;
use super::screen::{Link, draw};
use super::standard::Standard;
use super::view::{Choice, choose, view, window};
use super::wire::{Client, Error};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// After how long a lost connection is tried again; twice as long each time, up to the longest.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MOST: Duration = Duration::from_secs(15);
/// How many frames or keys may wait to be looked at.
const WAITING: usize = 16;

/// The board now, as text: a table, or the frame as it came.
///
/// # Errors
/// If there is no board, or nothing on it of the center.
pub async fn once(client: &Client, choice: &Choice, center: Option<&str>, as_json: bool) -> anyhow::Result<String> {
    let standard = client.standard().await?;
    let mut subscribe = subscription(&standard, choice);
    if let Some(center) = center {
        subscribe["where"] = json!({ "center": [center] });
    }
    let text = client.live(&json!({ "subscribe": subscribe })).await?.next().await?;
    if as_json {
        return Ok(text + "\n");
    }
    let mut board = Board::default();
    board.take(read(&text)?)?;
    anyhow::ensure!(
        center.is_none_or(|center| board.knows(&scope(center))),
        "there is nothing on the board of a center `{}`; without `--center` all are listed",
        center.unwrap_or_default()
    );
    let as_of = board.head.as_ref().and_then(|head| head.as_of.clone());
    Ok(plain::write(&view(&board, &standard, choice, center), as_of.as_deref(), choice.language.words()))
}

/// Shows the board on this terminal until somebody has seen enough.
///
/// # Errors
/// If the terminal cannot be used, or the service does not let this in from the start.
pub async fn run(client: Client, choice: Choice, center: Option<String>) -> anyhow::Result<()> {
    // What can never work is said before the screen is taken.
    if let Err(error) = client.standard().await
        && error.is_lasting()
    {
        return Err(error.into());
    }
    let mut terminal = ratatui::try_init()?;
    let followed = Watch::new(client, choice, center).follow(&mut terminal, keys()).await;
    ratatui::try_restore()?;
    followed
}

/// Reads keys on a thread of its own, which ends with the process.
fn keys() -> mpsc::Receiver<Event> {
    let (sender, keys) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    keys
}

/// What comes from a connection.
enum News {
    Standard(Standard),
    Frame(Frame),
    Lost(Error),
}

/// A connection at work; it ends when it is dropped.
struct Connection {
    news: mpsc::Receiver<News>,
    work: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Connection {
    /// Connects, and goes on from where the board stands.
    fn start(client: &Client, choice: &Choice, board: &Board) -> Connection {
        let (sender, news) = mpsc::channel(WAITING);
        let (client, choice) = (client.clone(), choice.clone());
        let resume = board.head.as_ref().map(|head| json!({ "epoch": head.epoch, "revision": head.revision }));
        let work = async move {
            let followed = async {
                let standard = client.standard().await?;
                let mut hello = json!({ "subscribe": subscription(&standard, &choice) });
                if let Some(resume) = resume {
                    hello["resume"] = resume;
                }
                let mut frames = client.live(&hello).await?;
                let _ = sender.send(News::Standard(standard)).await;
                loop {
                    let frame = read(&frames.next().await?)?;
                    if sender.send(News::Frame(frame)).await.is_err() {
                        return Ok(());
                    }
                }
            };
            if let Err(error) = followed.await {
                let _ = sender.send(News::Lost(error)).await;
            }
        };
        Connection { news, work: tokio::spawn(work) }
    }
}

/// What is wanted of the live board.
fn subscription(standard: &Standard, choice: &Choice) -> Value {
    let shown = choose(standard, choice);
    let windows: BTreeSet<String> = shown.iter().map(|indicator| window(indicator, standard, choice)).collect();
    // Names that the standard does not know are the service's to refuse: it says which come near.
    let names: Vec<&str> = match choice.indicators.is_empty() {
        true => shown.iter().map(|indicator| indicator.name.as_str()).collect(),
        false => choice.indicators.iter().map(String::as_str).collect(),
    };
    json!({ "indicators": names, "windows": windows })
}

fn read(text: &str) -> Result<Frame, Error> {
    serde_json::from_str(text).map_err(|error| Error::Broken(format!("a frame cannot be understood: {error}")))
}

fn scope(center: &str) -> Scope {
    Scope::from([("center".to_owned(), center.to_owned())])
}

/// What is known, and what was pressed.
struct Watch {
    client: Client,
    choice: Choice,
    center: Option<String>,
    board: Board,
    standard: Option<Standard>,
    /// When the last frame came.
    heard: Option<Instant>,
    /// Why there is no connection, as long as there is none.
    lost: Option<String>,
    help: bool,
}

impl Watch {
    fn new(client: Client, choice: Choice, center: Option<String>) -> Watch {
        Watch { client, choice, center, board: Board::default(), standard: None, heard: None, lost: None, help: false }
    }

    async fn follow(mut self, terminal: &mut DefaultTerminal, mut keys: mpsc::Receiver<Event>) -> anyhow::Result<()> {
        let mut connection = Some(Connection::start(&self.client, &self.choice, &self.board));
        let (mut again, mut pause) = (Instant::now(), AGAIN);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            self.show(terminal)?;
            let idle = connection.is_none();
            let news = async {
                match &mut connection {
                    Some(connection) => connection.news.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                key = keys.recv() => match key {
                    Some(Event::Key(key)) if key.is_press() => if self.press(key) { return Ok(()) },
                    Some(_) => {}
                    // Nobody could ever say that it is enough.
                    None => return Ok(()),
                },
                news = news => match news {
                    Some(News::Standard(standard)) => self.standard = Some(standard),
                    Some(News::Frame(frame)) => match self.board.take(frame) {
                        Ok(()) => (self.heard, self.lost, pause) = (Some(Instant::now()), None, AGAIN),
                        Err(gap) => {
                            if gap == Gap::Epoch {
                                self.board = Board::default();
                            }
                            // Without its head it does not resume, and is sent everything.
                            self.board.head = None;
                            connection = Some(Connection::start(&self.client, &self.choice, &self.board));
                        }
                    },
                    Some(News::Lost(error)) => {
                        self.lost = Some(error.to_string());
                        (connection, again) = (None, Instant::now() + pause);
                        pause = AGAIN_MOST.min(pause * 2);
                    }
                    None => connection = None,
                },
                () = sleep_until(again), if idle => {
                    connection = Some(Connection::start(&self.client, &self.choice, &self.board));
                }
                _ = second.tick() => {}
            }
        }
    }

    fn show(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let centers: Vec<String> = self.board.members("center", &Scope::new()).into_iter().map(str::to_owned).collect();
        // Who may see one center alone has nothing else to look at.
        if let (None, [only], false) = (&self.center, &*centers, self.board.knows(&Scope::new())) {
            self.center = Some(only.clone());
        }
        let view = self.standard.as_ref().map(|standard| view(&self.board, standard, &self.choice, self.center.as_deref()));
        let as_of = self.board.head.as_ref().and_then(|head| head.as_of.as_deref());
        let age = self.heard.map(|heard| heard.elapsed());
        let link = match (age, &self.lost) {
            (None, why) => Link::Connecting { why: why.clone().unwrap_or_default() },
            (Some(age), None) => Link::Up(age),
            (Some(age), Some(why)) => Link::Lost { age, why: why.clone() },
        };
        terminal.draw(|frame| draw(frame, view.as_ref(), as_of, &link, self.help, self.choice.language.words()))?;
        Ok(())
    }

    /// Does what a key says; whether it is enough.
    fn press(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('?') => self.help = !self.help,
            KeyCode::Char('0') | KeyCode::Home => self.center = None,
            KeyCode::Tab | KeyCode::Right | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Left | KeyCode::Up => self.step(-1),
            _ => {}
        }
        false
    }

    /// To another center; all of them stand before the first and after the last.
    fn step(&mut self, by: isize) {
        let centers: Vec<&str> = self.board.members("center", &Scope::new()).into_iter().collect();
        let here = self.center.as_deref().and_then(|center| centers.iter().position(|other| *other == center)).map_or(0, |place| place + 1);
        let next = (here as isize + by).rem_euclid(centers.len() as isize + 1) as usize;
        self.center = next.checked_sub(1).map(|place| centers[place].to_owned());
    }
}

#[cfg(test)]
mod tests;
