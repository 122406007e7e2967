//! Counting the difference that a change of a case makes.

use super::{LOOK_AHEAD, Monitor, swept};
use crate::domain::alert::orders;
use crate::domain::cell;
use crate::domain::customer::contact::contacts;
use crate::domain::event::{Customer, Word};
use crate::domain::fact::{Fact, FactKind, Facts, Measure};
use crate::domain::group::Groups;
use crate::domain::level::Levels;
use crate::domain::standard::{OneShot, Standard};
use crate::domain::time::Timestamp;
use crate::domain::window::BANKS;

/// Where the facts of a case count.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    group: u32,
    customer: Option<Customer>,
    topic: Option<Word>,
    case: u64,
}

/// A fact to be added to the cells of a group so many times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    fact: Fact,
    group: u32,
    times: i32,
}

/// Who must hear of a fact, beside the cells.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Concerns {
    /// The levels, and then not the cells: it stands.
    pub(super) levels: bool,
    /// The one-shot indicators.
    pub(super) contacts: bool,
    /// Those who watch open orders.
    pub(super) orders: bool,
}

impl Concerns {
    /// Those of each kind of fact.
    pub(super) fn of(standard: &Standard) -> Vec<Concerns> {
        let orders = orders::telling(standard);
        let contacts = |kind: FactKind| standard.one_shots.iter().flat_map(OneShot::tallies).any(|tally| tally.kind == kind);
        let all = (0..).map(FactKind).zip(orders).map(|(kind, orders)| Concerns {
            levels: standard.kinds.measure(kind) == Measure::Standing,
            contacts: contacts(kind),
            orders,
        });
        all.collect()
    }
}

impl Monitor {
    /// Counts the difference between the facts before and after a change of a case; `rung` says that it was a timer that
    /// changed them, which is gone now.
    pub(super) fn settle(&mut self, slot: u32, rung: bool) {
        let forget = self.forgettable(&self.after);
        let Monitor { before, after, now, cases, timers, expiries, seen, levels, counted, groups, concerns, standard, endangered, .. } =
            self;
        if let Some(wake) = after.wake.filter(|wake| rung || before.wake != Some(*wake)) {
            timers.set(wake, slot);
        }
        if let Some(expires) = after.expires.filter(|expires| before.expires != Some(*expires)) {
            expiries.set(expires, slot);
        }
        if let Some(forget) = forget.filter(|forget| *forget > *now) {
            timers.set(forget, slot);
        }
        let record = cases.record_mut(slot);
        record.set_open(after.open);
        if before.families != after.families || before.group != after.group {
            count_seen(seen, before, -1);
            count_seen(seen, after, 1);
        }
        // What makes a fact count elsewhere: if none of it changed, facts that stay need not be touched.
        let key = record.key();
        let place = |facts: &Facts| Place { group: facts.group, customer: facts.customer, topic: facts.topic, case: key };
        let (old, here) = (place(before), place(after));
        let mut change = Change { groups, concerns, levels, counted, concerned: Concerns::default() };
        if old == here {
            let same = before.all.iter().zip(&after.all).take_while(|(one, other)| one == other).count();
            change.count_difference(here.group, &mut before.all[same..], &mut after.all[same..]);
        } else {
            before.all.iter().for_each(|fact| change.count(old.group, fact, -1));
            after.all.iter().for_each(|fact| change.count(here.group, fact, 1));
        }
        let concerned = change.concerned;
        if concerned.orders
            && let Some(endangered) = endangered
        {
            endangered.change((slot, key), before, after, groups, standard);
        }
        if concerned.contacts && (before.customer.is_some() || after.customer.is_some()) {
            self.meet(key);
        }
    }

    /// Counts the difference between what the contacts of a case were and what they are now.
    #[inline(never)]
    fn meet(&mut self, key: u64) {
        let Monitor { before, after, standard, groups, customers, counted, .. } = self;
        let one_shots = &standard.one_shots;
        let contacts = |facts: &Facts| match facts.customer {
            Some(_) => contacts(one_shots, facts, &groups.get(facts.group).attributes, key),
            None => Vec::new(),
        };
        let (gone, new) = (contacts(before), contacts(after));
        let (mut gone, mut new) = (&gone[..], &new[..]);
        if before.customer == after.customer {
            let same = gone.iter().zip(new).take_while(|(one, other)| one == other).count();
            (gone, new) = (&gone[same..], &new[same..]);
            let same = gone.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
            (gone, new) = (&gone[..gone.len() - same], &new[..new.len() - same]);
        }
        let mut changes = Vec::new();
        if let Some(customer) = before.customer {
            gone.iter().for_each(|contact| customers.remove(one_shots, customer, *contact, &mut changes));
        }
        if let Some(customer) = after.customer {
            new.iter().for_each(|contact| customers.add(one_shots, customer, *contact, &mut changes));
        }
        changes.iter().for_each(|(group, fact, times)| add(counted, groups, *group, fact, *times));
    }

