//! Table of customers with their contacts.
//!
//! Most customers have one remembered contact, which is stored without a separate allocation. As
//! for cases, entries lie in blocks that never move and the index is sharded, so that no single
//! step copies the whole table.

use super::contact::Contact;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::hash_index::HashIndex;
use crate::domain::events::event::{CustomerKey, hash};
use serde::{Deserialize, Serialize};

/// Entries per block.
const ENTRIES_PER_BLOCK: usize = 8_192;

/// Number of entries whose index lines are prefetched before they are inserted.
const PREFETCHED_ENTRIES: usize = 32;

/// Customer with contacts in order. A free slot has none.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CustomerEntry {
    #[serde(with = "hash")]
    pub(super) customer: u64,
    pub(super) contacts: ContactList,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ContactList {
    One(Contact),
    Many(Vec<Contact>),
}

/// Contacts of all remembered customers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct CustomerTable {
    blocks: Vec<Vec<CustomerEntry>>,
    free: Vec<u32>,
    #[serde(skip)]
    index: HashIndex,
}

impl CustomerTable {
    /// Returns a table without an index. [`CustomerTable::restore`] validates and indexes it.
    pub(super) fn from_parts(blocks: Vec<Vec<CustomerEntry>>, free: Vec<u32>) -> CustomerTable {
        CustomerTable { blocks, free, index: HashIndex::default() }
    }

