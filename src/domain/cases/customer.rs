//! Customers: the remembered contacts of each, and first contact resolution (FCR).
//!
//! FCR is a pure function of a customer's contacts, as facts are of a case's observations. The
//! engine counts the difference when a contact is added, removed or matured. The module [`contact`]
//! derives the contacts of a single case. This module finds repeats in other cases of the same
//! customer:
//!
//! - A repeat is a later contact of **another** case within `within`, to the millisecond. If both
//!   topics are known, they must be equal. Later facts of the same case are no repeats but may
//!   invalidate the contact (`not_resolved_if`).
//! - An order is counted at its first resolution. Its opening is the repeat of an earlier contact.
//! - A fact of `followed_by` is a repeat and is not counted itself.
//! - Of two contacts at the same time, the one whose case has the greater key is the later.
//! - A contact excluded by `exclude` is still a repeat of an earlier one.
//! - A case without a customer has no contacts.
//!
//! A *matured* indicator counts a contact when its repeat window has ended. Maturing happens once
//! per whole minute. A late event that makes the contact a repeat retracts the count.
//!
//! All cases of a customer must be processed by one core. Boards of cores with different cases can
//! be added only if no customer has cases in both.
//!
//! # Memory
//! A contact is remembered as long as a late event can change its outcome. This time is the
//! `within` of its indicator plus the longest horizon of the families that the indicator names. For
//! calls and tickets with 72 h and the default horizons it is 4 days; with a fact of an order, in
//! `followed_by` too, it is 63 days. A calendar window that reaches back further replaces the
//! horizon; with `month` the time is 35 days. The number of contacts per customer is not limited.
//! An order takes two contacts, one for its opening and one for its first resolution.
//!
//! A customer with one contact takes 66 bytes (40 and the index), with two 145, with three or four
//! 210. Each further contact takes 32 bytes and the slack of a vector. A contact that has yet to
//! mature takes 4 to 8 more per matured indicator. The ignored test `measures_memory_per_customer`
//! measures these values (`cargo test --lib measures_memory_per_customer -- --ignored
//! --nocapture`). A million contacts a day by as many customers take 260 MB for 4 days and 4.2 GB
//! for 63 days. Orders should therefore have an indicator of their own unless calls depend on them.
//!
//! A number shared by many people, such as that of withheld callers, must not be sent as a
//! customer. Its contacts would count as repeats of each other.

pub mod contact;
mod customer_table;
pub mod format_3;

use self::contact::Contact;
use self::customer_table::CustomerTable;
use super::snapshot_validation::SnapshotBounds;
use super::timers::TimerWheel;
use crate::domain::events::event::CustomerKey;
use crate::domain::facts::catalog::{Fact, place::one_shot};
use crate::domain::standard::FirstContactRule;
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};

/// Change of the count of a first contact fact: group, fact, and number of times added (+) or
/// retracted (-).
pub type ContactChange = (u32, Fact, i32);

/// Contacts of all remembered customers.
#[derive(Debug, Serialize, Deserialize)]
pub struct CustomerContacts {
    table: CustomerTable,
    /// Timers for the ends of repeat windows.
    maturing: TimerWheel,
    /// Repeat windows that ended before this time have been counted.
    reached: Timestamp,
    /// Retention of contacts for each first contact indicator, in milliseconds; `None` if
    /// unlimited.
    #[serde(skip)]
    retention_ms: Option<Vec<i64>>,
    /// Next slot to be checked for expired contacts.
    next_sweep_slot: u32,
}

impl CustomerContacts {
    /// Returns an empty customer table.
    #[must_use]
    pub fn new(retention_ms: Option<Vec<i64>>) -> CustomerContacts {
        CustomerContacts {
            table: CustomerTable::default(),
            maturing: TimerWheel::new(MINUTE),
            reached: Timestamp(i64::MIN),
            retention_ms,
            next_sweep_slot: 0,
        }
    }

