//! The caseload: all remembered cases, and the effect of events, deadlines and retention on their
//! facts.
//!
//! Counting is incremental by difference counting (retract and add). When observations arrive, the
//! facts of the case before and after them are compared, and the difference goes to the cells as
//! [`CaseChanges`]. This step *settles* the case. The same happens when a deadline passes. The sums
//! are therefore a function of the set of events and the time reached, not of the order of arrival.

mod agent_append;
mod apply_result;
mod count_difference;
mod count_states;
mod merge_events;
mod retention;
mod reuse;

pub use self::apply_result::{ApplyResult, EventRefusal};
use super::at_risk_orders::AtRiskOrders;
use super::benchmark_values::BenchmarkValues;
use super::case_names::CaseNames;
use super::changes::CaseChanges;
use super::context::{DerivationContext, DerivationSettings, EXPIRY_STEP_MS, expired_before};
use super::customer::CustomerContacts;
use super::data_coverage::DataCoverage;
use super::derive_facts;
use super::groups::CaseGroups;
use super::reused_subjects::ReusedSubjects;
use super::silent_sources::SilentSources;
use super::state_timeline::{StateTimeline, TimedKinds};
use super::timers::TimerWheel;
use crate::domain::cases::store::case_record::{HistoryPart, MergeResult};
use crate::domain::cases::store::case_summary::CaseSummary;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::events::batch::Batch;
use crate::domain::events::event::{Event, EventVerb, LifeCycle};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::standard::{RetentionHorizon, Standard};
use crate::domain::time::timestamp::{SECOND, Timestamp};
use crate::domain::time::window_bounds::WindowBounds;
use std::collections::VecDeque;
use std::sync::Arc;

/// Number of events whose cases are looked up in advance, to prefetch their memory.
pub(in crate::domain) const PREFETCHED_EVENTS: usize = 32;

/// All remembered cases with their derived state.
#[derive(Debug)]
pub struct Caseload {
    pub(in crate::domain) standard: Arc<Standard>,
    pub(in crate::domain) derivation: DerivationSettings,
    /// For each kind of fact, its consumers.
    pub(in crate::domain) consumers: Vec<count_difference::FactConsumers>,
    /// States whose times the means of levels need.
    pub(in crate::domain) timed_kinds: TimedKinds,
    /// True if an agent's facts depend only on adjacent observations.
    pub(in crate::domain) agents_are_local: bool,
    pub(in crate::domain) now: Timestamp,
    pub(in crate::domain) clock: Option<Timestamp>,
    /// Time reached when the last valid batch arrived, even if it held only duplicates.
    pub(in crate::domain) last_received: Option<Timestamp>,
    pub(in crate::domain) silent_sources: SilentSources,
    /// Time ranges from which events were received.
    pub(in crate::domain) coverage: DataCoverage,
    pub(in crate::domain) horizon: Option<RetentionHorizon>,
    pub(in crate::domain) cases: CaseTable,
    /// Subjects that name more than one case.
    pub(in crate::domain) reused: ReusedSubjects,
    /// Families whose subjects may be used again, as a bit set.
    pub(in crate::domain) reusable_families: u64,
    pub(in crate::domain) groups: CaseGroups,
    pub(in crate::domain) current: WindowBounds,
    pub(in crate::domain) timers: TimerWheel,
    /// Expiry timers of current states.
    pub(in crate::domain) expiries: TimerWheel,
    pub(in crate::domain) customers: CustomerContacts,
    /// Open orders at risk; `None` until alerts are first evaluated.
    pub(in crate::domain) at_risk_orders: Option<AtRiskOrders>,
    /// Values of the outside series.
    pub(in crate::domain) benchmarks: BenchmarkValues,
    /// Names of the cases, as far as the batches carry them.
    pub(in crate::domain) case_names: CaseNames,
    /// Cases with uncounted observations. May include cases settled in the meantime.
    pub(in crate::domain) unsettled: VecDeque<u32>,
    /// Changes not yet handed over to the cells.
    pub(in crate::domain) changes: CaseChanges,
    /// Number of groups handed over to the cells.
    pub(in crate::domain) groups_handed_over: usize,
    pub(in crate::domain) before: CaseFacts,
    pub(in crate::domain) after: CaseFacts,
    /// Histories from which `before` and `after` were derived, of cases with timed states.
    pub(in crate::domain) timelines: [StateTimeline; 2],
}

