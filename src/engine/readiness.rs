//! Readiness of the service, as reported by `/readyz`.

use std::sync::Arc;

/// State of the engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// The engine is starting or reading its history.
    Starting,
    /// The engine is reading its journal.
    Recovering {
        /// Sequence number of the last record read.
        reached: u64,
        /// Sequence number of the last record in the journal.
        last: u64,
    },
    /// The engine accepts events and its board is complete.
    Ready,
    /// The board is complete, but events are refused because the journal cannot be written, for
    /// this reason.
    Failing(Arc<str>),
}

impl Readiness {
    /// Returns true if the board is complete.
    #[must_use]
    pub fn has_board(&self) -> bool {
        matches!(self, Readiness::Ready | Readiness::Failing(_))
    }
}

impl std::fmt::Display for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Readiness::Starting => f.write_str("the service is still reading its history"),
            Readiness::Recovering { reached, last } => {
                write!(f, "the service is still reading its journal: record {reached} of {last}")
            }
            Readiness::Ready => f.write_str("ready"),
            Readiness::Failing(reason) => {
                write!(f, "the journal cannot be written, so events are refused: {reason}")
            }
        }
    }
}
