//! End-to-end tests of the wallboard in headless Chromium.
//!
//! They cover values, layout, live updates, connection loss, reconnects, authentication and
//! accessibility. Without Chromium they print a message and are skipped.
//!
//! `screenshots` is not a test. It takes the screenshots of the documentation if
//! `FIRSTLINE_SCREENSHOTS` is set.

#![expect(
    clippy::print_stdout,
    reason = "tests report when they are skipped and what they measured"
)]

mod access;
mod accessibility;
mod board_values;
mod chromium;
#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "shared with the tests of the service, which use more of it")]
mod client;
mod connection_loss;
mod data_coverage;
mod firstline_process;
mod interaction;
mod layout;
mod long_running;
mod page_size;
mod reconnect;
mod reduced_motion;
mod screen;
mod screenshots;
