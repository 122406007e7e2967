//! List that counts all entries and retains the first few, so its memory is bounded.

use super::explanation::FactExample;
use crate::domain::cases::case_names::{CaseName, CaseNames};
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::facts::catalog::{Fact, FactKind};
use crate::domain::time::timestamp::Timestamp;
use std::collections::BinaryHeap;

/// Sort order of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListOrder {
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
    /// Longest duration first.
    Longest,
}

/// Why a first contact was not resolved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UnresolvedCause {
    /// Case and time of a repeat of the same customer.
    Repeat(u64, Timestamp),
    /// Kind and time of an invalidating fact of the same case.
    Fact(FactKind, Timestamp),
}

/// A list entry. The derived order sorts the entries listed first before the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct ListEntry {
    rank: i64,
    /// Key of the case.
    case: u64,
    fact: Fact,
    cause: Option<UnresolvedCause>,
}

/// Counts facts of cases and retains the first `limit` of them.
#[derive(Clone, Debug)]
pub struct BoundedList {
    order: ListOrder,
    limit: usize,
    count: i64,
    /// Retained entries; the next to be dropped is on top.
    entries: BinaryHeap<ListEntry>,
}

impl BoundedList {
    /// Returns an empty list that retains at most `limit` entries.
    #[must_use]
    pub fn new(order: ListOrder, limit: usize) -> BoundedList {
        BoundedList { order, limit, count: 0, entries: BinaryHeap::new() }
    }

    /// Adds a fact of a case. `cause` tells why a first contact was not resolved.
    pub fn add(&mut self, case: u64, fact: &Fact, cause: Option<UnresolvedCause>) {
        self.count += 1;
        let rank = match self.order {
            ListOrder::Newest => fact.time.0.saturating_neg(),
            ListOrder::Oldest => fact.time.0,
            ListOrder::Longest => fact.value.saturating_neg(),
        };
        let entry = ListEntry { rank, case, fact: *fact, cause };
        if self.entries.len() < self.limit {
            self.entries.push(entry);
        } else if let Some(mut last) = self.entries.peek_mut().filter(|last| entry < **last) {
            *last = entry;
        }
    }

    /// Returns how many facts were added, including those not retained.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.count
    }

    /// Returns the retained facts in list order; equal ones are sorted by name.
    #[must_use]
    pub fn into_examples(self, cases: &CaseTable, names: &CaseNames) -> Vec<FactExample> {
        let name = |case: u64| cases.find(case).and_then(|slot| CaseName::from_names(names, slot));
        let example = |entry: ListEntry| {
            let ListEntry { rank, case, fact, cause } = entry;
            let value = (fact.value != Fact::UNKNOWN).then_some(fact.value);
            let (repeated_by, invalidated_by) = match cause {
                Some(UnresolvedCause::Repeat(case, time)) => (Some((name(case), time)), None),
                Some(UnresolvedCause::Fact(kind, time)) => (None, Some((kind, time))),
                None => (None, None),
            };
            (
                rank,
                FactExample {
                    name: name(case),
                    kind: fact.kind,
                    time: fact.time,
                    value,
                    repeated_by,
                    invalidated_by,
                },
            )
        };
        let mut examples: Vec<(i64, FactExample)> = self.entries.into_iter().map(example).collect();
        examples.sort();
        examples.into_iter().map(|(_, example)| example).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::catalog::FactKind;

    #[test]
    fn counts_all_and_lists_first_in_order() {
        let fact = |time: i64, value: i64| Fact {
            kind: FactKind(1),
            label: None,
            time: Timestamp(time),
            value,
        };
        let times = |order: ListOrder| {
            let mut list = BoundedList::new(order, 2);
            [(3, 10), (9, 30), (1, 20), (5, 5)]
                .iter()
                .for_each(|(time, value)| list.add(7, &fact(*time, *value), None));
            assert_eq!(list.count(), 4);
            let examples = list.into_examples(&CaseTable::default(), &CaseNames::default());
            examples.iter().map(|example| example.time.0).collect::<Vec<_>>()
        };
        assert_eq!(times(ListOrder::Newest), [9, 5]);
        assert_eq!(times(ListOrder::Oldest), [1, 3]);
        assert_eq!(times(ListOrder::Longest), [9, 1]);
    }
}
