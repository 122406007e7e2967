//! Outputs: from the readings of a board to those who look at them. One file an output; nothing here knows a source.

pub mod alert;
pub mod alertmanager;
pub mod explain;
pub mod filter;
pub mod frame;
pub mod live;
pub mod notify;
pub mod prometheus;
pub mod ranking;
pub mod socket;
pub mod stream;
pub mod trend;
pub mod webhook;
