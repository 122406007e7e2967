//! Fetches the board once as text, or displays it until the user quits.

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

/// Maximum number of buffered key events. The terminal buffers further ones.
const KEY_BUFFER: usize = 16;

/// Fetches the board and returns it as a table, or as the JSON frame.
///
/// # Errors
/// If the board is not available or has no readings of the center.
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
        "the board has no center `{}`; run without `--center` to list all centers",
        center.unwrap_or_default()
    );
    let as_of = board.head.as_ref().and_then(|head| head.as_of.clone());
    Ok(text_output::write_text(
        &board_view(&board, &standard, choice, center),
        as_of.as_deref(),
        choice.language.messages(),
    ))
}

/// Displays the board on the terminal until the user quits.
///
/// # Errors
/// If the terminal cannot be used, or the first connection fails for a lasting reason.
pub async fn run_watch(
    client: ServiceClient,
    choice: WatchOptions,
    center: Option<String>,
) -> anyhow::Result<()> {
    // Lasting errors are reported before the terminal switches to the full screen.
    if let Err(error) = client.fetch_standard().await
        && error.is_lasting()
    {
        return Err(error.into());
    }
    let seed = getrandom::u64().context("the operating system provides no random numbers")?;
    let watch = WatchLoop {
        client: ReconnectingClient::new(client, choice.clone(), seed),
        choice,
        navigation: NavigationState { center, help: false },
    };
    let mut terminal = ratatui::try_init()?;
    let result = watch.run_until_quit(&mut terminal, read_keys()).await;
    ratatui::try_restore()?;
    result
}

/// Reads keys on a separate thread, which ends with the process.
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

/// State of the display loop.
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
                        let board = &self.client.board;
                        let centers: Vec<&str> = board
                            .dimension_members("center", &WatchScope::new())
                            .into_iter()
                            .collect();
                        if self.navigation.press_key(key, &centers) {
                            return Ok(());
                        }
                    }
                    Some(_) => {}
                    // Without keys the user could never quit.
                    None => return Ok(()),
                },
                () = self.client.wait_for_change() => {}
                // Redraws the ages once a second.
                _ = second.tick() => {}
            }
        }
    }

    fn draw_state(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let WatchLoop { client, choice, navigation } = self;
        let board = &client.board;
        // A token may be restricted to one center, which is then selected.
        if navigation.center.is_none() && !board.has_scope(&WatchScope::new()) {
            let centers: Vec<&str> =
                board.dimension_members("center", &WatchScope::new()).into_iter().collect();
            if let [only] = *centers {
                navigation.center = Some(only.to_owned());
            }
        }
        let view = client
            .standard
            .as_ref()
            .map(|standard| board_view(board, standard, choice, navigation.center.as_deref()));
        let as_of = board.head.as_ref().and_then(|head| head.as_of.as_deref());
        let age = client.last_received.map(|received| received.elapsed());
        let link = match (age, &client.lost_reason) {
            (None, why) => ConnectionStatus::Connecting { why: why.clone().unwrap_or_default() },
            (Some(age), None) => ConnectionStatus::Connected(age),
            (Some(age), Some(why)) => ConnectionStatus::Lost { age, why: why.clone() },
        };
        terminal.draw(|frame| {
            draw_board(
                frame,
                view.as_ref(),
                as_of,
                &link,
                navigation.help,
                choice.language.messages(),
            );
        })?;
        Ok(())
    }
}
