//! Where each customer's contacts lie.
//!
//! Most customers have one contact in the time remembered, which then needs no memory of its own. As for cases, entries lie in
//! blocks that never move and the index is sharded, so that no step copies the whole table.

use super::contact::Contact;
use crate::domain::bounds::Bounds;
use crate::domain::case::index::Index;
use crate::domain::event::{Customer, hash};
use serde::{Deserialize, Serialize};

/// Entries in a block.
const BLOCK: usize = 8_192;

/// How many entries are looked up in the index before the first of them is put there, so that its memory is on its way.
const LOOK_AHEAD: usize = 32;

/// A customer with the contacts, earliest first; a free place has none.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "hash")]
    customer: u64,
    contacts: Contacts,
}

#[derive(Debug, Serialize, Deserialize)]
enum Contacts {
    One(Contact),
    Many(Vec<Contact>),
}

/// The contacts of all customers remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Table {
    blocks: Vec<Vec<Entry>>,
    free: Vec<u32>,
    #[serde(skip)]
    index: Index,
}

impl Table {
    /// The table as it was read: with what is not written down.
    pub(super) fn remembered(mut self, bounds: &Bounds) -> Result<Table, &'static str> {
        let mut blocks = self.blocks.iter().rev().map(Vec::len);
        if blocks.next().is_some_and(|last| last == 0 || last > BLOCK) || blocks.any(|len| len != BLOCK) {
            return Err("a block of customers has a wrong length");
        }
        if let Some(last) = self.blocks.last_mut() {
            last.reserve_exact(BLOCK - last.len());
        }
        let mut used = vec![true; self.slots() as usize];
        for slot in &self.free {
            match used.get_mut(*slot as usize) {
                Some(used) if *used => *used = false,
                _ => return Err("a free place among the customers is none"),
            }
        }
        self.index = Index::with_room(used.len() - self.free.len());
        let mut places = (0..).zip(used);
        for entries in self.blocks.iter().flat_map(|block| block.chunks(LOOK_AHEAD)) {
            std::hint::black_box(entries.iter().fold(0, |sum, entry| sum ^ self.index.touch(entry.customer)));
            for (entry, (slot, used)) in entries.iter().zip(&mut places) {
                let contacts = entry.contacts.all();
                let sound = |one: &Contact| bounds.has_happened(one.time) && bounds.has_group(one.group);
                if contacts.is_empty() == used || !contacts.is_sorted() || !contacts.iter().all(sound) {
                    return Err("a customer's contacts are of something that there is not");
                }
                if used && !self.index.insert(entry.customer, slot) {
                    return Err("two customers have one key");
                }
            }
        }
        Ok(self)
    }

    /// The place of a customer.
    pub(super) fn find(&self, customer: Customer) -> Option<u32> {
        self.index.find(customer.0.get())
    }

    /// The place of a customer; a new one, without contacts, if there is none.
    pub(super) fn find_or_add(&mut self, customer: Customer) -> u32 {
        let key = customer.0.get();
        if let Some(slot) = self.index.find(key) {
            return slot;
        }
        let fresh = Entry { customer: key, contacts: Contacts::Many(Vec::new()) };
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.entry(slot) = fresh;
                slot
            }
            None => {
                let slot = self.slots();
                if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
                    self.blocks.push(Vec::with_capacity(BLOCK));
                }
                self.blocks[slot as usize / BLOCK].push(fresh);
                slot
            }
        };
        self.index.insert(key, slot);
        slot
    }

    /// How many places there are, free ones among them.
    pub(super) fn slots(&self) -> u32 {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len()) as u32
    }

    /// The contacts at a place.
    pub(super) fn contacts(&self, slot: u32) -> &[Contact] {
        self.blocks[slot as usize / BLOCK][slot as usize % BLOCK].contacts.all()
    }

    fn entry(&mut self, slot: u32) -> &mut Entry {
        &mut self.blocks[slot as usize / BLOCK][slot as usize % BLOCK]
    }

    /// Puts a contact at `place` among those of a customer.
    pub(super) fn insert(&mut self, slot: u32, place: usize, contact: Contact) {
        let contacts = &mut self.entry(slot).contacts;
        match contacts {
            Contacts::Many(none) if none.is_empty() => *contacts = Contacts::One(contact),
            Contacts::Many(some) => some.insert(place, contact),
            Contacts::One(one) => {
                let mut two = Vec::with_capacity(2);
                two.push(*one);
                two.insert(place, contact);
                *contacts = Contacts::Many(two);
            }
        }
    }

    /// Takes the contact at `place` away from those of a customer.
    pub(super) fn remove(&mut self, slot: u32, place: usize) {
        let contacts = &mut self.entry(slot).contacts;
        match contacts {
            Contacts::One(_) => *contacts = Contacts::Many(Vec::new()),
            Contacts::Many(some) => _ = some.remove(place),
        }
        contacts.pack();
    }

    /// Takes a customer's contacts that are `old` away, and gives up the place if none is left.
    pub(super) fn forget(&mut self, slot: u32, old: impl Fn(&Contact) -> bool) {
        if !self.contacts(slot).iter().any(&old) {
            return;
        }
        let contacts = &mut self.entry(slot).contacts;
        match contacts {
            Contacts::One(_) => *contacts = Contacts::Many(Vec::new()),
            Contacts::Many(some) => some.retain(|contact| !old(contact)),
        }
        contacts.pack();
        self.free_if_empty(slot);
    }

    /// Gives up a customer's place if there are no contacts left.
    pub(super) fn free_if_empty(&mut self, slot: u32) {
        if self.contacts(slot).is_empty() {
            let key = self.entry(slot).customer;
            self.index.remove(key);
            self.free.push(slot);
        }
    }
}

impl Contacts {
    fn all(&self) -> &[Contact] {
        match self {
            Contacts::One(contact) => std::slice::from_ref(contact),
            Contacts::Many(contacts) => contacts,
        }
    }

    /// Gives back memory that a shorter list does not need.
    fn pack(&mut self) {
        let Contacts::Many(some) = self else { return };
        match some[..] {
            [only] => *self = Contacts::One(only),
            _ if some.capacity() > 2 * some.len() => some.shrink_to_fit(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_with_one_contact_takes_forty_bytes() {
        assert_eq!((size_of::<Contact>(), size_of::<Entry>()), (32, 40));
    }
}
