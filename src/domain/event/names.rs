//! The texts of a batch that the core needs only to name things: where each case is from, what it is called, and the words
//! that were said of it. A decoder gathers them if it is told to; otherwise they are empty and cost nothing.
//!
//! Only what names cases and circumstances is here. Customers, agents and owners are never among it, whatever they are called.

use super::{Batch, Event, Word};
use crate::domain::time::Timestamp;
use std::collections::BTreeMap;

/// The longest text that is kept whole, in bytes; a longer one is cut.
pub const LONGEST: usize = 200;

/// The texts of a batch.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Names {
    /// Each source that occurs, once.
    sources: Vec<Box<str>>,
    /// For each event the place of its source, and where its subject ends in `subjects`.
    events: Vec<(u32, u32)>,
    /// All subjects, one behind the other.
    subjects: String,
    /// The texts of words.
    words: BTreeMap<Word, Box<str>>,
}

impl Names {
    /// Adds the names of the batch's next event.
    pub fn push(&mut self, source: &str, subject: &str) {
        let source = cut(source);
        // Few sources speak in one batch, and mostly the last one again.
        let place = self.sources.iter().rposition(|known| **known == *source).unwrap_or_else(|| {
            self.sources.push(source.into());
            self.sources.len() - 1
        });
        self.subjects.push_str(cut(subject));
        self.events.push((place as u32, self.subjects.len() as u32));
    }

    /// Adds the text of a word.
    pub fn push_word(&mut self, word: Word, text: &str) {
        self.words.entry(word).or_insert_with(|| cut(text).into());
    }

    /// The source and the subject of the event at a place of the batch; none if they were not kept.
    #[must_use]
    pub fn of(&self, place: usize) -> Option<(&str, &str)> {
        let (source, end) = *self.events.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.events[before].1);
        Some((&self.sources[source as usize], &self.subjects[begin as usize..end as usize]))
    }

    /// The words with their texts.
    pub fn words(&self) -> impl Iterator<Item = (Word, &str)> {
        self.words.iter().map(|(word, text)| (*word, &**text))
    }

    /// Whether nothing was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// [`Names`] as they are written down.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'n> {
    /// Each source that occurs, once.
    pub sources: &'n [Box<str>],
    /// For each event the place of its source, and where its subject ends in `subjects`.
    pub events: &'n [(u32, u32)],
    /// All subjects, one behind the other.
    pub subjects: &'n str,
}

impl Names {
    /// All but the words, to be written down.
    #[must_use]
    pub fn parts(&self) -> Parts<'_> {
        Parts { sources: &self.sources, events: &self.events, subjects: &self.subjects }
    }

    /// Names that were written down; none if the places and ends do not fit the texts.
    #[must_use]
    pub fn from_parts(sources: Vec<Box<str>>, events: Vec<(u32, u32)>, subjects: String) -> Option<Names> {
        let mut begin = 0;
        let sound = events.iter().all(|(source, end)| {
            let fits = (*source as usize) < sources.len() && *end >= begin && subjects.is_char_boundary(*end as usize);
            begin = *end;
            fits
        });
        (sound && begin as usize == subjects.len()).then_some(Names { sources, events, subjects, words: BTreeMap::new() })
    }

    /// The names of the events at these places.
    #[must_use]
    pub fn only(&self, places: &[usize]) -> Names {
        let mut names = Names { words: self.words.clone(), ..Names::default() };
        places.iter().filter_map(|place| self.of(*place)).for_each(|(source, subject)| names.push(source, subject));
        names
    }
}

impl Batch {
    /// The events that happened until `instant`, with their names.
    #[must_use]
    pub fn until(&self, instant: Timestamp) -> Batch {
        let known = self.events.iter().enumerate().filter(|(_, event)| event.time <= instant);
        let (places, events): (Vec<usize>, Vec<Event>) = known.map(|(place, event)| (place, *event)).unzip();
        Batch { events, groups: self.groups.clone(), names: self.names.only(&places) }
    }
}

/// A text without what lies beyond [`LONGEST`].
#[must_use]
pub fn cut(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_the_place_of_the_event() {
        let mut names = Names::default();
        names.push("/acd", "call-1");
        names.push("/oss", "");
        names.push("/acd", &"长".repeat(100));
        assert_eq!((names.of(0), names.of(1)), (Some(("/acd", "call-1")), Some(("/oss", ""))));
        assert_eq!(names.of(2).map(|(source, subject)| (source, subject.len())), Some(("/acd", 198)));
        assert_eq!(names.of(3), None);
    }
}