impl Caseload {
    /// Returns an empty caseload. Without a horizon, every case is remembered.
    #[must_use]
    pub fn new(standard: Arc<Standard>, horizon: Option<RetentionHorizon>) -> Caseload {
        let mut used_kinds = standard.needed_fact_kinds();
        let consumers = count_difference::FactConsumers::by_fact_kind(&standard);
        for (used, consumers) in used_kinds.iter_mut().zip(&consumers) {
            *used |= consumers.contacts || consumers.orders;
        }
        let derivation = DerivationSettings::new(&standard, used_kinds);
        let customers = CustomerContacts::new(
            horizon.map(|horizon| Self::contact_retention_ms(horizon, &standard)),
        );
        Caseload {
            agents_are_local: agent_append::has_local_agent_facts(
                &standard,
                &consumers,
                derivation.committed_families,
            ),
            timed_kinds: TimedKinds::new(&standard),
            derivation,
            consumers,
            now: Timestamp(i64::MIN),
            clock: None,
            last_received: None,
            silent_sources: SilentSources::default(),
            coverage: DataCoverage::new(&standard.schema),
            horizon,
            cases: CaseTable::default(),
            reused: ReusedSubjects::default(),
            reusable_families: standard.schema.families_of(&reuse::REUSABLE),
            groups: CaseGroups::default(),
            current: WindowBounds::new(&standard.windows, &standard.zones),
            timers: TimerWheel::new(SECOND),
            expiries: TimerWheel::new(EXPIRY_STEP_MS),
            customers,
            at_risk_orders: None,
            benchmarks: BenchmarkValues::default(),
            case_names: CaseNames::default(),
            unsettled: VecDeque::new(),
            changes: CaseChanges::default(),
            groups_handed_over: 0,
            before: CaseFacts::default(),
            after: CaseFacts::default(),
            timelines: Default::default(),
            standard,
        }
    }

    /// Returns the changes since the last handover. The caller must clear them after use.
    pub fn pending_changes(&mut self) -> &mut CaseChanges {
        self.changes.now = self.now;
        self.changes.groups.extend_from_slice(self.groups.groups_since(self.groups_handed_over));
        self.groups_handed_over = self.groups.count();
        &mut self.changes
    }

    /// Advances the time to `now`. A time earlier than the one reached has no effect.
    pub fn tick(&mut self, now: Timestamp) {
        self.clock = Some(self.clock.map_or(now, |clock| clock.max(now)));
        self.advance_to(now);
    }

