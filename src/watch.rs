//! `firstline watch`: the board in a terminal, for example over ssh.
//!
//! It is an ordinary client of the HTTP API and uses only `/v1/standard` and `/v1/live`.
//!
//! ```text
//! client ──frames──> reconnecting_client: latest_values ──┬──> view ──> screen or text_output
//!                                  keys ──> key_navigation ┘
//! ```
//!
//! [`latest_values`] holds the last readings, and [`key_navigation`] the selected center. [`view`]
//! arranges them with pure functions. [`reconnecting_client`] keeps the connection open, and
//! [`run_loop`] runs the terminal and the clock. A missing value is shown as a dash, and stale
//! values are shown with their age.
//!
//! # Limits
//! A frame has at most [`client::FRAME_BYTES`]. A longer one closes the connection with an error.

pub mod address;
pub mod backoff;
pub mod client;
pub mod key_navigation;
pub mod latest_values;
pub mod messages;
pub mod number_format;
pub mod reconnecting_client;
pub mod run_loop;
pub mod screen;
pub mod sparkline;
pub mod standard_info;
pub mod text_output;
pub mod view;
