//! Customers: the contacts remembered of each, and which of them resolved the matter at once.
//!
//! One-shot resolution is a pure function of a customer's contacts, as facts are of a case's observations; the core counts
//! the difference when a contact comes, goes or ripens. What a case says of its own contacts stands in [`contact`]; here it
//! is only asked whether another case of the customer is a repeat:
//!
//! - A repeat is a later contact of **another** case, at most `within` later to the millisecond, on the same topic where both
//!   are known. What happens to the contact's own case later is no repeat; `spoilt_by` speaks of that.
//! - Of contacts at the very same moment the one whose case has the greater key is the later.
//! - A contact that `leave_out` takes out of the figure is still a repeat of an earlier one: the customer did come again.
//! - A case without a customer has no contacts.
//!
//! A *matured* indicator counts a contact at the moment its repeat window has passed, once the core has reached a whole minute
//! after that moment, so that a minute's contacts ripen together. A late event that makes it a repeat takes it back.
//!
//! All cases of a customer must be told to one core: boards of cores that saw different cases add up only if no customer has
//! cases on both sides.
//!
//! # Memory
//! A contact is remembered as long as a late event can change what it means: for the `within` of an indicator that names it, and
//! on top of that the longest horizon of the families that the same indicator names. For calls and tickets alone, 72 h and the
//! usual horizons that is 4 days; with a fact of an order among them it is 63. A calendar window that reaches back further than
//! the horizon counts instead of it: with `month` it is 35 days. Until then a customer may have any number of
//! contacts.
//!
//! A customer with one contact takes 66 bytes (40, and the index), with two 145, with three or four 210; further ones take 32
//! each and the slack of a vector. A contact that has yet to ripen takes 4 to 8 more for each matured indicator.
//! `cargo test --lib what_customers_take -- --ignored --nocapture` measures it. A million contacts a day by as many customers,
//! remembered for 4 days, take 260 MB; for 63 days 4.2 GB: give orders an indicator of their own where calls need not know them.
//!
//! A number that stands for many people, such as that of callers who withhold theirs, should not be sent as a customer: its
//! contacts would be repeats of each other.

pub mod contact;
mod customer_table;

use self::contact::Contact;
use self::customer_table::CustomerTable;
use super::snapshot_validation::SnapshotBounds;
use super::timers::TimerWheel;
use crate::domain::events::event::CustomerKey;
use crate::domain::facts::catalog::{Fact, place::one_shot};
use crate::domain::standard::FirstContactRule;
use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};

/// A fact of a group of cases that counts so many times more.
pub type ContactChange = (u32, Fact, i32);

/// All customers remembered.
#[derive(Debug, Serialize, Deserialize)]
pub struct CustomerContacts {
    table: CustomerTable,
    /// When which customer's contacts ripen.
    maturing: TimerWheel,
    /// Repeat windows that ended before this time have passed.
    reached: Timestamp,
    /// How long the contacts of each one-shot indicator are remembered, in milliseconds; `None` for ever.
    #[serde(skip)]
    retention_ms: Option<Vec<i64>>,
    /// The next place to be looked through for contacts to forget.
    next_sweep_slot: u32,
}

impl CustomerContacts {
    /// Nobody has got in touch yet.
    #[must_use]
    pub fn new(memory_ms: Option<Vec<i64>>) -> CustomerContacts {
        CustomerContacts {
            table: CustomerTable::default(),
            maturing: TimerWheel::new(MINUTE),
            reached: Timestamp(i64::MIN),
            retention_ms: memory_ms,
            next_sweep_slot: 0,
        }
    }

