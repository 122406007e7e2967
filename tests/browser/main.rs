//! The wallboard in a real browser: it shows what the board says, fits the screens it is made for, follows what happens, says
//! so when it can no longer, and comes back by itself. Skipped, with a word about it, where there is no Chromium.
//!
//! `pictures` is no test: it takes the pictures of the documentation when it is told where to put them.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped, and what it measured")]

mod access;
mod accessible;
mod chromium;
#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "it serves the tests of the service, which need more of it")]
mod client;
mod figures;
mod follows;
mod hands;
mod layout;
mod months;
mod motion;
mod pictures;
mod program;
mod renewed;
mod screen;
mod weight;
