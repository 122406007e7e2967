//! Event sources. Each module turns the bytes of one source into events for the engine.
//!
//! No module here reads the state of the core.

pub mod decode;
pub mod demo;
pub mod http_intake;
pub mod json_values;
pub mod line_blocks;
pub mod mapping;
pub mod queue_log;
pub mod recording;
pub mod rejected_events;
#[cfg(test)]
mod slow_reader;
pub mod text_encoding;
