//! States of agents, as far as the lines of a queue log show them.
//!
//! An agent is a member of queues and paused in some of them. The state of the agent is derived from
//! all memberships: talking, paused when paused in all queues, offline when a member of none. Nothing
//! is reported about an agent before a line shows it. A member from `queues.conf` has no ADDMEMBER
//! line, so the first line about such a member is the first proof of the membership.
//!
//! With `log_membername_as_agent = no` Asterisk writes ADDMEMBER and REMOVEMEMBER with the interface
//! of a member, and all other lines with the name. An interface is joined with a name if the name
//! first appears in a queue in which exactly one added interface has no name yet.

use super::tracked_calls::EventRepetitions;
use crate::domain::events::event::AgentState;
use crate::domain::time::timestamp::{SECOND, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of agents that are tracked. Beyond it the states of further agents are not
/// reported.
pub(super) const AGENTS_TRACKED_MAX: usize = 10_000;

/// Maximum number of queues that are tracked of an agent. Memberships in further ones are ignored.
pub(super) const QUEUES_PER_AGENT_MAX: usize = 256;

/// Membership of an agent in a queue.
#[derive(Clone, Copy, Debug)]
enum Membership {
    Member {
        is_paused: bool,
        /// True after ADDMEMBER, false for a member from `queues.conf`.
        is_added: bool,
    },
    /// Removed from the queue at this time.
    Removed(Timestamp),
}

/// What the lines of a log show about an agent.
#[derive(Default, Debug)]
pub(super) struct TrackedAgent {
    memberships: BTreeMap<String, Membership>,
    /// Newest AGENTLOGIN or AGENTLOGOFF; `None` if there is none or later lines contradict it.
    is_logged_in: Option<bool>,
    /// Newest PAUSEALL or UNPAUSEALL, for queues that are not known yet.
    is_paused_everywhere: Option<bool>,
    /// Call in conversation.
    conversation: Option<String>,
    /// End of the after-call work.
    wrapup_end: Option<Timestamp>,
    /// True after a line that only a name can have, not an interface with another name.
    is_named: bool,
    /// State reported last.
    reported: Option<AgentState>,
    pub(super) repetitions: EventRepetitions,
}

/// Agents by the name in their lines.
#[derive(Default, Debug)]
pub(super) struct AgentTracker {
    agents: BTreeMap<String, TrackedAgent>,
    /// Interfaces of ADDMEMBER lines whose member name is not known.
    unnamed: BTreeSet<String>,
    /// Member name by interface.
    names: BTreeMap<String, String>,
    /// Ends of after-call work.
    wrapup_ends: BTreeSet<(Timestamp, String)>,
    /// Agents that the newest lines are about, in order.
    touched: Vec<String>,
}

impl TrackedAgent {
    /// Returns the state derived from all memberships; `None` if no line shows it.
    fn state(&self) -> Option<AgentState> {
        if self.conversation.is_some() {
            return Some(AgentState::Talking);
        }
        if self.is_logged_in == Some(false) {
            return Some(AgentState::Offline);
        }
        let paused = self.memberships.values().filter_map(|membership| match membership {
            Membership::Member { is_paused, .. } => Some(*is_paused),
            Membership::Removed(_) => None,
        });
        let is_paused = paused.reduce(|all, one| all && one).or(self.is_paused_everywhere);
        match is_paused {
            Some(true) => Some(AgentState::Pause),
            Some(false) if self.wrapup_end.is_some() => Some(AgentState::Wrapup),
            Some(false) => Some(AgentState::Ready),
            None if self.is_logged_in == Some(true) => Some(AgentState::Ready),
            None => (!self.memberships.is_empty()).then_some(AgentState::Offline),
        }
    }

    fn is_member(&self, queue: &str) -> bool {
        matches!(self.memberships.get(queue), Some(Membership::Member { .. }))
    }

    fn set_membership(&mut self, queue: &str, membership: Membership) {
        if self.memberships.len() < QUEUES_PER_AGENT_MAX || self.memberships.contains_key(queue) {
            self.memberships.insert(queue.to_owned(), membership);
        }
    }

    fn set_all_paused(&mut self, paused: bool) {
        self.is_paused_everywhere = Some(paused);
        for membership in self.memberships.values_mut() {
            if let Membership::Member { is_paused, .. } = membership {
                *is_paused = paused;
            }
        }
    }

    /// Returns true if a line shows that the agent is a member of the queue. `began` is the start of
    /// a call attempt at the agent, if the line contains it. An attempt that may have begun before the
    /// removal of the member shows nothing.
    fn is_membership_new(&self, queue: &str, began: Option<Timestamp>) -> bool {
        match self.memberships.get(queue) {
            None => true,
            Some(Membership::Member { .. }) => false,
            // Times are whole seconds, so neighboring seconds have no order.
            Some(Membership::Removed(removed)) => {
                began.is_some_and(|began| began > removed.plus_millis(SECOND))
            }
        }
    }
}

impl AgentTracker {
    /// Returns the name under which an agent is reported.
    fn resolve_name<'n>(&'n self, agent: &'n str) -> &'n str {
        self.names.get(agent).map_or(agent, String::as_str)
    }

    /// Returns the state of an agent, and tracks the agent if it is new; `None` at the limit.
    fn touch(&mut self, agent: &str) -> Option<&mut TrackedAgent> {
        let name = self.resolve_name(agent).to_owned();
        if !self.agents.contains_key(&name) && self.agents.len() >= AGENTS_TRACKED_MAX {
            return None;
        }
        if !self.touched.contains(&name) {
            self.touched.push(name.clone());
        }
        Some(self.agents.entry(name).or_default())
    }

    /// Returns a tracked agent by the name under which it is reported.
    pub(super) fn get_mut(&mut self, agent: &str) -> Option<&mut TrackedAgent> {
        self.agents.get_mut(agent)
    }

    /// Adds a member to a queue. Without a queue the agent is only logged in.
    pub(super) fn add_member(&mut self, agent: &str, queue: Option<&str>, is_paused: bool) {
        let is_unnamed = looks_like_interface(agent) && !self.names.contains_key(agent);
        let Some(tracked) = self.touch(agent) else { return };
        match queue {
            Some(queue) => {
                tracked.is_logged_in = tracked.is_logged_in.filter(|logged_in| *logged_in);
                tracked.set_membership(queue, Membership::Member { is_paused, is_added: true });
            }
            None => tracked.is_logged_in = Some(true),
        }
        if is_unnamed && !tracked.is_named {
            self.unnamed.insert(agent.to_owned());
        }
    }

    /// Removes a member from a queue, or from all without a queue.
    pub(super) fn remove_member(&mut self, agent: &str, queue: Option<&str>, time: Timestamp) {
        let Some(tracked) = self.touch(agent) else { return };
        tracked.is_paused_everywhere = None;
        match queue {
            Some(queue) => tracked.set_membership(queue, Membership::Removed(time)),
            None => {
                tracked.is_logged_in = Some(false);
                let queues = tracked.memberships.values_mut();
                queues.for_each(|membership| *membership = Membership::Removed(time));
            }
        }
    }

    /// Records AGENTLOGIN or AGENTLOGOFF.
    pub(super) fn set_logged_in(&mut self, agent: &str, is_logged_in: bool) {
        if let Some(tracked) = self.touch(agent) {
            tracked.is_logged_in = Some(is_logged_in);
        }
    }

    /// Pauses a member of a queue or ends the pause. Without a queue this holds for all.
    pub(super) fn set_paused(&mut self, agent: &str, queue: Option<&str>, is_paused: bool) {
        self.join_name(agent, queue);
        let Some(tracked) = self.touch(agent) else { return };
        let Some(queue) = queue else {
            tracked.set_all_paused(is_paused);
            return;
        };
        if !is_paused {
            tracked.is_paused_everywhere = None;
        }
        let is_added = matches!(
            tracked.memberships.get(queue),
            Some(Membership::Member { is_added: true, .. })
        );
        tracked.set_membership(queue, Membership::Member { is_paused, is_added });
    }

    /// Records a line that only a member of the queue causes. `began` is the start of the call
    /// attempt, if the line contains it.
    pub(super) fn confirm_member(&mut self, agent: &str, queue: &str, began: Option<Timestamp>) {
        self.join_name(agent, Some(queue));
        let Some(tracked) = self.touch(agent) else { return };
        if tracked.is_membership_new(queue, began) {
            let is_paused = tracked.is_paused_everywhere == Some(true);
            tracked.set_membership(queue, Membership::Member { is_paused, is_added: false });
        }
    }

    /// Starts a conversation. It ends an earlier one of the agent, because Asterisk does not always
    /// log the end.
    pub(super) fn start_conversation(&mut self, agent: &str, queue: &str, call: &str) {
        self.join_name(agent, Some(queue));
        self.end_wrapup(agent);
        if let Some(tracked) = self.touch(agent) {
            tracked.is_logged_in = tracked.is_logged_in.filter(|logged_in| *logged_in);
            tracked.conversation = Some(call.to_owned());
        }
    }

    /// Ends a conversation, unless the agent is in another one since.
    pub(super) fn end_conversation(&mut self, agent: &str, call: &str) {
        if let Some(tracked) = self.touch(agent) {
            tracked.conversation.take_if(|current| current == call);
        }
    }

    /// Starts after-call work that lasts until `end`.
    pub(super) fn start_wrapup(&mut self, agent: &str, end: Timestamp) {
        self.end_wrapup(agent);
        let name = self.resolve_name(agent).to_owned();
        if let Some(tracked) = self.touch(agent) {
            tracked.wrapup_end = Some(end);
            self.wrapup_ends.insert((end, name));
        }
    }

    fn end_wrapup(&mut self, agent: &str) {
        let name = self.resolve_name(agent).to_owned();
        if let Some(end) = self.agents.get_mut(&name).and_then(|agent| agent.wrapup_end.take()) {
            self.wrapup_ends.remove(&(end, name));
        }
    }

    /// Ends the first after-call work that is over at `time`. Returns when it ended.
    pub(super) fn end_next_wrapup(&mut self, time: Timestamp) -> Option<Timestamp> {
        let (end, agent) = self.wrapup_ends.first().filter(|(end, _)| *end <= time)?.clone();
        self.end_wrapup(&agent);
        self.touch(&agent);
        Some(end)
    }

    /// Records a start of Asterisk. No conversation goes on. Added members keep their pauses, as with
    /// `persistentmembers`. Members from `queues.conf` do not.
    pub(super) fn restart(&mut self) {
        self.wrapup_ends.clear();
        let touched: BTreeSet<String> = self.touched.iter().cloned().collect();
        self.touched.extend(self.agents.keys().filter(|name| !touched.contains(*name)).cloned());
        for agent in self.agents.values_mut() {
            agent.conversation = None;
            agent.wrapup_end = None;
            for membership in agent.memberships.values_mut() {
                if let Membership::Member { is_paused, is_added: false } = membership {
                    *is_paused = false;
                }
            }
        }
    }

    /// Returns the agents that lines since the last call were about.
    pub(super) fn take_touched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.touched)
    }

    /// Returns true if a state of the agent has been reported.
    pub(super) fn is_reported(&self, agent: &str) -> bool {
        let tracked = self.agents.get(self.resolve_name(agent));
        tracked.is_some_and(|tracked| tracked.reported.is_some())
    }

    /// Returns the state of an agent if it differs from the reported one, and counts it as reported.
    pub(super) fn report_state(&mut self, agent: &str) -> Option<AgentState> {
        let tracked = self.agents.get_mut(agent)?;
        let state = tracked.state()?;
        (tracked.reported.replace(state) != Some(state)).then_some(state)
    }

    /// Joins a name that is new in a queue with the interface of the member, if only one comes into
    /// question.
    fn join_name(&mut self, name: &str, queue: Option<&str>) {
        if looks_like_interface(name) {
            // The member has no other name.
            self.unnamed.remove(name);
            if let Some(tracked) = self.touch(name) {
                tracked.is_named = true;
            }
            return;
        }
        let is_known = self.agents.get(name).is_some_and(|agent| !agent.memberships.is_empty());
        let Some(queue) = queue.filter(|_| !is_known) else { return };
        let is_candidate = |interface: &&String| {
            self.agents.get(*interface).is_some_and(|agent| agent.is_member(queue))
        };
        let mut candidates = self.unnamed.iter().filter(is_candidate);
        let (Some(interface), None) = (candidates.next().cloned(), candidates.next()) else {
            return;
        };
        self.unnamed.remove(&interface);
        self.names.insert(interface.clone(), name.to_owned());
        let Some(of_interface) = self.agents.get_mut(&interface) else { return };
        let memberships = std::mem::take(&mut of_interface.memberships);
        // From now on the interface is no agent of its own.
        of_interface.is_logged_in = Some(false);
        self.touched.push(interface);
        if let Some(named) = self.touch(name) {
            named.memberships = memberships;
            if let Some(is_paused) = named.is_paused_everywhere {
                named.set_all_paused(is_paused);
            }
        }
    }
}

/// Returns true for a channel such as `PJSIP/100` or `Local/100@agents`. Member names usually have no
/// slash.
fn looks_like_interface(agent: &str) -> bool {
    agent.contains('/')
}
