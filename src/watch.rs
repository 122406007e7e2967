//! `firstline watch`: the board in a terminal, for a server room or over ssh. A client as any other: all it knows comes over
//! [`wire`], from `/v1/standard` and `/v1/live`.
//!
//! ```text
//! wire ──frames──> board ──> view ──> screen (a terminal) or plain (a text)
//! ```
//!
//! [`board`] holds the last values and [`view`] decides what stands where, as pure functions; [`follow`] has the loop, the keys
//! and the clock. Nothing is drawn that was not told: without a value there is a dash, and what is old says since when.
//!
//! # Limits
//! A frame of the service is at most [`wire::FRAME_BYTES`]; a longer one ends the connection with an error.

pub mod address;
pub mod board;
pub mod figure;
pub mod follow;
pub mod plain;
pub mod screen;
pub mod standard;
pub mod trend;
pub mod view;
pub mod wire;
pub mod words;