    /// The customers as they were read, remembered for as long as `new` ones are.
    ///
    /// # Errors
    /// What is wrong with them, if they speak of something that there is not.
    pub fn restore(
        self,
        new: CustomerContacts,
        bounds: &SnapshotBounds,
    ) -> Result<CustomerContacts, &'static str> {
        let table = self.table.restore(bounds)?;
        let slots = table.slot_count();
        if self.next_sweep_slot >= slots.max(1) {
            return Err("the customers are swept at a place that there is not");
        }
        let ripening = self.maturing.restore(&new.maturing, slots as usize)?;
        Ok(CustomerContacts {
            table,
            maturing: ripening,
            reached: self.reached,
            retention_ms: new.retention_ms,
            next_sweep_slot: self.next_sweep_slot,
        })
    }

    /// Adds a contact of `customer`; `changes` takes what that changes.
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
        for one_shot in
            contact.indicators(one_shots).filter(|one_shot| one_shot.counted_when_matured)
        {
            let ripe = contact.time.plus_millis(one_shot.within_ms);
            if ripe >= self.reached {
                self.maturing.schedule(ripe, slot);
            }
        }
    }

    /// Takes a contact of `customer` away.
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

    /// Lets contacts ripen whose repeat windows end before `reached`, and forgets some of those beyond the horizon.
    pub fn mature_contacts(
        &mut self,
        one_shots: &[FirstContactRule],
        reached: Timestamp,
        changes: &mut Vec<ContactChange>,
    ) {
        let before = std::mem::replace(&mut self.reached, reached);
        let mut teller = ContactCounter { one_shots, reached, changes };
        for slot in self.maturing.take_due(reached.plus_millis(-1)) {
            let all = self.table.contacts(slot);
            for (number, one_shot) in
                one_shots.iter().enumerate().filter(|(_, one_shot)| one_shot.counted_when_matured)
            {
                let ripe = |contact: &Contact| contact.time.plus_millis(one_shot.within_ms);
                let first = all.partition_point(|contact| ripe(contact) < before);
                let last = all.partition_point(|contact| ripe(contact) < reached);
                (first..last).for_each(|place| {
                    teller.count_contact(number, &all[place], &all[place + 1..], 1)
                });
            }
        }
        self.forget_expired(reached.millis_since(before));
    }

    /// The remembered contacts of each customer, in their order.
    pub fn all_contacts(&self) -> impl Iterator<Item = &[Contact]> {
        (0..self.table.slot_count())
            .map(|slot| self.table.contacts(slot))
            .filter(|contacts| !contacts.is_empty())
    }

    /// What the contacts of a customer mean to the indicator at the place `number`: each contact of it by its place, and what it
    /// counts as.
    pub fn contact_outcomes<'a>(
        &'a self,
        one_shot: &'a FirstContactRule,
        number: usize,
        contacts: &'a [Contact],
    ) -> impl Iterator<Item = (usize, ContactOutcome)> + 'a {
        contacts.iter().enumerate().filter(move |(_, contact)| contact.is_counted_by(number)).map(
            move |(place, contact)| {
                let later = &contacts[place + 1..];
                let meaning = match first_repeat(one_shot, number, contact, later) {
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
                (place, meaning)
            },
        )
    }

    /// Whether a contact is as if forgotten: what it meant stays counted. When its memory is given back is of no consequence.
    fn is_past_retention(&self, contact: &Contact) -> bool {
        self.retention_ms
            .as_ref()
            .is_some_and(|memory| is_older_than_retention(memory, self.reached, contact))
    }

    /// Gives back the memory of what is forgotten: in an hour that of every customer, a share at a time.
    fn forget_expired(&mut self, passed_ms: i64) {
        let Some(memory) = &self.retention_ms else { return };
        let slots = self.table.slot_count();
        let share = i64::from(slots) * passed_ms.clamp(0, HOUR) / HOUR;
        for _ in 0..=share.min(i64::from(slots) - 1) {
            self.next_sweep_slot = (self.next_sweep_slot + 1) % slots;
            self.table.forget_contacts(self.next_sweep_slot, |contact| {
                is_older_than_retention(memory, self.reached, contact)
            });
        }
    }
}

/// Whether a contact is older than all the indicators that it is a contact of have to remember.
fn is_older_than_retention(memory_ms: &[i64], reached: Timestamp, contact: &Contact) -> bool {
    let age = reached.millis_since(contact.time);
    !memory_ms
        .iter()
        .enumerate()
        .any(|(number, memory)| contact.is_counted_by(number) && age <= *memory)
}

/// Tells what contacts mean.
struct ContactCounter<'a> {
    one_shots: &'a [FirstContactRule],
    reached: Timestamp,
    changes: &'a mut Vec<ContactChange>,
}

