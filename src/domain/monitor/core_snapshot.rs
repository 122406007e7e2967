//! What the core remembers, as data: to be written down, and to begin again from.
//!
//! A core that begins again is the one that was written down, to the last millisecond of the last timer; only what follows
//! from the standard or from other parts of the memory is left out and made anew. So the standard must be the same; a core
//! that remembers takes another one by [`Monitor::adopt`]. The forms have no version of their own: whoever keeps them says
//! beside them by which they were written.
//!
//! What is read is held within bounds: a damaged memory is refused or, where nobody can tell, believed; it never makes the
//! core fail. It is meant for compact forms and not for people: times are numbers.

use crate::domain::cases::case_names::CaseNames;
use crate::domain::cases::customer::CustomerContacts;
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::silent_sources::SilentSources;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::case_table::{CaseTable, Format2Cases};
use crate::domain::cases::timers::TimerWheel;
use crate::domain::cells::cell::Cell;
use crate::domain::cells::gauges;
use crate::domain::cells::window_panes;
use crate::domain::events::event::Attributes;
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::standard::{RetentionHorizon, Standard};
use crate::domain::time::timestamp::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// What is written down: [`Memory`] in the same order, borrowed.
#[derive(Serialize)]
struct CoreSnapshotView<'m, G, P, L> {
    now: Timestamp,
    clock: Option<Timestamp>,
    last_received: Option<Timestamp>,
    silence: &'m SilentSources,
    groups: G,
    cases: &'m CaseTable,
    cells: Vec<&'m Cell>,
    seen: Vec<&'m Vec<u64>>,
    panes: P,
    levels: L,
    timers: &'m TimerWheel,
    expiries: &'m TimerWheel,
    customers: &'m CustomerContacts,
    names: &'m CaseNames,
}

/// What is read, with the cases as they were written down.
#[derive(Deserialize)]
struct CoreSnapshot<C> {
    now: Timestamp,
    clock: Option<Timestamp>,
    last_received: Option<Timestamp>,
    silence: SilentSources,
    groups: Vec<Attributes>,
    cases: C,
    cells: Vec<Cell>,
    seen: Vec<Vec<u64>>,
    panes: window_panes::DecodedPanes,
    levels: gauges::DecodedGauges,
    timers: TimerWheel,
    expiries: TimerWheel,
    customers: CustomerContacts,
    names: CaseNames,
}

impl Monitor {
    /// What the core remembers, to be written down, between two batches or ticks. Two cores that were told the same in the
    /// same order write the same.
    pub fn to_snapshot(&self) -> impl Serialize + '_ {
        // Every field by its name, so that a new one is not forgotten here.
        let Caseload {
            // What follows from the standard.
            standard: _,
            used_kinds: _,
            expiry: _,
            consumers: _,
            committed_families: _,
            agents_are_local: _,
            horizon: _,
            // What follows from the time reached.
            current: _,
            // What follows from the cases.
            at_risk_orders: _,
            // What means something only while a batch or a tick lasts.
            unsettled: _,
            changes: _,
            groups_handed_over: _,
            before: _,
            after: _,
            now,
            clock,
            last_received: heard,
            silent_sources: silence,
            cases,
            groups,
            timers,
            expiries,
            customers,
            case_names: names,
        } = &self.caseload;
        let (cells, seen, panes, levels) = self.cells.to_snapshot();
        let (now, clock, heard) = (*now, *clock, *heard);
        let groups = groups.snapshot();
        CoreSnapshotView {
            now,
            clock,
            last_received: heard,
            silence,
            groups,
            cases,
            cells,
            seen,
            panes,
            levels,
            timers,
            expiries,
            customers,
            names,
        }
    }

    /// A core that remembers what [`Monitor::memory`] wrote down of another one with the same standard and horizon.
    ///
    /// # Errors
    /// Those of the deserializer, and a sentence if what was written is no memory of a core with this standard.
    pub fn from_snapshot<'de, D: Deserializer<'de>>(
        standard: Arc<Standard>,
        horizon: Option<RetentionHorizon>,
        from: D,
    ) -> Result<Monitor, D::Error> {
        let memory = CoreSnapshot::deserialize(from)?;
        Monitor::new(standard, horizon).restore_snapshot(memory, Ok).map_err(D::Error::custom)
    }

    /// As [`Monitor::remember`] of what a program wrote down that kept formats 1 or 2 of the journal.
    ///
    /// # Errors
    /// As for [`Monitor::remember`].
    pub fn from_earlier_snapshot<'de, D: Deserializer<'de>>(
        standard: Arc<Standard>,
        horizon: Option<RetentionHorizon>,
        from: D,
    ) -> Result<Monitor, D::Error> {
        let memory = CoreSnapshot::deserialize(from)?;
        Monitor::new(standard, horizon)
            .restore_snapshot(memory, Format2Cases::upgrade)
            .map_err(D::Error::custom)
    }

    /// Begins again from a memory; `renew` gives its cases as they are kept now.
    fn restore_snapshot<C>(
        self,
        memory: CoreSnapshot<C>,
        renew: impl FnOnce(C) -> Result<CaseTable, &'static str>,
    ) -> Result<Monitor, &'static str> {
        let CoreSnapshot {
            now,
            clock,
            last_received: heard,
            silence,
            groups,
            cases,
            cells,
            seen,
            panes,
            levels,
            timers,
            expiries,
            customers,
            names,
        } = memory;
        let Monitor { mut caseload, cells: empty } = self;
        if now < Timestamp::MIN && now != caseload.now {
            return Err("it has reached a time that nobody can tell");
        }
        caseload.groups = CaseGroups::restore(&groups, &caseload.standard)?;
        caseload.groups_handed_over = caseload.groups.count();
        let bounds = SnapshotBounds::new(&caseload.standard, caseload.groups_handed_over, now);
        (caseload.now, caseload.clock, caseload.last_received, caseload.silent_sources) =
            (now, clock, heard, silence);
        if now >= Timestamp::MIN {
            caseload.current.advance_to(now);
        }
        caseload.cases = renew(cases)?.restore(&bounds)?;
        let slots = caseload.cases.slot_count();
        let cells = empty.restore_snapshot(
            caseload.groups.groups_since(0),
            now,
            (cells, seen),
            panes,
            levels,
        )?;
        caseload.timers = timers.restore(&caseload.timers, slots)?;
        caseload.expiries = expiries.restore(&caseload.expiries, slots)?;
        caseload.customers = customers.restore(caseload.customers, &bounds)?;
        caseload.case_names = names.restore(slots)?;
        Ok(Monitor { caseload, cells })
    }
}
