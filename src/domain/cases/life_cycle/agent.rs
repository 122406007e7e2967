//! Life cycle of an agent: current state and duration of each state.
//!
//! The duration of a state is counted when the state ends. `offline` is not working time.

use super::fact_writer::FactWriter;
use crate::domain::cases::observation::Observation;
use crate::domain::events::event::AgentState;
use crate::domain::facts::catalog::place::agent;

/// Derives the facts of an agent from its observations.
pub fn derive_facts(
    observations: impl Iterator<Item = Observation>,
    writer: &mut FactWriter<'_, '_>,
) {
    let mut states = observations.filter_map(|one| Some((one.time, one.detail.agent_state?)));
    let Some(mut now) = states.next() else { return };
    for next in states {
        if next.1 == now.1 {
            continue;
        }
        if let Some(place) = state_duration_place(now.1) {
            writer.add_fact(place, next.0, next.0.millis_since(now.0));
        }
        now = next;
    }
    writer.add_current_state(current_state_place(now.1), now.0, agent::EXPIRED);
}

fn current_state_place(state: AgentState) -> u16 {
    match state {
        AgentState::Ready => agent::READY,
        AgentState::Talking => agent::TALKING,
        AgentState::Wrapup => agent::WRAPUP,
        AgentState::Pause => agent::PAUSE,
        AgentState::Offline => agent::OFFLINE,
    }
}

fn state_duration_place(state: AgentState) -> Option<u16> {
    match state {
        AgentState::Ready => Some(agent::READY_TIME),
        AgentState::Talking => Some(agent::TALKING_TIME),
        AgentState::Wrapup => Some(agent::WRAPUP_TIME),
        AgentState::Pause => Some(agent::PAUSE_TIME),
        AgentState::Offline => None,
    }
}
