//! Queries beyond the board: explanation of a reading, case histories and open cases. Each query
//! derives the facts of the remembered cases again and changes nothing.

use crate::domain::board::reading::{Board, Reading, ReadingComponents, ReadingKey};
use crate::domain::cases::case_names::CaseName;
use crate::domain::cases::case_names::CaseNames;
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::cells::state_time::covered_until;
use crate::domain::events::batch::truncate_text;
use crate::domain::events::event::CaseKey;
use crate::domain::explain::breakdown::{Breakdown, BreakdownSide, ExplainedCase};
use crate::domain::explain::case_history::{CaseDescriber, CaseHistory};
use crate::domain::explain::explanation::{
    ExcludedCases, ExclusionReason, Explanation, ExplanationRequest, FormulaSide, symbol_text,
};
use crate::domain::explain::open_cases::{OpenCaseCollector, OpenCaseQuery, OpenCases};
use crate::domain::explain::scope_membership::ScopeMembership;
use crate::domain::facts::catalog::{CaseFacts, Fact};
use crate::domain::monitor::{Caseload, Monitor};
use crate::domain::standard::Formula;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// Maximum number of case histories for one subject.
const HISTORIES_MAX: usize = 20;

impl Monitor {
    /// Derives the facts of all remembered cases, or of the case in slot `only`, with the clocks of
    /// their commitments.
    pub(in crate::domain) fn derive_facts_again(
        &mut self,
        only: Option<u32>,
        visit: impl FnMut(u32, u64, &CaseFacts, &CaseGroups, &CaseTable),
    ) {
        self.caseload.visit_case_facts(only, visit);
        // Deriving facts may intern a new group, and a snapshot needs cells and groups to agree.
        self.update_cells();
    }

    /// Returns the facts that a reading counted and those it excluded.
    pub fn explain_reading(&mut self, request: &ExplanationRequest) -> Explanation {
        let standard = self.caseload.standard.clone();
        let board = self.single_reading_board(request);
        let formula = &standard.indicators[request.indicator].formula;
        let mut breakdown =
            Breakdown::new(&standard, formula, covered_until(self.caseload.now), request.limit);
        let is_first_contact = breakdown.is_first_contact();
        let current = &self.caseload.current;
        let begins: Vec<Timestamp> = (0..standard.zones.all().len())
            .map(|zone| {
                request
                    .window
                    .map_or(Timestamp(i64::MIN), |window| current.window_starts(zone)[window])
            })
            .collect();
        let membership = |groups: &CaseGroups, group: u32| {
            ScopeMembership::new(&request.scope, groups.get(group), &standard)
        };
        self.derive_facts_again(None, |_, case, facts, groups, _| {
            let mut explain = |group: u32, counted: &[Fact], with_clocks: bool| {
                let attributes = &groups.get(group).attributes;
                breakdown.add_case(&ExplainedCase {
                    case,
                    facts,
                    counted,
                    with_clocks,
                    attributes,
                    membership: membership(groups, group),
                    begin: begins[usize::from(groups.get(group).zone)],
                });
            };
            if is_first_contact {
                return explain(facts.group, &facts.all, false);
            }
            let [(contact_group, contact_facts), (group, case_facts)] = facts.by_group();
            explain(contact_group, contact_facts, false);
            explain(group, case_facts, true);
            facts.placed.iter().for_each(|placed| {
                explain(placed.group, std::slice::from_ref(&placed.fact), false);
            });
        });
        if matches!(formula, Formula::MeanLevel { .. }) {
            let case_facts = CaseFacts::default();
            self.caseload.visit_past_states(|case, state, range, groups| {
                let explained = ExplainedCase {
                    case,
                    facts: &case_facts,
                    counted: &[],
                    with_clocks: false,
                    attributes: &groups.get(state.group).attributes,
                    membership: membership(groups, state.group),
                    begin: begins[usize::from(groups.get(state.group).zone)],
                };
                breakdown.add_state(&explained, state, range);
            });
            self.update_cells();
        }
        if breakdown.is_first_contact() {
            let locate = |group: u32| {
                (
                    membership(&self.caseload.groups, group),
                    begins[usize::from(self.caseload.groups.get(group).zone)],
                )
            };
            self.caseload.customers.all_contacts().for_each(|contacts| {
                breakdown.add_contacts(&self.caseload.customers, contacts, locate);
            });
        }
        let zone =
            standard.zones.scope_zone(&standard.scopes[request.scope.kind], &request.scope.values);
        let begin = request.window.map_or(Timestamp(i64::MIN), |window| {
            standard.windows[window].start_time(self.caseload.now, zone)
        });
        let (good, of, excluded) = breakdown.finish();
        let (cases, names) = (&self.caseload.cases, &self.caseload.case_names);
        let (good_count, of_count) = board.readings.first().map_or((None, None), reading_counts);
        let excluded = excluded.into_iter().map(|(reason, list)| {
            let label =
                if let ExclusionReason::Excused { liable, .. } = reason { liable } else { None };
            let label = label.map(|label| symbol_text(label, &standard, names));
            ExcludedCases {
                reason,
                label,
                count: list.count(),
                cases: list.into_examples(cases, names),
            }
        });
        Explanation {
            excluded: excluded.collect(),
            good: good.map(|side| formula_side(side, good_count, cases, names)),
            of: formula_side(of, of_count, cases, names),
            begin: (begin.0 != i64::MIN).then_some(begin),
            request: request.clone(),
            board,
        }
    }

