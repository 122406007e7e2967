//! Simulation of a service organization: hotlines, service halls and field service of several
//! centers, as an endless stream of events.
//!
//! The output is a pure function of [`SimulationSettings`]: equal settings give equal bytes. Each
//! center has three independent parts: its hotline, its service hall and its field service. Each
//! part has its own event queue and random streams. [`Simulation`] merges their events by time.
//!
//! Decisions of customers, agents and technicians are random, but queues are simulated. An
//! indicator gets worse for the same reasons as in reality.
//!
//! Memory is bounded by the size of the organization, regardless of the simulated time.

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

/// Settings of a simulation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SimulationSettings {
    /// Seed of all random streams.
    pub seed: u64,
    /// Start time. All agents sign on at once, and no order is open.
    pub start: Timestamp,
    /// Number of centers, clamped to 1 to 50.
    pub centers: u32,
    /// Load and staff as a multiple of a mid-size operator, clamped to 0.001 to 1000.
    pub rate: f64,
}

/// Endless iterator over the events of a service organization in time order.
pub struct Simulation {
    parts: Vec<Box<dyn SimulationPart + Send>>,
    /// Next event of each part.
    heads: Vec<Option<SimulatedEvent>>,
    /// Time of each next event and its part, earliest first.
    order: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

/// Independent part of a center.
trait SimulationPart {
    /// Takes the earliest event that has happened, or `None`.
    fn take_event(&mut self) -> Option<SimulatedEvent>;

    /// Executes the next step. Returns false if there is none.
    fn advance_step(&mut self) -> bool;
}

impl Simulation {
    /// Returns the simulation for `settings` at its start.
    #[must_use]
    pub fn new(settings: &SimulationSettings) -> Simulation {
        let SimulationSettings { seed, start, centers, rate } = *settings;
        let rate = if rate.is_nan() { 1.0 } else { rate.clamp(0.001, 1_000.0) };
        let run = derive_run_number(seed, start);
        let mut simulation =
            Simulation { parts: Vec::new(), heads: Vec::new(), order: BinaryHeap::new() };
        for index in 0..centers.clamp(1, 50) {
            let center = center::build_center(index as usize, rate);
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

    /// Advances a part until it has an event.
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

/// Derives a number that distinguishes runs with different seeds or starts. Collisions are possible
/// but rare, because it has only 32 bits.
fn derive_run_number(seed: u64, start: Timestamp) -> u32 {
    let mixed = (seed ^ (start.0 as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}
