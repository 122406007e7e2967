//! Batches of events, and the texts that name their cases: sources, subjects and labels.
//!
//! The decoder collects the texts only on request. Otherwise they are empty and need no memory.
//! Names of customers, agents and owners are never collected.

use super::event::{Attributes, Event, Symbol};
use crate::domain::time::timestamp::Timestamp;
use std::collections::BTreeMap;

/// Events decoded together, with the attributes that they refer to.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Batch {
    /// Events in order of arrival.
    pub events: Vec<Event>,
    /// Distinct combinations of attributes.
    pub groups: Vec<Attributes>,
    /// Names of the events' cases; empty unless the decoder was asked to collect them.
    pub names: BatchNames,
}

/// Maximum length of a stored text in bytes. Longer texts are truncated.
pub const TEXT_BYTES_MAX: usize = 200;

/// Texts of a batch.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BatchNames {
    /// Distinct sources.
    sources: Vec<Box<str>>,
    /// For each event, the index of its source and the end of its subject in `subjects`.
    events: Vec<(u32, u32)>,
    /// All subjects, concatenated.
    subjects: String,
    /// Texts of symbols.
    symbols: BTreeMap<Symbol, Box<str>>,
}

impl BatchNames {
    /// Adds the names of the batch's next event.
    pub fn push_case_name(&mut self, source: &str, subject: &str) {
        let source = truncate_text(source);
        // A batch has few sources, and successive events mostly share one.
        let place =
            self.sources.iter().rposition(|known| **known == *source).unwrap_or_else(|| {
                self.sources.push(source.into());
                self.sources.len() - 1
            });
        self.subjects.push_str(truncate_text(subject));
        self.events.push((place as u32, self.subjects.len() as u32));
    }

    /// Adds the text of a symbol.
    pub fn insert_symbol_text(&mut self, symbol: Symbol, text: &str) {
        self.symbols.entry(symbol).or_insert_with(|| truncate_text(text).into());
    }

    /// Returns source and subject of the event at an index of the batch; `None` if not collected.
    #[must_use]
    pub fn case_name(&self, place: usize) -> Option<(&str, &str)> {
        let (source, end) = *self.events.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.events[before].1);
        Some((&self.sources[source as usize], &self.subjects[begin as usize..end as usize]))
    }

    /// Iterates over the symbols and their texts.
    pub fn symbol_texts(&self) -> impl Iterator<Item = (Symbol, &str)> {
        self.symbols.iter().map(|(symbol, text)| (*symbol, &**text))
    }

    /// Returns true if no names were collected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Stored form of [`BatchNames`] in the journal, without the texts of symbols.
#[derive(Clone, Copy, Debug)]
pub struct BatchNameParts<'n> {
    /// Distinct sources.
    pub sources: &'n [Box<str>],
    /// For each event, the index of its source and the end of its subject in `subjects`.
    pub events: &'n [(u32, u32)],
    /// All subjects, concatenated.
    pub subjects: &'n str,
}

impl BatchNames {
    /// Returns the names without the texts of symbols, for storage.
    #[must_use]
    pub fn to_parts(&self) -> BatchNameParts<'_> {
        BatchNameParts { sources: &self.sources, events: &self.events, subjects: &self.subjects }
    }

    /// Restores stored names; `None` if the indexes and ends do not fit the texts.
    #[must_use]
    pub fn from_parts(
        sources: Vec<Box<str>>,
        events: Vec<(u32, u32)>,
        subjects: String,
    ) -> Option<BatchNames> {
        let mut begin = 0;
        let is_valid = events.iter().all(|(source, end)| {
            let fits = (*source as usize) < sources.len()
                && *end >= begin
                && subjects.is_char_boundary(*end as usize);
            begin = *end;
            fits
        });
        (is_valid && begin as usize == subjects.len()).then_some(BatchNames {
            sources,
            events,
            subjects,
            symbols: BTreeMap::new(),
        })
    }

    /// Returns the names of the events at these indexes.
    #[must_use]
    pub fn select_events(&self, places: &[usize]) -> BatchNames {
        let mut names = BatchNames { symbols: self.symbols.clone(), ..BatchNames::default() };
        places
            .iter()
            .filter_map(|place| self.case_name(*place))
            .for_each(|(source, subject)| names.push_case_name(source, subject));
        names
    }
}

impl Batch {
    /// Returns the events up to and including `instant`, with their names.
    #[must_use]
    pub fn events_until(&self, instant: Timestamp) -> Batch {
        let known = self.events.iter().enumerate().filter(|(_, event)| event.time <= instant);
        let (places, events): (Vec<usize>, Vec<Event>) =
            known.map(|(place, event)| (place, *event)).unzip();
        Batch { events, groups: self.groups.clone(), names: self.names.select_events(&places) }
    }
}

/// Returns the longest prefix of at most [`TEXT_BYTES_MAX`] bytes that ends between characters.
#[must_use]
pub fn truncate_text(text: &str) -> &str {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_case_name_by_event_position() {
        let mut names = BatchNames::default();
        names.push_case_name("/acd", "call-1");
        names.push_case_name("/oss", "");
        names.push_case_name("/acd", &"长".repeat(100));
        assert_eq!(
            (names.case_name(0), names.case_name(1)),
            (Some(("/acd", "call-1")), Some(("/oss", "")))
        );
        assert_eq!(
            names.case_name(2).map(|(source, subject)| (source, subject.len())),
            Some(("/acd", 198))
        );
        assert_eq!(names.case_name(3), None);
    }
}
