//! Following the board: once for a text, or until somebody presses q.

use super::board::{Board, Scope};
use super::focus::Focus;
use super::follower::Follower;
use super::plain;
use super::screen::{Link, draw};
use super::view::{Choice, subscription, view};
use super::wire::{Client, read};
use anyhow::Context;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;

/// How many keys may wait to be looked at; then the terminal keeps them.
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
    let seed = getrandom::u64().context("the system gives no randomness")?;
    let watch = Watch { follower: Follower::new(client, choice.clone(), seed), choice, focus: Focus { center, help: false } };
    let mut terminal = ratatui::try_init()?;
    let followed = watch.follow(&mut terminal, keys()).await;
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

fn scope(center: &str) -> Scope {
    Scope::from([("center".to_owned(), center.to_owned())])
}

/// What is known, and where somebody looks.
struct Watch {
    follower: Follower,
    choice: Choice,
    focus: Focus,
}

impl Watch {
    async fn follow(mut self, terminal: &mut DefaultTerminal, mut keys: mpsc::Receiver<Event>) -> anyhow::Result<()> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            self.show(terminal)?;
            tokio::select! {
                key = keys.recv() => match key {
                    Some(Event::Key(key)) if key.is_press() => {
                        let centers: Vec<&str> = self.follower.board.members("center", &Scope::new()).into_iter().collect();
                        if self.focus.press(key, &centers) {
                            return Ok(());
                        }
                    }
                    Some(_) => {}
                    // Nobody could ever say that it is enough.
                    None => return Ok(()),
                },
                () = self.follower.next() => {}
                // Ages grow.
                _ = second.tick() => {}
            }
        }
    }

    fn show(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let Watch { follower, choice, focus } = self;
        let board = &follower.board;
        // Who may see one center alone has nothing else to look at.
        if focus.center.is_none() && !board.knows(&Scope::new()) {
            let centers: Vec<&str> = board.members("center", &Scope::new()).into_iter().collect();
            if let [only] = *centers {
                focus.center = Some(only.to_owned());
            }
        }
        let view = follower.standard.as_ref().map(|standard| view(board, standard, choice, focus.center.as_deref()));
        let as_of = board.head.as_ref().and_then(|head| head.as_of.as_deref());
        let age = follower.heard.map(|heard| heard.elapsed());
        let link = match (age, &follower.lost) {
            (None, why) => Link::Connecting { why: why.clone().unwrap_or_default() },
            (Some(age), None) => Link::Up(age),
            (Some(age), Some(why)) => Link::Lost { age, why: why.clone() },
        };
        terminal.draw(|frame| draw(frame, view.as_ref(), as_of, &link, focus.help, choice.language.words()))?;
        Ok(())
    }
}
