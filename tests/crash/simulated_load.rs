//! Request bodies of simulated events.

use firstline::domain::time::timestamp::Timestamp;
use firstline::simulate::{Simulation, SimulationSettings};

/// A request body with one event per line.
#[derive(Clone, Debug)]
pub(crate) struct EventBody {
    pub(crate) text: String,
    pub(crate) events: usize,
}

/// Endless source of bodies.
pub(crate) struct SimulatedLoad {
    events: std::iter::Take<Simulation>,
}

impl SimulatedLoad {
    /// Creates a load that begins at `start`. `rate` multiplies the usual traffic, so that more
    /// events fit into a short time.
    pub(crate) fn new(seed: u64, start: Timestamp, rate: f64) -> SimulatedLoad {
        SimulatedLoad {
            events: Simulation::new(&SimulationSettings { seed, start, centers: 4, rate })
                .take(usize::MAX),
        }
    }

    /// Returns the next `count` bodies of one to forty events each.
    pub(crate) fn next_bodies(&mut self, count: usize) -> Vec<EventBody> {
        (0..count).map(|number| self.next_body(1 + number * 7 % 40)).collect()
    }

    fn next_body(&mut self, events: usize) -> EventBody {
        let mut text = Vec::new();
        for event in self.events.by_ref().take(events) {
            event.write_json(&mut text);
            text.push(b'\n');
        }
        EventBody { text: String::from_utf8(text).expect("text"), events }
    }
}