    /// Completes customers read from a snapshot, with the retention of `new`.
    ///
    /// # Errors
    /// Returns a message if the customers do not fit `bounds` or each other.
    pub fn restore(
        self,
        new: CustomerContacts,
        bounds: &SnapshotBounds,
    ) -> Result<CustomerContacts, &'static str> {
        let table = self.table.restore(bounds)?;
        let slots = table.slot_count();
        if self.next_sweep_slot >= slots.max(1) {
            return Err("snapshot has an unknown sweep position in the customer table");
        }
        let maturing = self.maturing.restore(&new.maturing, slots as usize)?;
        Ok(CustomerContacts {
            table,
            maturing,
            reached: self.reached,
            retention_ms: new.retention_ms,
            next_sweep_slot: self.next_sweep_slot,
        })
    }

    /// Adds a contact of `customer` and appends the resulting changes to `changes`.
    pub fn add_contact(
        &mut self,
        one_shots: &[FirstContactRule],
        customer: CustomerKey,
        contact: Contact,
        changes: &mut Vec<ContactChange>,
    ) {
        if self.is_past_retention(&contact) {
            return;
        }
        let slot = self.table.find_or_add(customer);
        let others = self.table.contacts(slot);
        let place = others.partition_point(|known| *known < contact);
        ContactCounter { one_shots, reached: self.reached, changes }
            .count_with_repeats(others, place, &contact, 1);
        self.table.insert_contact(slot, place, contact);
        let maturing = one_shots.iter().enumerate().filter(|(number, one_shot)| {
            one_shot.counted_when_matured && contact.is_counted_by(*number)
        });
        for (_, one_shot) in maturing {
            let matures_at = contact.time.plus_millis(one_shot.within_ms);
            if matures_at >= self.reached {
                self.maturing.schedule(matures_at, slot);
            }
        }
    }

    /// Removes a contact of `customer` and appends the resulting changes to `changes`.
    pub fn remove_contact(
        &mut self,
        one_shots: &[FirstContactRule],
        customer: CustomerKey,
        contact: Contact,
        changes: &mut Vec<ContactChange>,
    ) {
        let Some(slot) = self.table.find(customer).filter(|_| !self.is_past_retention(&contact))
        else {
            return;
        };
        let Ok(place) = self.table.contacts(slot).binary_search(&contact) else { return };
        self.table.remove_contact(slot, place);
        ContactCounter { one_shots, reached: self.reached, changes }.count_with_repeats(
            self.table.contacts(slot),
            place,
            &contact,
            -1,
        );
        self.table.free_if_empty(slot);
    }

    /// Counts contacts whose repeat windows end before `reached`, and removes some expired
    /// contacts.
    pub fn mature_contacts(
        &mut self,
        one_shots: &[FirstContactRule],
        reached: Timestamp,
        changes: &mut Vec<ContactChange>,
    ) {
        let before = std::mem::replace(&mut self.reached, reached);
        let mut counter = ContactCounter { one_shots, reached, changes };
        for slot in self.maturing.take_due(reached.plus_millis(-1)) {
            let all = self.table.contacts(slot);
            for (number, one_shot) in
                one_shots.iter().enumerate().filter(|(_, one_shot)| one_shot.counted_when_matured)
            {
                let matures_at = |contact: &Contact| contact.time.plus_millis(one_shot.within_ms);
                let first = all.partition_point(|contact| matures_at(contact) < before);
                let last = all.partition_point(|contact| matures_at(contact) < reached);
                (first..last).for_each(|place| {
                    counter.count_contact(number, &all[place], &all[place + 1..], 1);
                });
            }
        }
        self.forget_expired(reached.millis_since(before));
    }

    /// Iterates over the contacts of each customer. The contacts of a customer are in order.
    pub fn all_contacts(&self) -> impl Iterator<Item = &[Contact]> {
        (0..self.table.slot_count())
            .map(|slot| self.table.contacts(slot))
            .filter(|contacts| !contacts.is_empty())
    }

    /// Returns the outcome of each contact of a customer under the indicator with index `number`.
    ///
    /// Each item has the index of the contact in `contacts`.
    pub fn contact_outcomes<'a>(
        &'a self,
        one_shot: &'a FirstContactRule,
        number: usize,
        contacts: &'a [Contact],
    ) -> impl Iterator<Item = (usize, ContactOutcome)> + 'a {
        contacts.iter().enumerate().filter(move |(_, contact)| contact.is_counted_by(number)).map(
            move |(place, contact)| {
                let later = &contacts[place + 1..];
                let outcome = match first_repeat(one_shot, number, contact, later) {
                    _ if contact.is_left_out(number) => ContactOutcome::LeftOut,
                    _ if one_shot.counted_when_matured
                        && contact.time.plus_millis(one_shot.within_ms) >= self.reached =>
                    {
                        ContactOutcome::NotMatured
                    }
                    Some(by) => ContactOutcome::Repeated(place + 1 + by),
                    None if contact.is_resolved(number) => ContactOutcome::Resolved,
                    None => ContactOutcome::Invalidated,
                };
                (place, outcome)
            },
        )
    }

    /// Returns true if a contact counts as forgotten, even if its memory is not yet freed.
    ///
    /// The outcome of a forgotten contact stays counted.
    fn is_past_retention(&self, contact: &Contact) -> bool {
        self.retention_ms
            .as_ref()
            .is_some_and(|retention| is_older_than_retention(retention, self.reached, contact))
    }

    /// Frees the memory of expired contacts. Each call checks a share, so that an hour covers all
    /// slots.
    fn forget_expired(&mut self, passed_ms: i64) {
        let Some(retention) = &self.retention_ms else { return };
        let slots = self.table.slot_count();
        let share = i64::from(slots) * passed_ms.clamp(0, HOUR) / HOUR;
        for _ in 0..=share.min(i64::from(slots) - 1) {
            self.next_sweep_slot = (self.next_sweep_slot + 1) % slots;
            self.table.forget_contacts(self.next_sweep_slot, |contact| {
                is_older_than_retention(retention, self.reached, contact)
            });
        }
    }
}

