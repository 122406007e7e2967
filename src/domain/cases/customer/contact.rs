//! Contacts: the times a customer got in touch, and what each one's own case says of it.
//!
//! Every fact that an indicator names as a contact is one, also a second one of the same case. A contact is *spoilt* if a fact
//! of `spoilt_by` happens to its own case at the same moment or later, but not later than `within`; a fact that is a contact
//! itself does not spoil itself. It is *left out* if a fact of `leave_out` happens to its own case at any time.

use crate::domain::events::event::{Attributes, Symbol, hash};
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::standard::{FactTally, FirstContactRule};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// A time a customer got in touch. Ordered by time, then by case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// When.
    pub time: Timestamp,
    /// The case, by its key.
    #[serde(with = "hash")]
    pub case: u64,
    /// What it was about, if known.
    pub topic: Option<Symbol>,
    /// The group of the case.
    pub group: u32,
    /// The one-shot indicators that it is a contact of, a bit each by their places in the standard.
    pub(super) indicator_bits: NonZeroU16,
    /// Those for which its own case shows that it resolved nothing.
    pub(super) invalidated_bits: u16,
    /// Those that leave it out.
    pub(super) left_out_bits: u16,
}

impl Contact {
    /// Whether it is a contact of the one-shot indicator at this place.
    #[must_use]
    pub fn is_counted_by(&self, number: usize) -> bool {
        self.indicator_bits.get() >> number & 1 == 1
    }

    /// The indicators that it is a contact of.
    pub fn indicators<'s>(
        &self,
        one_shots: &'s [FirstContactRule],
    ) -> impl Iterator<Item = &'s FirstContactRule> {
        let of = *self;
        one_shots
            .iter()
            .enumerate()
            .filter(move |(number, _)| of.is_counted_by(*number))
            .map(|(_, one_shot)| one_shot)
    }

    /// Whether the indicator at this place leaves it out.
    #[must_use]
    pub fn is_left_out(&self, number: usize) -> bool {
        self.left_out_bits >> number & 1 == 1
    }

    /// Whether, as far as its own case shows, it counts as resolved for the indicator at this place.
    #[must_use]
    pub fn is_resolved(&self, number: usize) -> bool {
        (self.left_out_bits | self.invalidated_bits) >> number & 1 == 0
    }

    /// Whether a later contact is about the same matter.
    #[must_use]
    pub fn is_repeated_by(&self, later: &Contact) -> bool {
        self.case != later.case
            && self.topic.zip(later.topic).is_none_or(|(one, other)| one == other)
    }
}

/// The contacts that the facts of the case `key` mean, in their order. `attributes` are those of its group.
#[must_use]
pub fn derive_contacts(
    one_shots: &[FirstContactRule],
    facts: &CaseFacts,
    attributes: &Attributes,
    key: u64,
) -> Vec<Contact> {
    // The one-shot indicators that name a fact in the list chosen: a bit each.
    let named = |fact: &Fact, list: fn(&FirstContactRule) -> &[FactTally]| {
        let one_shots = one_shots
            .iter()
            .enumerate()
            .filter(|(_, one_shot)| matches_any_tally(list(one_shot), fact, attributes));
        one_shots.fold(0_u16, |bits, (number, _)| bits | 1 << number)
    };
    let left_out =
        facts.all.iter().fold(0, |bits, fact| bits | named(fact, |one_shot| &one_shot.excluded_by));
    let mut spoilers: Vec<(Timestamp, u16, usize)> = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let bits = named(fact, |one_shot| &one_shot.invalidated_by);
        if bits != 0 {
            spoilers.push((fact.time, bits, place));
        }
    }
    spoilers.sort_unstable();
    let mut contacts = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let Some(of) = NonZeroU16::new(named(fact, |one_shot| &one_shot.contacts)) else {
            continue;
        };
        let mut spoilt = 0;
        for (time, bits, spoiler) in
            &spoilers[spoilers.partition_point(|(time, ..)| *time < fact.time)..]
        {
            let passed = time.millis_since(fact.time);
            let open =
                one_shots.iter().enumerate().filter(|(_, one_shot)| passed <= one_shot.within_ms);
            let open = open.fold(0, |bits, (number, _)| bits | 1 << number);
            if open == 0 || spoilt == of.get() {
                break;
            }
            spoilt |= if *spoiler == place { 0 } else { bits & open & of.get() };
        }
        let left_out = left_out & of.get();
        contacts.push(Contact {
            time: fact.time,
            case: key,
            topic: facts.topic,
            group: facts.group,
            indicator_bits: of,
            invalidated_bits: spoilt,
            left_out_bits: left_out,
        });
    }
    contacts.sort_unstable();
    contacts
}

/// Whether one of the tallies counts this fact of a case with these attributes.
fn matches_any_tally(tallies: &[FactTally], fact: &Fact, attributes: &Attributes) -> bool {
    tallies.iter().any(|tally| {
        tally.kind == fact.kind
            && tally.values.is_none_or(|(low, high)| low <= fact.value && fact.value <= high)
            && (tally.labels.is_empty()
                || fact.label.is_some_and(|word| tally.labels.contains(&word)))
            && tally.fits_attributes(attributes)
    })
}
