//! The texts of a batch that the core needs only to name things: where each case is from, what it is called, and the words
//! that were said of it. A decoder gathers them if it is told to; otherwise they are empty and cost nothing.
//!
//! Only what names cases and circumstances is here. Customers, agents and owners are never among it, whatever they are called.

use super::event::{Attributes, Event, Symbol};
use crate::domain::time::timestamp::Timestamp;
use std::collections::BTreeMap;

/// Events decoded together, with the attributes they speak of.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Batch {
    /// The events in the order they came.
    pub events: Vec<Event>,
    /// Each combination of attributes that occurs, once.
    pub groups: Vec<Attributes>,
    /// What the events call their cases, if the decoder was told to keep it.
    pub names: BatchNames,
}

/// The longest text that is kept whole, in bytes; a longer one is cut.
pub const TEXT_BYTES_MAX: usize = 200;

/// The texts of a batch.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BatchNames {
    /// Each source that occurs, once.
    sources: Vec<Box<str>>,
    /// For each event the place of its source, and where its subject ends in `subjects`.
    events: Vec<(u32, u32)>,
    /// All subjects, one behind the other.
    subjects: String,
    /// The texts of words.
    symbols: BTreeMap<Symbol, Box<str>>,
}

impl BatchNames {
    /// Adds the names of the batch's next event.
    pub fn push_case_name(&mut self, source: &str, subject: &str) {
        let source = truncate_text(source);
        // Few sources speak in one batch, and mostly the last one again.
        let place =
            self.sources.iter().rposition(|known| **known == *source).unwrap_or_else(|| {
                self.sources.push(source.into());
                self.sources.len() - 1
            });
        self.subjects.push_str(truncate_text(subject));
        self.events.push((place as u32, self.subjects.len() as u32));
    }

    /// Adds the text of a word.
    pub fn insert_symbol_text(&mut self, word: Symbol, text: &str) {
        self.symbols.entry(word).or_insert_with(|| truncate_text(text).into());
    }

    /// The source and the subject of the event at a place of the batch; none if they were not kept.
    #[must_use]
    pub fn case_name(&self, place: usize) -> Option<(&str, &str)> {
        let (source, end) = *self.events.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.events[before].1);
        Some((&self.sources[source as usize], &self.subjects[begin as usize..end as usize]))
    }

    /// The words with their texts.
    pub fn symbol_texts(&self) -> impl Iterator<Item = (Symbol, &str)> {
        self.symbols.iter().map(|(word, text)| (*word, &**text))
    }

    /// Whether nothing was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// [`Names`] as they are written down.
#[derive(Clone, Copy, Debug)]
pub struct BatchNameParts<'n> {
    /// Each source that occurs, once.
    pub sources: &'n [Box<str>],
    /// For each event the place of its source, and where its subject ends in `subjects`.
    pub events: &'n [(u32, u32)],
    /// All subjects, one behind the other.
    pub subjects: &'n str,
}

impl BatchNames {
    /// All but the words, to be written down.
    #[must_use]
    pub fn to_parts(&self) -> BatchNameParts<'_> {
        BatchNameParts { sources: &self.sources, events: &self.events, subjects: &self.subjects }
    }

    /// Names that were written down; none if the places and ends do not fit the texts.
    #[must_use]
    pub fn from_parts(
        sources: Vec<Box<str>>,
        events: Vec<(u32, u32)>,
        subjects: String,
    ) -> Option<BatchNames> {
        let mut begin = 0;
        let sound = events.iter().all(|(source, end)| {
            let fits = (*source as usize) < sources.len()
                && *end >= begin
                && subjects.is_char_boundary(*end as usize);
            begin = *end;
            fits
        });
        (sound && begin as usize == subjects.len()).then_some(BatchNames {
            sources,
            events,
            subjects,
            symbols: BTreeMap::new(),
        })
    }

    /// The names of the events at these places.
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
    /// The events that happened until `instant`, with their names.
    #[must_use]
    pub fn events_until(&self, instant: Timestamp) -> Batch {
        let known = self.events.iter().enumerate().filter(|(_, event)| event.time <= instant);
        let (places, events): (Vec<usize>, Vec<Event>) =
            known.map(|(place, event)| (place, *event)).unzip();
        Batch { events, groups: self.groups.clone(), names: self.names.select_events(&places) }
    }
}

/// A text without what lies beyond [`LONGEST`].
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