    /// Merges a batch of events into their cases.
    ///
    /// The changes are counted once [`Caseload::settle_some_cases`] has settled all cases.
    pub fn merge_batch(&mut self, batch: &Batch) -> ApplyResult {
        let mut applied = ApplyResult::default();
        let newest = batch
            .events
            .iter()
            .filter(|event| self.refusal_reason(event).is_none())
            .map(|event| event.time)
            .max();
        let Some(newest) = newest else {
            applied.refused = batch
                .events
                .iter()
                .enumerate()
                .filter_map(|(place, event)| Some((place, self.refusal_reason(event)?)))
                .collect();
            return applied;
        };
        self.advance_to(newest);
        self.last_received = Some(self.now);
        self.case_names.record_symbols(&batch.names);
        let groups = self.groups.intern_batch(batch, &self.standard);
        let mut slots = [0; PREFETCHED_EVENTS];
        let mut spoke = 0;
        let cases_begun_before = self.reused.begun();
        for (chunk_number, chunk) in batch.events.chunks(PREFETCHED_EVENTS).enumerate() {
            std::hint::black_box(
                chunk.iter().fold(0, |sum, event| sum ^ self.cases.prefetch(event.case.0)),
            );
            for (slot, event) in slots.iter_mut().zip(chunk) {
                *slot = match self.refusal_reason(event) {
                    None => self.find_or_add_case(event, groups[event.group as usize]),
                    Some(_) => u32::MAX,
                };
            }
            if !batch.names.is_empty() {
                self.record_case_names(
                    batch,
                    chunk_number * PREFETCHED_EVENTS,
                    &slots[..chunk.len()],
                );
            }
            self.prefetch_cases(&slots[..chunk.len()]);
            let changes = self.reused.changes();
            for (place, (slot, event)) in slots.iter().zip(chunk).enumerate() {
                let place = chunk_number * PREFETCHED_EVENTS + place;
                if *slot == u32::MAX {
                    applied
                        .refused
                        .extend(self.refusal_reason(event).map(|refusal| (place, refusal)));
                    continue;
                }
                spoke |= 1 << (event.source & 63);
                let group = groups[event.group as usize];
                let slot = if self.reused.changes() == changes {
                    *slot
                } else {
                    self.find_or_add_case(event, group)
                };
                let merged = self.merge_event(slot, event, group);
                if event.kind.verb == EventVerb::Reported {
                    self.record_benchmark(slot);
                }
                match merged {
                    MergeResult::New => applied.accepted += 1,
                    MergeResult::Duplicate | MergeResult::Replaced => applied.duplicates += 1,
                    MergeResult::Full => {
                        applied.refused.push((place, EventRefusal::Full));
                        continue;
                    }
                }
                let standard = &self.standard;
                self.coverage.record_event(event.kind.family, event.source, event.time, |place| {
                    Some(standard.silence_limit(standard.sources.get(place)?))
                });
            }
        }
        applied.subjects_reused = self.reused.begun() - cases_begun_before;
        self.silent_sources.record_received(spoke, self.now);
        applied
    }

    /// Reads the value of an outside series again from its case.
    #[cold]
    fn record_benchmark(&mut self, slot: u32) {
        let observations = self.cases.observations(slot);
        self.benchmarks.record_case(self.cases.record(slot).key(), &observations);
    }

    /// Reads the values of the outside series from all remembered cases.
    pub(in crate::domain) fn record_all_benchmarks(&mut self) {
        if self.standard.schema.benchmarks.is_empty() {
            return;
        }
        let series = self.standard.schema.families_of(&[LifeCycle::Series]);
        let slots: Vec<u32> = self.cases.occupied_slots().collect();
        for slot in slots {
            let first = self.cases.observations(slot).into_iter().next();
            if first.is_some_and(|one| series >> one.kind.family.0 & 1 == 1) {
                self.record_benchmark(slot);
            }
        }
    }

    /// Touches the cases in these slots to prefetch their memory.
    fn prefetch_cases(&self, slots: &[u32]) {
        let known =
            slots.iter().filter(|slot| **slot != u32::MAX).map(|slot| self.cases.record(*slot));
        std::hint::black_box(known.clone().fold(0, |sum, record| sum ^ record.prefetch()));
        std::hint::black_box(
            known
                .fold(0, |sum, record| sum ^ self.cases.overflow.prefetch(record.overflow_place())),
        );
    }

    /// Returns the reason for which an event must be refused now; `None` if it is accepted.
    fn refusal_reason(&self, event: &Event) -> Option<EventRefusal> {
        let horizon = self.horizon?;
        let life_cycle = self.standard.schema.life_cycle(event.kind.family);
        if self.clock.is_some_and(|clock| event.time.millis_since(clock) > horizon.ahead_ms) {
            return Some(EventRefusal::Ahead);
        }
        let late = self.now.millis_since(event.time) > horizon.for_life_cycle(life_cycle)
            && life_cycle != LifeCycle::Series
            && event.time < self.current.earliest_start();
        late.then_some(EventRefusal::Late)
    }

    /// Records the names of the cases in `slots`. Their events start at index `first` of the batch.
    #[cold]
    fn record_case_names(&mut self, batch: &Batch, first: usize, slots: &[u32]) {
        for (place, slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != u32::MAX) {
            batch
                .names
                .case_name(first + place)
                .into_iter()
                .for_each(|name| self.case_names.record_case_name(*slot, name));
        }
    }