/// Returns true if a contact is older than the retention of all its indicators.
fn is_older_than_retention(retention_ms: &[i64], reached: Timestamp, contact: &Contact) -> bool {
    let age = reached.millis_since(contact.time);
    !retention_ms
        .iter()
        .enumerate()
        .any(|(number, retention)| contact.is_used_by(number) && age <= *retention)
}

/// Counter of the changes that contacts cause.
struct ContactCounter<'a> {
    one_shots: &'a [FirstContactRule],
    reached: Timestamp,
    changes: &'a mut Vec<ContactChange>,
}

impl ContactCounter<'_> {
    /// Counts `contact` and its effect on the earlier contacts that it repeats.
    ///
    /// `others` are the customer's other contacts and `place` is the position of `contact` among
    /// them. `times` is 1 for an added contact and -1 for a removed one.
    fn count_with_repeats(
        &mut self,
        others: &[Contact],
        place: usize,
        contact: &Contact,
        times: i32,
    ) {
        let (earlier, later) = others.split_at(place);
        let one_shots = self.one_shots;
        for (number, one_shot) in
            one_shots.iter().enumerate().filter(|(number, _)| contact.is_used_by(*number))
        {
            self.count_contact(number, contact, later, times);
            if !contact.is_repeat_for(number) {
                continue;
            }
            let mut covering = None;
            let within = |one: &&Contact| contact.time.millis_since(one.time) <= one_shot.within_ms;
            for (at, one) in earlier.iter().enumerate().rev().take_while(|(_, one)| within(one)) {
                if one.is_resolved(number)
                    && one.is_repeated_by(contact)
                    && !is_repeated(one_shot, number, one, &others[at + 1..])
                {
                    self.count_fact(number, one, one_shot::ONCE, -times);
                }
                // Two nearer repeats of different cases, without topic or with the same topic,
                // already repeat every earlier contact that this one repeats.
                if one.is_repeat_for(number) && (one.topic.is_none() || one.topic == contact.topic)
                {
                    match covering {
                        Some(case) if case != one.case => break,
                        _ => covering = Some(one.case),
                    }
                }
            }
        }
    }

    /// Counts the contact itself. `later` are the customer's contacts after it.
    fn count_contact(&mut self, number: usize, contact: &Contact, later: &[Contact], times: i32) {
        if !contact.is_counted_by(number) || contact.is_left_out(number) {
            return;
        }
        self.count_fact(number, contact, one_shot::CONTACTS, times);
        if contact.is_resolved(number)
            && !is_repeated(&self.one_shots[number], number, contact, later)
        {
            self.count_fact(number, contact, one_shot::ONCE, times);
        }
    }

    fn count_fact(&mut self, number: usize, contact: &Contact, place: u16, times: i32) {
        let one_shot = &self.one_shots[number];
        let time = contact.time.plus_millis(if one_shot.counted_when_matured {
            one_shot.within_ms
        } else {
            0
        });
        if !one_shot.counted_when_matured || time < self.reached {
            let fact = Fact {
                kind: one_shot.first_fact.offset_by(place),
                label: None,
                time,
                value: Fact::UNKNOWN,
            };
            self.changes.push((contact.group, fact, times));
        }
    }
}

