//! Contacts of a customer, and their resolution as far as their own case shows it.
//!
//! A fact can be *counted* by a rule, be a *repeat* of earlier contacts, or both:
//!
//! | fact | counted | repeat |
//! |---|---|---|
//! | a fact of `contacts` of a call, ticket, survey or agent | yes | yes |
//! | the first resolution of an order that `contacts` names | yes | no |
//! | the opening of such an order | no | yes |
//! | a fact of `followed_by` | no | yes |
//!
//! Every fact that a rule names as a contact is one, even a second one of the same case. An order
//! has one first resolution.
//!
//! A counted fact is *invalidated* if a fact of `not_resolved_if` happens to its own case within
//! `within`, counted from the same instant. The resolution of an order is invalidated by such a
//! fact at any time, before or after. The counted fact does not invalidate itself. It is *left out*
//! if a fact of `exclude` happens to its own case at any time.

use crate::domain::events::event::{Attributes, Symbol, hash};
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::standard::{FactTally, FirstContactRule};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// Contact of a customer, ordered by time and then by case.
///
/// Sets of rules are bit sets by index in the standard.
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
    /// Rules that use the contact, whether they count it or not.
    rule_bits: NonZeroU16,
    /// Rules for which it repeats earlier contacts.
    repeat_bits: u16,
    /// Rules for which its own case shows that it resolved nothing.
    ///
    /// A rule that is in `left_out_bits` too does not count the contact.
    invalidated_bits: u16,
    /// Rules that leave it out.
    left_out_bits: u16,
}

/// Sets of rules by what a contact is to them, as bit sets by index in the standard.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ContactBits {
    /// Rules that count the contact, or would count it if they did not leave it out.
    pub counted: u16,
    /// Rules for which it repeats earlier contacts.
    pub repeat: u16,
    /// Counting rules for which its own case shows that it resolved nothing.
    pub invalidated: u16,
    /// Counting rules that leave it out.
    pub left_out: u16,
}

impl Contact {
    /// Returns a contact with these sets of rules; `None` if no rule uses it.
    #[must_use]
    pub fn new(
        time: Timestamp,
        case: u64,
        topic: Option<Symbol>,
        group: u32,
        bits: ContactBits,
    ) -> Option<Contact> {
        let ContactBits { counted, repeat, invalidated, left_out } = bits;
        let left_out = left_out & counted;
        Some(Contact {
            time,
            case,
            topic,
            group,
            rule_bits: NonZeroU16::new(counted | repeat)?,
            repeat_bits: repeat,
            invalidated_bits: invalidated & counted & !left_out | repeat & !counted,
            left_out_bits: left_out | repeat & !counted,
        })
    }

    /// Returns the sets of rules.
    #[must_use]
    pub fn bits(&self) -> ContactBits {
        let counted = self.counted_bits();
        ContactBits {
            counted,
            repeat: self.repeat_bits,
            invalidated: self.invalidated_bits & counted,
            left_out: self.left_out_bits & counted,
        }
    }

    fn counted_bits(&self) -> u16 {
        self.rule_bits.get() & !(self.invalidated_bits & self.left_out_bits)
    }

    /// Returns true if the rule with this index counts the contact or leaves it out.
    #[must_use]
    pub fn is_counted_by(&self, number: usize) -> bool {
        self.counted_bits() >> number & 1 == 1
    }

    /// Returns true if the contact repeats earlier contacts under the rule with this index.
    #[must_use]
    pub fn is_repeat_for(&self, number: usize) -> bool {
        self.repeat_bits >> number & 1 == 1
    }

    /// Returns true if the rule with this index uses the contact.
    #[must_use]
    pub fn is_used_by(&self, number: usize) -> bool {
        self.rule_bits.get() >> number & 1 == 1
    }

    /// Returns true if a rule in the bit set `rules` uses the contact.
    pub(super) fn is_used_by_any(&self, rules: u16) -> bool {
        self.rule_bits.get() & rules != 0
    }

    /// Returns the contact as the rules outside the bit set `rules` see it; `None` if none of them
    /// uses it.
    pub(super) fn without_rules(&self, rules: u16) -> Option<Contact> {
        Some(Contact {
            rule_bits: NonZeroU16::new(self.rule_bits.get() & !rules)?,
            repeat_bits: self.repeat_bits & !rules,
            invalidated_bits: self.invalidated_bits & !rules,
            left_out_bits: self.left_out_bits & !rules,
            ..*self
        })
    }