    /// Lets contacts ripen: those whose repeat windows end in the minutes that have passed since `then`.
    pub(super) fn ripen(&mut self, then: Timestamp) {
        let reached = swept(self.now);
        if swept(then) == reached || self.standard.one_shots.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        self.customers.ripen(&self.standard.one_shots, reached, &mut changes);
        changes.iter().for_each(|(group, fact, times)| add(&mut self.counted, &self.groups, *group, fact, *times));
    }

    /// Adds what was counted to the cells. Apart from the counting, because cells are spread over much memory: so it is fetched
    /// for many facts at once.
    pub(super) fn pour(&mut self) {
        match self.plan.banks() {
            1 => self.pour_into::<1>(),
            _ => self.pour_into::<BANKS>(),
        }
    }

    fn pour_into<const BANKS: usize>(&mut self) {
        for chunk in self.counted.chunks(LOOK_AHEAD) {
            let steps = |one: &Counted| &self.groups.program(one.group)[usize::from(one.fact.kind.0)];
            let touched = chunk.iter().map(|one| cell::touch::<BANKS>(steps(one), &one.fact, &self.cells[one.group as usize]));
            std::hint::black_box(touched.fold(0, |sum, one| sum ^ one));
            for one @ Counted { fact, group, times } in chunk {
                let mask = self.panes.current().mask::<BANKS>(fact.time, usize::from(self.groups.get(*group).zone));
                let pane = self.panes.cell(fact.time, *group, &self.plan);
                let steps = &self.groups.program(*group)[usize::from(one.fact.kind.0)];
                cell::add(steps, fact, *times < 0, &mask, &mut self.cells[*group as usize], pane);
            }
        }
        self.counted.clear();
    }
}

/// A change of a case being counted.
struct Change<'m> {
    groups: &'m Groups,
    concerns: &'m [Concerns],
    levels: &'m mut Levels,
    counted: &'m mut Vec<Counted>,
    /// Who must hear of it.
    concerned: Concerns,
}

impl Change<'_> {
    /// Counts the facts that are gone and those that are new; what is among both stays.
    fn count_difference(&mut self, group: u32, gone: &mut [Fact], new: &mut [Fact]) {
        gone.sort_unstable();
        new.sort_unstable();
        let (mut gone, mut new) = (gone.iter().peekable(), new.iter().peekable());
        loop {
            match (gone.peek(), new.peek()) {
                (Some(one), Some(other)) if one == other => _ = (gone.next(), new.next()),
                (Some(one), other) if other.is_none_or(|other| one < other) => {
                    self.count(group, one, -1);
                    gone.next();
                }
                (_, Some(other)) => {
                    self.count(group, other, 1);
                    new.next();
                }
                (_, None) => break,
            }
        }
    }

    /// Counts a fact once more, or takes it back.
    #[inline]
    fn count(&mut self, group: u32, fact: &Fact, times: i32) {
        let concerns = self.concerns[usize::from(fact.kind.0)];
        self.concerned.orders |= concerns.orders;
        if concerns.levels {
            match times {
                1.. => self.levels.begin(fact.kind, group, fact.time),
                _ => self.levels.end(fact.kind, group, fact.time),
            }
            return;
        }
        self.concerned.contacts |= concerns.contacts;
        add(self.counted, self.groups, group, fact, times);
    }
}

/// Counts a case of so many families once more, or takes it back.
fn count_seen(seen: &mut [Vec<u64>], facts: &Facts, times: i64) {
    let mut families = facts.families;
    while families != 0 {
        let seen = &mut seen[facts.group as usize][families.trailing_zeros() as usize];
        *seen = seen.wrapping_add_signed(times);
        families &= families - 1;
    }
}

/// Notes a fact that is to be added to the cells of a group, if they sum it.
#[inline]
fn add(counted: &mut Vec<Counted>, groups: &Groups, group: u32, fact: &Fact, times: i32) {
    if !groups.program(group)[usize::from(fact.kind.0)].is_empty() {
        counted.push(Counted { fact: *fact, group, times });
    }
}
