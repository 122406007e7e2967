//! Periods in which a unit and an owner held an order.

use crate::domain::events::event::Symbol;
use crate::domain::time::timestamp::Timestamp;

/// Period in which one unit and one owner held an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HoldPeriod {
    /// Start of the period.
    pub begin: Timestamp,
    /// End of the period; `None` while it lasts.
    pub end: Option<Timestamp>,
    /// Group with the attributes of the case and the values of the unit.
    pub group: u32,
    /// Owner, if an event named one.
    pub owner: Option<Symbol>,
}
