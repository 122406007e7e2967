//! A believable service organisation: hotlines, halls and field service of some centers, as an endless row of events.
//!
//! It is a pure function of its [`Settings`]: the same settings give the same bytes. Each center has three parts (its
//! hotline, its hall, its field service), which know nothing of each other; each has its own agenda and its own stream of
//! chance, and [`Simulation`] merges what they say by time. Customers, agents and technicians have no will of their own,
//! but queues are real: a figure gets worse here for the reasons for which it gets worse in life.
//!
//! What is remembered is bounded for any length of time by the size of the organisation (see each part's limit).

mod center;
mod customer;
mod day;
mod demand;
mod event_queue;
mod field_service;
mod hotline;
mod rng;
mod service_hall;
mod simulated_event;
mod survey;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub use self::simulated_event::SimulatedEvent;
use crate::domain::time::timestamp::Timestamp;

/// What to simulate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SimulationSettings {
    /// Another seed gives another organisation's fate.
    pub seed: u64,
    /// When the simulation begins: everybody comes to work at once, and nothing is pending.
    pub start: Timestamp,
    /// How many centers there are, 1 to 50; what lies outside is taken as the nearest of these.
    pub centers: u32,
    /// How much happens and how many people work, as a multiple of a mid-size operator; held within 0.001 and 1000.
    pub rate: f64,
}

/// The events of a service organisation in the order of their times, without end.
pub struct Simulation {
    parts: Vec<Box<dyn SimulationPart + Send>>,
    /// Each part's next event.
    heads: Vec<Option<SimulatedEvent>>,
    /// The time of each head and its part, the earliest first.
    order: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

/// A part of a center that goes its own way.
trait SimulationPart {
    /// Takes an event that has happened, the earliest first.
    fn take_event(&mut self) -> Option<SimulatedEvent>;

    /// Makes the next step happen; false if there is none.
    fn advance_step(&mut self) -> bool;
}

impl Simulation {
    /// The organisation of `settings`, about to begin its work.
    #[must_use]
    pub fn new(settings: &SimulationSettings) -> Simulation {
        let SimulationSettings { seed, start, centers, rate } = *settings;
        let rate = if rate.is_nan() { 1.0 } else { rate.clamp(0.001, 1_000.0) };
        let run = derive_run_number(seed, start);
        let mut simulation =
            Simulation { parts: Vec::new(), heads: Vec::new(), order: BinaryHeap::new() };
        for place in 0..centers.clamp(1, 50) {
            let center = center::build_center(place as usize, rate);
            simulation.parts.push(Box::new(hotline::Hotline::new(seed, run, center, start)));
            simulation
                .parts
                .push(Box::new(service_hall::ServiceHall::new(seed, run, center, start)));
            simulation
                .parts
                .push(Box::new(field_service::FieldService::new(seed, run, center, start)));
        }
        simulation.heads.resize_with(simulation.parts.len(), || None);
        for part in 0..simulation.parts.len() {
            simulation.refill_head(part);
        }
        simulation
    }

    /// Lets a part go on until it has something to say.
    fn refill_head(&mut self, part: usize) {
        let head = loop {
            if let Some(event) = self.parts[part].take_event() {
                break Some(event);
            }
            if !self.parts[part].advance_step() {
                break None;
            }
        };
        if let Some(event) = &head {
            self.order.push(Reverse((event.time, part)));
        }
        self.heads[part] = head;
    }
}

impl Iterator for Simulation {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        let Reverse((_, part)) = self.order.pop()?;
        let event = self.heads[part].take();
        self.refill_head(part);
        event
    }
}

/// Tells runs apart: different for different seeds and starts, as far as 32 bits allow.
fn derive_run_number(seed: u64, start: Timestamp) -> u32 {
    let mixed = (seed ^ (start.0 as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}
