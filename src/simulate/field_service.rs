//! Field service and the complaint desk: orders are reported as customers notice, then live the life written for them.
//!
//! An order's whole life is written when it is opened ([`life`]) and told as its times come. Technicians are not counted:
//! how well a center keeps its promises is one of its properties. At most [`PENDING_MAX`] steps are in the future; while
//! there are as many, no order is opened.

mod follow_up;
mod order_families;
mod order_script;
mod work;

use self::order_families::{ORDER_FAMILIES, OrderFamily};
use super::center::SimulatedCenter;
use super::day::{self, REPORT_CURVE};
use super::demand::{DRIFT_MAX, DemandModel, OUTAGE_FACTOR};
use super::event_queue::EventQueue;
use super::rng::SimulationRng;
use super::simulated_event::{EventReporter, SimulatedCase, SimulatedEvent, SimulatedValue};
use crate::domain::time::timestamp::{HOUR, SECOND, Timestamp};
use crate::simulate::SimulationPart;

/// The field service of one center.
pub(super) struct FieldService {
    center: SimulatedCenter,
    rng: SimulationRng,
    demand: DemandModel,
    queue: EventQueue<FieldStep>,
    reporter: EventReporter,
    orders_made: u64,
}

enum FieldStep {
    OpenOrder(&'static OrderFamily),
    ReportEvent(Box<PlannedReport>),
}

/// One event of an order's life.
struct PlannedReport {
    kind: (&'static str, &'static str),
    subject: (&'static str, u64),
    case: SimulatedCase,
    data: Vec<(&'static str, SimulatedValue)>,
}

/// The most steps planned at a time: some 30 000 orders.
const PENDING_STEPS_MAX: usize = 200_000;

impl FieldService {
    /// The field service of `center` from `start` on.
    pub(super) fn new(
        seed: u64,
        run: u32,
        center: SimulatedCenter,
        start: Timestamp,
    ) -> FieldService {
        let stream = center.index * 8;
        let mut agenda = EventQueue::new();
        for (place, family) in ORDER_FAMILIES.iter().enumerate() {
            agenda.plan_step(
                start.plus_millis((3 + place as i64) * SECOND),
                FieldStep::OpenOrder(family),
            );
        }
        FieldService {
            rng: SimulationRng::new(seed, stream + 5),
            demand: DemandModel::new(seed, &center, stream + 6, start),
            reporter: EventReporter::new("field", run),
            orders_made: 0,
            center,
            queue: agenda,
        }
    }

    fn open_order(&mut self, now: Timestamp, family: &'static OrderFamily) {
        let surge =
            if family.suffers_outages && self.demand.has_outage(now) { OUTAGE_FACTOR } else { 1.0 };
        let factor = day::curve_height(&REPORT_CURVE, now)
            * day::weekday_factor(now)
            * self.demand.drift_factor(now)
            * surge;
        let most =
            1.06 * (1.0 + DRIFT_MAX) * if family.suffers_outages { OUTAGE_FACTOR } else { 1.0 };
        if self.rng.random_bool(factor / most) && self.queue.len() < PENDING_STEPS_MAX {
            self.orders_made += 1;
            let subject = (family.name, self.orders_made);
            let (about, moments) =
                order_script::write_script(now, family, &self.center, &mut self.rng);
            for (time, kind, data) in moments {
                self.queue.plan_step(
                    time,
                    FieldStep::ReportEvent(Box::new(PlannedReport {
                        kind,
                        subject,
                        case: about,
                        data,
                    })),
                );
            }
        }
        let gap = self
            .rng
            .exponential_ms(HOUR as f64 / (family.peak_orders_per_hour * self.center.size * most));
        self.queue.plan_step(now.plus_millis(gap), FieldStep::OpenOrder(family));
    }
}

impl SimulationPart for FieldService {
    fn take_event(&mut self) -> Option<SimulatedEvent> {
        self.reporter.take_event()
    }

    fn advance_step(&mut self) -> bool {
        let Some((now, step)) = self.queue.next_step() else { return false };
        match step {
            FieldStep::OpenOrder(family) => self.open_order(now, family),
            FieldStep::ReportEvent(telling) => self.reporter.report_event(
                now,
                telling.kind,
                telling.subject,
                telling.case,
                &telling.data,
            ),
        }
        true
    }
}