    /// Returns a board with the requested reading only; empty if there is none.
    fn single_reading_board(&mut self, request: &ExplanationRequest) -> Board {
        let key = ReadingKey {
            indicator: request.indicator,
            scope: Arc::new(request.scope.clone()),
            window: request.window,
        };
        let mut board = self.compute_board();
        board.readings.retain(|reading| reading.key == key);
        board
    }

    /// Returns the history of the case with this key; `None` if it is not remembered.
    fn case_history(&mut self, case: CaseKey) -> Option<CaseHistory> {
        let slot = self.caseload.cases.find(case.0)?;
        let standard = self.caseload.standard.clone();
        let mut copied_case = None;
        self.derive_facts_again(Some(slot), |_, _, facts, _, _| {
            let copied = CaseFacts {
                all: facts.all.clone(),
                placed: facts.placed.clone(),
                clock_reports: facts.clock_reports.clone(),
                group: facts.group,
                ..CaseFacts::default()
            };
            copied_case = Some((copied, facts.open));
        });
        let (facts, open) = copied_case?;
        let describer = CaseDescriber {
            standard: &standard,
            groups: &self.caseload.groups,
            names: &self.caseload.case_names,
        };
        let observations = self.caseload.cases.observations(slot);
        Some(CaseHistory {
            as_of: self.caseload.now,
            name: CaseName::from_names(&self.caseload.case_names, slot),
            attributes: describer.dimension_values(facts.group),
            cases_of_subject: self.caseload.reused.cases_beside(case.0).len().max(1),
            open,
            events: describer.describe_events(&observations),
            facts: describer.describe_facts(&facts),
            legs: describer.describe_legs(&facts),
            clocks: describer.describe_clocks(&facts),
            standard: standard.clone(),
        })
    }

    /// Returns the open cases that match a query, those with the least time left first.
    pub fn open_cases(&mut self, query: &OpenCaseQuery) -> OpenCases {
        let (standard, names) =
            (self.caseload.standard.clone(), std::mem::take(&mut self.caseload.case_names));
        let mut collector = OpenCaseCollector::new(query);
        self.derive_facts_again(None, |slot, key, facts, groups, cases| {
            if cases.record(slot).is_open() {
                collector.add_case(
                    slot,
                    key,
                    facts,
                    &CaseDescriber { standard: &standard, groups, names: &names },
                );
            }
        });
        self.caseload.case_names = names;
        let (count, cases) = collector.finish();
        OpenCases { as_of: self.now(), standard, count, cases }
    }

    /// Returns the histories of up to 20 cases with a subject, sorted by name and time. `case` is
    /// the key of source and subject; without it, the cases of every source are returned.
    ///
    /// A subject that was used again has several cases. `at` selects the last one that began by
    /// then, or the first.
    pub fn case_histories(
        &mut self,
        case: Option<CaseKey>,
        subject: &str,
        at: Option<Timestamp>,
    ) -> Vec<CaseHistory> {
        let Caseload { cases, case_names, reused, .. } = &self.caseload;
        let mut keys: Vec<u64> = match case {
            Some(case) if reused.cases_of(case.0).is_empty() => vec![case.0],
            Some(case) => reused.cases_of(case.0).iter().map(|case| case.key).collect(),
            None => cases
                .occupied_slots()
                .filter(|slot| {
                    case_names
                        .case_name(*slot)
                        .is_some_and(|(_, name)| name == truncate_text(subject))
                })
                .map(|slot| cases.record(slot).key())
                .collect(),
        };
        if let Some(at) = at {
            keys.retain(|key| {
                let beside = reused.cases_beside(*key);
                let begun = beside.partition_point(|case| case.first.time <= at);
                beside.get(begun.saturating_sub(1)).is_none_or(|case| case.key == *key)
            });
        }
        let begin = |key: &u64| {
            let slot = cases.find(*key)?;
            cases.record(slot).time_range(&cases.overflow).map(|(first, _)| first)
        };
        keys.sort_by_key(|key| std::cmp::Reverse(begin(key)));
        keys.truncate(HISTORIES_MAX);
        let mut histories: Vec<CaseHistory> =
            keys.into_iter().rev().filter_map(|key| self.case_history(CaseKey(key))).collect();
        histories.sort_by(|left, right| left.name.cmp(&right.name));
        histories
    }
}

/// Returns numerator and denominator of a reading; `None` where the board has no such count.
fn reading_counts(reading: &Reading) -> (Option<i64>, Option<i64>) {
    match &reading.components {
        ReadingComponents::Ratio { good, of } => (Some(*good), Some(*of)),
        ReadingComponents::Duration(durations) => (None, Some(durations.of)),
        ReadingComponents::Score { of } | ReadingComponents::MissCount { of } => (None, Some(*of)),
        ReadingComponents::Rate { count, .. } => (None, Some(*count)),
        ReadingComponents::BenchmarkRatio { good, .. } => (None, Some(*good)),
        ReadingComponents::Share { of, .. } => (None, Some(*of)),
        ReadingComponents::Count | ReadingComponents::Level => {
            (None, reading.value.map(|value| value as i64))
        }
        ReadingComponents::MeanLevel { .. }
        | ReadingComponents::Oldest { .. }
        | ReadingComponents::Difference { .. }
        | ReadingComponents::Benchmark { .. }
        | ReadingComponents::Weighted { .. }
        | ReadingComponents::EstimatedWait { .. } => (None, None),
    }
}

fn formula_side(
    (tallies, list): BreakdownSide,
    count: Option<i64>,
    cases: &CaseTable,
    names: &CaseNames,
) -> FormulaSide {
    let remembered = list.count();
    FormulaSide {
        count: count.unwrap_or(remembered),
        remembered,
        tallies,
        cases: list.into_examples(cases, names),
    }
}
