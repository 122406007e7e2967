//! Simulated field service and complaint desk: orders are reported and follow a script.
//!
//! The script of an order is written when the order is opened ([`order_script`]). Its events are
//! reported when their times come. Technicians are not simulated: the share of orders done on time
//! is a property of the center. At most [`PENDING_STEPS_MAX`] steps are planned at a time. No order
//! is opened while that many are planned.

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

/// Field service of one center.
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

/// One planned event of an order.
struct PlannedReport {
    kind: (&'static str, &'static str),
    subject: (&'static str, u64),
    case: SimulatedCase,
    data: Vec<(&'static str, SimulatedValue)>,
}

/// Maximum number of planned steps, about 30 000 orders.
const PENDING_STEPS_MAX: usize = 200_000;

impl FieldService {
    /// Returns the field service of `center` from `start` on.
    pub(super) fn new(
        seed: u64,
        run: u32,
        center: SimulatedCenter,
        start: Timestamp,
    ) -> FieldService {
        let stream = center.index * 8;
        let mut queue = EventQueue::new();
        for (index, family) in ORDER_FAMILIES.iter().enumerate() {
            queue.plan_step(
                start.plus_millis((3 + index as i64) * SECOND),
                FieldStep::OpenOrder(family),
            );
        }
        FieldService {
            rng: SimulationRng::new(seed, stream + 5),
            demand: DemandModel::new(seed, &center, stream + 6, start),
            reporter: EventReporter::new("field", run),
            orders_made: 0,
            center,
            queue,
        }
    }

    fn open_order(&mut self, now: Timestamp, family: &'static OrderFamily) {
        let surge =
            if family.suffers_outages && self.demand.has_outage(now) { OUTAGE_FACTOR } else { 1.0 };
        let factor = day::curve_height(&REPORT_CURVE, now)
            * day::weekday_factor(now)
            * self.demand.drift_factor(now)
            * surge;
        let max_factor =
            1.06 * (1.0 + DRIFT_MAX) * if family.suffers_outages { OUTAGE_FACTOR } else { 1.0 };
        if self.rng.random_bool(factor / max_factor) && self.queue.len() < PENDING_STEPS_MAX {
            self.orders_made += 1;
            let subject = (family.name, self.orders_made);
            let (case, events) =
                order_script::write_script(now, family, &self.center, &mut self.rng);
            for (time, kind, data) in events {
                self.queue.plan_step(
                    time,
                    FieldStep::ReportEvent(Box::new(PlannedReport { kind, subject, case, data })),
                );
            }
        }
        let gap = self.rng.exponential_ms(
            HOUR as f64 / (family.peak_orders_per_hour * self.center.size * max_factor),
        );
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
            FieldStep::ReportEvent(report) => self.reporter.report_event(
                now,
                report.kind,
                report.subject,
                report.case,
                &report.data,
            ),
        }
        true
    }
}
