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
mod table;

use super::bounds::Bounds;
use super::event::Customer;
use super::fact::{Fact, place::one_shot};
use super::standard::OneShot;
use super::time::{HOUR, MINUTE, Timestamp};
use super::timer::Timers;
use contact::Contact;
use serde::{Deserialize, Serialize};
use table::Table;

/// A fact of a group of cases that counts so many times more.
pub type Change = (u32, Fact, i32);

/// All customers remembered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Customers {
    table: Table,
    /// When which customer's contacts ripen.
    ripening: Timers,
    /// Repeat windows that ended before this time have passed.
    reached: Timestamp,
    /// How long the contacts of each one-shot indicator are remembered, in milliseconds; `None` for ever.
    #[serde(skip)]
    memory_ms: Option<Vec<i64>>,
    /// The next place to be looked through for contacts to forget.
    sweep: u32,
}

impl Customers {
    /// Nobody has got in touch yet.
    #[must_use]
    pub fn new(memory_ms: Option<Vec<i64>>) -> Customers {
        Customers { table: Table::default(), ripening: Timers::new(MINUTE), reached: Timestamp(i64::MIN), memory_ms, sweep: 0 }
    }

    /// The customers as they were read, remembered for as long as `new` ones are.
    ///
    /// # Errors
    /// What is wrong with them, if they speak of something that there is not.
    pub fn remembered(self, new: Customers, bounds: &Bounds) -> Result<Customers, &'static str> {
        let table = self.table.remembered(bounds)?;
        let slots = table.slots();
        if self.sweep >= slots.max(1) {
            return Err("the customers are swept at a place that there is not");
        }
        let ripening = self.ripening.remembered(&new.ripening, slots as usize)?;
        Ok(Customers { table, ripening, reached: self.reached, memory_ms: new.memory_ms, sweep: self.sweep })
    }

    /// Adds a contact of `customer`; `changes` takes what that changes.
    pub fn add(&mut self, one_shots: &[OneShot], customer: Customer, contact: Contact, changes: &mut Vec<Change>) {
        if self.is_forgotten(&contact) {
            return;
        }
        let slot = self.table.find_or_add(customer);
        let others = self.table.contacts(slot);
        let place = others.partition_point(|known| *known < contact);
        Teller { one_shots, reached: self.reached, changes }.turn(others, place, &contact, 1);
        self.table.insert(slot, place, contact);
        for one_shot in contact.of(one_shots).filter(|one_shot| one_shot.matured) {
            let ripe = contact.time.plus(one_shot.within_ms);
            if ripe >= self.reached {
                self.ripening.set(ripe, slot);
            }
        }
    }

    /// Takes a contact of `customer` away.
    pub fn remove(&mut self, one_shots: &[OneShot], customer: Customer, contact: Contact, changes: &mut Vec<Change>) {
        let Some(slot) = self.table.find(customer).filter(|_| !self.is_forgotten(&contact)) else { return };
        let Ok(place) = self.table.contacts(slot).binary_search(&contact) else { return };
        self.table.remove(slot, place);
        Teller { one_shots, reached: self.reached, changes }.turn(self.table.contacts(slot), place, &contact, -1);
        self.table.free_if_empty(slot);
    }

    /// Lets contacts ripen whose repeat windows end before `reached`, and forgets some of those beyond the horizon.
    pub fn ripen(&mut self, one_shots: &[OneShot], reached: Timestamp, changes: &mut Vec<Change>) {
        let before = std::mem::replace(&mut self.reached, reached);
        let mut teller = Teller { one_shots, reached, changes };
        for slot in self.ripening.due(reached.plus(-1)) {
            let all = self.table.contacts(slot);
            for (number, one_shot) in one_shots.iter().enumerate().filter(|(_, one_shot)| one_shot.matured) {
                let ripe = |contact: &Contact| contact.time.plus(one_shot.within_ms);
                let first = all.partition_point(|contact| ripe(contact) < before);
                let last = all.partition_point(|contact| ripe(contact) < reached);
                (first..last).for_each(|place| teller.tell(number, &all[place], &all[place + 1..], 1));
            }
        }
        self.forget(reached.since(before));
    }

    /// The remembered contacts of each customer, in their order.
    pub fn all(&self) -> impl Iterator<Item = &[Contact]> {
        (0..self.table.slots()).map(|slot| self.table.contacts(slot)).filter(|contacts| !contacts.is_empty())
    }

    /// What the contacts of a customer mean to the indicator at the place `number`: each contact of it by its place, and what it
    /// counts as.
    pub fn meanings<'a>(
        &'a self,
        one_shot: &'a OneShot,
        number: usize,
        contacts: &'a [Contact],
    ) -> impl Iterator<Item = (usize, Meaning)> + 'a {
        contacts.iter().enumerate().filter(move |(_, contact)| contact.is_of(number)).map(move |(place, contact)| {
            let later = &contacts[place + 1..];
            let meaning = match repeat(one_shot, number, contact, later) {
                _ if contact.is_left_out(number) => Meaning::LeftOut,
                _ if one_shot.matured && contact.time.plus(one_shot.within_ms) >= self.reached => Meaning::Unripe,
                Some(by) => Meaning::Repeated(place + 1 + by),
                None if contact.resolved(number) => Meaning::Once,
                None => Meaning::Spoilt,
            };
            (place, meaning)
        })
    }

    /// Whether a contact is as if forgotten: what it meant stays counted. When its memory is given back is of no consequence.
    fn is_forgotten(&self, contact: &Contact) -> bool {
        self.memory_ms.as_ref().is_some_and(|memory| is_beyond(memory, self.reached, contact))
    }

    /// Gives back the memory of what is forgotten: in an hour that of every customer, a share at a time.
    fn forget(&mut self, passed_ms: i64) {
        let Some(memory) = &self.memory_ms else { return };
        let slots = self.table.slots();
        let share = i64::from(slots) * passed_ms.clamp(0, HOUR) / HOUR;
        for _ in 0..=share.min(i64::from(slots) - 1) {
            self.sweep = (self.sweep + 1) % slots;
            self.table.forget(self.sweep, |contact| is_beyond(memory, self.reached, contact));
        }
    }
}

