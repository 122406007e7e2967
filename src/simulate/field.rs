//! Field service and the complaint desk: orders are reported as customers notice, then live the life written for them.
//!
//! An order's whole life is written when it is opened ([`life`]) and told as its times come. Technicians are not counted:
//! how well a center keeps its promises is one of its properties. At most [`PENDING_MAX`] steps are in the future; while
//! there are as many, no order is opened.

mod aftermath;
mod family;
mod life;
mod work;

use self::family::{FAMILIES, Family};
use super::Part;
use super::agenda::Agenda;
use super::center::Center;
use super::chance::Chance;
use super::day::{self, REPORTS};
use super::demand::{DRIFT, Demand, OUTAGE};
use super::report::{About, Reports, SimulatedEvent, Value};
use crate::domain::time::{HOUR, SECOND, Timestamp};

/// The field service of one center.
pub(super) struct Field {
    center: Center,
    chance: Chance,
    demand: Demand,
    agenda: Agenda<Step>,
    reports: Reports,
    made: u64,
}

enum Step {
    Report(&'static Family),
    Tell(Box<Telling>),
}

/// One event of an order's life.
struct Telling {
    kind: (&'static str, &'static str),
    subject: (&'static str, u64),
    about: About,
    data: Vec<(&'static str, Value)>,
}

/// The most steps planned at a time: some 30 000 orders.
const PENDING_MAX: usize = 200_000;

impl Field {
    /// The field service of `center` from `start` on.
    pub(super) fn new(seed: u64, run: u32, center: Center, start: Timestamp) -> Field {
        let stream = center.place * 8;
        let mut agenda = Agenda::new();
        for (place, family) in FAMILIES.iter().enumerate() {
            agenda.plan(start.plus((3 + place as i64) * SECOND), Step::Report(family));
        }
        Field {
            chance: Chance::new(seed, stream + 5),
            demand: Demand::new(seed, &center, stream + 6, start),
            reports: Reports::new("field", run),
            made: 0,
            center,
            agenda,
        }
    }

    fn report(&mut self, now: Timestamp, family: &'static Family) {
        let surge = if family.suffers_outages && self.demand.is_outage(now) { OUTAGE } else { 1.0 };
        let factor = day::height(&REPORTS, now) * day::weekday(now) * self.demand.drift(now) * surge;
        let most = 1.06 * (1.0 + DRIFT) * if family.suffers_outages { OUTAGE } else { 1.0 };
        if self.chance.yes(factor / most) && self.agenda.len() < PENDING_MAX {
            self.made += 1;
            let subject = (family.name, self.made);
            let (about, moments) = life::write(now, family, &self.center, &mut self.chance);
            for (time, kind, data) in moments {
                self.agenda.plan(time, Step::Tell(Box::new(Telling { kind, subject, about, data })));
            }
        }
        let gap = self.chance.gap(HOUR as f64 / (family.peak * self.center.size * most));
        self.agenda.plan(now.plus(gap), Step::Report(family));
    }
}

impl Part for Field {
    fn take(&mut self) -> Option<SimulatedEvent> {
        self.reports.take()
    }

    fn advance(&mut self) -> bool {
        let Some((now, step)) = self.agenda.next() else { return false };
        match step {
            Step::Report(family) => self.report(now, family),
            Step::Tell(telling) => self.reports.say(now, telling.kind, telling.subject, telling.about, &telling.data),
        }
        true
    }
}
