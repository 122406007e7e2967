//! Silence: when each source that the standard knows was last heard, and which of them have been silent for too long.

use crate::domain::standard::source::DeclaredSource;
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// When sources spoke, by the time that the core had reached.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SilentSources {
    /// The first time the core reached: a source never heard counts from here.
    first_reached: Option<Timestamp>,
    /// By source; `None` for one that was never heard.
    last_received: Vec<Option<Timestamp>>,
}

impl SilentSources {
    /// The core has reached `now`.
    pub fn record_start(&mut self, now: Timestamp) {
        self.first_reached.get_or_insert(now);
    }

    /// The sources of these numbers, a bit each, spoke. Bit 0 stands for those that the standard does not know.
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

    /// The same for a standard that knows other sources, by what their events call them: what is known of those it knows too.
    #[must_use]
    pub fn with_sources(&self, before: &[String], now: &[String]) -> SilentSources {
        let heard = |name: &String| {
            before
                .iter()
                .position(|known| known == name)
                .and_then(|place| self.last_received.get(place).copied().flatten())
        };
        SilentSources {
            first_reached: self.first_reached,
            last_received: now.iter().map(heard).collect(),
        }
    }

    /// The sources that have been silent for longer than their rhythm allows.
    #[must_use]
    pub fn silent_sources<'s>(
        &self,
        sources: &'s [DeclaredSource],
        now: Timestamp,
    ) -> Vec<&'s DeclaredSource> {
        let since =
            |place: usize| self.last_received.get(place).copied().flatten().or(self.first_reached);
        let is_silent = |place: usize, source: &DeclaredSource| {
            since(place).is_some_and(|since| now.millis_since(since) > source.silent_after_ms)
        };
        sources
            .iter()
            .enumerate()
            .filter(|(place, source)| is_silent(*place, source))
            .map(|(_, source)| source)
            .collect()
    }
}
