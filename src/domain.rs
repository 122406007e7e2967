//! The core: pure, deterministic, without clock, socket, file or thread.

pub mod event;
pub mod time;