    /// Derives the facts before or after a change of a case. Returns the summary of its
    /// observations.
    pub(in crate::domain) fn derive_facts(&mut self, slot: u32, before: bool) -> CaseSummary {
        let context = self.derivation.context(&self.standard, self.now);
        let (part, out) = if before {
            (HistoryPart::Counted, &mut self.before)
        } else {
            (HistoryPart::All, &mut self.after)
        };
        let summary = derive_facts::derive_case_facts(
            (self.cases.record(slot), part),
            &self.cases.overflow,
            &context,
            &mut self.groups,
            out,
        );
        if self.timed_kinds.include_family(summary.families) {
            self.record_timeline((slot, part), before);
        }
        summary
    }

    /// Derives the facts of one case or of all, unused kinds and clock reports included.
    pub(in crate::domain) fn visit_case_facts(
        &mut self,
        only: Option<u32>,
        mut visit: impl FnMut(u32, u64, &CaseFacts, &CaseGroups, &CaseTable),
    ) {
        let Caseload { standard, derivation, now, cases, groups, .. } = self;
        let all_kinds = vec![true; derivation.used_kinds.len()];
        let context =
            DerivationContext { used_kinds: &all_kinds, ..derivation.context(standard, *now) };
        let mut facts = CaseFacts { clock_reports: Some(Vec::new()), ..CaseFacts::default() };
        let mut visit_slot = |slot: u32| {
            derive_facts::derive_case_facts(
                (cases.record(slot), HistoryPart::All),
                &cases.overflow,
                &context,
                groups,
                &mut facts,
            );
            visit(slot, cases.record(slot).key(), &facts, groups, cases);
        };
        match only {
            Some(slot) => visit_slot(slot),
            None => cases.occupied_slots().for_each(visit_slot),
        }
    }

    /// Derives the orders at risk from the facts of all open cases.
    pub(in crate::domain) fn find_at_risk_orders(&mut self) -> AtRiskOrders {
        let mut at_risk_orders = AtRiskOrders::default();
        if !self.consumers.iter().any(|consumers| consumers.orders) {
            return at_risk_orders;
        }
        let open: Vec<u32> =
            self.cases.occupied_slots().filter(|slot| self.cases.record(*slot).is_open()).collect();
        for slot in open {
            self.before.clear();
            self.derive_facts(slot, false);
            let key = self.cases.record(slot).key();
            at_risk_orders.update_order(
                (slot, key),
                &self.before,
                &self.after,
                &self.groups,
                &self.standard,
            );
        }
        at_risk_orders
    }

    /// Advances to `now`: moves the windows, fires due timers and forgets cases past retention.
    pub(in crate::domain) fn advance_to(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let then = std::mem::replace(&mut self.now, now);
        self.silent_sources.record_start(now);
        self.current.advance_to(now);
        for chunk in self.due_cases(then).chunks(PREFETCHED_EVENTS) {
            self.prefetch_cases(chunk);
            for &slot in chunk {
                self.now = then;
                self.derive_facts(slot, true);
                self.now = now;
                self.derive_facts(slot, false);
                self.count_case_difference(slot, true);
                self.forget_if_due(slot);
            }
        }
        self.mature_contacts(then);
    }

    /// Returns the cases whose facts may have changed since `then` through time alone.
    ///
    /// The list has no duplicates, since a difference must be counted once. Current states expire
    /// in batches per minute. Most of these cases have ended earlier and are skipped.
    fn due_cases(&mut self, then: Timestamp) -> Vec<u32> {
        let mut due = self.timers.take_due(self.now);
        if expired_before(then) == expired_before(self.now) {
            return due;
        }
        // States that are due in the current minute expire when the minute is over.
        let expiring = self.expiries.take_due(expired_before(self.now).plus_millis(-1));
        for chunk in expiring.chunks(PREFETCHED_EVENTS) {
            self.prefetch_cases(chunk);
            due.extend(chunk.iter().filter(|slot| self.cases.record(**slot).is_open()));
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Returns the time reached; `None` before the first event or tick.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        (self.now.0 != i64::MIN).then_some(self.now)
    }
}
