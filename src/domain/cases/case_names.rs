//! Names of cases and texts of symbols, for display only. Counting does not depend on them.
//!
//! A name takes 24 bytes and one allocation for the subject, together about 50 bytes. The table
//! stays empty if the batches carry no names. A name is deleted with its case. Sources are few and
//! stay.

use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::Symbol;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Maximum number of source names. Cases of further sources have no name.
pub const SOURCES_MAX: usize = 65_536;
/// Maximum number of symbols with a text. Further symbols are displayed as numbers.
pub const SYMBOLS_MAX: usize = 4_096;

/// Names per block. Blocks never move, so that no single step copies the whole table.
const NAMES_PER_BLOCK: usize = 32_768;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct CaseNameEntry {
    source: u32,
    subject: Box<str>,
}

/// Name of a case: its source and subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CaseName {
    /// CloudEvents `source`.
    pub source: String,
    /// CloudEvents `subject`.
    pub subject: String,
}

impl CaseName {
    /// Returns the name of the case in a slot; `None` if it is unknown.
    #[must_use]
    pub fn from_names(names: &CaseNames, slot: u32) -> Option<CaseName> {
        names.case_name(slot).map(|(source, subject)| CaseName {
            source: source.to_owned(),
            subject: subject.to_owned(),
        })
    }
}

/// Names of the remembered cases, by slot.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CaseNames {
    blocks: Vec<Vec<Option<CaseNameEntry>>>,
    sources: Vec<Box<str>>,
    #[serde(skip)]
    by_source: BTreeMap<Box<str>, u32>,
    symbols: BTreeMap<Symbol, Box<str>>,
}

impl CaseNames {
    /// Returns a copy with the texts of symbols but without cases.
    #[must_use]
    pub fn clone_without_cases(&self) -> CaseNames {
        CaseNames { symbols: self.symbols.clone(), ..CaseNames::default() }
    }

    /// Rebuilds the parts that a snapshot does not contain. `cases` is the number of slots.
    ///
    /// # Errors
    /// Returns a message if a limit is exceeded or a name refers to an unknown source.
    pub fn restore(mut self, cases: usize) -> Result<CaseNames, &'static str> {
        if self.sources.len() > SOURCES_MAX
            || self.symbols.len() > SYMBOLS_MAX
            || self.blocks.len() > cases.div_ceil(NAMES_PER_BLOCK)
        {
            return Err("snapshot has more names, sources or labels than the limit");
        }
        self.by_source =
            (0..).zip(&self.sources).map(|(number, source)| (source.clone(), number)).collect();
        for block in &mut self.blocks {
            if block.len() > NAMES_PER_BLOCK
                || block.iter().flatten().any(|name| name.source as usize >= self.sources.len())
            {
                return Err("snapshot has a case name with an unknown source");
            }
            if !block.is_empty() {
                block.reserve_exact(NAMES_PER_BLOCK - block.len());
            }
        }
        Ok(self)
    }

    /// Records the texts of a batch's symbols, up to [`SYMBOLS_MAX`].
    pub fn record_symbols(&mut self, names: &BatchNames) {
        for (symbol, text) in names.symbol_texts() {
            if self.symbols.len() < SYMBOLS_MAX || self.symbols.contains_key(&symbol) {
                self.symbols.entry(symbol).or_insert_with(|| text.into());
            }
        }
    }

    /// Records the name of the case at `slot` unless one is known.
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

    /// Deletes the name of the case at `slot`.
    pub fn forget_case(&mut self, slot: u32) {
        if let Some(name) = self
            .blocks
            .get_mut(slot as usize / NAMES_PER_BLOCK)
            .and_then(|block| block.get_mut(slot as usize % NAMES_PER_BLOCK))
        {
            *name = None;
        }
    }

    /// Returns source and subject of the case at `slot`; `None` if they are unknown.
    #[must_use]
    pub fn case_name(&self, slot: u32) -> Option<(&str, &str)> {
        let name = self
            .blocks
            .get(slot as usize / NAMES_PER_BLOCK)?
            .get(slot as usize % NAMES_PER_BLOCK)?
            .as_ref()?;
        Some((&self.sources[name.source as usize], &name.subject))
    }

    /// Returns the text of a symbol; `None` if it is unknown.
    #[must_use]
    pub fn symbol_text(&self, symbol: Symbol) -> Option<&str> {
        self.symbols.get(&symbol).map(|text| &**text)
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
