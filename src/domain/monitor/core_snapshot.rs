//! Snapshot of the core: its state as serializable data.
//!
//! A restored core equals the saved one, down to the last millisecond of the last timer. State that
//! follows from the standard or from other state is not saved; it is rebuilt. A snapshot must be
//! restored under the standard that wrote it. [`Monitor::change_standard`] moves a restored core to
//! another one. The format carries no version; the caller stores the version beside it.
//!
//! Decoded values are checked against [`SnapshotBounds`]. A damaged snapshot is refused, or
//! accepted where the damage cannot be detected, but never causes a panic. The data is meant for
//! compact formats, so times are numbers.

use crate::domain::cases::case_names::CaseNames;
use crate::domain::cases::customer::CustomerContacts;
use crate::domain::cases::customer::format_3::Format3Customers;
use crate::domain::cases::data_coverage::DataCoverage;
use crate::domain::cases::groups::{CaseGroups, ScopeReach};
use crate::domain::cases::reused_subjects::{ReusedSubjects, SubjectCase};
use crate::domain::cases::silent_sources::SilentSources;
use crate::domain::cases::snapshot_validation::SnapshotBounds;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::cases::store::format_3::{Format2Cases, Format3Cases};
use crate::domain::cases::timers::TimerWheel;
use crate::domain::cells::cell::Cell;
use crate::domain::cells::gauges;
use crate::domain::cells::maxima::StoredMaxima;
use crate::domain::cells::window_panes;
use crate::domain::events::event::{Attributes, CaseFamily};
use crate::domain::facts::catalog::Fact;
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::standard::{RetentionHorizon, Standard};
use crate::domain::time::timestamp::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// Borrowed form of [`CurrentSnapshot`] for writing, in the same field order.
#[derive(Serialize)]
struct CoreSnapshotView<'m, G, P, L> {
    now: Timestamp,
    clock: Option<Timestamp>,
    last_received: Option<Timestamp>,
    silent_sources: &'m SilentSources,
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
    coverage: &'m DataCoverage,
    reused: Vec<(u64, &'m [SubjectCase])>,
    maxima: Vec<StoredMaxima>,
}

/// Decoded snapshot of the current format.
#[derive(Deserialize)]
struct CurrentSnapshot {
    format_4: Format4Snapshot,
    reused: Vec<(u64, Vec<SubjectCase>)>,
    maxima: Vec<StoredMaxima>,
}

/// Decoded snapshot of format 4, with which the current one begins. It has no maxima, and its
/// subjects had one case each.
#[derive(Deserialize)]
struct Format4Snapshot {
    core: CurrentCore,
    coverage: DataCoverage,
}

/// Decoded part that all formats have in common. `G`, `C` and `U` are the formats of groups, cases
/// and customers.
#[derive(Deserialize)]
pub(super) struct CoreSnapshot<G, C, U> {
    pub(super) now: Timestamp,
    pub(super) clock: Option<Timestamp>,
    pub(super) last_received: Option<Timestamp>,
    pub(super) silent_sources: SilentSources,
    pub(super) groups: Vec<G>,
    pub(super) cases: C,
    pub(super) cells: Vec<Cell>,
    pub(super) seen: Vec<Vec<u64>>,
    pub(super) panes: window_panes::DecodedPanes,
    pub(super) levels: gauges::DecodedGauges,
    pub(super) timers: TimerWheel,
    pub(super) expiries: TimerWheel,
    pub(super) customers: U,
    pub(super) names: CaseNames,
}

/// Common part in the current format.
pub(super) type CurrentCore = CoreSnapshot<(Attributes, ScopeReach), CaseTable, CustomerContacts>;

