//! Following the board: once for a text, or until somebody presses q.

use super::client::{ServiceClient, parse_frame};
use super::key_navigation::NavigationState;
use super::latest_values::{LatestBoard, WatchScope};
use super::reconnecting_client::ReconnectingClient;
use super::screen::{ConnectionStatus, draw_board};
use super::text_output;
use super::view::{WatchOptions, board_view, subscription_json};
use anyhow::Context;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;

/// How many keys may wait to be looked at; then the terminal keeps them.
const KEY_BUFFER: usize = 16;

/// The board now, as text: a table, or the frame as it came.
///
/// # Errors
/// If there is no board, or nothing on it of the center.
pub async fn fetch_board_text(
    client: &ServiceClient,
    choice: &WatchOptions,
    center: Option<&str>,
    as_json: bool,
) -> anyhow::Result<String> {
    let standard = client.fetch_standard().await?;
    let mut subscribe = subscription_json(&standard, choice);
    if let Some(center) = center {
        subscribe["where"] = json!({ "center": [center] });
    }
    let text =
        client.open_live_board(&json!({ "subscribe": subscribe })).await?.next_frame().await?;
    if as_json {
        return Ok(text + "\n");
    }
    let mut board = LatestBoard::default();
    board.apply_frame(parse_frame(&text)?)?;
    anyhow::ensure!(
        center.is_none_or(|center| board.has_scope(&center_scope(center))),
        "there is nothing on the board of a center `{}`; without `--center` all are listed",
        center.unwrap_or_default()
    );
    let as_of = board.head.as_ref().and_then(|head| head.as_of.clone());
    Ok(text_output::write_text(
        &board_view(&board, &standard, choice, center),
        as_of.as_deref(),
        choice.language.messages(),
    ))
}

/// Shows the board on this terminal until somebody has seen enough.
///
/// # Errors
/// If the terminal cannot be used, or the service does not let this in from the start.
pub async fn run_watch(
    client: ServiceClient,
    choice: WatchOptions,
    center: Option<String>,
) -> anyhow::Result<()> {
    // What can never work is said before the screen is taken.
    if let Err(error) = client.fetch_standard().await
        && error.is_lasting()
    {
        return Err(error.into());
    }
    let seed = getrandom::u64().context("the system gives no randomness")?;
    let watch = WatchLoop {
        client: ReconnectingClient::new(client, choice.clone(), seed),
        choice,
        navigation: NavigationState { center, help: false },
    };
    let mut terminal = ratatui::try_init()?;
    let followed = watch.run_until_quit(&mut terminal, read_keys()).await;
    ratatui::try_restore()?;
    followed
}

/// Reads keys on a thread of its own, which ends with the process.
fn read_keys() -> mpsc::Receiver<Event> {
    let (sender, keys) = mpsc::channel(KEY_BUFFER);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    keys
}

fn center_scope(center: &str) -> WatchScope {
    WatchScope::from([("center".to_owned(), center.to_owned())])
}

/// What is known, and where somebody looks.
struct WatchLoop {
    client: ReconnectingClient,
    choice: WatchOptions,
    navigation: NavigationState,
}

impl WatchLoop {
    async fn run_until_quit(
        mut self,
        terminal: &mut DefaultTerminal,
        mut keys: mpsc::Receiver<Event>,
    ) -> anyhow::Result<()> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            self.draw_state(terminal)?;
            tokio::select! {
                key = keys.recv() => match key {
                    Some(Event::Key(key)) if key.is_press() => {
                        let centers: Vec<&str> = self.client.board.dimension_members("center", &WatchScope::new()).into_iter().collect();
                        if self.navigation.press_key(key, &centers) {
                            return Ok(());
                        }
                    }
                    Some(_) => {}
                    // Nobody could ever say that it is enough.
                    None => return Ok(()),
                },
                () = self.client.wait_for_change() => {}
                // Ages grow.
                _ = second.tick() => {}
            }
        }
    }

    fn draw_state(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let WatchLoop { client: follower, choice, navigation: focus } = self;
        let board = &follower.board;
        // Who may see one center alone has nothing else to look at.
        if focus.center.is_none() && !board.has_scope(&WatchScope::new()) {
            let centers: Vec<&str> =
                board.dimension_members("center", &WatchScope::new()).into_iter().collect();
            if let [only] = *centers {
                focus.center = Some(only.to_owned());
            }
        }
        let view = follower
            .standard
            .as_ref()
            .map(|standard| board_view(board, standard, choice, focus.center.as_deref()));
        let as_of = board.head.as_ref().and_then(|head| head.as_of.as_deref());
        let age = follower.last_received.map(|heard| heard.elapsed());
        let link = match (age, &follower.lost_reason) {
            (None, why) => ConnectionStatus::Connecting { why: why.clone().unwrap_or_default() },
            (Some(age), None) => ConnectionStatus::Connected(age),
            (Some(age), Some(why)) => ConnectionStatus::Lost { age, why: why.clone() },
        };
        terminal.draw(|frame| {
            draw_board(frame, view.as_ref(), as_of, &link, focus.help, choice.language.messages())
        })?;
        Ok(())
    }
}
