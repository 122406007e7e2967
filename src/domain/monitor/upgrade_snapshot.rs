//! Upgrade of snapshots of earlier formats. The formats 1 to 5 had fewer kinds of facts. The formats 1
//! to 3 knew calls but no legs, and counted an order for first contact resolution when it was opened.
//!
//! The facts of contacts and legs are derived from the remembered cases, and their difference from
//! the facts counted before is counted. Orders are counted again at their first resolution. Cases
//! that are remembered only as sums keep what they counted.

use super::core_snapshot::{CoreSnapshot, CurrentCore};
use crate::domain::cases::customer::format_3::Format3Customers;
use crate::domain::cases::groups::ScopeReach;
use crate::domain::cases::store::case_table::CaseTable;
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::{CONTACT_FACT_COUNT_IN_FORMAT_5, FactKind, FactKinds};
use crate::domain::monitor::Monitor;

/// Number of facts of calls in the formats 1 to 3.
const CALL_FACTS_BEFORE: u16 = 11;

/// Number of cases recounted before a handover to the cells.
const CASES_RECOUNTED_AT_ONCE: usize = 1_024;

impl<C> CoreSnapshot<Attributes, C, Format3Customers> {
    /// Converts the snapshot to format 4. `upgrade` converts the cases.
    pub(super) fn upgrade(
        self,
        upgrade: impl FnOnce(C) -> Result<CaseTable, &'static str>,
    ) -> Result<CurrentCore, &'static str> {
        let mut levels = self.levels;
        levels.insert_kinds(
            FactKind(CALL_FACTS_BEFORE),
            CONTACT_FACT_COUNT_IN_FORMAT_5 - usize::from(CALL_FACTS_BEFORE),
        );
        let groups = self.groups.into_iter();
        Ok(CoreSnapshot {
            now: self.now,
            clock: self.clock,
            last_received: self.last_received,
            silent_sources: self.silent_sources,
            groups: groups.map(|attributes| (attributes, ScopeReach::AllScopes)).collect(),
            cases: upgrade(self.cases)?,
            cells: self.cells,
            seen: self.seen,
            panes: self.panes,
            levels,
            timers: self.timers,
            expiries: self.expiries,
            customers: self.customers.upgrade(),
            names: self.names,
        })
    }
}

impl CurrentCore {
    /// Adds the kinds of facts that the formats 1 to 5 did not have, if they are missing.
    pub(super) fn add_kinds_since_format_6(mut self, kinds: &FactKinds) -> CurrentCore {
        if self.levels.kind_count() < kinds.count() {
            kinds.kinds_since_format_6().for_each(|kind| self.levels.insert_kinds(kind, 1));
        }
        self
    }
}

impl Monitor {
    /// Replaces the facts of calls by those of contacts and legs.
    pub(super) fn recount_contacts(&mut self) {
        let slots: Vec<u32> = self.caseload.cases.occupied_slots().collect();
        for chunk in slots.chunks(CASES_RECOUNTED_AT_ONCE) {
            chunk.iter().for_each(|slot| self.caseload.recount_contact(*slot));
            self.update_cells();
        }
    }

    /// Counts the orders again in the rules of first contact resolution that name orders.
    pub(super) fn recount_resolutions(&mut self) {
        let rules = self.caseload.standard.first_contact_rules.iter().enumerate();
        let rules = rules
            .filter(|(_, rule)| !rule.resolutions.is_empty())
            .fold(0, |rules, (number, _)| rules | 1 << number);
        if rules != 0 {
            self.caseload.recount_first_contact(rules);
            self.update_cells();
        }
    }
}
