//! Sources: from someone's bytes to events of the core. One file a source; nothing here knows the core's state.

pub mod queue_log;
pub mod raw;
