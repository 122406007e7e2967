//! What cases are called, and the texts of words: kept only to tell people, never to count.
//!
//! A remembered case takes 24 bytes here and one small allocation for its subject, about 50 bytes together; without names in
//! the batches nothing is kept. They go when the case is forgotten. Sources are few and stay.

use super::event::Word;
use super::event::names::Names;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most sources that are told apart by name; the cases of further ones have none.
pub const SOURCES: usize = 65_536;
/// The most words whose texts are kept; further ones are shown as numbers.
pub const WORDS: usize = 4_096;

/// Names in a block: blocks never move, so that no step copies the whole table.
const BLOCK: usize = 32_768;

/// The name of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredName {
    source: u32,
    subject: Box<str>,
}

/// What a case is called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Name {
    /// Its source.
    pub source: String,
    /// Its subject.
    pub subject: String,
}

impl Name {
    /// The name of the case at a place.
    #[must_use]
    pub fn of(names: &CaseNames, slot: u32) -> Option<Name> {
        names.of(slot).map(|(source, subject)| Name { source: source.to_owned(), subject: subject.to_owned() })
    }
}

/// The names of the cases the core remembers, by their places.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CaseNames {
    blocks: Vec<Vec<Option<StoredName>>>,
    sources: Vec<Box<str>>,
    #[serde(skip)]
    by_source: BTreeMap<Box<str>, u32>,
    words: BTreeMap<Word, Box<str>>,
}

impl CaseNames {
    /// The texts of the words that are known here, and no case.
    #[must_use]
    pub fn without_cases(&self) -> CaseNames {
        CaseNames { words: self.words.clone(), ..CaseNames::default() }
    }

    /// The names as they were read: with what is not written down.
    ///
    /// # Errors
    /// What is wrong with them, if they are more than there can be or of sources that there are not.
    pub fn remembered(mut self, cases: usize) -> Result<CaseNames, &'static str> {
        if self.sources.len() > SOURCES || self.words.len() > WORDS || self.blocks.len() > cases.div_ceil(BLOCK) {
            return Err("there are more names than there can be");
        }
        self.by_source = (0..).zip(&self.sources).map(|(number, source)| (source.clone(), number)).collect();
        for block in &mut self.blocks {
            if block.len() > BLOCK || block.iter().flatten().any(|name| name.source as usize >= self.sources.len()) {
                return Err("a case's name is of a source that there is not");
            }
            if !block.is_empty() {
                block.reserve_exact(BLOCK - block.len());
            }
        }
        Ok(self)
    }

    /// Learns the words of a batch.
    pub fn learn(&mut self, names: &Names) {
        for (word, text) in names.words() {
            if self.words.len() < WORDS || self.words.contains_key(&word) {
                self.words.entry(word).or_insert_with(|| text.into());
            }
        }
    }

    /// Notes what the case at `slot` is called, if that is not known yet.
    pub fn note(&mut self, slot: u32, (source, subject): (&str, &str)) {
        let (block, place) = (slot as usize / BLOCK, slot as usize % BLOCK);
        while self.blocks.len() <= block {
            self.blocks.push(Vec::new());
        }
        let block = &mut self.blocks[block];
        if block.len() <= place {
            block.reserve_exact(if block.is_empty() { place + 1 } else { BLOCK - block.len() });
            block.resize(place + 1, None);
        }
        if block[place].is_some() {
            return;
        }
        let source = match self.by_source.get(source) {
            Some(known) => *known,
            None if self.sources.len() >= SOURCES => return,
            None => {
                self.sources.push(source.into());
                let number = self.sources.len() as u32 - 1;
                self.by_source.insert(source.into(), number);
                number
            }
        };
        block[place] = Some(StoredName { source, subject: subject.into() });
    }

    /// Forgets the name of the case at `slot`.
    pub fn forget(&mut self, slot: u32) {
        if let Some(name) = self.blocks.get_mut(slot as usize / BLOCK).and_then(|block| block.get_mut(slot as usize % BLOCK)) {
            *name = None;
        }
    }

    /// The source and the subject of the case at `slot`.
    #[must_use]
    pub fn of(&self, slot: u32) -> Option<(&str, &str)> {
        let name = self.blocks.get(slot as usize / BLOCK)?.get(slot as usize % BLOCK)?.as_ref()?;
        Some((&self.sources[name.source as usize], &name.subject))
    }

    /// The text of a word that was said.
    #[must_use]
    pub fn word(&self, word: Word) -> Option<&str> {
        self.words.get(&word).map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_and_go_with_their_cases() {
        let mut names = CaseNames::default();
        names.note(40_000, ("/acd", "c-1"));
        names.note(3, ("/acd", "c-2"));
        names.note(3, ("/acd", "another"));
        assert_eq!((names.of(40_000), names.of(3)), (Some(("/acd", "c-1")), Some(("/acd", "c-2"))));
        assert_eq!((names.of(4), names.of(90_000)), (None, None));
        names.forget(3);
        names.note(3, ("/oss", "c-3"));
        assert_eq!(names.of(3), Some(("/oss", "c-3")));
    }
}
