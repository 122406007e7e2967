//! The families of orders: how often they are reported, what they are about, what is promised, and how customers take it.

use crate::domain::time::{HOUR, MINUTE};

/// A family of orders.
pub(super) struct Family {
    /// As in its events' types.
    pub(super) name: &'static str,
    /// Orders in the busiest hour of an average center.
    pub(super) peak: f64,
    /// Whether an outage brings more of them.
    pub(super) suffers_outages: bool,
    /// Whether somebody goes to the customer.
    pub(super) visits: bool,
    /// The share of the visits that are promised for a certain time.
    pub(super) appointments: f64,
    /// Whether the customer is promised a first reply.
    pub(super) replies: bool,
    /// What is the matter, the most frequent first (see [`KINDS`]).
    pub(super) kinds: [Kind; 4],
    /// The grades from 1, the most urgent.
    pub(super) grades: [Grade; 3],
    /// The median time from the report to the end of the work, if no due time hurries it.
    pub(super) median: i64,
    /// Who works on it, as in the owner's name.
    pub(super) team: &'static str,
    /// Why work rests, and how often for which reason.
    pub(super) pauses: &'static [(Pause, f64)],
    /// How likely the customer is content at the call-back: after a promise kept, after one broken.
    pub(super) content: [f64; 2],
    /// How likely it is reopened: by a customer who was content, by one who was not; and why.
    pub(super) reopened: [f64; 2],
    pub(super) reopened_for: &'static str,
    /// Whether customers are asked what they think of it.
    pub(super) surveyed: bool,
}

/// What can be the matter, and what it is the matter with.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) product: &'static str,
    /// The class it is handled by, where the family has classes.
    pub(super) class: Option<&'static str>,
}

/// A grade of urgency.
pub(super) struct Grade {
    /// Its share of the orders.
    pub(super) share: f64,
    /// The time promised from the report in a town and in the country.
    pub(super) promise: [i64; 2],
}

/// Why work rests, and who is liable for it.
#[derive(Clone, Copy)]
pub(super) struct Pause {
    pub(super) reason: &'static str,
    pub(super) liable: &'static str,
}

/// How often each of a family's kinds occurs.
pub(super) const KINDS: [f64; 4] = [0.45, 0.25, 0.2, 0.1];
/// The median of the work at the customer's.
pub(super) const VISIT: i64 = 45 * MINUTE;

const fn kind(name: &'static str, product: &'static str) -> Kind {
    Kind { name, product, class: None }
}

const fn classed(class: &'static str, name: &'static str, product: &'static str) -> Kind {
    Kind { name, product, class: Some(class) }
}

const fn grade(share: f64, town: i64, country: i64) -> Grade {
    Grade { share, promise: [town * HOUR, country * HOUR] }
}

const fn pause(reason: &'static str, liable: &'static str, share: f64) -> (Pause, f64) {
    (Pause { reason, liable }, share)
}

/// Visits fail at the customer's door, for want of parts or lines, at another company's pole, and in the rain.
const OUTSIDE: &[(Pause, f64)] = &[
    pause("absent", "customer", 0.42),
    pause("parts", "us", 0.24),
    pause("no_resource", "us", 0.08),
    pause("no_resource", "third_party", 0.13),
    pause("weather", "force_majeure", 0.13),
];
/// A desk waits for customers who cannot be reached, and for other companies.
const AT_DESK: &[(Pause, f64)] = &[pause("absent", "customer", 0.6), pause("no_resource", "third_party", 0.4)];
const IN_DEPOT: &[(Pause, f64)] = &[pause("parts", "third_party", 0.8), pause("weather", "force_majeure", 0.2)];

/// All families; the built-in standard declares the same.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "repair",
        peak: 42.0,
        suffers_outages: true,
        visits: true,
        appointments: 0.3,
        replies: false,
        kinds: [
            classed("outage", "no_connection", "broadband"),
            classed("slow", "slow_connection", "broadband"),
            classed("outage", "no_picture", "iptv"),
            classed("noise", "noisy_line", "fixed_line"),
        ],
        grades: [grade(0.08, 4, 4), grade(0.80, 24, 48), grade(0.12, 48, 72)],
        median: 5 * HOUR,
        team: "team-",
        pauses: OUTSIDE,
        content: [0.94, 0.6],
        reopened: [0.018, 0.2],
        reopened_for: "fault_again",
        surveyed: true,
    },
    Family {
        name: "install",
        peak: 14.0,
        suffers_outages: false,
        visits: true,
        appointments: 0.85,
        replies: false,
        kinds: [kind("new_line", "broadband"), kind("second_line", "fixed_line"), kind("set_top_box", "iptv"), kind("mesh", "broadband")],
        grades: [grade(0.05, 24, 24), grade(0.95, 72, 72), grade(0.0, 72, 72)],
        median: 20 * HOUR,
        team: "team-",
        pauses: OUTSIDE,
        content: [0.95, 0.6],
        reopened: [0.01, 0.2],
        reopened_for: "not_working",
        surveyed: true,
    },
    Family {
        name: "complaint",
        peak: 9.0,
        suffers_outages: false,
        visits: false,
        appointments: 0.0,
        replies: true,
        kinds: [
            classed("billing", "disputed_charge", "mobile"),
            classed("network", "coverage", "mobile"),
            classed("service", "late_visit", "broadband"),
            classed("attitude", "rude_agent", "broadband"),
        ],
        grades: [grade(0.15, 24, 24), grade(0.35, 48, 48), grade(0.50, 72, 72)],
        median: 14 * HOUR,
        team: "desk-",
        pauses: AT_DESK,
        // Nobody who has complained is as easily content.
        content: [0.88, 0.5],
        reopened: [0.015, 0.3],
        reopened_for: "not_accepted",
        surveyed: true,
    },
    Family {
        name: "move",
        peak: 2.5,
        suffers_outages: false,
        visits: true,
        appointments: 0.85,
        replies: false,
        kinds: [
            kind("same_town", "broadband"),
            kind("other_town", "broadband"),
            kind("same_house", "fixed_line"),
            kind("business", "broadband"),
        ],
        grades: [grade(0.05, 24, 24), grade(0.95, 72, 72), grade(0.0, 72, 72)],
        median: 22 * HOUR,
        team: "team-",
        pauses: OUTSIDE,
        content: [0.95, 0.6],
        reopened: [0.01, 0.2],
        reopened_for: "not_working",
        surveyed: true,
    },
    // A shipment is resolved when it leaves the depot; the call-back asks whether the right part has come.
    Family {
        name: "parts",
        peak: 6.0,
        suffers_outages: false,
        visits: false,
        appointments: 0.0,
        replies: false,
        kinds: [kind("modem", "broadband"), kind("router", "broadband"), kind("set_top_box", "iptv"), kind("telephone", "fixed_line")],
        grades: [grade(0.1, 24, 24), grade(0.9, 48, 48), grade(0.0, 48, 48)],
        median: 9 * HOUR,
        team: "depot-",
        pauses: IN_DEPOT,
        content: [0.985, 0.985],
        reopened: [0.0, 0.9],
        reopened_for: "wrong_part",
        surveyed: false,
    },
];
