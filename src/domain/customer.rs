//! Customers: the contacts remembered of each, and which of them resolved the matter at once.
//!
//! One-shot resolution is a pure function of a customer's contacts, as facts are of a case's observations; the core counts
//! the difference when a contact comes or goes. A contact takes 40 bytes, a customer about 60 more.

use super::event::{Customer, Word};
use super::fact::{Fact, FactKind, place::one_shot};
use super::standard::OneShot;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// The most contacts remembered of one customer; further ones are not counted.
pub const CONTACTS: usize = 1_000;

/// A time a customer got in touch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Contact {
    /// When.
    pub time: Timestamp,
    /// The fact that was the contact.
    pub kind: FactKind,
    /// The case, by its key.
    pub case: u64,
    /// What it was about, if known.
    pub topic: Option<Word>,
    /// The group of the case.
    pub group: u32,
}

/// All customers remembered.
#[derive(Debug, Default)]
pub struct Customers {
    contacts: BTreeMap<Customer, Vec<Contact>>,
}

impl Customers {
    /// Adds a contact of `customer`, or takes it away; `count` is told what that changes: a group, a fact, and +1 or -1.
    pub fn change(&mut self, one_shots: &[OneShot], customer: Customer, contact: Contact, add: bool, count: &mut Vec<(u32, Fact, i32)>) {
        let contacts = self.contacts.entry(customer).or_default();
        let place = contacts.partition_point(|known| *known < contact);
        let known = contacts.get(place) == Some(&contact);
        if add && contacts.len() >= CONTACTS || !add && !known {
            return;
        }
        tell(one_shots, contacts, -1, count);
        if add {
            contacts.insert(place, contact);
        } else {
            contacts.remove(place);
        }
        tell(one_shots, contacts, 1, count);
        if contacts.is_empty() {
            self.contacts.remove(&customer);
        }
    }

    /// The contacts of each customer.
    pub fn all(&self) -> impl Iterator<Item = &[Contact]> {
        self.contacts.values().map(Vec::as_slice)
    }

    /// Forgets the contacts before `horizon`; what they meant stays counted.
    pub fn forget(&mut self, horizon: Timestamp) {
        self.contacts.retain(|_, contacts| {
            contacts.retain(|contact| contact.time >= horizon);
            !contacts.is_empty()
        });
    }
}

/// The contacts of a customer that count, by their places, each with the one that repeated it.
pub fn repeats<'a>(one_shot: &'a OneShot, contacts: &'a [Contact]) -> impl Iterator<Item = (usize, Option<usize>)> + 'a {
    let own = || contacts.iter().enumerate().filter(|(_, contact)| one_shot.contacts.contains(&contact.kind));
    own().map(move |(place, contact)| {
        let mut later = own()
            .skip_while(move |(other, _)| *other <= place)
            .take_while(|(_, other)| other.time.since(contact.time) <= one_shot.within_ms)
            .filter(|(_, other)| contact.topic.zip(other.topic).is_none_or(|(one, other)| one == other));
        (place, later.next().map(|(other, _)| other))
    })
}

/// Tells `times` times what a customer's contacts mean.
fn tell(one_shots: &[OneShot], contacts: &[Contact], times: i32, count: &mut Vec<(u32, Fact, i32)>) {
    for one_shot in one_shots {
        for (place, repeated) in repeats(one_shot, contacts) {
            let contact = &contacts[place];
            let mut tell = |place: u16| {
                let fact = Fact { kind: one_shot.facts.plus(place), word: None, time: contact.time, value: Fact::UNKNOWN };
                count.push((contact.group, fact, times));
            };
            tell(one_shot::CONTACTS);
            if repeated.is_none() {
                tell(one_shot::ONCE);
            }
        }
    }
}
