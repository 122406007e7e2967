//! The families of orders: how often they are reported, what they are about, and what is promised.

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
    /// What is the matter.
    pub(super) kinds: [&'static str; 4],
    /// What it is the matter with; a kind goes with the product at the same place.
    pub(super) products: [&'static str; 4],
    /// The grades, the most urgent first.
    pub(super) grades: [Grade; 3],
    /// The median time from the report to the end of the work, if no due time hurries it.
    pub(super) median: i64,
}

/// A grade of urgency.
pub(super) struct Grade {
    pub(super) name: &'static str,
    /// Its share of the orders.
    pub(super) share: f64,
    /// The time promised, from the report.
    pub(super) promise: i64,
}

const fn grade(name: &'static str, share: f64, hours: i64) -> Grade {
    Grade { name, share, promise: hours * HOUR }
}

/// All families.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "repair",
        peak: 42.0,
        suffers_outages: true,
        visits: true,
        kinds: ["no_connection", "slow_connection", "no_picture", "line_cut"],
        products: ["broadband", "broadband", "iptv", "fixed_line"],
        grades: [grade("urgent", 0.08, 4), grade("normal", 0.62, 24), grade("rural", 0.30, 48)],
        median: 5 * HOUR,
    },
    Family {
        name: "install",
        peak: 14.0,
        suffers_outages: false,
        visits: true,
        kinds: ["new_line", "second_line", "set_top_box", "mesh"],
        products: ["broadband", "fixed_line", "iptv", "broadband"],
        grades: [grade("urgent", 0.05, 24), grade("normal", 0.95, 72), grade("rural", 0.0, 72)],
        median: 20 * HOUR,
    },
    Family {
        name: "complaint",
        peak: 9.0,
        suffers_outages: false,
        visits: false,
        kinds: ["billing", "coverage", "service", "delay"],
        products: ["mobile", "mobile", "broadband", "broadband"],
        grades: [grade("a", 0.15, 24), grade("b", 0.35, 48), grade("c", 0.50, 72)],
        median: 14 * HOUR,
    },
    Family {
        name: "move",
        peak: 2.5,
        suffers_outages: false,
        visits: true,
        kinds: ["same_town", "other_town", "same_house", "business"],
        products: ["broadband", "broadband", "fixed_line", "broadband"],
        grades: [grade("urgent", 0.05, 24), grade("normal", 0.95, 72), grade("rural", 0.0, 72)],
        median: 22 * HOUR,
    },
];

/// The median of the work at the customer's.
pub(super) const VISIT: i64 = 45 * MINUTE;
