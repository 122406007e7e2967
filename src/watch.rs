//! `firstline watch`: the board in a terminal, for a server room or over ssh. A client as any other: all it knows comes over
//! [`wire`], from `/v1/standard` and `/v1/live`.
//!
//! ```text
//! wire ──frames──> follower: board ──┬──> view ──> screen (a terminal) or plain (a text)
//!                           keys ──> focus
//! ```
//!
//! [`board`] holds the last values, [`focus`] what the keys chose, and [`view`] decides what stands where, as pure functions;
//! [`follower`] keeps the connection, and [`follow`] has the loop, the terminal and the clock. Nothing is drawn that was not told:
//! without a value there is a dash, and what is old says since when.
//!
//! # Limits
//! A frame of the service is at most [`client::FRAME_BYTES`]; a longer one ends the connection with an error.

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
