//! Families of orders: volume, kinds, time limits, pauses and customer satisfaction.

use crate::domain::time::timestamp::{HOUR, MINUTE};

/// An order family.
pub(super) struct OrderFamily {
    /// Name of the family, the first part of the event types.
    pub(super) name: &'static str,
    /// Orders per hour in the busiest hour of an average center.
    pub(super) peak_orders_per_hour: f64,
    /// True if an outage increases the number of orders.
    pub(super) suffers_outages: bool,
    /// True if a technician visits the customer.
    pub(super) has_visits: bool,
    /// Share of the visits with an appointment.
    pub(super) appointment_share: f64,
    /// True if the customer gets a first reply.
    pub(super) has_first_reply: bool,
    /// Kinds of orders, most frequent first. [`KIND_SHARES`] gives their shares.
    pub(super) kinds: [OrderKind; 4],
    /// Grades of urgency, most urgent first.
    pub(super) grades: [OrderGrade; 3],
    /// Median time in ms from the report to the end of the work without pressure of a due time.
    pub(super) median_work_ms: i64,
    /// Prefix of the team names in `owner`.
    pub(super) team: &'static str,
    /// Pauses and their shares.
    pub(super) pauses: &'static [(OrderPause, f64)],
    /// Probability that the customer is satisfied: of an order done on time, and of a late one.
    pub(super) content_probability: [f64; 2],
    /// Probability of a reopening by a satisfied and by a dissatisfied customer.
    pub(super) reopened_probability: [f64; 2],
    pub(super) reopened_reason: &'static str,
    /// True if customers are asked to rate the order.
    pub(super) is_surveyed: bool,
}

/// Kind of an order: its subject matter and the product concerned.
pub(super) struct OrderKind {
    pub(super) name: &'static str,
    pub(super) product: &'static str,
    /// Class of the order, in families with classes.
    pub(super) class: Option<&'static str>,
}

/// Grade of urgency.
pub(super) struct OrderGrade {
    /// Share of the orders.
    pub(super) share: f64,
    /// Time limits in ms from the report: in towns and in the country.
    pub(super) due_within_ms: [i64; 2],
}

/// Reason of a pause and the liable party.
#[derive(Clone, Copy)]
pub(super) struct OrderPause {
    pub(super) reason: &'static str,
    pub(super) liable: &'static str,
}

/// Shares of a family's kinds.
pub(super) const KIND_SHARES: [f64; 4] = [0.45, 0.25, 0.2, 0.1];
/// Median duration in ms of a visit.
pub(super) const VISIT_MEDIAN_MS: i64 = 45 * MINUTE;

const fn order_kind(name: &'static str, product: &'static str) -> OrderKind {
    OrderKind { name, product, class: None }
}

const fn classed_kind(class: &'static str, name: &'static str, product: &'static str) -> OrderKind {
    OrderKind { name, product, class: Some(class) }
}

const fn order_grade(share: f64, town: i64, country: i64) -> OrderGrade {
    OrderGrade { share, due_within_ms: [town * HOUR, country * HOUR] }
}

const fn pause_share(reason: &'static str, liable: &'static str, share: f64) -> (OrderPause, f64) {
    (OrderPause { reason, liable }, share)
}

/// Pauses of visits: absent customer, missing parts, missing lines (own or of another company),
/// weather.
const VISIT_PAUSES: &[(OrderPause, f64)] = &[
    pause_share("absent", "customer", 0.42),
    pause_share("parts", "us", 0.24),
    pause_share("no_resource", "us", 0.08),
    pause_share("no_resource", "third_party", 0.13),
    pause_share("weather", "force_majeure", 0.13),
];
/// Pauses at a desk: customers who cannot be reached, and other companies.
const DESK_PAUSES: &[(OrderPause, f64)] =
    &[pause_share("absent", "customer", 0.6), pause_share("no_resource", "third_party", 0.4)];
const DEPOT_PAUSES: &[(OrderPause, f64)] =
    &[pause_share("parts", "third_party", 0.8), pause_share("weather", "force_majeure", 0.2)];

