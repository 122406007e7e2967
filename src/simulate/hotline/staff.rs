//! The agents of a hotline: who is on duty, who is free, who is due for a break or for going home.
//!
//! An agent in a conversation finishes it first; the wish to leave is kept and granted at its end. Rested agents come
//! first, and those who have served longest go first. Each belongs to the team of a queue and takes its calls before those
//! of the others. The roster grows only when nobody is left at home, so it is bounded by the largest number ever asked for.

use std::collections::VecDeque;

/// The agents of one center.
pub(super) struct Staff {
    agents: Vec<Agent>,
    /// Free for the next call, the longest free first.
    idle: VecDeque<usize>,
    /// On duty or on the way, in the order of their coming; those told to go are no longer among them.
    serving: VecDeque<usize>,
    /// At home, the longest rested first.
    off: VecDeque<usize>,
    duties: u64,
}

#[derive(Clone, Copy)]
struct Agent {
    state: State,
    wish: Wish,
    /// Counts the stretches of work between breaks, so that a break planned in one is not taken in another.
    stretch: u32,
    /// Its time from coming to going, by number.
    duty: u64,
    /// What it does, as it was last said.
    shown: &'static str,
}

/// An agent at home, as all are at first.
const AT_HOME: Agent = Agent { state: State::Off, wish: Wish::None, stretch: 0, duty: 0, shown: "offline" };

/// The queues of the agents in turn: as many of each as its calls and their length ask for.
const TEAMS: [usize; 20] = [0, 1, 2, 0, 3, 1, 2, 0, 1, 2, 0, 3, 1, 0, 2, 0, 1, 2, 3, 0];

/// The queue whose team an agent belongs to.
pub(super) fn team(agent: usize) -> usize {
    TEAMS[agent % TEAMS.len()]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Off,
    Idle,
    Busy,
    Pausing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    None,
    Break,
    Home,
}

/// What an agent does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Takes the next call.
    Ready,
    /// Takes a break.
    Pause,
    /// Goes home.
    Home,
    /// Stays with what it is doing.
    Stay,
}

impl Staff {
    /// A roster of `size` agents, all at home.
    pub(super) fn new(size: usize) -> Staff {
        Staff { agents: vec![AT_HOME; size], idle: VecDeque::new(), serving: VecDeque::new(), off: (0..size).collect(), duties: 0 }
    }

    /// How many are on duty or on their way.
    pub(super) fn serving(&self) -> usize {
        self.serving.len()
    }

    /// Calls an agent to work; [`Staff::begin`] is when it arrives.
    pub(super) fn call_in(&mut self) -> usize {
        let agent = self.off.pop_front().unwrap_or_else(|| {
            self.agents.push(AT_HOME);
            self.agents.len() - 1
        });
        self.serving.push_back(agent);
        agent
    }

    /// Tells the agent who has served longest to go home.
    pub(super) fn send_home(&mut self) -> Option<(usize, Turn)> {
        let agent = self.serving.pop_front()?;
        Some((agent, self.wish(agent, Wish::Home)))
    }

    /// Gives the duty that begins with an agent's coming its number.
    pub(super) fn begin_duty(&mut self, agent: usize) -> u64 {
        self.duties += 1;
        self.agents[agent].duty = self.duties;
        self.duties
    }

    /// Tells the agent to go home at the end of `duty`, unless it was told before.
    pub(super) fn shift_over(&mut self, agent: usize, duty: u64) -> Option<Turn> {
        let place = self.serving.iter().position(|other| *other == agent)?;
        // It may be on its way to another duty.
        if self.agents[agent].duty != duty || self.agents[agent].state == State::Off {
            return None;
        }
        self.serving.remove(place);
        Some(self.wish(agent, Wish::Home))
    }

    /// The agent comes to work or back from a break; gives the number of the stretch of work that begins, or nothing if
    /// the agent was told to go home meanwhile. [`Staff::finish`] comes next either way.
    pub(super) fn begin(&mut self, agent: usize) -> Option<u32> {
        let agent = &mut self.agents[agent];
        if agent.wish == Wish::Home {
            return None;
        }
        agent.state = State::Busy;
        agent.stretch += 1;
        Some(agent.stretch)
    }

    /// The break planned in `stretch` is due.
    pub(super) fn break_due(&mut self, agent: usize, stretch: u32) -> Turn {
        let Agent { wish, stretch: current, .. } = self.agents[agent];
        if stretch != current || wish != Wish::None { Turn::Stay } else { self.wish(agent, Wish::Break) }
    }

    /// The longest free agent of the team of `queue`, or else of the others; it is busy from now on.
    pub(super) fn engage(&mut self, queue: usize) -> Option<usize> {
        let place = self.idle.iter().position(|agent| team(*agent) == queue).unwrap_or(0);
        let agent = self.idle.remove(place)?;
        self.agents[agent].state = State::Busy;
        Some(agent)
    }

    /// The agent has finished what it was doing. `Ready` leaves it free: engage it at once if somebody waits.
    pub(super) fn finish(&mut self, agent: usize) -> Turn {
        let wish = std::mem::replace(&mut self.agents[agent].wish, Wish::None);
        let (state, turn) = match wish {
            Wish::None => (State::Idle, Turn::Ready),
            Wish::Break => (State::Pausing, Turn::Pause),
            Wish::Home => (State::Off, Turn::Home),
        };
        self.agents[agent].state = state;
        match turn {
            Turn::Ready => self.idle.push_back(agent),
            Turn::Home => {
                // The break still planned is not for the next day.
                self.agents[agent].stretch += 1;
                self.off.push_back(agent);
            }
            Turn::Pause | Turn::Stay => {}
        }
        turn
    }

    /// Notes what is to be said of an agent; gives its duty, unless that was said before.
    pub(super) fn show(&mut self, agent: usize, state: &'static str) -> Option<u64> {
        let agent = &mut self.agents[agent];
        (std::mem::replace(&mut agent.shown, state) != state).then_some(agent.duty)
    }

    /// Notes a wish and grants it at once to an agent who is free.
    fn wish(&mut self, agent: usize, wish: Wish) -> Turn {
        self.agents[agent].wish = wish;
        if self.agents[agent].state != State::Idle {
            return Turn::Stay;
        }
        self.idle.retain(|&other| other != agent);
        self.finish(agent)
    }
}
