//! Last contact with each declared source, and detection of sources that have been silent too long.

use crate::domain::standard::Standard;
use crate::domain::standard::source::DeclaredSource;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Last time received per source, in engine time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SilentSources {
    /// First time reached. The silence of a source without events counts from here.
    first_reached: Option<Timestamp>,
    /// Last received time by source; `None` before the first event of a source.
    last_received: Vec<Option<Timestamp>>,
}

impl SilentSources {
    /// Records the time reached, if it is the first one.
    pub fn record_start(&mut self, now: Timestamp) {
        self.first_reached.get_or_insert(now);
    }

    /// Records events from the sources in a bit set. Bit 0 means undeclared sources.
    pub fn record_received(&mut self, sources: u64, now: Timestamp) {
        let mut known = sources >> 1;
        while known != 0 {
            let place = known.trailing_zeros() as usize;
            if self.last_received.len() <= place {
                self.last_received.resize(place + 1, None);
            }
            self.last_received[place] = Some(now);
            known &= known - 1;
        }
    }

    /// Converts to a standard with other sources. Sources with the same name keep their last time.
    #[must_use]
    pub fn with_sources(&self, before: &[String], now: &[String]) -> SilentSources {
        let last_received = |name: &String| {
            before
                .iter()
                .position(|known| known == name)
                .and_then(|place| self.last_received.get(place).copied().flatten())
        };
        SilentSources {
            first_reached: self.first_reached,
            last_received: now.iter().map(last_received).collect(),
        }
    }

    /// Returns the sources that have been silent longer than their `silent_after`.
    #[must_use]
    pub fn silent_sources<'s>(
        &self,
        standard: &'s Standard,
        now: Timestamp,
    ) -> Vec<&'s DeclaredSource> {
        let since =
            |place: usize| self.last_received.get(place).copied().flatten().or(self.first_reached);
        let is_silent = |place: usize, source: &DeclaredSource| {
            let limit = standard.silence_limit(source);
            since(place).is_some_and(|since| limit.is_silent(since, now))
        };
        standard
            .sources
            .iter()
            .enumerate()
            .filter(|(place, source)| is_silent(*place, source))
            .map(|(_, source)| source)
            .collect()
    }
}