/// All families. The built-in standard declares the same ones.
pub(super) const ORDER_FAMILIES: &[OrderFamily] = &[
    OrderFamily {
        name: "repair",
        peak_orders_per_hour: 42.0,
        suffers_outages: true,
        has_visits: true,
        appointment_share: 0.3,
        has_first_reply: false,
        kinds: [
            classed_kind("outage", "no_connection", "broadband"),
            classed_kind("slow", "slow_connection", "broadband"),
            classed_kind("outage", "no_picture", "iptv"),
            classed_kind("noise", "noisy_line", "fixed_line"),
        ],
        grades: [order_grade(0.08, 4, 4), order_grade(0.80, 24, 48), order_grade(0.12, 48, 72)],
        median_work_ms: 5 * HOUR,
        team: "team-",
        pauses: VISIT_PAUSES,
        content_probability: [0.94, 0.6],
        reopened_probability: [0.018, 0.2],
        reopened_reason: "fault_again",
        is_surveyed: true,
    },
    OrderFamily {
        name: "install",
        peak_orders_per_hour: 14.0,
        suffers_outages: false,
        has_visits: true,
        appointment_share: 0.85,
        has_first_reply: false,
        kinds: [
            order_kind("new_line", "broadband"),
            order_kind("second_line", "fixed_line"),
            order_kind("set_top_box", "iptv"),
            order_kind("mesh", "broadband"),
        ],
        grades: [order_grade(0.05, 24, 24), order_grade(0.95, 72, 72), order_grade(0.0, 72, 72)],
        median_work_ms: 20 * HOUR,
        team: "team-",
        pauses: VISIT_PAUSES,
        content_probability: [0.95, 0.6],
        reopened_probability: [0.01, 0.2],
        reopened_reason: "not_working",
        is_surveyed: true,
    },
    OrderFamily {
        name: "complaint",
        peak_orders_per_hour: 9.0,
        suffers_outages: false,
        has_visits: false,
        appointment_share: 0.0,
        has_first_reply: true,
        kinds: [
            classed_kind("billing", "disputed_charge", "mobile"),
            classed_kind("network", "coverage", "mobile"),
            classed_kind("service", "late_visit", "broadband"),
            classed_kind("attitude", "rude_agent", "broadband"),
        ],
        grades: [order_grade(0.15, 24, 24), order_grade(0.35, 48, 48), order_grade(0.50, 72, 72)],
        median_work_ms: 14 * HOUR,
        team: "desk-",
        pauses: DESK_PAUSES,
        // Customers who complained are harder to satisfy.
        content_probability: [0.88, 0.5],
        reopened_probability: [0.015, 0.3],
        reopened_reason: "not_accepted",
        is_surveyed: true,
    },
    OrderFamily {
        name: "move",
        peak_orders_per_hour: 2.5,
        suffers_outages: false,
        has_visits: true,
        appointment_share: 0.85,
        has_first_reply: false,
        kinds: [
            order_kind("same_town", "broadband"),
            order_kind("other_town", "broadband"),
            order_kind("same_house", "fixed_line"),
            order_kind("business", "broadband"),
        ],
        grades: [order_grade(0.05, 24, 24), order_grade(0.95, 72, 72), order_grade(0.0, 72, 72)],
        median_work_ms: 22 * HOUR,
        team: "team-",
        pauses: VISIT_PAUSES,
        content_probability: [0.95, 0.6],
        reopened_probability: [0.01, 0.2],
        reopened_reason: "not_working",
        is_surveyed: true,
    },
    // A shipment is resolved when it leaves the depot. The call-back verifies the delivered part.
    OrderFamily {
        name: "parts",
        peak_orders_per_hour: 6.0,
        suffers_outages: false,
        has_visits: false,
        appointment_share: 0.0,
        has_first_reply: false,
        kinds: [
            order_kind("modem", "broadband"),
            order_kind("router", "broadband"),
            order_kind("set_top_box", "iptv"),
            order_kind("telephone", "fixed_line"),
        ],
        grades: [order_grade(0.1, 24, 24), order_grade(0.9, 48, 48), order_grade(0.0, 48, 48)],
        median_work_ms: 9 * HOUR,
        team: "depot-",
        pauses: DEPOT_PAUSES,
        content_probability: [0.985, 0.985],
        reopened_probability: [0.0, 0.9],
        reopened_reason: "wrong_part",
        is_surveyed: false,
    },
];
