//! What the core answers beyond its board: which cases stand behind a reading, one case's history, and the open cases in
//! danger. Each walks over the remembered cases and tells their facts once more; nothing is changed by it.

use crate::domain::board::reading::{Board, Reading, ReadingComponents, ReadingKey};
use crate::domain::cases::case_names::CaseName;
use crate::domain::cases::case_names::CaseNames;
use crate::domain::cases::groups::CaseGroups;
use crate::domain::cases::store::case_record::{AllObservations, HistoryPart};
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::events::batch::truncate_text;
use crate::domain::events::event::CaseKey;
use crate::domain::explain::breakdown::{Breakdown, BreakdownSide, ExplainedCase, ScopeMembership};
use crate::domain::explain::case_history::{CaseDescriber, CaseHistory};
use crate::domain::explain::explanation::{
    ExcludedCases, ExclusionReason, Explanation, ExplanationRequest, FormulaSide, symbol_text,
};
use crate::domain::explain::open_cases::{OpenCaseCollector, OpenCaseQuery, OpenCases};
use crate::domain::facts::catalog::CaseFacts;
use crate::domain::monitor::Monitor;
use crate::domain::time::timestamp::Timestamp;
use std::sync::Arc;

/// The most cases of one subject whose histories are told.
const HISTORIES_MAX: usize = 20;

impl Monitor {
    /// Tells the facts of cases once more, all that there are, with the clocks of their commitments.
    pub(in crate::domain) fn derive_facts_again(
        &mut self,
        only: Option<u32>,
        visit: impl FnMut(u32, u64, &CaseFacts, &CaseGroups, &CaseTable),
    ) {
        self.caseload.visit_case_facts(only, visit);
        // Should it have met a group that there was not: cells and groups are written down together.
        self.update_cells();
    }

    /// Which cases stand behind a reading.
    pub fn explain_reading(&mut self, asked: &ExplanationRequest) -> Explanation {
        let standard = self.caseload.standard.clone();
        let board = self.single_reading_board(asked);
        let mut ledger =
            Breakdown::new(&standard, &standard.indicators[asked.indicator].formula, asked.limit);
        let current = &self.caseload.current;
        let begins: Vec<Timestamp> = (0..standard.zones.all().len())
            .map(|zone| {
                asked
                    .window
                    .map_or(Timestamp(i64::MIN), |window| current.window_starts(zone)[window])
            })
            .collect();
        let belongs = |groups: &CaseGroups, group: u32| {
            ScopeMembership::new(
                &standard.scopes[asked.scope.kind],
                &asked.scope.values,
                &groups.get(group).attributes,
            )
        };
        self.derive_facts_again(None, |_, case, facts, groups, _| {
            let group = groups.get(facts.group);
            let begin = begins[usize::from(group.zone)];
            ledger.add_case(&ExplainedCase {
                case,
                facts,
                attributes: &group.attributes,
                membership: belongs(groups, facts.group),
                begin,
            });
        });
        if ledger.is_first_contact() {
            let place = |group: u32| {
                (
                    belongs(&self.caseload.groups, group),
                    begins[usize::from(self.caseload.groups.get(group).zone)],
                )
            };
            self.caseload.customers.all_contacts().for_each(|contacts| {
                ledger.add_contacts(&self.caseload.customers, contacts, place)
            });
        }
        let zone =
            standard.zones.scope_zone(&standard.scopes[asked.scope.kind], &asked.scope.values);
        let begin = asked.window.map_or(Timestamp(i64::MIN), |window| {
            standard.windows[window].start_time(self.caseload.now, zone)
        });
        let (good, of, left_out) = ledger.finish();
        let (cases, names) = (&self.caseload.cases, &self.caseload.case_names);
        let (good_count, of_count) = board.readings.first().map_or((None, None), reading_counts);
        let left_out = left_out.into_iter().map(|(reason, list)| {
            let word =
                if let ExclusionReason::Excused { liable, .. } = reason { liable } else { None };
            let word = word.map(|word| symbol_text(word, &standard, names));
            ExcludedCases {
                reason,
                label: word,
                count: list.count(),
                cases: list.into_examples(cases, names),
            }
        });
        Explanation {
            excluded: left_out.collect(),
            good: good.map(|written| formula_side(written, good_count, cases, names)),
            of: formula_side(of, of_count, cases, names),
            begin: (begin.0 != i64::MIN).then_some(begin),
            request: asked.clone(),
            board,
        }
    }

