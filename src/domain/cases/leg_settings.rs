//! Settings of a standard that decide how contacts and legs are counted.

use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::standard::Standard;

/// Properties of a standard that decide how contacts and legs are counted.
#[derive(Clone, Copy, Debug)]
pub struct LegSettings {
    /// Families of contacts, as a bit set.
    pub contact_families: u64,
    /// Index of the dimension `queue`; `None` if the standard does not declare it.
    pub queue_dimension: Option<usize>,
    /// Dimensions that a leg does not inherit from its contact, as a bit set.
    pub own_dimensions: u16,
    /// True if some scope has a leg dimension.
    pub has_leg_scopes: bool,
    /// True if some indicator counts facts about legs, such as `leg.answered`.
    pub uses_leg_facts: bool,
    /// Reason of a contact that ended while it waited.
    pub hangup: Symbol,
    /// Reason of an exit that nothing but the next leg shows.
    pub unknown: Symbol,
    /// Reason of an exit with a call-back.
    pub callback: Symbol,
    /// Label of a call-back that reached the customer.
    pub reached: Symbol,
    /// True to derive the facts as versions of the snapshot formats 1 to 3 did.
    pub before_format_4: bool,
}

/// Dimensions that a leg does not inherit from its contact.
const OWN_DIMENSIONS: [&str; 2] = ["queue", "agent"];

/// Texts of the reasons that the life cycle itself gives.
pub const DERIVED_REASONS: [&str; 2] = ["hangup", "unknown"];

impl LegSettings {
    /// Returns the settings of a standard. `used_kinds` is true for each used kind of fact.
    #[must_use]
    pub fn new(standard: &Standard, used_kinds: &[bool]) -> LegSettings {
        let schema = &standard.schema;
        let own_dimensions = (0..).zip(&schema.dimensions);
        LegSettings {
            contact_families: schema.families_of(&[LifeCycle::Contact]),
            queue_dimension: schema.dimensions.iter().position(|name| name == "queue"),
            own_dimensions: own_dimensions
                .filter(|(_, name)| OWN_DIMENSIONS.contains(&name.as_str()))
                .fold(0, |dimensions, (place, _)| dimensions | 1 << place),
            has_leg_scopes: standard.scopes.iter().any(|scope| schema.is_leg_scope(scope)),
            uses_leg_facts: standard
                .kinds
                .leg_kinds()
                .any(|(kind, _)| used_kinds[usize::from(kind.0)]),
            hangup: Symbol::from_text(DERIVED_REASONS[0]),
            unknown: Symbol::from_text(DERIVED_REASONS[1]),
            callback: Symbol::from_text("callback"),
            reached: Symbol::from_text("true"),
            before_format_4: false,
        }
    }
}