/// Whether a contact is older than all the indicators that it is a contact of have to remember.
fn is_beyond(memory_ms: &[i64], reached: Timestamp, contact: &Contact) -> bool {
    let age = reached.since(contact.time);
    !memory_ms.iter().enumerate().any(|(number, memory)| contact.is_of(number) && age <= *memory)
}

/// Tells what contacts mean.
struct Teller<'a> {
    one_shots: &'a [OneShot],
    reached: Timestamp,
    changes: &'a mut Vec<Change>,
}

impl Teller<'_> {
    /// Tells what `contact` changes at `place` among `others`, the same customer's contacts without it: what it means itself,
    /// and that those which it repeats resolved nothing. All of it so many times, and the other way round for -1.
    fn turn(&mut self, others: &[Contact], place: usize, contact: &Contact, times: i32) {
        let (earlier, later) = others.split_at(place);
        for (number, one_shot) in self.one_shots.iter().enumerate().filter(|(number, _)| contact.is_of(*number)) {
            self.tell(number, contact, later, times);
            let mut covering = None;
            let within = |one: &&Contact| contact.time.since(one.time) <= one_shot.within_ms;
            for (at, one) in earlier.iter().enumerate().rev().take_while(|(_, one)| within(one)) {
                if !one.is_of(number) {
                    continue;
                }
                if one.resolved(number) && one.is_repeated_by(contact) && !repeated(one_shot, number, one, &others[at + 1..]) {
                    self.count(number, one, one_shot::ONCE, -times);
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
    fn tell(&mut self, number: usize, contact: &Contact, later: &[Contact], times: i32) {
        if !contact.is_of(number) || contact.is_left_out(number) {
            return;
        }
        self.count(number, contact, one_shot::CONTACTS, times);
        if contact.resolved(number) && !repeated(&self.one_shots[number], number, contact, later) {
            self.count(number, contact, one_shot::ONCE, times);
        }
    }

    fn count(&mut self, number: usize, contact: &Contact, place: u16, times: i32) {
        let one_shot = &self.one_shots[number];
        let time = contact.time.plus(if one_shot.matured { one_shot.within_ms } else { 0 });
        if !one_shot.matured || time < self.reached {
            let fact = Fact { kind: one_shot.facts.plus(place), word: None, time, value: Fact::UNKNOWN };
            self.changes.push((contact.group, fact, times));
        }
    }
}

/// What a contact counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// It resolved the matter.
    Once,
    /// It did not: the contact at this place repeats it.
    Repeated(usize),
    /// It did not, as its own case shows.
    Spoilt,
    /// It is left out, as its own case shows.
    LeftOut,
    /// It will count when its repeat window has passed.
    Unripe,
}

/// The first of the `later` contacts that repeats this one in time.
fn repeat(one_shot: &OneShot, number: usize, contact: &Contact, later: &[Contact]) -> Option<usize> {
    let mut in_time = later.iter().take_while(|other| other.time.since(contact.time) <= one_shot.within_ms);
    in_time.position(|other| other.is_of(number) && contact.is_repeated_by(other))
}

/// Whether one of the `later` contacts repeats this one in time.
fn repeated(one_shot: &OneShot, number: usize, contact: &Contact, later: &[Contact]) -> bool {
    repeat(one_shot, number, contact, later).is_some()
}

/// Customers against a naive model, and what they take.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Word;
    use crate::domain::fact::FactKind;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::num::{NonZeroU16, NonZeroU64};

    /// How late a contact may come in the model, in milliseconds.
    const LATE: i64 = 4 * MINUTE;

    fn one_shots() -> Vec<OneShot> {
        let one_shot = |(number, (minutes, matured)): (usize, (i64, bool))| OneShot {
            contacts: Vec::new(),
            within_ms: minutes * MINUTE,
            spoilt_by: Vec::new(),
            leave_out: Vec::new(),
            matured,
            facts: FactKind(number as u16 * 2),
        };
        [(3, false), (9, false), (3, true), (8, true)].into_iter().enumerate().map(one_shot).collect()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(u64, Contact),
        /// Takes the contact at this place of those there are away.
        Remove(prop::sample::Index),
        Pass(i64),
    }

    fn contact() -> impl Strategy<Value = (u64, Contact)> {
        let bits = || 0..16_u16;
        (1..3_u64, -LATE..=0, 0..5_u64, 0..3_u32, (1..16_u16, bits(), bits())).prop_map(
            |(customer, time, case, topic, (of, spoilt, left_out))| {
                let contact = Contact {
                    time: Timestamp(time.div_euclid(20_000) * 20_000),
                    case,
                    topic: Word::from_number(topic),
                    group: case as u32,
                    of: NonZeroU16::new(of).expect("not zero"),
                    // Most are neither, or nothing would be left to be repeated.
                    spoilt: if spoilt % 4 == 0 { spoilt } else { 0 },
                    left_out: if left_out % 4 == 0 { left_out } else { 0 },
                };
                (customer, contact)
            },
        )
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => contact().prop_map(|(customer, contact)| Step::Add(customer, contact)),
            2 => any::<prop::sample::Index>().prop_map(Step::Remove),
            2 => prop_oneof![3 => 0..3_i64, 1 => 3..30_i64].prop_map(|minutes| Step::Pass(minutes * MINUTE)),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// How often each fact of each group holds; none that holds no times.
    type Sums = BTreeMap<(u32, Fact), i32>;

    fn add_up(sums: &mut Sums, changes: &[Change]) {
        for (group, fact, times) in changes {
            *sums.entry((*group, *fact)).or_default() += times;
        }
        sums.retain(|_, times| *times != 0);
    }

    /// What all contacts mean, each looked at with every other.
    fn expected(one_shots: &[OneShot], contacts: &[(u64, Contact)], reached: Timestamp) -> Sums {
        let mut sums = Sums::new();
        for (number, one_shot) in one_shots.iter().enumerate() {
            for (customer, one) in contacts.iter().filter(|(_, one)| one.is_of(number) && !one.is_left_out(number)) {
                let time = one.time.plus(if one_shot.matured { one_shot.within_ms } else { 0 });
                if one_shot.matured && time >= reached {
                    continue;
                }
                let repeats = |(who, other): &(u64, Contact)| {
                    who == customer
                        && other.is_of(number)
                        && other.case != one.case
                        && (other.time, other.case) > (one.time, one.case)
                        && other.time.since(one.time) <= one_shot.within_ms
                        && (one.topic.is_none() || other.topic.is_none() || one.topic == other.topic)
                };
                let once = one.resolved(number) && !contacts.iter().any(repeats);
                let fact = |place| Fact { kind: one_shot.facts.plus(place), word: None, time, value: Fact::UNKNOWN };
                add_up(&mut sums, &[(one.group, fact(one_shot::CONTACTS), 1), (one.group, fact(one_shot::ONCE), i32::from(once))]);
            }
        }
        sums
    }

    fn customer(number: u64) -> Customer {
        Customer(NonZeroU64::new(number).expect("not zero"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// After every step the sum of all changes is what a naive look at all contacts says, and a table that forgets tells the
        /// same as one that does not.
        #[test]
        fn changes_add_up_to_what_the_contacts_mean(steps in steps()) {
            let one_shots = one_shots();
                let mut remembering = (Customers::new(None), Sums::new());
            // Contacts are told at a time up to a minute after the one reached.
            let mut forgetful = (Customers::new(Some(one_shots.iter().map(|one_shot| one_shot.within_ms + LATE + MINUTE).collect())), Sums::new());
            let (mut contacts, mut now) = (Vec::new(), Timestamp(0));
            for (customers, _) in [&mut remembering, &mut forgetful] {
                customers.ripen(&one_shots, now, &mut Vec::new());
            }
            for step in steps {
                for (customers, sums) in [&mut remembering, &mut forgetful] {
                    let mut changes = Vec::new();
                    match &step {
                        Step::Add(who, contact) => {
                            let contact = Contact { time: now.plus(contact.time.0), ..*contact };
                            customers.add(&one_shots, customer(*who), contact, &mut changes);
                        }
                        Step::Remove(which) if !contacts.is_empty() => {
                            let (who, contact): &(u64, Contact) = which.get(&contacts);
                            if now.since(contact.time) <= LATE {
                                customers.remove(&one_shots, customer(*who), *contact, &mut changes);
                            }
                        }
                        Step::Remove(_) => {}
                        Step::Pass(millis) => customers.ripen(&one_shots, now.plus(*millis), &mut changes),
                    }
                    add_up(sums, &changes);
                }
                match step {
                    Step::Add(who, contact) => contacts.push((who, Contact { time: now.plus(contact.time.0), ..contact })),
                    Step::Remove(which) if !contacts.is_empty() => {
                        let place = which.index(contacts.len());
                        if now.since(contacts[place].1.time) <= LATE {
                            contacts.remove(place);
                        }
                    }
                    Step::Remove(_) => {}
                    Step::Pass(millis) => now = now.plus(millis),
                }
                prop_assert_eq!(&remembering.1, &expected(&one_shots, &contacts, now));
                prop_assert_eq!(&forgetful.1, &remembering.1);
            }
        }
    }

    #[test]
    fn a_customer_is_forgotten_within_an_hour_of_the_horizon() {
        let one_shots = one_shots();
        let mut customers = Customers::new(Some(vec![HOUR; one_shots.len()]));
        let contact = Contact { time: Timestamp(0), case: 1, topic: None, group: 0, of: NonZeroU16::MIN, spoilt: 0, left_out: 0 };
        for number in 1..=1_000 {
            customers.add(&one_shots, customer(number), contact, &mut Vec::new());
        }
        let known = |customers: &Customers| (1..=1_000).filter(|number| customers.table.find(customer(*number)).is_some()).count();
        for minute in 0..=60 {
            customers.ripen(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(known(&customers), 1_000, "none is beyond the horizon");
        for minute in 61..=122 {
            customers.ripen(&one_shots, Timestamp(minute * MINUTE), &mut Vec::new());
        }
        assert_eq!(known(&customers), 0, "all are");
        customers.add(&one_shots, customer(5_000), Contact { time: Timestamp(122 * MINUTE), ..contact }, &mut Vec::new());
        assert_eq!(customers.table.slots(), 1_000, "a free place is used first");
    }

    /// What a million customers take, by what the system says the process holds.
    #[test]
    #[ignore = "measures; run it alone and with --nocapture"]
    fn what_customers_take() {
        let resident = || -> u64 {
            let statm = std::fs::read_to_string("/proc/self/statm").expect("a system that says what a process holds");
            statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages") * 4_096
        };
        const MANY: u64 = 1_000_000;
        // Kept to the end, so that one table does not lie in what another gave back.
        let mut kept = Vec::new();
        for matured in [false, true] {
            let one_shots: Vec<OneShot> = one_shots().into_iter().take(1).map(|one_shot| OneShot { matured, ..one_shot }).collect();
            let (mut customers, before) = (Customers::new(None), resident());
            for each in 1..=4 {
                for number in 1..=MANY {
                    // An odd number without pattern, for keys that are as good as hashes.
                    let who = customer(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    let time = Timestamp(each * HOUR + number as i64 * 3);
                    let contact = Contact { time, case: number, topic: None, group: 0, of: NonZeroU16::MIN, spoilt: 0, left_out: 0 };
                    customers.add(&one_shots, who, contact, &mut Vec::new());
                }
                println!("{} bytes for a customer with {each} contacts, matured: {matured}", (resident() - before) / MANY);
            }
            kept.push(customers);
        }
    }
}
