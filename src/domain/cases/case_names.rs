//! What cases are called, and the texts of words: kept only to tell people, never to count.
//!
//! A remembered case takes 24 bytes here and one small allocation for its subject, about 50 bytes together; without names in
//! the batches nothing is kept. They go when the case is forgotten. Sources are few and stay.

use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::Symbol;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most sources that are told apart by name; the cases of further ones have none.
pub const SOURCES_MAX: usize = 65_536;
/// The most words whose texts are kept; further ones are shown as numbers.
pub const SYMBOLS_MAX: usize = 4_096;

/// Names in a block: blocks never move, so that no step copies the whole table.
const NAMES_PER_BLOCK: usize = 32_768;

/// The name of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CaseNameEntry {
    source: u32,
    subject: Box<str>,
}

/// What a case is called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CaseName {
    /// Its source.
    pub source: String,
    /// Its subject.
    pub subject: String,
}

impl CaseName {
    /// The name of the case at a place.
    #[must_use]
    pub fn from_names(names: &CaseNames, slot: u32) -> Option<CaseName> {
        names.case_name(slot).map(|(source, subject)| CaseName {
            source: source.to_owned(),
            subject: subject.to_owned(),
        })
    }
}

/// The names of the cases the core remembers, by their places.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CaseNames {
    blocks: Vec<Vec<Option<CaseNameEntry>>>,
    sources: Vec<Box<str>>,
    #[serde(skip)]
    by_source: BTreeMap<Box<str>, u32>,
    symbols: BTreeMap<Symbol, Box<str>>,
}

impl CaseNames {
    /// The texts of the words that are known here, and no case.
    #[must_use]
    pub fn clone_without_cases(&self) -> CaseNames {
        CaseNames { symbols: self.symbols.clone(), ..CaseNames::default() }
    }

    /// The names as they were read: with what is not written down.
    ///
    /// # Errors
    /// What is wrong with them, if they are more than there can be or of sources that there are not.
    pub fn restore(mut self, cases: usize) -> Result<CaseNames, &'static str> {
        if self.sources.len() > SOURCES_MAX
            || self.symbols.len() > SYMBOLS_MAX
            || self.blocks.len() > cases.div_ceil(NAMES_PER_BLOCK)
        {
            return Err("there are more names than there can be");
        }
        self.by_source =
            (0..).zip(&self.sources).map(|(number, source)| (source.clone(), number)).collect();
        for block in &mut self.blocks {
            if block.len() > NAMES_PER_BLOCK
                || block.iter().flatten().any(|name| name.source as usize >= self.sources.len())
            {
                return Err("a case's name is of a source that there is not");
            }
            if !block.is_empty() {
                block.reserve_exact(NAMES_PER_BLOCK - block.len());
            }
        }
        Ok(self)
    }

    /// Learns the words of a batch.
    pub fn record_symbols(&mut self, names: &BatchNames) {
        for (word, text) in names.symbol_texts() {
            if self.symbols.len() < SYMBOLS_MAX || self.symbols.contains_key(&word) {
                self.symbols.entry(word).or_insert_with(|| text.into());
            }
        }
    }

    /// Notes what the case at `slot` is called, if that is not known yet.
    pub fn record_case_name(&mut self, slot: u32, (source, subject): (&str, &str)) {
        let (block, place) = (slot as usize / NAMES_PER_BLOCK, slot as usize % NAMES_PER_BLOCK);
        while self.blocks.len() <= block {
            self.blocks.push(Vec::new());
        }
        let block = &mut self.blocks[block];
        if block.len() <= place {
            block.reserve_exact(if block.is_empty() {
                place + 1
            } else {
                NAMES_PER_BLOCK - block.len()
            });
            block.resize(place + 1, None);
        }
        if block[place].is_some() {
            return;
        }
        let source = match self.by_source.get(source) {
            Some(known) => *known,
            None if self.sources.len() >= SOURCES_MAX => return,
            None => {
                self.sources.push(source.into());
                let number = self.sources.len() as u32 - 1;
                self.by_source.insert(source.into(), number);
                number
            }
        };
        block[place] = Some(CaseNameEntry { source, subject: subject.into() });
    }

    /// Forgets the name of the case at `slot`.
    pub fn forget_case(&mut self, slot: u32) {
        if let Some(name) = self
            .blocks
            .get_mut(slot as usize / NAMES_PER_BLOCK)
            .and_then(|block| block.get_mut(slot as usize % NAMES_PER_BLOCK))
        {
            *name = None;
        }
    }

    /// The source and the subject of the case at `slot`.
    #[must_use]
    pub fn case_name(&self, slot: u32) -> Option<(&str, &str)> {
        let name = self
            .blocks
            .get(slot as usize / NAMES_PER_BLOCK)?
            .get(slot as usize % NAMES_PER_BLOCK)?
            .as_ref()?;
        Some((&self.sources[name.source as usize], &name.subject))
    }

    /// The text of a word that was said.
    #[must_use]
    pub fn symbol_text(&self, word: Symbol) -> Option<&str> {
        self.symbols.get(&word).map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_names_with_their_cases() {
        let mut names = CaseNames::default();
        names.record_case_name(40_000, ("/acd", "c-1"));
        names.record_case_name(3, ("/acd", "c-2"));
        names.record_case_name(3, ("/acd", "another"));
        assert_eq!(
            (names.case_name(40_000), names.case_name(3)),
            (Some(("/acd", "c-1")), Some(("/acd", "c-2")))
        );
        assert_eq!((names.case_name(4), names.case_name(90_000)), (None, None));
        names.forget_case(3);
        names.record_case_name(3, ("/oss", "c-3"));
        assert_eq!(names.case_name(3), Some(("/oss", "c-3")));
    }
}
