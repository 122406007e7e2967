//! The agents of a hotline: who is on duty, who is free, who is due for a break or for going home.
//!
//! An agent in a conversation finishes it first; the wish to leave is kept and granted at its end. Rested agents come
//! first, and those who have served longest go first. Each belongs to the team of a queue and takes its calls before those
//! of the others. The roster grows only when nobody is left at home, so it is bounded by the largest number ever asked for.

use std::collections::VecDeque;

/// The agents of one center.
pub(super) struct AgentRoster {
    agents: Vec<RosterAgent>,
    /// Free for the next call, the longest free first.
    idle: VecDeque<usize>,
    /// On duty or on the way, in the order of their coming; those told to go are no longer among them.
    serving: VecDeque<usize>,
    /// At home, the longest rested first.
    at_home: VecDeque<usize>,
    shifts_begun: u64,
}

#[derive(Clone, Copy)]
struct RosterAgent {
    state: RosterAgentState,
    planned_leave: PlannedLeave,
    /// Counts the stretches of work between breaks, so that a break planned in one is not taken in another.
    work_period: u32,
    /// Its time from coming to going, by number.
    shift: u64,
    /// What it does, as it was last said.
    reported_state: &'static str,
}

/// An agent at home, as all are at first.
const AGENT_AT_HOME: RosterAgent = RosterAgent {
    state: RosterAgentState::Off,
    planned_leave: PlannedLeave::None,
    work_period: 0,
    shift: 0,
    reported_state: "offline",
};

/// The queues of the agents in turn: as many of each as its calls and their length ask for.
const TEAM_QUEUES: [usize; 20] = [0, 1, 2, 0, 3, 1, 2, 0, 1, 2, 0, 3, 1, 0, 2, 0, 1, 2, 3, 0];

/// The queue whose team an agent belongs to.
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

/// What an agent does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextActivity {
    /// Takes the next call.
    Ready,
    /// Takes a break.
    Pause,
    /// Goes home.
    Home,
    /// Stays with what it is doing.
    Stay,
}

impl AgentRoster {
    /// A roster of `size` agents, all at home.
    pub(super) fn new(size: usize) -> AgentRoster {
        AgentRoster {
            agents: vec![AGENT_AT_HOME; size],
            idle: VecDeque::new(),
            serving: VecDeque::new(),
            at_home: (0..size).collect(),
            shifts_begun: 0,
        }
    }

    /// How many are on duty or on their way.
    pub(super) fn serving_count(&self) -> usize {
        self.serving.len()
    }

    /// Calls an agent to work; [`Staff::begin`] is when it arrives.
    pub(super) fn call_in_agent(&mut self) -> usize {
        let agent = self.at_home.pop_front().unwrap_or_else(|| {
            self.agents.push(AGENT_AT_HOME);
            self.agents.len() - 1
        });
        self.serving.push_back(agent);
        agent
    }

    /// Tells the agent who has served longest to go home.
    pub(super) fn send_home(&mut self) -> Option<(usize, NextActivity)> {
        let agent = self.serving.pop_front()?;
        Some((agent, self.plan_leave(agent, PlannedLeave::Home)))
    }

    /// Gives the duty that begins with an agent's coming its number.
    pub(super) fn begin_shift(&mut self, agent: usize) -> u64 {
        self.shifts_begun += 1;
        self.agents[agent].shift = self.shifts_begun;
        self.shifts_begun
    }

    /// Tells the agent to go home at the end of `duty`, unless it was told before.
    pub(super) fn end_shift(&mut self, agent: usize, duty: u64) -> Option<NextActivity> {
        let place = self.serving.iter().position(|other| *other == agent)?;
        // It may be on its way to another duty.
        if self.agents[agent].shift != duty || self.agents[agent].state == RosterAgentState::Off {
            return None;
        }
        self.serving.remove(place);
        Some(self.plan_leave(agent, PlannedLeave::Home))
    }

    /// The agent comes to work or back from a break; gives the number of the stretch of work that begins, or nothing if
    /// the agent was told to go home meanwhile. [`Staff::finish`] comes next either way.
    pub(super) fn begin_work_period(&mut self, agent: usize) -> Option<u32> {
        let agent = &mut self.agents[agent];
        if agent.planned_leave == PlannedLeave::Home {
            return None;
        }
        agent.state = RosterAgentState::Busy;
        agent.work_period += 1;
        Some(agent.work_period)
    }

    /// The break planned in `stretch` is due.
    pub(super) fn request_break(&mut self, agent: usize, stretch: u32) -> NextActivity {
        let RosterAgent { planned_leave: wish, work_period: current, .. } = self.agents[agent];
        if stretch != current || wish != PlannedLeave::None {
            NextActivity::Stay
        } else {
            self.plan_leave(agent, PlannedLeave::Break)
        }
    }

    /// The longest free agent of the team of `queue`, or else of the others; it is busy from now on.
    pub(super) fn engage_agent(&mut self, queue: usize) -> Option<usize> {
        let place = self.idle.iter().position(|agent| team_queue(*agent) == queue).unwrap_or(0);
        let agent = self.idle.remove(place)?;
        self.agents[agent].state = RosterAgentState::Busy;
        Some(agent)
    }

    /// The agent has finished what it was doing. `Ready` leaves it free: engage it at once if somebody waits.
    pub(super) fn finish_activity(&mut self, agent: usize) -> NextActivity {
        let wish = std::mem::replace(&mut self.agents[agent].planned_leave, PlannedLeave::None);
        let (state, turn) = match wish {
            PlannedLeave::None => (RosterAgentState::Idle, NextActivity::Ready),
            PlannedLeave::Break => (RosterAgentState::Pausing, NextActivity::Pause),
            PlannedLeave::Home => (RosterAgentState::Off, NextActivity::Home),
        };
        self.agents[agent].state = state;
        match turn {
            NextActivity::Ready => self.idle.push_back(agent),
            NextActivity::Home => {
                // The break still planned is not for the next day.
                self.agents[agent].work_period += 1;
                self.at_home.push_back(agent);
            }
            NextActivity::Pause | NextActivity::Stay => {}
        }
        turn
    }

    /// Notes what is to be said of an agent; gives its duty, unless that was said before.
    pub(super) fn record_state(&mut self, agent: usize, state: &'static str) -> Option<u64> {
        let agent = &mut self.agents[agent];
        (std::mem::replace(&mut agent.reported_state, state) != state).then_some(agent.shift)
    }

    /// Notes a wish and grants it at once to an agent who is free.
    fn plan_leave(&mut self, agent: usize, wish: PlannedLeave) -> NextActivity {
        self.agents[agent].planned_leave = wish;
        if self.agents[agent].state != RosterAgentState::Idle {
            return NextActivity::Stay;
        }
        self.idle.retain(|&other| other != agent);
        self.finish_activity(agent)
    }
}
