//! A list that counts everything and keeps the first few, so that its memory does not grow with the traffic.

use super::{Example, Name};
use crate::domain::case::table::Cases;
use crate::domain::fact::Fact;
use crate::domain::names::CaseNames;
use crate::domain::time::Timestamp;
use std::collections::BinaryHeap;

/// In which order things are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The longest first.
    Longest,
}

/// Something that may be listed. The derived order puts what is listed first before the rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    rank: i64,
    /// The case by its key.
    case: u64,
    fact: Fact,
    repeated: Option<(u64, Timestamp)>,
}

/// Facts of cases, counted, of which some are kept.
#[derive(Clone, Debug)]
pub struct List {
    order: Order,
    limit: usize,
    count: i64,
    /// What is kept, that which would be given up next on top.
    kept: BinaryHeap<Entry>,
}

impl List {
    /// An empty list that keeps so many.
    #[must_use]
    pub fn new(order: Order, limit: usize) -> List {
        List { order, limit, count: 0, kept: BinaryHeap::new() }
    }

    /// Adds a fact of a case; `repeated` tells of the case and the time by which a contact was repeated.
    pub fn add(&mut self, case: u64, fact: &Fact, repeated: Option<(u64, Timestamp)>) {
        self.count += 1;
        let rank = match self.order {
            Order::Newest => fact.time.0.saturating_neg(),
            Order::Oldest => fact.time.0,
            Order::Longest => fact.value.saturating_neg(),
        };
        let entry = Entry { rank, case, fact: *fact, repeated };
        if self.kept.len() < self.limit {
            self.kept.push(entry);
        } else if let Some(mut last) = self.kept.peek_mut().filter(|last| entry < **last) {
            *last = entry;
        }
    }

    /// How many were added.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.count
    }

    /// What was kept, in its order; of what is equal, by name.
    #[must_use]
    pub fn examples(self, cases: &Cases, names: &CaseNames) -> Vec<Example> {
        let name = |case: u64| cases.find(case).and_then(|slot| Name::of(names, slot));
        let example = |entry: Entry| {
            let Entry { rank, case, fact, repeated } = entry;
            let value = (fact.value != Fact::UNKNOWN).then_some(fact.value);
            let repeated = repeated.map(|(case, time)| (name(case), time));
            (rank, Example { name: name(case), kind: fact.kind, time: fact.time, value, repeated })
        };
        let mut examples: Vec<(i64, Example)> = self.kept.into_iter().map(example).collect();
        examples.sort();
        examples.into_iter().map(|(_, example)| example).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fact::FactKind;

    #[test]
    fn a_list_counts_all_and_keeps_the_first() {
        let fact = |time: i64, value: i64| Fact { kind: FactKind(1), word: None, time: Timestamp(time), value };
        let times = |order: Order| {
            let mut list = List::new(order, 2);
            [(3, 10), (9, 30), (1, 20), (5, 5)].iter().for_each(|(time, value)| list.add(7, &fact(*time, *value), None));
            assert_eq!(list.count(), 4);
            let kept = list.examples(&Cases::default(), &CaseNames::default());
            kept.iter().map(|example| example.time.0).collect::<Vec<_>>()
        };
        assert_eq!(times(Order::Newest), [9, 5]);
        assert_eq!(times(Order::Oldest), [1, 3]);
        assert_eq!(times(Order::Longest), [9, 1]);
    }
}
