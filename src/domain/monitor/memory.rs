//! What the core remembers, as data: to be written down, and to begin again from.
//!
//! A core that begins again is the one that was written down, to the last millisecond of the last timer; only what follows
//! from the standard or from other parts of the memory is left out and made anew. So the standard must be the same; a core
//! that remembers takes another one by [`Monitor::adopt`]. The forms have no version of their own: whoever keeps them says
//! beside them by which they were written.
//!
//! What is read is held within bounds: a damaged memory is refused or, where nobody can tell, believed; it never makes the
//! core fail. It is meant for compact forms and not for people: times are numbers.

use super::{Caseload, Monitor};
use crate::domain::bounds::Bounds;
use crate::domain::case::table::{Cases, Earlier};
use crate::domain::cell::Cell;
use crate::domain::customer::Customers;
use crate::domain::event::Attributes;
use crate::domain::group::Groups;
use crate::domain::level;
use crate::domain::names::CaseNames;
use crate::domain::pane;
use crate::domain::silence::Silence;
use crate::domain::standard::{Horizon, Standard};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timers;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// What is written down: [`Memory`] in the same order, borrowed.
#[derive(Serialize)]
struct Written<'m, G, P, L> {
    now: Timestamp,
    clock: Option<Timestamp>,
    heard: Option<Timestamp>,
    silence: &'m Silence,
    groups: G,
    cases: &'m Cases,
    cells: Vec<&'m Cell>,
    seen: Vec<&'m Vec<u64>>,
    panes: P,
    levels: L,
    timers: &'m Timers,
    expiries: &'m Timers,
    customers: &'m Customers,
    names: &'m CaseNames,
}

/// What is read, with the cases as they were written down.
#[derive(Deserialize)]
struct Memory<C> {
    now: Timestamp,
    clock: Option<Timestamp>,
    heard: Option<Timestamp>,
    silence: Silence,
    groups: Vec<Attributes>,
    cases: C,
    cells: Vec<Cell>,
    seen: Vec<Vec<u64>>,
    panes: pane::Remembered,
    levels: level::Remembered,
    timers: Timers,
    expiries: Timers,
    customers: Customers,
    names: CaseNames,
}

impl Monitor {
    /// What the core remembers, to be written down, between two batches or ticks. Two cores that were told the same in the
    /// same order write the same.
    pub fn memory(&self) -> impl Serialize + '_ {
        // Every field by its name, so that a new one is not forgotten here.
        let Caseload {
            // What follows from the standard.
            standard: _,
            wanted: _,
            expiry: _,
            concerns: _,
            promised: _,
            agents_are_local: _,
            horizon: _,
            // What follows from the time reached.
            current: _,
            // What follows from the cases.
            endangered: _,
            // What means something only while a batch or a tick lasts.
            unsettled: _,
            changes: _,
            told: _,
            before: _,
            after: _,
            now,
            clock,
            heard,
            silence,
            cases,
            groups,
            timers,
            expiries,
            customers,
            names,
        } = &self.caseload;
        let (cells, seen, panes, levels) = self.cells.memory();
        let (now, clock, heard) = (*now, *clock, *heard);
        let groups = groups.memory();
        Written { now, clock, heard, silence, groups, cases, cells, seen, panes, levels, timers, expiries, customers, names }
    }

    /// A core that remembers what [`Monitor::memory`] wrote down of another one with the same standard and horizon.
    ///
    /// # Errors
    /// Those of the deserializer, and a sentence if what was written is no memory of a core with this standard.
    pub fn remember<'de, D: Deserializer<'de>>(standard: Arc<Standard>, horizon: Option<Horizon>, from: D) -> Result<Monitor, D::Error> {
        let memory = Memory::deserialize(from)?;
        Monitor::new(standard, horizon).begin_again(memory, Ok).map_err(D::Error::custom)
    }

    /// As [`Monitor::remember`] of what a program wrote down that kept formats 1 or 2 of the journal.
    ///
    /// # Errors
    /// As for [`Monitor::remember`].
    pub fn remember_earlier<'de, D: Deserializer<'de>>(
        standard: Arc<Standard>,
        horizon: Option<Horizon>,
        from: D,
    ) -> Result<Monitor, D::Error> {
        let memory = Memory::deserialize(from)?;
        Monitor::new(standard, horizon).begin_again(memory, Earlier::renewed).map_err(D::Error::custom)
    }

    /// Begins again from a memory; `renew` gives its cases as they are kept now.
    fn begin_again<C>(self, memory: Memory<C>, renew: impl FnOnce(C) -> Result<Cases, &'static str>) -> Result<Monitor, &'static str> {
        let Memory { now, clock, heard, silence, groups, cases, cells, seen, panes, levels, timers, expiries, customers, names } = memory;
        let Monitor { mut caseload, cells: empty } = self;
        if now < Timestamp::MIN && now != caseload.now {
            return Err("it has reached a time that nobody can tell");
        }
        caseload.groups = Groups::remembered(&groups, &caseload.standard)?;
        caseload.told = caseload.groups.count();
        let bounds = Bounds::new(&caseload.standard, caseload.told, now);
        (caseload.now, caseload.clock, caseload.heard, caseload.silence) = (now, clock, heard, silence);
        if now >= Timestamp::MIN {
            caseload.current.advance(now);
        }
        caseload.cases = renew(cases)?.remembered(&bounds)?;
        let slots = caseload.cases.slots();
        let cells = empty.remembered(caseload.groups.since(0), now, (cells, seen), panes, levels)?;
        caseload.timers = timers.remembered(&caseload.timers, slots)?;
        caseload.expiries = expiries.remembered(&caseload.expiries, slots)?;
        caseload.customers = customers.remembered(caseload.customers, &bounds)?;
        caseload.names = names.remembered(slots)?;
        Ok(Monitor { caseload, cells })
    }
}
