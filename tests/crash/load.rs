//! What is sent: bodies of simulated events.

use firstline::domain::time::Timestamp;
use firstline::simulate::{Settings, Simulation};

/// A body of lines, as a sender sends it.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) text: String,
    pub(crate) events: usize,
}

/// An endless row of bodies.
pub(crate) struct Load {
    events: std::iter::Take<Simulation>,
}

impl Load {
    /// From `start` on, at so many times the usual traffic: much of it comes to an end before little has passed.
    pub(crate) fn new(seed: u64, start: Timestamp, rate: f64) -> Load {
        Load { events: Simulation::new(&Settings { seed, start, centers: 4, rate }).take(usize::MAX) }
    }

    /// The next bodies, of one to forty events each.
    pub(crate) fn bodies(&mut self, many: usize) -> Vec<Body> {
        (0..many).map(|number| self.body(1 + number * 7 % 40)).collect()
    }

    fn body(&mut self, events: usize) -> Body {
        let mut text = Vec::new();
        for event in self.events.by_ref().take(events) {
            event.write_json(&mut text);
            text.push(b'\n');
        }
        Body { text: String::from_utf8(text).expect("text"), events }
    }
}