impl ContactCounter<'_> {
    /// Tells what `contact` changes at `place` among `others`, the same customer's contacts without it: what it means itself,
    /// and that those which it repeats resolved nothing. All of it so many times, and the other way round for -1.
    fn count_with_repeats(
        &mut self,
        others: &[Contact],
        place: usize,
        contact: &Contact,
        times: i32,
    ) {
        let (earlier, later) = others.split_at(place);
        for (number, one_shot) in
            self.one_shots.iter().enumerate().filter(|(number, _)| contact.is_counted_by(*number))
        {
            self.count_contact(number, contact, later, times);
            let mut covering = None;
            let within = |one: &&Contact| contact.time.millis_since(one.time) <= one_shot.within_ms;
            for (at, one) in earlier.iter().enumerate().rev().take_while(|(_, one)| within(one)) {
                if !one.is_counted_by(number) {
                    continue;
                }
                if one.is_resolved(number)
                    && one.is_repeated_by(contact)
                    && !is_repeated(one_shot, number, one, &others[at + 1..])
                {
                    self.count_fact(number, one, one_shot::ONCE, -times);
                }
                // Whatever this contact repeats, a contact on its own topic or on none that is nearer repeats as well, unless it
                // is of the same case; so behind two of different cases nothing changes, however long the list.
                if one.topic.is_none() || one.topic == contact.topic {
                    match covering {
                        Some(case) if case != one.case => break,
                        _ => covering = Some(one.case),
                    }
                }
            }
        }
    }

    /// Tells what a contact means itself; `later` are the customer's contacts after it.
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

/// What a contact counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactOutcome {
    /// It resolved the matter.
    Resolved,
    /// It did not: the contact at this place repeats it.
    Repeated(usize),
    /// It did not, as its own case shows.
    Invalidated,
    /// It is left out, as its own case shows.
    LeftOut,
    /// It will count when its repeat window has passed.
    NotMatured,
}

/// The first of the `later` contacts that repeats this one in time.
fn first_repeat(
    one_shot: &FirstContactRule,
    number: usize,
    contact: &Contact,
    later: &[Contact],
) -> Option<usize> {
    let mut in_time = later
        .iter()
        .take_while(|other| other.time.millis_since(contact.time) <= one_shot.within_ms);
    in_time.position(|other| other.is_counted_by(number) && contact.is_repeated_by(other))
}

/// Whether one of the `later` contacts repeats this one in time.
fn is_repeated(
    one_shot: &FirstContactRule,
    number: usize,
    contact: &Contact,
    later: &[Contact],
) -> bool {
    first_repeat(one_shot, number, contact, later).is_some()
}

