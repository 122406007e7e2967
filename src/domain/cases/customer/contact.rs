//! Contacts of a customer, and their resolution as far as their own case shows it.
//!
//! Every fact that an indicator names as a contact is one, even a second one of the same case. A
//! contact is *invalidated* if a fact of `not_resolved_if` happens to its own case within `within`,
//! counted from the same instant. The fact that is the contact does not invalidate itself. A
//! contact is *left out* if a fact of `exclude` happens to its own case at any time.

use crate::domain::events::event::{Attributes, Symbol, hash};
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::standard::{FactTally, FirstContactRule};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// Contact of a customer, ordered by time and then by case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// Time of the contact.
    pub time: Timestamp,
    /// Key of the case.
    #[serde(with = "hash")]
    pub case: u64,
    /// Topic of the contact; `None` if unknown.
    pub topic: Option<Symbol>,
    /// Number of the case's group.
    pub group: u32,
    /// First contact indicators that count this contact, as a bit set by index in the standard.
    pub(super) indicator_bits: NonZeroU16,
    /// Indicators for which its own case shows that it resolved nothing.
    pub(super) invalidated_bits: u16,
    /// Indicators that leave it out.
    pub(super) left_out_bits: u16,
}

impl Contact {
    /// Returns true if the first contact indicator with this index counts the contact.
    #[must_use]
    pub fn is_counted_by(&self, number: usize) -> bool {
        self.indicator_bits.get() >> number & 1 == 1
    }

    /// Iterates over the indicators that count the contact.
    pub fn indicators<'s>(
        &self,
        one_shots: &'s [FirstContactRule],
    ) -> impl Iterator<Item = &'s FirstContactRule> {
        let contact = *self;
        one_shots
            .iter()
            .enumerate()
            .filter(move |(number, _)| contact.is_counted_by(*number))
            .map(|(_, one_shot)| one_shot)
    }

    /// Returns true if the indicator with this index leaves the contact out.
    #[must_use]
    pub fn is_left_out(&self, number: usize) -> bool {
        self.left_out_bits >> number & 1 == 1
    }

    /// Returns true if the contact's own case shows no reason against resolution.
    #[must_use]
    pub fn is_resolved(&self, number: usize) -> bool {
        (self.left_out_bits | self.invalidated_bits) >> number & 1 == 0
    }

    /// Returns true if a later contact of another case can be about the same matter.
    #[must_use]
    pub fn is_repeated_by(&self, later: &Contact) -> bool {
        self.case != later.case
            && self.topic.zip(later.topic).is_none_or(|(one, other)| one == other)
    }
}

/// Returns the contacts of the case `key` in order. `attributes` are those of its group.
#[must_use]
pub fn derive_contacts(
    one_shots: &[FirstContactRule],
    facts: &CaseFacts,
    attributes: &Attributes,
    key: u64,
) -> Vec<Contact> {
    // Indicators that name a fact in the chosen list, as a bit set.
    let indicators_naming = |fact: &Fact, list: fn(&FirstContactRule) -> &[FactTally]| {
        let one_shots = one_shots
            .iter()
            .enumerate()
            .filter(|(_, one_shot)| matches_any_tally(list(one_shot), fact, attributes));
        one_shots.fold(0_u16, |bits, (number, _)| bits | 1 << number)
    };
    let left_out = facts
        .all
        .iter()
        .fold(0, |bits, fact| bits | indicators_naming(fact, |one_shot| &one_shot.excluded_by));
    let mut invalidating: Vec<(Timestamp, u16, usize)> = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let bits = indicators_naming(fact, |one_shot| &one_shot.invalidated_by);
        if bits != 0 {
            invalidating.push((fact.time, bits, place));
        }
    }
    invalidating.sort_unstable();
    let mut contacts = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let Some(indicator_bits) =
            NonZeroU16::new(indicators_naming(fact, |one_shot| &one_shot.contacts))
        else {
            continue;
        };
        let mut invalidated_bits = 0;
        for (time, bits, invalidating_place) in
            &invalidating[invalidating.partition_point(|(time, ..)| *time < fact.time)..]
        {
            let passed = time.millis_since(fact.time);
            let open =
                one_shots.iter().enumerate().filter(|(_, one_shot)| passed <= one_shot.within_ms);
            let open = open.fold(0, |bits, (number, _)| bits | 1 << number);
            if open == 0 || invalidated_bits == indicator_bits.get() {
                break;
            }
            invalidated_bits |=
                if *invalidating_place == place { 0 } else { bits & open & indicator_bits.get() };
        }
        contacts.push(Contact {
            time: fact.time,
            case: key,
            topic: facts.topic,
            group: facts.group,
            indicator_bits,
            invalidated_bits,
            left_out_bits: left_out & indicator_bits.get(),
        });
    }
    contacts.sort_unstable();
    contacts
}

/// Returns true if one of the tallies counts this fact of a case with these attributes.
fn matches_any_tally(tallies: &[FactTally], fact: &Fact, attributes: &Attributes) -> bool {
    tallies.iter().any(|tally| {
        tally.kind == fact.kind
            && tally.values.is_none_or(|(low, high)| low <= fact.value && fact.value <= high)
            && (tally.labels.is_empty()
                || fact.label.is_some_and(|label| tally.labels.contains(&label)))
            && tally.fits_attributes(attributes)
    })
}
