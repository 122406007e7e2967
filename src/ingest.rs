//! Sources: from someone's bytes to events of the core. One file a source; nothing here knows the core's state.

pub mod decode;
pub mod demo;
pub mod http_intake;
pub mod line_blocks;
pub mod mapping;
pub mod queue_log;
pub mod recording;
pub mod rejected_events;