/// Outcome of a contact under a first contact indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactOutcome {
    /// The contact resolved the matter.
    Resolved,
    /// The contact was repeated by the one with this index.
    Repeated(usize),
    /// A later fact of the same case shows that the matter was not resolved.
    Invalidated,
    /// A fact of the same case excludes the contact.
    LeftOut,
    /// The repeat window has not ended yet.
    NotMatured,
}

/// Returns the index in `later` of the first repeat within the window; `None` without a repeat.
fn first_repeat(
    one_shot: &FirstContactRule,
    number: usize,
    contact: &Contact,
    later: &[Contact],
) -> Option<usize> {
    let mut in_time = later
        .iter()
        .take_while(|other| other.time.millis_since(contact.time) <= one_shot.within_ms);
    in_time.position(|other| other.is_repeat_for(number) && contact.is_repeated_by(other))
}

/// Returns true if one of the `later` contacts repeats this one within the window.
fn is_repeated(
    one_shot: &FirstContactRule,
    number: usize,
    contact: &Contact,
    later: &[Contact],
) -> bool {
    first_repeat(one_shot, number, contact, later).is_some()
}

/// Comparison with a naive model, and measurement of memory.
#[cfg(test)]
mod tests {
    use super::contact::ContactBits;
    use super::*;
    use crate::domain::events::event::Symbol;
    use crate::domain::facts::catalog::FactKind;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::num::NonZeroU64;

    /// Maximum lateness of a contact in the model, in milliseconds.
    const LATENESS_MS_MAX: i64 = 4 * MINUTE;

    pub(super) fn sample_one_shots() -> Vec<FirstContactRule> {
        let one_shot = |(number, (minutes, matured)): (usize, (i64, bool))| FirstContactRule {
            contacts: Vec::new(),
            resolutions: Vec::new(),
            repeats: Vec::new(),
            within_ms: minutes * MINUTE,
            invalidated_by: Vec::new(),
            excluded_by: Vec::new(),
            counted_when_matured: matured,
            first_fact: FactKind(number as u16 * 2),
        };
        [(3, false), (9, false), (3, true), (8, true)]
            .into_iter()
            .enumerate()
            .map(one_shot)
            .collect()
    }

    #[derive(Clone, Debug)]
    enum ContactStep {
        Add(u64, Contact),
        /// Removes the contact at this index.
        Remove(prop::sample::Index),
        Advance(i64),
    }

    fn contact_strategy() -> impl Strategy<Value = (u64, Contact)> {
        let bits = || 0..16_u16;
        let bits = (bits(), bits(), bits(), bits(), any::<bool>());
        (1..3_u64, -LATENESS_MS_MAX..=0, 0..5_u64, 0..3_u32, bits).prop_filter_map(
            "no rule uses the contact",
            |(customer, time, case, topic, (counted, repeat, invalidated, left_out, both))| {
                let bits = ContactBits {
                    counted,
                    repeat: if both { counted } else { repeat },
                    // Most contacts have no such bits, so that enough repeats remain.
                    invalidated: if invalidated % 4 == 0 { invalidated } else { 0 },
                    left_out: if left_out % 4 == 0 { left_out } else { 0 },
                };
                let time = Timestamp(time.div_euclid(20_000) * 20_000);
                let topic = Symbol::from_number(topic);
                Some((customer, Contact::new(time, case, topic, case as u32, bits)?))
            },
        )
    }