    /// Returns true if the rule with this index leaves the contact out.
    #[must_use]
    pub fn is_left_out(&self, number: usize) -> bool {
        self.is_counted_by(number) && self.left_out_bits >> number & 1 == 1
    }

    /// Returns true if the rule with this index counts the contact, and the contact's own case
    /// shows no reason against resolution.
    #[must_use]
    pub fn is_resolved(&self, number: usize) -> bool {
        let open = self.left_out_bits | self.invalidated_bits;
        (self.rule_bits.get() & !open) >> number & 1 == 1
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
    // Rules that name a fact in the chosen list, as a bit set.
    let rules_naming = |fact: &Fact, list: fn(&FirstContactRule) -> &[FactTally]| {
        let one_shots = one_shots
            .iter()
            .enumerate()
            .filter(|(_, one_shot)| matches_any_tally(list(one_shot), fact, attributes));
        one_shots.fold(0_u16, |bits, (number, _)| bits | 1 << number)
    };
    let left_out = facts
        .all
        .iter()
        .fold(0, |bits, fact| bits | rules_naming(fact, |one_shot| &one_shot.excluded_by));
    let mut invalidating: Vec<(Timestamp, u16, usize)> = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let bits = rules_naming(fact, |one_shot| &one_shot.invalidated_by);
        if bits != 0 {
            invalidating.push((fact.time, bits, place));
        }
    }
    invalidating.sort_unstable();
    let mut contacts = Vec::new();
    for (place, fact) in facts.all.iter().enumerate() {
        let contact_bits = rules_naming(fact, |one_shot| &one_shot.contacts);
        let resolution_bits = rules_naming(fact, |one_shot| &one_shot.resolutions);
        let repeat = rules_naming(fact, |one_shot| &one_shot.repeats);
        let at_any_time = invalidating
            .iter()
            .filter(|(.., invalidating_place)| *invalidating_place != place)
            .fold(0, |bits, (_, more, _)| bits | more & resolution_bits);
        let mut in_time = 0;
        for (time, bits, invalidating_place) in
            &invalidating[invalidating.partition_point(|(time, ..)| *time < fact.time)..]
        {
            let passed = time.millis_since(fact.time);
            let open =
                one_shots.iter().enumerate().filter(|(_, one_shot)| passed <= one_shot.within_ms);
            let open = open.fold(0, |bits, (number, _)| bits | 1 << number);
            if open == 0 || in_time == contact_bits {
                break;
            }
            in_time |= if *invalidating_place == place { 0 } else { bits & open & contact_bits };
        }
        let counted = contact_bits | resolution_bits;
        let bits = ContactBits { counted, repeat, invalidated: at_any_time | in_time, left_out };
        contacts.extend(Contact::new(fact.time, key, facts.topic, facts.group, bits));
    }
    contacts.sort_unstable();
    contacts
}

/// Returns the earliest fact for which a rule takes a counted fact of the same case for
/// unresolved; `None` if there is none.
///
/// `counted` is the counted fact, and `facts` are all facts of its case, with their `attributes`.
#[must_use]
pub fn invalidating_fact(
    one_shot: &FirstContactRule,
    facts: &CaseFacts,
    attributes: &Attributes,
    counted: &Fact,
) -> Option<Fact> {
    let at_any_time = matches_any_tally(&one_shot.resolutions, counted, attributes);
    let in_time = |fact: &&Fact| {
        at_any_time || (0..=one_shot.within_ms).contains(&fact.time.millis_since(counted.time))
    };
    facts
        .all
        .iter()
        .filter(|fact| *fact != counted)
        .filter(in_time)
        .filter(|fact| matches_any_tally(&one_shot.invalidated_by, fact, attributes))
        .min_by_key(|fact| (fact.time, fact.kind))
        .copied()
}

/// Returns true if one of the tallies counts this fact of a case with these attributes.
pub(in crate::domain) fn matches_any_tally(
    tallies: &[FactTally],
    fact: &Fact,
    attributes: &Attributes,
) -> bool {
    tallies.iter().any(|tally| {
        tally.kind == fact.kind
            && tally.values.is_none_or(|(low, high)| low <= fact.value && fact.value <= high)
            && (tally.labels.is_empty()
                || fact.label.is_some_and(|label| tally.labels.contains(&label)))
            && tally.fits_attributes(attributes)
    })
}
