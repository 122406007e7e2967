//! Silence: when each source that the standard knows was last heard, and which of them have been silent for too long.

use super::standard::source::Source;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// When sources spoke, by the time that the core had reached.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Silence {
    /// The first time the core reached: a source never heard counts from here.
    first: Option<Timestamp>,
    /// By source; `None` for one that was never heard.
    heard: Vec<Option<Timestamp>>,
}

impl Silence {
    /// The core has reached `now`.
    pub fn reach(&mut self, now: Timestamp) {
        self.first.get_or_insert(now);
    }

    /// The sources of these numbers, a bit each, spoke. Bit 0 stands for those that the standard does not know.
    pub fn hear(&mut self, sources: u64, now: Timestamp) {
        let mut known = sources >> 1;
        while known != 0 {
            let place = known.trailing_zeros() as usize;
            if self.heard.len() <= place {
                self.heard.resize(place + 1, None);
            }
            self.heard[place] = Some(now);
            known &= known - 1;
        }
    }

    /// The same for a standard that knows other sources, by what their events call them: what is known of those it knows too.
    #[must_use]
    pub fn renamed(&self, before: &[String], now: &[String]) -> Silence {
        let heard =
            |name: &String| before.iter().position(|known| known == name).and_then(|place| self.heard.get(place).copied().flatten());
        Silence { first: self.first, heard: now.iter().map(heard).collect() }
    }

    /// The sources that have been silent for longer than their rhythm allows.
    #[must_use]
    pub fn silent<'s>(&self, sources: &'s [Source], now: Timestamp) -> Vec<&'s Source> {
        let since = |place: usize| self.heard.get(place).copied().flatten().or(self.first);
        let is_silent = |place: usize, source: &Source| since(place).is_some_and(|since| now.since(since) > source.silent_after_ms);
        sources.iter().enumerate().filter(|(place, source)| is_silent(*place, source)).map(|(_, source)| source).collect()
    }
}
