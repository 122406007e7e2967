//! Why a tally excludes a fact of its kind.

use super::explanation::ExclusionReason;
use crate::domain::events::event::Attributes;
use crate::domain::facts::catalog::Fact;
use crate::domain::standard::{FactTally, Standard};

/// What one side of a formula requires of its facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct FactCheck<'a> {
    pub(super) standard: &'a Standard,
    /// True if the side counts current states.
    pub(super) current_state: bool,
    /// True if facts without a value are excluded.
    pub(super) requires_value: bool,
    /// True for the numerator.
    pub(super) good: bool,
}

impl FactCheck<'_> {
    /// Returns the reason for which a tally excludes a fact of its kind; `None` if it counts the
    /// fact. The case has these attributes.
    pub(super) fn exclusion_reason(
        &self,
        tally: &FactTally,
        fact: &Fact,
        attributes: &Attributes,
    ) -> Option<ExclusionReason> {
        let (kind, good) = (fact.kind, self.good);
        if !tally.fits_attributes(attributes) {
            return Some(ExclusionReason::Attributes { kind, good });
        }
        // Current states have no value and no label.
        if self.current_state {
            return None;
        }
        let zone = || self.standard.zones.zone_number(attributes.values());
        if let Some(calendar) = tally.calendar
            && !self.standard.is_calendar_open(calendar, fact.time, zone())
        {
            return Some(ExclusionReason::OutsideCalendar { kind, calendar, good });
        }
        if !tally.labels.is_empty()
            && !fact.label.is_some_and(|label| tally.labels.contains(&label))
        {
            return Some(ExclusionReason::Label { kind, good });
        }
        if fact.value == Fact::UNKNOWN && (self.requires_value || tally.values.is_some()) {
            return Some(ExclusionReason::UnknownValue { kind, good });
        }
        let (low, high) = tally.values.unwrap_or((i64::MIN, i64::MAX));
        let is_outside = fact.value < low || high < fact.value;
        is_outside.then_some(ExclusionReason::Value { kind, good })
    }
}
