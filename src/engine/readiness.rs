//! Whether the service can do its work: what `/readyz` tells.

use std::sync::Arc;

/// What the engine is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// It has not begun, or is fed its history.
    Starting,
    /// It reads its journal.
    Recovering {
        /// The last record that was read.
        reached: u64,
        /// The last record there is.
        last: u64,
    },
    /// It takes events, and its board is whole.
    Ready,
    /// Its board is whole, but it takes no events, because its journal cannot be written.
    Failing(Arc<str>),
}

impl Readiness {
    /// Whether the board is whole.
    #[must_use]
    pub fn has_board(&self) -> bool {
        matches!(self, Readiness::Ready | Readiness::Failing(_))
    }
}

impl std::fmt::Display for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Readiness::Starting => f.write_str("the service is still reading its history"),
            Readiness::Recovering { reached, last: of } => {
                write!(f, "the service is still reading its journal: record {reached} of {of}")
            }
            Readiness::Ready => f.write_str("ready"),
            Readiness::Failing(reason) => {
                write!(f, "the journal cannot be written, so no events are taken: {reason}")
            }
        }
    }
}