    /// A board with the one reading that was asked for, if there is one.
    fn single_reading_board(&self, asked: &ExplanationRequest) -> Board {
        let key = ReadingKey {
            indicator: asked.indicator,
            scope: Arc::new(asked.scope.clone()),
            window: asked.window,
        };
        let mut board = self.compute_board();
        board.readings.retain(|reading| reading.key == key);
        board
    }

    /// One case from its first event on; `None` if it is not remembered.
    pub fn case_history(&mut self, case: CaseKey) -> Option<CaseHistory> {
        let slot = self.caseload.cases.find(case.0)?;
        let standard = self.caseload.standard.clone();
        let mut told = None;
        self.derive_facts_again(Some(slot), |_, _, facts, _, _| {
            let copied = CaseFacts {
                all: facts.all.clone(),
                clock_reports: facts.clock_reports.clone(),
                group: facts.group,
                ..CaseFacts::default()
            };
            told = Some((copied, facts.open));
        });
        let (facts, open) = told?;
        let speaker = CaseDescriber {
            standard: &standard,
            groups: &self.caseload.groups,
            names: &self.caseload.case_names,
        };
        let observations = self.caseload.cases.record(slot).read_observations(
            HistoryPart::All,
            &self.caseload.cases.overflow,
            AllObservations,
        );
        Some(CaseHistory {
            as_of: self.caseload.now,
            name: CaseName::from_names(&self.caseload.case_names, slot),
            attributes: speaker.dimension_values(facts.group),
            open,
            events: speaker.describe_events(&observations),
            facts: speaker.describe_facts(&facts),
            clocks: speaker.describe_clocks(&facts),
            standard: standard.clone(),
        })
    }

    /// Open cases with a promise to keep, those with the least time left first.
    pub fn open_cases(&mut self, wanted: &OpenCaseQuery) -> OpenCases {
        let (standard, names) =
            (self.caseload.standard.clone(), std::mem::take(&mut self.caseload.case_names));
        let mut gatherer = OpenCaseCollector::new(wanted, self.caseload.now);
        self.derive_facts_again(None, |slot, key, facts, groups, cases| {
            if cases.record(slot).is_open() {
                gatherer.add_case(
                    slot,
                    key,
                    facts,
                    &CaseDescriber { standard: &standard, groups, names: &names },
                );
            }
        });
        self.caseload.case_names = names;
        let (count, cases) = gatherer.finish();
        OpenCases { as_of: self.now(), standard, count, cases }
    }

    /// The histories of this case; without it of those called like the subject, whatever their source, at most twenty.
    pub fn case_histories(&mut self, case: Option<CaseKey>, subject: &str) -> Vec<CaseHistory> {
        if let Some(case) = case {
            return self.case_history(case).into_iter().collect();
        }
        let called = self.caseload.cases.occupied_slots().filter(|slot| {
            self.caseload
                .case_names
                .case_name(*slot)
                .is_some_and(|(_, own)| own == truncate_text(subject))
        });
        let keys: Vec<CaseKey> = called
            .map(|slot| CaseKey(self.caseload.cases.record(slot).key()))
            .take(HISTORIES_MAX)
            .collect();
        let mut histories: Vec<CaseHistory> =
            keys.into_iter().filter_map(|key| self.case_history(key)).collect();
        histories.sort_by(|one, other| one.name.cmp(&other.name));
        histories
    }
}

/// Numerator and denominator of a reading, or how many it is made of; none where the board does not say.
fn reading_counts(reading: &Reading) -> (Option<i64>, Option<i64>) {
    match &reading.components {
        ReadingComponents::Ratio { good, of } => (Some(*good), Some(*of)),
        ReadingComponents::Duration(durations) => (None, Some(durations.of)),
        ReadingComponents::Score { of } => (None, Some(*of)),
        ReadingComponents::Rate { count, .. } => (None, Some(*count)),
        ReadingComponents::Share { of, .. } => (None, Some(*of)),
        ReadingComponents::Level => (None, reading.value.map(|value| value as i64)),
        ReadingComponents::Oldest { .. }
        | ReadingComponents::Difference { .. }
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
