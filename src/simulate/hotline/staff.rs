//! The agents of a hotline: who is on duty, who is free, who is due for a break or for going home.
//!
//! An agent in a conversation finishes it first; the wish to leave is kept and granted at its end. Rested agents come
//! first, and those who have served longest go first. The roster grows only when nobody is left at home, so it is bounded
//! by the largest team ever asked for.

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
}

#[derive(Clone, Copy)]
struct Agent {
    state: State,
    wish: Wish,
    /// Counts the stretches of work between breaks, so that a break planned in one is not taken in another.
    stretch: u32,
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
        let home = Agent { state: State::Off, wish: Wish::None, stretch: 0 };
        Staff { agents: vec![home; size], idle: VecDeque::new(), serving: VecDeque::new(), off: (0..size).collect() }
    }

    /// How many are on duty or on their way.
    pub(super) fn serving(&self) -> usize {
        self.serving.len()
    }

    /// Calls an agent to work; [`Staff::begin`] is when it arrives.
    pub(super) fn call_in(&mut self) -> usize {
        let agent = self.off.pop_front().unwrap_or_else(|| {
            self.agents.push(Agent { state: State::Off, wish: Wish::None, stretch: 0 });
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

    /// The longest free agent, who is busy from now on.
    pub(super) fn engage(&mut self) -> Option<usize> {
        let agent = self.idle.pop_front()?;
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
