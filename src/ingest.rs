//! Sources: from someone's bytes to events of the core. One file a source; nothing here knows the core's state.

pub mod demo;
pub mod depth;
pub mod file;
pub mod http;
pub mod lines;
pub mod mapping;
pub mod queue_log;
pub mod raw;
pub mod rejected;
pub mod wire;
