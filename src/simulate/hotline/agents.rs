//! Agents of a hotline: on duty, idle, due for a break or due to go home.
//!
//! An agent in a call finishes it first; a planned break or leave takes effect then. The agents who
//! have rested longest come first, and those who have served longest leave first. Each agent
//! belongs to the team of one queue, whose calls come first.
//!
//! The roster grows only if no agent is at home, so it is bounded by the maximum number of agents
//! needed.

use std::collections::VecDeque;

/// Agents of one center.
pub(super) struct AgentRoster {
    agents: Vec<RosterAgent>,
    /// Idle agents, longest idle first.
    idle: VecDeque<usize>,
    /// Agents on duty or on the way, in order of arrival, without those who were sent home.
    serving: VecDeque<usize>,
    /// Agents at home, longest rested first.
    at_home: VecDeque<usize>,
    shifts_begun: u64,
}

#[derive(Clone, Copy)]
struct RosterAgent {
    state: RosterAgentState,
    planned_leave: PlannedLeave,
    /// Number of the work period between breaks. A break planned in one period is void in another.
    work_period: u32,
    /// Number of the current or last shift.
    shift: u64,
    /// State reported last.
    reported_state: &'static str,
}

/// Initial state of an agent.
const AGENT_AT_HOME: RosterAgent = RosterAgent {
    state: RosterAgentState::Off,
    planned_leave: PlannedLeave::None,
    work_period: 0,
    shift: 0,
    reported_state: "offline",
};

/// Queue of each agent's team, in rotation. The shares match the load of the queues.
const TEAM_QUEUES: [usize; 20] = [0, 1, 2, 0, 3, 1, 2, 0, 1, 2, 0, 3, 1, 0, 2, 0, 1, 2, 3, 0];

/// Returns the queue of an agent's team.
pub(super) fn team_queue(agent: usize) -> usize {
    TEAM_QUEUES[agent % TEAM_QUEUES.len()]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RosterAgentState {
    Off,
    Idle,
    Busy,
    Pausing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PlannedLeave {
    None,
    Break,
    Home,
}

/// Next activity of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextActivity {
    /// Takes the next call.
    Ready,
    /// Takes a break.
    Pause,
    /// Goes home.
    Home,
    /// Continues the current activity.
    Stay,
}

impl AgentRoster {
    /// Returns a roster of `size` agents, all at home.
    pub(super) fn new(size: usize) -> AgentRoster {
        AgentRoster {
            agents: vec![AGENT_AT_HOME; size],
            idle: VecDeque::new(),
            serving: VecDeque::new(),
            at_home: (0..size).collect(),
            shifts_begun: 0,
        }
    }

    /// Returns the number of agents on duty or on the way.
    pub(super) fn serving_count(&self) -> usize {
        self.serving.len()
    }

    /// Calls in an agent. [`AgentRoster::begin_work_period`] follows on arrival.
    pub(super) fn call_in_agent(&mut self) -> usize {
        let agent = self.at_home.pop_front().unwrap_or_else(|| {
            self.agents.push(AGENT_AT_HOME);
            self.agents.len() - 1
        });
        self.serving.push_back(agent);
        agent
    }

    /// Sends the agent home who has served longest. Returns `None` if nobody serves.
    pub(super) fn send_home(&mut self) -> Option<(usize, NextActivity)> {
        let agent = self.serving.pop_front()?;
        Some((agent, self.plan_leave(agent, PlannedLeave::Home)))
    }

    /// Starts a shift and returns its number.
    pub(super) fn begin_shift(&mut self, agent: usize) -> u64 {
        self.shifts_begun += 1;
        self.agents[agent].shift = self.shifts_begun;
        self.shifts_begun
    }

    /// Sends the agent home at the end of `shift`. Returns `None` if that was done before.
    pub(super) fn end_shift(&mut self, agent: usize, shift: u64) -> Option<NextActivity> {
        let index = self.serving.iter().position(|other| *other == agent)?;
        // The agent may be on the way to a later shift.
        if self.agents[agent].shift != shift || self.agents[agent].state == RosterAgentState::Off {
            return None;
        }
        self.serving.remove(index);
        Some(self.plan_leave(agent, PlannedLeave::Home))
    }

    /// Starts a work period on arrival or after a break and returns its number. Returns `None` if
    /// the agent was sent home meanwhile. [`AgentRoster::finish_activity`] follows in both cases.
    pub(super) fn begin_work_period(&mut self, agent: usize) -> Option<u32> {
        let agent = &mut self.agents[agent];
        if agent.planned_leave == PlannedLeave::Home {
            return None;
        }
        agent.state = RosterAgentState::Busy;
        agent.work_period += 1;
        Some(agent.work_period)
    }

    /// Starts the break planned for `work_period`, or plans it for the end of the current call.
    pub(super) fn request_break(&mut self, agent: usize, work_period: u32) -> NextActivity {
        let RosterAgent { planned_leave, work_period: current, .. } = self.agents[agent];
        if work_period != current || planned_leave != PlannedLeave::None {
            NextActivity::Stay
        } else {
            self.plan_leave(agent, PlannedLeave::Break)
        }
    }

    /// Engages the longest idle agent of the queue's team, or else of all. Returns `None` if no
    /// agent is idle.
    pub(super) fn engage_agent(&mut self, queue: usize) -> Option<usize> {
        let index = self.idle.iter().position(|agent| team_queue(*agent) == queue).unwrap_or(0);
        let agent = self.idle.remove(index)?;
        self.agents[agent].state = RosterAgentState::Busy;
        Some(agent)
    }

    /// Ends an agent's activity. After `Ready` the agent is idle; waiting calls must be connected.
    pub(super) fn finish_activity(&mut self, agent: usize) -> NextActivity {
        let planned = std::mem::replace(&mut self.agents[agent].planned_leave, PlannedLeave::None);
        let (state, activity) = match planned {
            PlannedLeave::None => (RosterAgentState::Idle, NextActivity::Ready),
            PlannedLeave::Break => (RosterAgentState::Pausing, NextActivity::Pause),
            PlannedLeave::Home => (RosterAgentState::Off, NextActivity::Home),
        };
        self.agents[agent].state = state;
        match activity {
            NextActivity::Ready => self.idle.push_back(agent),
            NextActivity::Home => {
                // A break still planned must not happen in the next shift.
                self.agents[agent].work_period += 1;
                self.at_home.push_back(agent);
            }
            NextActivity::Pause | NextActivity::Stay => {}
        }
        activity
    }

    /// Records a state to report. Returns the shift, or `None` if the state was reported before.
    pub(super) fn record_state(&mut self, agent: usize, state: &'static str) -> Option<u64> {
        let agent = &mut self.agents[agent];
        (std::mem::replace(&mut agent.reported_state, state) != state).then_some(agent.shift)
    }

    /// Plans a leave. It takes effect at once if the agent is idle.
    fn plan_leave(&mut self, agent: usize, leave: PlannedLeave) -> NextActivity {
        self.agents[agent].planned_leave = leave;
        if self.agents[agent].state != RosterAgentState::Idle {
            return NextActivity::Stay;
        }
        self.idle.retain(|&other| other != agent);
        self.finish_activity(agent)
    }
}
