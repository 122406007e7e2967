//! What the core answers beyond its board: which cases stand behind a reading, one case's history, and the open cases in
//! danger. Each walks over the remembered cases and tells their facts once more; nothing is changed by it.

use super::Monitor;
use crate::domain::board::{Board, Key, MadeOf, Reading};
use crate::domain::case::record::{All, Part};
use crate::domain::case::table::Cases;
use crate::domain::event::CaseKey;
use crate::domain::event::names::cut;
use crate::domain::explain::history::{History, Speaker};
use crate::domain::explain::ledger::{Belongs, Ledger, Told, Written};
use crate::domain::explain::risk::{Gatherer, Open, Wanted};
use crate::domain::explain::{Asked, Explained, LeftOut, Reason, Side, word_text};
use crate::domain::fact::Facts;
use crate::domain::group::Groups;
use crate::domain::names::CaseNames;
use crate::domain::names::Name;
use crate::domain::time::Timestamp;
use std::sync::Arc;

/// The most cases of one subject whose histories are told.
const CALLED: usize = 20;

impl Monitor {
    /// Tells the facts of cases once more, all that there are, with the clocks of their commitments.
    pub(super) fn retell(&mut self, only: Option<u32>, visit: impl FnMut(u32, u64, &Facts, &Groups, &Cases)) {
        self.caseload.retell(only, visit);
        // Should it have met a group that there was not: cells and groups are written down together.
        self.add_up();
    }

    /// Which cases stand behind a reading.
    pub fn explain(&mut self, asked: &Asked) -> Explained {
        let standard = self.caseload.standard.clone();
        let board = self.one_reading(asked);
        let mut ledger = Ledger::new(&standard, &standard.indicators[asked.indicator].formula, asked.limit);
        let current = &self.caseload.current;
        let begins: Vec<Timestamp> = (0..standard.zones.all().len())
            .map(|zone| asked.window.map_or(Timestamp(i64::MIN), |window| current.begins(zone)[window]))
            .collect();
        let belongs = |groups: &Groups, group: u32| {
            Belongs::new(&standard.scopes[asked.scope.kind], &asked.scope.values, &groups.get(group).attributes)
        };
        self.retell(None, |_, case, facts, groups, _| {
            let group = groups.get(facts.group);
            let begin = begins[usize::from(group.zone)];
            ledger.take(&Told { case, facts, attributes: &group.attributes, belongs: belongs(groups, facts.group), begin });
        });
        if ledger.is_one_shot() {
            let place = |group: u32| (belongs(&self.caseload.groups, group), begins[usize::from(self.caseload.groups.get(group).zone)]);
            self.caseload.customers.all().for_each(|contacts| ledger.take_contacts(&self.caseload.customers, contacts, place));
        }
        let zone = standard.zones.of_scope(&standard.scopes[asked.scope.kind], &asked.scope.values);
        let begin = asked.window.map_or(Timestamp(i64::MIN), |window| standard.windows[window].begin(self.caseload.now, zone));
        let (good, of, left_out) = ledger.close();
        let (cases, names) = (&self.caseload.cases, &self.caseload.names);
        let (good_count, of_count) = board.readings.first().map_or((None, None), counts);
        let left_out = left_out.into_iter().map(|(reason, list)| {
            let word = if let Reason::Excused { liable, .. } = reason { liable } else { None };
            let word = word.map(|word| word_text(word, &standard, names));
            LeftOut { reason, word, count: list.count(), cases: list.examples(cases, names) }
        });
        Explained {
            left_out: left_out.collect(),
            good: good.map(|written| side(written, good_count, cases, names)),
            of: side(of, of_count, cases, names),
            begin: (begin.0 != i64::MIN).then_some(begin),
            asked: asked.clone(),
            board,
        }
    }

    /// A board with the one reading that was asked for, if there is one.
    fn one_reading(&self, asked: &Asked) -> Board {
        let key = Key { indicator: asked.indicator, scope: Arc::new(asked.scope.clone()), window: asked.window };
        let mut board = self.board();
        board.readings.retain(|reading| reading.key == key);
        board
    }

    /// One case from its first event on; `None` if it is not remembered.
    pub fn history(&mut self, case: CaseKey) -> Option<History> {
        let slot = self.caseload.cases.find(case.0)?;
        let standard = self.caseload.standard.clone();
        let mut told = None;
        self.retell(Some(slot), |_, _, facts, _, _| {
            let copied = Facts { all: facts.all.clone(), clocks: facts.clocks.clone(), group: facts.group, ..Facts::default() };
            told = Some((copied, facts.open));
        });
        let (facts, open) = told?;
        let speaker = Speaker { standard: &standard, groups: &self.caseload.groups, names: &self.caseload.names };
        let observations = self.caseload.cases.record(slot).read(Part::All, &self.caseload.cases.spill, All);
        Some(History {
            as_of: self.caseload.now,
            name: Name::of(&self.caseload.names, slot),
            attributes: speaker.attributes(facts.group),
            open,
            events: speaker.events(&observations),
            facts: speaker.meanings(&facts),
            clocks: speaker.clocks(&facts),
            standard: standard.clone(),
        })
    }

    /// Open cases with a promise to keep, those with the least time left first.
    pub fn open_cases(&mut self, wanted: &Wanted) -> Open {
        let (standard, names) = (self.caseload.standard.clone(), std::mem::take(&mut self.caseload.names));
        let mut gatherer = Gatherer::new(wanted, self.caseload.now);
        self.retell(None, |slot, key, facts, groups, cases| {
            if cases.record(slot).is_open() {
                gatherer.take(slot, key, facts, &Speaker { standard: &standard, groups, names: &names });
            }
        });
        self.caseload.names = names;
        let (count, cases) = gatherer.finish();
        Open { as_of: self.now(), standard, count, cases }
    }

    /// The histories of this case; without it of those called like the subject, whatever their source, at most twenty.
    pub fn histories(&mut self, case: Option<CaseKey>, subject: &str) -> Vec<History> {
        if let Some(case) = case {
            return self.history(case).into_iter().collect();
        }
        let called = self.caseload.cases.places().filter(|slot| self.caseload.names.of(*slot).is_some_and(|(_, own)| own == cut(subject)));
        let keys: Vec<CaseKey> = called.map(|slot| CaseKey(self.caseload.cases.record(slot).key())).take(CALLED).collect();
        let mut histories: Vec<History> = keys.into_iter().filter_map(|key| self.history(key)).collect();
        histories.sort_by(|one, other| one.name.cmp(&other.name));
        histories
    }
}

/// Numerator and denominator of a reading, or how many it is made of; none where the board does not say.
fn counts(reading: &Reading) -> (Option<i64>, Option<i64>) {
    match &reading.made_of {
        MadeOf::Ratio { good, of } => (Some(*good), Some(*of)),
        MadeOf::Duration(durations) => (None, Some(durations.of)),
        MadeOf::Score { of } => (None, Some(*of)),
        MadeOf::Rate { count, .. } => (None, Some(*count)),
        MadeOf::Share { of, .. } => (None, Some(*of)),
        MadeOf::Level => (None, reading.value.map(|value| value as i64)),
        MadeOf::Oldest { .. } | MadeOf::Difference { .. } | MadeOf::EstimatedWait { .. } => (None, None),
    }
}

fn side((tallies, list): Written, count: Option<i64>, cases: &Cases, names: &CaseNames) -> Side {
    let remembered = list.count();
    Side { count: count.unwrap_or(remembered), remembered, tallies, cases: list.examples(cases, names) }
}
