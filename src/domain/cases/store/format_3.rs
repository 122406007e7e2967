//! Cases of the snapshot format 3: long histories without names of legs.

use super::case_record::CaseRecord;
use super::case_table::CaseTable;
use super::overflow::{CaseOverflow, OverflowObservation};
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::{
    AgentState, CustomerKey, EventDetail, EventId, EventType, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use serde::Deserialize;
use std::num::NonZeroU8;

/// Cases in the snapshot format 3.
#[derive(Debug, Deserialize)]
pub struct Format3Cases {
    blocks: Vec<Vec<CaseRecord>>,
    free: Vec<u32>,
    forgotten_count: u64,
    overflow: Format3Overflow,
}

/// Histories that do not fit into a record, in the snapshot formats 1 to 3.
#[derive(Debug, Deserialize)]
pub struct Format3Overflow {
    histories: Vec<Vec<Format3Observation>>,
    free: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct Format3Observation {
    time: Timestamp,
    sequence: u32,
    kind: EventType,
    id: EventId,
    group: u32,
    detail: Format3Detail,
}

#[derive(Debug, Deserialize)]
struct Format3Detail {
    customer: Option<CustomerKey>,
    due: Option<PackedTimestamp>,
    appointment: Option<PackedTimestamp>,
    wait: Option<PackedMillis>,
    talk: Option<PackedMillis>,
    hold: Option<PackedMillis>,
    wrapup: Option<PackedMillis>,
    topic: Option<Symbol>,
    owner: Option<Symbol>,
    label: Option<Symbol>,
    liable: Option<Symbol>,
    answer: Option<NonZeroU8>,
    agent_state: Option<AgentState>,
}

impl Format3Cases {
    /// Converts the cases to the current form. [`CaseTable::restore`] must follow.
    #[must_use]
    pub fn upgrade(self) -> CaseTable {
        let Format3Cases { blocks, free, forgotten_count, overflow } = self;
        CaseTable::from_parts(blocks, free, forgotten_count, overflow.upgrade())
    }
}

impl Format3Overflow {
    /// Converts the histories to the current form.
    #[must_use]
    pub fn upgrade(self) -> CaseOverflow {
        let upgrade_history = |history: Vec<Format3Observation>| {
            history.into_iter().map(Format3Observation::upgrade).collect()
        };
        let histories = self.histories.into_iter().map(upgrade_history).collect();
        CaseOverflow::from_parts(histories, self.free)
    }
}

impl Format3Observation {
    fn upgrade(self) -> OverflowObservation {
        let Format3Observation { time, sequence, kind, id, group, detail } = self;
        let Format3Detail {
            customer,
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            topic,
            owner,
            label,
            liable,
            answer,
            agent_state,
        } = detail;
        let detail = EventDetail {
            customer,
            due,
            appointment,
            wait,
            talk,
            hold,
            wrapup,
            topic,
            owner,
            label,
            liable,
            leg: None,
            answer,
            agent_state,
        };
        OverflowObservation::from(Observation { time, sequence, kind, id, group, detail })
    }
}