    /// Validates a table from a snapshot and rebuilds its index.
    ///
    /// # Errors
    /// Returns a message if the table does not fit `bounds` or contradicts itself.
    pub(super) fn restore(
        mut self,
        bounds: &SnapshotBounds,
    ) -> Result<CustomerTable, &'static str> {
        let mut blocks = self.blocks.iter().rev().map(Vec::len);
        if blocks.next().is_some_and(|last| last == 0 || last > ENTRIES_PER_BLOCK)
            || blocks.any(|len| len != ENTRIES_PER_BLOCK)
        {
            return Err("snapshot has a customer block of the wrong length");
        }
        if let Some(last) = self.blocks.last_mut() {
            last.reserve_exact(ENTRIES_PER_BLOCK - last.len());
        }
        let mut used = vec![true; self.slot_count() as usize];
        for slot in &self.free {
            match used.get_mut(*slot as usize) {
                Some(used) if *used => *used = false,
                _ => return Err("snapshot has an invalid free slot in the customer table"),
            }
        }
        self.index = HashIndex::with_capacity(used.len() - self.free.len());
        let mut places = (0..).zip(used);
        for entries in self.blocks.iter().flat_map(|block| block.chunks(PREFETCHED_ENTRIES)) {
            std::hint::black_box(
                entries.iter().fold(0, |sum, entry| sum ^ self.index.prefetch(entry.customer)),
            );
            for (entry, (slot, used)) in entries.iter().zip(&mut places) {
                let contacts = entry.contacts.as_slice();
                let is_valid =
                    |one: &Contact| bounds.has_happened(one.time) && bounds.has_group(one.group);
                if contacts.is_empty() == used
                    || !contacts.is_sorted()
                    || !contacts.iter().all(is_valid)
                {
                    return Err("snapshot has a customer with invalid contacts");
                }
                if used && !self.index.insert(entry.customer, slot) {
                    return Err("snapshot has two customers with the same key");
                }
            }
        }
        Ok(self)
    }

    /// Returns the slot of a customer; `None` if the customer is unknown.
    pub(super) fn find(&self, customer: CustomerKey) -> Option<u32> {
        self.index.find(customer.0.get())
    }

    /// Returns the slot of a customer, and adds an empty entry if the customer is unknown.
    pub(super) fn find_or_add(&mut self, customer: CustomerKey) -> u32 {
        let key = customer.0.get();
        if let Some(slot) = self.index.find(key) {
            return slot;
        }
        let fresh = CustomerEntry { customer: key, contacts: ContactList::Many(Vec::new()) };
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.entry_mut(slot) = fresh;
                slot
            }
            None => {
                let slot = self.slot_count();
                if self.blocks.last().is_none_or(|block| block.len() == ENTRIES_PER_BLOCK) {
                    self.blocks.push(Vec::with_capacity(ENTRIES_PER_BLOCK));
                }
                self.blocks[slot as usize / ENTRIES_PER_BLOCK].push(fresh);
                slot
            }
        };
        self.index.insert(key, slot);
        slot
    }

    /// Returns the number of slots, including free ones.
    pub(super) fn slot_count(&self) -> u32 {
        self.blocks
            .last()
            .map_or(0, |last| (self.blocks.len() - 1) * ENTRIES_PER_BLOCK + last.len())
            as u32
    }

    /// Returns the contacts in a slot.
    pub(super) fn contacts(&self, slot: u32) -> &[Contact] {
        self.blocks[slot as usize / ENTRIES_PER_BLOCK][slot as usize % ENTRIES_PER_BLOCK]
            .contacts
            .as_slice()
    }

    fn entry_mut(&mut self, slot: u32) -> &mut CustomerEntry {
        &mut self.blocks[slot as usize / ENTRIES_PER_BLOCK][slot as usize % ENTRIES_PER_BLOCK]
    }

    /// Inserts a contact at `place` in a customer's list.
    pub(super) fn insert_contact(&mut self, slot: u32, place: usize, contact: Contact) {
        let contacts = &mut self.entry_mut(slot).contacts;
        match contacts {
            ContactList::Many(none) if none.is_empty() => *contacts = ContactList::One(contact),
            ContactList::Many(some) => some.insert(place, contact),
            ContactList::One(one) => {
                let mut two = Vec::with_capacity(2);
                two.push(*one);
                two.insert(place, contact);
                *contacts = ContactList::Many(two);
            }
        }
    }

    /// Removes the contact at `place` from a customer's list.
    pub(super) fn remove_contact(&mut self, slot: u32, place: usize) {
        let contacts = &mut self.entry_mut(slot).contacts;
        match contacts {
            ContactList::One(_) => *contacts = ContactList::Many(Vec::new()),
            ContactList::Many(some) => _ = some.remove(place),
        }
        contacts.shrink();
    }

    /// Removes a customer's contacts for which `old` is true, and frees the slot if none is left.
    pub(super) fn forget_contacts(&mut self, slot: u32, old: impl Fn(&Contact) -> bool) {
        if !self.contacts(slot).iter().any(&old) {
            return;
        }
        let contacts = &mut self.entry_mut(slot).contacts;
        match contacts {
            ContactList::One(_) => *contacts = ContactList::Many(Vec::new()),
            ContactList::Many(some) => some.retain(|contact| !old(contact)),
        }
        contacts.shrink();
        self.free_if_empty(slot);
    }

    /// Replaces the contacts of a customer, and frees the slot if none is left.
    pub(super) fn replace_contacts(&mut self, slot: u32, contacts: Vec<Contact>) {
        let list = &mut self.entry_mut(slot).contacts;
        *list = ContactList::Many(contacts);
        list.shrink();
        self.free_if_empty(slot);
    }

    /// Frees the slot of a customer without contacts.
    pub(super) fn free_if_empty(&mut self, slot: u32) {
        if self.contacts(slot).is_empty() {
            let key = self.entry_mut(slot).customer;
            self.index.remove(key);
            self.free.push(slot);
        }
    }
}

impl ContactList {
    fn as_slice(&self) -> &[Contact] {
        match self {
            ContactList::One(contact) => std::slice::from_ref(contact),
            ContactList::Many(contacts) => contacts,
        }
    }

    /// Frees memory that a shorter list does not need.
    fn shrink(&mut self) {
        let ContactList::Many(some) = self else { return };
        match some[..] {
            [only] => *self = ContactList::One(only),
            _ if some.capacity() > 2 * some.len() => some.shrink_to_fit(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_with_one_contact_takes_40_bytes() {
        assert_eq!((size_of::<Contact>(), size_of::<CustomerEntry>()), (32, 40));
    }
}
