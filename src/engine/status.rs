//! Whether the service can do its work: what `/readyz` tells.

use std::sync::Arc;

/// What the engine is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// It has not begun, or is fed its history.
    Starting,
    /// It reads its journal.
    Recovering {
        /// The last record that was read.
        reached: u64,
        /// The last record there is.
        of: u64,
    },
    /// It takes events, and its board is whole.
    Ready,
    /// Its board is whole, but it takes no events, because its journal cannot be written.
    Failing(Arc<str>),
}

impl Status {
    /// Whether the board is whole.
    #[must_use]
    pub fn has_board(&self) -> bool {
        matches!(self, Status::Ready | Status::Failing(_))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Status::Starting => f.write_str("the service is still reading its history"),
            Status::Recovering { reached, of } => write!(f, "the service is still reading its journal: record {reached} of {of}"),
            Status::Ready => f.write_str("ready"),
            Status::Failing(reason) => write!(f, "the journal cannot be written, so no events are taken: {reason}"),
        }
    }
}
