//! Customers of the snapshot formats 1 to 3, in which every contact was both counted and a repeat.
//!
//! An order was counted when it was opened. The rules over orders must therefore be counted again
//! after a restore: remove their contacts with [`CustomerContacts::remove_rules`], then add the
//! contacts that the remembered cases have now. Contacts of calls and tickets stay as they are.

use super::contact::{Contact, ContactBits};
use super::customer_table::{ContactList, CustomerEntry, CustomerTable};
use super::{ContactChange, ContactCounter, CustomerContacts};
use crate::domain::cases::timers::TimerWheel;
use crate::domain::events::event::{CustomerKey, Symbol, hash};
use crate::domain::standard::FirstContactRule;
use crate::domain::time::timestamp::Timestamp;
use serde::Deserialize;
use std::num::NonZeroU16;

/// Contacts of all customers in the snapshot formats 1 to 3.
#[derive(Debug, Deserialize)]
pub struct Format3Customers {
    table: Format3Table,
    maturing: TimerWheel,
    reached: Timestamp,
    next_sweep_slot: u32,
}

#[derive(Debug, Deserialize)]
struct Format3Table {
    blocks: Vec<Vec<Format3Entry>>,
    free: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct Format3Entry {
    #[serde(with = "hash")]
    customer: u64,
    contacts: Format3List,
}

#[derive(Debug, Deserialize)]
enum Format3List {
    One(Format3Contact),
    Many(Vec<Format3Contact>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Format3Contact {
    time: Timestamp,
    #[serde(with = "hash")]
    case: u64,
    topic: Option<Symbol>,
    group: u32,
    indicator_bits: NonZeroU16,
    invalidated_bits: u16,
    left_out_bits: u16,
}

impl Format3Customers {
    /// Converts the customers to the current form. Call [`CustomerContacts::restore`] next.
    #[must_use]
    pub fn upgrade(self) -> CustomerContacts {
        let blocks = self
            .table
            .blocks
            .into_iter()
            .map(|block| block.into_iter().map(Format3Entry::upgrade).collect());
        CustomerContacts {
            table: CustomerTable::from_parts(blocks.collect(), self.table.free),
            maturing: self.maturing,
            reached: self.reached,
            retention_ms: None,
            next_sweep_slot: self.next_sweep_slot,
        }
    }
}

impl Format3Entry {
    fn upgrade(self) -> CustomerEntry {
        let contacts = match self.contacts {
            Format3List::One(contact) => {
                contact.upgrade().map_or_else(|| ContactList::Many(Vec::new()), ContactList::One)
            }
            Format3List::Many(contacts) => {
                let mut contacts: Vec<Contact> =
                    contacts.iter().filter_map(|contact| contact.upgrade()).collect();
                // The bits are part of the order of contacts and have changed.
                contacts.sort_unstable();
                ContactList::Many(contacts)
            }
        };
        CustomerEntry { customer: self.customer, contacts }
    }
}

impl Format3Contact {
    fn upgrade(&self) -> Option<Contact> {
        let bits = ContactBits {
            counted: self.indicator_bits.get(),
            repeat: self.indicator_bits.get(),
            invalidated: self.invalidated_bits,
            left_out: self.left_out_bits,
        };
        Contact::new(self.time, self.case, self.topic, self.group, bits)
    }
}

impl CustomerContacts {
    /// Removes all contacts from the rules in `rules`, a bit set by index in the standard, and
    /// appends the resulting changes to `changes`. Contacts that no other rule uses are forgotten.
    ///
    /// The counts of contacts past retention stay.
    pub fn remove_rules(
        &mut self,
        one_shots: &[FirstContactRule],
        rules: u16,
        changes: &mut Vec<ContactChange>,
    ) {
        let mut counter = ContactCounter { one_shots, reached: self.reached, changes };
        for slot in 0..self.table.slot_count() {
            let contacts = self.table.contacts(slot);
            if !contacts.iter().any(|contact| contact.is_used_by_any(rules)) {
                continue;
            }
            let mut kept = Vec::with_capacity(contacts.len());
            for (place, contact) in contacts.iter().enumerate() {
                if !self.is_past_retention(contact) {
                    let numbers = (0..one_shots.len()).filter(|number| rules >> number & 1 == 1);
                    for number in numbers {
                        counter.count_contact(number, contact, &contacts[place + 1..], -1);
                    }
                }
                kept.extend(contact.without_rules(rules));
            }
            kept.sort_unstable();
            self.table.replace_contacts(slot, kept);
        }
    }

    /// Adds a contact of `customer` to the rules in `rules`, from which [`Self::remove_rules`] has
    /// removed it, and appends the resulting changes to `changes`. The other rules keep it.
    pub fn add_to_rules(
        &mut self,
        one_shots: &[FirstContactRule],
        rules: u16,
        (customer, contact): (CustomerKey, Contact),
        changes: &mut Vec<ContactChange>,
    ) {
        let Some(added) = contact.without_rules(!rules) else { return };
        let kept = contact.without_rules(rules).filter(|kept| self.contains(customer, kept));
        match kept {
            // A fact is one contact for all rules that use it.
            Some(kept) => {
                self.remove_contact(one_shots, customer, kept, changes);
                self.add_contact(one_shots, customer, contact, changes);
            }
            None => self.add_contact(one_shots, customer, added, changes),
        }
    }

    fn contains(&self, customer: CustomerKey, contact: &Contact) -> bool {
        self.table
            .find(customer)
            .is_some_and(|slot| self.table.contacts(slot).binary_search(contact).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cases::customer::tests::{apply_changes, sample_customer, sample_one_shots};
    use crate::domain::cases::snapshot_validation::SnapshotBounds;
    use crate::domain::time::timestamp::MINUTE;
    use crate::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
    use serde::Serialize;
    use std::collections::BTreeMap;

    /// Fields of a contact in the order of the formats 1 to 3.
    #[derive(Serialize)]
    struct StoredContact {
        time: Timestamp,
        #[serde(with = "hash")]
        case: u64,
        topic: Option<Symbol>,
        group: u32,
        indicator_bits: NonZeroU16,
        invalidated_bits: u16,
        left_out_bits: u16,
    }

    #[derive(Serialize)]
    enum StoredList {
        One(StoredContact),
        Many(Vec<StoredContact>),
    }

    #[derive(Serialize)]
    struct StoredEntry {
        #[serde(with = "hash")]
        customer: u64,
        contacts: StoredList,
    }

    fn stored_contact(minute: i64, case: u64, invalidated: u16, left_out: u16) -> StoredContact {
        StoredContact {
            time: Timestamp(minute * MINUTE),
            case,
            topic: Symbol::from_number(3),
            group: 5,
            indicator_bits: NonZeroU16::new(0b1011).expect("not zero"),
            invalidated_bits: invalidated,
            left_out_bits: left_out,
        }
    }

    /// Returns customers as an earlier version stored them: customer 1 with one contact, customer
    /// 2 with two, and a free slot.
    fn stored_customers() -> Vec<u8> {
        let entry = |customer, contacts| StoredEntry { customer, contacts };
        let two = vec![stored_contact(1, 9, 0b0001, 0), stored_contact(2, 7, 0b0011, 0b0010)];
        let table = (
            vec![vec![
                entry(1, StoredList::One(stored_contact(4, 8, 0, 0))),
                entry(0, StoredList::Many(Vec::new())),
                entry(2, StoredList::Many(two)),
            ]],
            vec![1_u32],
        );
        let maturing = TimerWheel::new(MINUTE);
        postcard::to_allocvec(&(table, maturing, Timestamp(5 * MINUTE), 0_u32))
            .expect("serializable")
    }

    fn upgraded_customers() -> CustomerContacts {
        let customers: Format3Customers =
            postcard::from_bytes(&stored_customers()).expect("the earlier format");
        let standard = parse_standard(BUILT_IN_NAME, BUILT_IN).expect("the standard is valid");
        let bounds = SnapshotBounds::new(&standard, 6, Timestamp(5 * MINUTE));
        customers.upgrade().restore(CustomerContacts::new(None), &bounds).expect("valid customers")
    }

    #[test]
    fn stored_contacts_are_counted_and_repeats_after_upgrade() {
        let customers = upgraded_customers();
        let slot = customers.table.find(sample_customer(2)).expect("the customer is known");
        let [first, second] = customers.table.contacts(slot) else { panic!("two contacts") };
        let both = 0b1011;
        assert_eq!(
            [first.bits(), second.bits()],
            [
                ContactBits { counted: both, repeat: both, invalidated: 1, left_out: 0 },
                // An exclusion takes precedence over an invalidation.
                ContactBits { counted: both, repeat: both, invalidated: 1, left_out: 2 },
            ]
        );
        assert_eq!((first.case, first.group, first.time), (9, 5, Timestamp(MINUTE)));
        let slot = customers.table.find(sample_customer(1)).expect("the customer is known");
        assert_eq!(customers.table.contacts(slot).len(), 1);
    }

    #[test]
    fn removed_rules_retract_all_that_was_counted() {
        let one_shots = sample_one_shots();
        let mut customers = CustomerContacts::new(None);
        customers.mature_contacts(&one_shots, Timestamp(9 * MINUTE), &mut Vec::new());
        let mut changes = Vec::new();
        let mut all = Vec::new();
        for number in 0..12_u16 {
            let bits = ContactBits {
                counted: 0b1111 & !(number & 3),
                repeat: 0b1111 & !(number >> 1),
                invalidated: number >> 2 & 1,
                left_out: if number == 7 { 0b0110 } else { 0 },
            };
            let time = Timestamp(i64::from(number) * MINUTE / 2);
            let case = u64::from(number % 5);
            let contact = Contact::new(time, case, None, 0, bits).expect("some rule uses it");
            let customer = sample_customer(1 + u64::from(number % 2));
            customers.add_contact(&one_shots, customer, contact, &mut changes);
            all.push((customer, contact));
        }
        customers.remove_rules(&one_shots, 0b0101, &mut changes);
        let mut sums = BTreeMap::new();
        apply_changes(&mut sums, &changes);
        let of_removed_rules = sums.keys().filter(|(_, fact)| matches!(fact.kind.0 / 2, 0 | 2));
        assert_eq!(of_removed_rules.count(), 0);

        // What the other rules counted equals the count without the removed rules.
        let mut others = CustomerContacts::new(None);
        others.mature_contacts(&one_shots, Timestamp(9 * MINUTE), &mut Vec::new());
        let mut expected = Vec::new();
        for (customer, contact) in &all {
            if let Some(contact) = contact.without_rules(0b0101) {
                others.add_contact(&one_shots, *customer, contact, &mut expected);
            }
        }
        let mut expected_sums = BTreeMap::new();
        apply_changes(&mut expected_sums, &expected);
        assert_eq!(sums, expected_sums);
        assert!(!sums.is_empty());

        customers.remove_rules(&one_shots, u16::MAX, &mut changes);
        let mut sums = BTreeMap::new();
        apply_changes(&mut sums, &changes);
        assert!(sums.is_empty(), "{sums:?}");
        assert_eq!(customers.all_contacts().count(), 0);
        assert!(customers.table.find(sample_customer(1)).is_none(), "the slots are free");
    }
}