/// Customers against a naive model, and what they take.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::Symbol;
    use crate::domain::facts::catalog::FactKind;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::num::{NonZeroU16, NonZeroU64};

    /// How late a contact may come in the model, in milliseconds.
    const LATENESS_MS_MAX: i64 = 4 * MINUTE;

    fn sample_one_shots() -> Vec<FirstContactRule> {
        let one_shot = |(number, (minutes, matured)): (usize, (i64, bool))| FirstContactRule {
            contacts: Vec::new(),
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
        /// Takes the contact at this place of those there are away.
        Remove(prop::sample::Index),
        Advance(i64),
    }

    fn contact_strategy() -> impl Strategy<Value = (u64, Contact)> {
        let bits = || 0..16_u16;
        (1..3_u64, -LATENESS_MS_MAX..=0, 0..5_u64, 0..3_u32, (1..16_u16, bits(), bits())).prop_map(
            |(customer, time, case, topic, (of, spoilt, left_out))| {
                let contact = Contact {
                    time: Timestamp(time.div_euclid(20_000) * 20_000),
                    case,
                    topic: Symbol::from_number(topic),
                    group: case as u32,
                    indicator_bits: NonZeroU16::new(of).expect("not zero"),
                    // Most are neither, or nothing would be left to be repeated.
                    invalidated_bits: if spoilt % 4 == 0 { spoilt } else { 0 },
                    left_out_bits: if left_out % 4 == 0 { left_out } else { 0 },
                };
                (customer, contact)
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

    /// How often each fact of each group holds; none that holds no times.
    type FactSums = BTreeMap<(u32, Fact), i32>;

    fn apply_changes(sums: &mut FactSums, changes: &[ContactChange]) {
        for (group, fact, times) in changes {
            *sums.entry((*group, *fact)).or_default() += times;
        }
        sums.retain(|_, times| *times != 0);
    }

    /// What all contacts mean, each looked at with every other.
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
                        && other.is_counted_by(number)
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

    fn sample_customer(number: u64) -> CustomerKey {
        CustomerKey(NonZeroU64::new(number).expect("not zero"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// After every step the sum of all changes is what a naive look at all contacts says, and a table that forgets tells the
        /// same as one that does not.
        #[test]
        fn contact_changes_sum_to_naive_recount(steps in steps_strategy()) {
            let one_shots = sample_one_shots();
                let mut remembering = (CustomerContacts::new(None), FactSums::new());
            // Contacts are told at a time up to a minute after the one reached.
            let mut forgetful = (CustomerContacts::new(Some(one_shots.iter().map(|one_shot| one_shot.within_ms + LATENESS_MS_MAX + MINUTE).collect())), FactSums::new());
            let (mut contacts, mut now) = (Vec::new(), Timestamp(0));
            for (customers, _) in [&mut remembering, &mut forgetful] {
                customers.mature_contacts(&one_shots, now, &mut Vec::new());
            }
            for step in steps {
                for (customers, sums) in [&mut remembering, &mut forgetful] {
                    let mut changes = Vec::new();
                    match &step {
                        ContactStep::Add(who, contact) => {
                            let contact = Contact { time: now.plus_millis(contact.time.0), ..*contact };
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
                    ContactStep::Add(who, contact) => contacts.push((who, Contact { time: now.plus_millis(contact.time.0), ..contact })),
                    ContactStep::Remove(which) if !contacts.is_empty() => {
                        let place = which.index(contacts.len());
                        if now.millis_since(contacts[place].1.time) <= LATENESS_MS_MAX {
                            contacts.remove(place);
                        }
                    }
                    ContactStep::Remove(_) => {}
                    ContactStep::Advance(millis) => now = now.plus_millis(millis),
                }
                prop_assert_eq!(&remembering.1, &expected_sums(&one_shots, &contacts, now));
                prop_assert_eq!(&forgetful.1, &remembering.1);
            }
        }
    }

    #[test]
    fn forgets_customer_within_an_hour_past_retention() {
        let one_shots = sample_one_shots();
        let mut customers = CustomerContacts::new(Some(vec![HOUR; one_shots.len()]));
        let contact = Contact {
            time: Timestamp(0),
            case: 1,
            topic: None,
            group: 0,
            indicator_bits: NonZeroU16::MIN,
            invalidated_bits: 0,
            left_out_bits: 0,
        };
        for number in 1..=1_000 {
            customers.add_contact(&one_shots, sample_customer(number), contact, &mut Vec::new());
        }
        let known = |customers: &CustomerContacts| {
            (1..=1_000)
                .filter(|number| customers.table.find(sample_customer(*number)).is_some())
                .count()
        };
        for minute in 0..=60 {
            customers.mature_contacts(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(known(&customers), 1_000, "none is beyond the horizon");
        for minute in 61..=122 {
            customers.mature_contacts(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(known(&customers), 0, "all are");
        customers.add_contact(
            &one_shots,
            sample_customer(5_000),
            Contact { time: Timestamp(122 * MINUTE), ..contact },
            &mut Vec::new(),
        );
        assert_eq!(customers.table.slot_count(), 1_000, "a free place is used first");
    }

    /// What a million customers take, by what the system says the process holds.
    #[test]
    #[ignore = "measures; run it alone and with --nocapture"]
    fn measures_memory_per_customer() {
        let resident = || -> u64 {
            let statm = std::fs::read_to_string("/proc/self/statm")
                .expect("a system that says what a process holds");
            statm
                .split(' ')
                .nth(1)
                .and_then(|pages| pages.parse::<u64>().ok())
                .expect("a number of pages")
                * 4_096
        };
        const MANY: u64 = 1_000_000;
        // Kept to the end, so that one table does not lie in what another gave back.
        let mut kept = Vec::new();
        for matured in [false, true] {
            let one_shots: Vec<FirstContactRule> = sample_one_shots()
                .into_iter()
                .take(1)
                .map(|one_shot| FirstContactRule { counted_when_matured: matured, ..one_shot })
                .collect();
            let (mut customers, before) = (CustomerContacts::new(None), resident());
            for each in 1..=4 {
                for number in 1..=MANY {
                    // An odd number without pattern, for keys that are as good as hashes.
                    let who = sample_customer(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    let time = Timestamp(each * HOUR + number as i64 * 3);
                    let contact = Contact {
                        time,
                        case: number,
                        topic: None,
                        group: 0,
                        indicator_bits: NonZeroU16::MIN,
                        invalidated_bits: 0,
                        left_out_bits: 0,
                    };
                    customers.add_contact(&one_shots, who, contact, &mut Vec::new());
                }
                println!(
                    "{} bytes for a customer with {each} contacts, matured: {matured}",
                    (resident() - before) / MANY
                );
            }
            kept.push(customers);
        }
    }
}