impl Monitor {
    /// Returns the state of the core for a snapshot, between two batches or ticks. Two cores with
    /// the same input in the same order return equal snapshots.
    pub fn to_snapshot(&self) -> impl Serialize + '_ {
        // Every field is named, so that a new field cannot be forgotten here.
        let Caseload {
            // Derived from the standard.
            standard: _,
            derivation: _,
            consumers: _,
            timed_kinds: _,
            agents_are_local: _,
            horizon: _,
            reusable_families: _,
            // Derived from the current time.
            current: _,
            // Derived from the cases.
            at_risk_orders: _,
            benchmarks: _,
            // Only used within a batch or a tick.
            unsettled: _,
            changes: _,
            groups_handed_over: _,
            before: _,
            after: _,
            timelines: _,
            now,
            clock,
            last_received,
            silent_sources,
            coverage,
            cases,
            reused,
            groups,
            timers,
            expiries,
            customers,
            case_names: names,
        } = &self.caseload;
        let (cells, seen, panes, levels) = self.cells.to_snapshot();
        let (now, clock, last_received) = (*now, *clock, *last_received);
        let (groups, reused) = (groups.snapshot(), reused.snapshot());
        CoreSnapshotView {
            now,
            clock,
            last_received,
            silent_sources,
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
            coverage,
            reused,
            maxima: self.cells.maxima_snapshot(),
        }
    }

    /// Restores a core from the output of [`Monitor::to_snapshot`] under the same standard and
    /// horizon.
    ///
    /// # Errors
    /// Returns an error if decoding fails or a value does not fit the standard.
    pub fn from_snapshot<'de, D: Deserializer<'de>>(
        standard: Arc<Standard>,
        horizon: Option<RetentionHorizon>,
        from: D,
    ) -> Result<Monitor, D::Error> {
        let snapshot = CurrentSnapshot::deserialize(from)?;
        Monitor::new(standard, horizon).restore_current(snapshot).map_err(D::Error::custom)
    }

    fn restore_current(self, snapshot: CurrentSnapshot) -> Result<Monitor, &'static str> {
        let CurrentSnapshot { format_4, reused, maxima } = snapshot;
        let mut monitor = self.restore_format_4(format_4)?;
        let cases = &monitor.caseload.cases;
        monitor.caseload.reused = ReusedSubjects::restore(reused, cases)?;
        monitor.restore_maxima(&maxima)
    }

    /// Restores a core as [`Monitor::from_snapshot`] does, from a snapshot of an earlier journal
    /// format, 1 to 5.
    ///
    /// # Errors
    /// As for [`Monitor::from_snapshot`].
    pub fn from_earlier_snapshot<'de, D: Deserializer<'de>>(
        format: u64,
        standard: Arc<Standard>,
        horizon: Option<RetentionHorizon>,
        from: D,
    ) -> Result<Monitor, D::Error> {
        if format == 5 {
            let mut snapshot = CurrentSnapshot::deserialize(from)?;
            let core = snapshot.format_4.core;
            snapshot.format_4.core = core.add_kinds_since_format_6(&standard.kinds);
            return Monitor::new(standard, horizon)
                .restore_current(snapshot)
                .map_err(D::Error::custom);
        }
        if format == 4 {
            let mut snapshot = Format4Snapshot::deserialize(from)?;
            snapshot.core = snapshot.core.add_kinds_since_format_6(&standard.kinds);
            return Monitor::new(standard, horizon)
                .restore_format_4(snapshot)
                .map(Monitor::derive_maxima)
                .map_err(D::Error::custom);
        }
        let snapshot = if format < 3 {
            let snapshot: CoreSnapshot<Attributes, Format2Cases, Format3Customers> =
                CoreSnapshot::deserialize(from)?;
            snapshot.upgrade(Format2Cases::upgrade)
        } else {
            let snapshot: CoreSnapshot<Attributes, Format3Cases, Format3Customers> =
                CoreSnapshot::deserialize(from)?;
            snapshot.upgrade(|cases| Ok(cases.upgrade()))
        };
        let restore = || {
            let snapshot = snapshot?.add_kinds_since_format_6(&standard.kinds);
            let mut monitor = Monitor::new(standard, horizon).restore_snapshot(snapshot)?;
            monitor.recount_contacts();
            monitor.recount_resolutions();
            Ok(monitor.derive_coverage().derive_maxima())
        };
        restore().map_err(|problem: &'static str| D::Error::custom(problem))
    }

    /// Restores a decoded snapshot into an empty core.
    fn restore_snapshot(self, snapshot: CurrentCore) -> Result<Monitor, &'static str> {
        let CoreSnapshot {
            now,
            clock,
            last_received,
            silent_sources,
            groups,
            cases,
            mut cells,
            seen,
            panes,
            levels,
            timers,
            expiries,
            customers,
            names,
        } = snapshot;
        let Monitor { mut caseload, cells: empty_cells } = self;
        if now < Timestamp::MIN && now != caseload.now {
            return Err("its time is out of range");
        }
        caseload.groups = CaseGroups::restore(&groups, &caseload.standard)?;
        caseload.groups_handed_over = caseload.groups.count();
        let bounds = SnapshotBounds::new(&caseload.standard, caseload.groups_handed_over, now);
        (caseload.now, caseload.clock, caseload.last_received, caseload.silent_sources) =
            (now, clock, last_received, silent_sources);
        if now >= Timestamp::MIN {
            caseload.current.advance_to(now);
        }
        caseload.cases = cases.restore(&bounds)?;
        let slots = caseload.cases.slot_count();
        let lacks_states = empty_cells.append_state_sums(&mut cells);
        let cells = empty_cells.restore_snapshot(
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
        caseload.record_all_benchmarks();
        let mut monitor = Monitor { caseload, cells };
        if lacks_states {
            monitor.recount_states();
        }
        Ok(monitor)
    }

    /// Counts the timed states of all remembered cases. Snapshots of earlier versions lack them.
    fn recount_states(&mut self) {
        let mut facts: Vec<(u32, Fact)> = Vec::new();
        let agent = 1 << CaseFamily::AGENT.0;
        self.derive_facts_again(None, |_, _, case, _, _| {
            if case.families & agent != 0 {
                for (group, counted) in case.by_group() {
                    facts.extend(counted.iter().map(|fact| (group, *fact)));
                }
            }
        });
        self.cells.recount_states(facts);
    }

    /// Restores a decoded snapshot with its data coverage into an empty core.
    fn restore_format_4(self, snapshot: Format4Snapshot) -> Result<Monitor, &'static str> {
        let Format4Snapshot { core, coverage } = snapshot;
        let mut monitor = self.restore_snapshot(core)?;
        let Caseload { standard, groups, now, .. } = &monitor.caseload;
        let bounds = SnapshotBounds::new(standard, groups.count(), *now);
        monitor.caseload.coverage = coverage.restore(&standard.schema, &bounds)?;
        Ok(monitor)
    }

    /// Derives the data coverage of a snapshot of an earlier format from the remembered cases and
    /// the sums. Silences of sources before the snapshot are not known.
    fn derive_coverage(mut self) -> Monitor {
        let Caseload { standard, coverage, cases, horizon, now, .. } = &mut self.caseload;
        for slot in cases.occupied_slots() {
            for observation in cases.observations(slot) {
                coverage.record_event(observation.kind.family, 0, observation.time, |_| None);
            }
        }
        let was_counted = |family: usize| {
            self.cells.case_counts.iter().any(|counts| counts.get(family).is_some_and(|n| *n > 0))
        };
        let has_forgotten_cases = cases.forgotten_count() > 0;
        let at = (&standard.schema, *now);
        coverage.complete_from_sums(was_counted, has_forgotten_cases, *horizon, at);
        self
    }
}