    fn steps_strategy() -> impl Strategy<Value = Vec<ContactStep>> {
        let step = prop_oneof![
            6 => contact_strategy().prop_map(|(customer, contact)| ContactStep::Add(customer, contact)),
            2 => any::<prop::sample::Index>().prop_map(ContactStep::Remove),
            2 => prop_oneof![3 => 0..3_i64, 1 => 3..30_i64].prop_map(|minutes| ContactStep::Advance(minutes * MINUTE)),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// Count of each fact per group, without zero counts.
    pub(super) type FactSums = BTreeMap<(u32, Fact), i32>;

    pub(super) fn apply_changes(sums: &mut FactSums, changes: &[ContactChange]) {
        for (group, fact, times) in changes {
            *sums.entry((*group, *fact)).or_default() += times;
        }
        sums.retain(|_, times| *times != 0);
    }

    /// Returns the expected counts by comparing each contact with every other.
    fn expected_sums(
        one_shots: &[FirstContactRule],
        contacts: &[(u64, Contact)],
        reached: Timestamp,
    ) -> FactSums {
        let mut sums = FactSums::new();
        for (number, one_shot) in one_shots.iter().enumerate() {
            for (customer, one) in contacts
                .iter()
                .filter(|(_, one)| one.is_counted_by(number) && !one.is_left_out(number))
            {
                let time = one.time.plus_millis(if one_shot.counted_when_matured {
                    one_shot.within_ms
                } else {
                    0
                });
                if one_shot.counted_when_matured && time >= reached {
                    continue;
                }
                let repeats = |(who, other): &(u64, Contact)| {
                    who == customer
                        && other.is_repeat_for(number)
                        && other.case != one.case
                        && (other.time, other.case) > (one.time, one.case)
                        && other.time.millis_since(one.time) <= one_shot.within_ms
                        && (one.topic.is_none()
                            || other.topic.is_none()
                            || one.topic == other.topic)
                };
                let once = one.is_resolved(number) && !contacts.iter().any(repeats);
                let fact = |place| Fact {
                    kind: one_shot.first_fact.offset_by(place),
                    label: None,
                    time,
                    value: Fact::UNKNOWN,
                };
                apply_changes(
                    &mut sums,
                    &[
                        (one.group, fact(one_shot::CONTACTS), 1),
                        (one.group, fact(one_shot::ONCE), i32::from(once)),
                    ],
                );
            }
        }
        sums
    }

    pub(super) fn sample_customer(number: u64) -> CustomerKey {
        CustomerKey(NonZeroU64::new(number).expect("customer numbers start at 1"))
    }

    fn contact_at(time: Timestamp, contact: &Contact) -> Contact {
        let mut moved = *contact;
        moved.time = time;
        moved
    }

    /// Returns a contact of the first rule.
    fn sample_contact(time: Timestamp, case: u64) -> Contact {
        let bits = ContactBits { counted: 1, repeat: 1, ..ContactBits::default() };
        Contact::new(time, case, None, 0, bits).expect("a rule uses it")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// After each step, the sum of all changes equals a naive recount. Retention makes no
        /// difference.
        #[test]
        fn contact_changes_sum_to_naive_recount(steps in steps_strategy()) {
            let one_shots = sample_one_shots();
            let mut unlimited = (CustomerContacts::new(None), FactSums::new());
            // A contact may be up to a minute later than the whole minute reached.
            let mut limited = (CustomerContacts::new(Some(one_shots.iter().map(|one_shot| one_shot.within_ms + LATENESS_MS_MAX + MINUTE).collect())), FactSums::new());
            let (mut contacts, mut now) = (Vec::new(), Timestamp(0));
            for (customers, _) in [&mut unlimited, &mut limited] {
                customers.mature_contacts(&one_shots, now, &mut Vec::new());
            }
            for step in steps {
                for (customers, sums) in [&mut unlimited, &mut limited] {
                    let mut changes = Vec::new();
                    match &step {
                        ContactStep::Add(who, contact) => {
                            let contact = contact_at(now.plus_millis(contact.time.0), contact);
                            customers.add_contact(&one_shots, sample_customer(*who), contact, &mut changes);
                        }
                        ContactStep::Remove(which) if !contacts.is_empty() => {
                            let (who, contact): &(u64, Contact) = which.get(&contacts);
                            if now.millis_since(contact.time) <= LATENESS_MS_MAX {
                                customers.remove_contact(&one_shots, sample_customer(*who), *contact, &mut changes);
                            }
                        }
                        ContactStep::Remove(_) => {}
                        ContactStep::Advance(millis) => customers.mature_contacts(&one_shots, now.plus_millis(*millis), &mut changes),
                    }
                    apply_changes(sums, &changes);
                }
                match step {
                    ContactStep::Add(who, contact) => contacts.push((who, contact_at(now.plus_millis(contact.time.0), &contact))),
                    ContactStep::Remove(which) if !contacts.is_empty() => {
                        let place = which.index(contacts.len());
                        if now.millis_since(contacts[place].1.time) <= LATENESS_MS_MAX {
                            contacts.remove(place);
                        }
                    }
                    ContactStep::Remove(_) => {}
                    ContactStep::Advance(millis) => now = now.plus_millis(millis),
                }
                prop_assert_eq!(&unlimited.1, &expected_sums(&one_shots, &contacts, now));
                prop_assert_eq!(&limited.1, &unlimited.1);
            }
        }
    }

    #[test]
    fn forgets_customer_within_an_hour_past_retention() {
        let one_shots = sample_one_shots();
        let mut customers = CustomerContacts::new(Some(vec![HOUR; one_shots.len()]));
        let contact = sample_contact(Timestamp(0), 1);
        for number in 1..=1_000 {
            customers.add_contact(&one_shots, sample_customer(number), contact, &mut Vec::new());
        }
        let count_customers = |customers: &CustomerContacts| {
            (1..=1_000)
                .filter(|number| customers.table.find(sample_customer(*number)).is_some())
                .count()
        };
        for minute in 0..=60 {
            customers.mature_contacts(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(count_customers(&customers), 1_000, "all are within retention");
        for minute in 61..=122 {
            customers.mature_contacts(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(count_customers(&customers), 0, "all are past retention");
        customers.add_contact(
            &one_shots,
            sample_customer(5_000),
            contact_at(Timestamp(122 * MINUTE), &contact),
            &mut Vec::new(),
        );
        assert_eq!(customers.table.slot_count(), 1_000, "free slots are reused");
    }

    /// Prints the memory per customer for a million customers, by resident set size.
    #[test]
    #[ignore = "measurement; run it alone and with --nocapture"]
    fn measures_memory_per_customer() {
        let resident = || -> u64 {
            let statm = std::fs::read_to_string("/proc/self/statm")
                .expect("Linux provides /proc/self/statm");
            statm
                .split(' ')
                .nth(1)
                .and_then(|pages| pages.parse::<u64>().ok())
                .expect("statm has the resident pages in its second field")
                * 4_096
        };
        const MANY: u64 = 1_000_000;
        // Dropping a table would let the next one reuse its memory and distort the measurement.
        let mut measured = Vec::new();
        for matured in [false, true] {
            let one_shots: Vec<FirstContactRule> = sample_one_shots()
                .into_iter()
                .take(1)
                .map(|one_shot| FirstContactRule { counted_when_matured: matured, ..one_shot })
                .collect();
            let (mut customers, before) = (CustomerContacts::new(None), resident());
            for each in 1..=4 {
                for number in 1..=MANY {
                    // The odd multiplier spreads the keys like hashes.
                    let who = sample_customer(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    let time = Timestamp(each * HOUR + number as i64 * 3);
                    let contact = sample_contact(time, number);
                    customers.add_contact(&one_shots, who, contact, &mut Vec::new());
                }
                println!(
                    "{} bytes per customer with {each} contacts, matured: {matured}",
                    (resident() - before) / MANY
                );
            }
            measured.push(customers);
        }
    }
}
