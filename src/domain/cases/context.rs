//! Inputs for deriving the facts of a case, apart from its observations.

use crate::domain::cases::leg_settings::LegSettings;
use crate::domain::events::event::{EventDetail, PackedTimestamp};
use crate::domain::facts::catalog::place;
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::{MINUTE, Timestamp};

/// Granularity of expiry in milliseconds. Whole minutes save a separate timer per call.
pub(in crate::domain) const EXPIRY_STEP_MS: i64 = MINUTE;

/// Returns the time before which current states have expired once `now` is reached.
pub(in crate::domain) fn expired_before(now: Timestamp) -> Timestamp {
    Timestamp(now.0.div_euclid(EXPIRY_STEP_MS).saturating_mul(EXPIRY_STEP_MS))
}

/// What the life cycles need besides the standard and the time, derived from the standard.
#[derive(Clone, Debug)]
pub struct DerivationSettings {
    /// For each kind of fact, true if an indicator, commitment or alert uses it.
    pub used_kinds: Vec<bool>,
    /// For each kind of current state, its expiry in milliseconds.
    pub expiry: Vec<Option<i64>>,
    /// Families with at least one commitment, as a bit set.
    pub committed_families: u64,
    /// Families of orders whose holders are needed, as a bit set.
    pub held_families: u64,
    /// How contacts and legs are counted.
    pub legs: LegSettings,
}

impl DerivationSettings {
    /// Returns the settings of a standard. `used_kinds` is true for each used kind of fact.
    #[must_use]
    pub fn new(standard: &Standard, mut used_kinds: Vec<bool>) -> DerivationSettings {
        let legs = LegSettings::new(standard, &used_kinds);
        // The facts of legs follow from those of contacts.
        for (leg, contact) in standard.kinds.leg_kinds() {
            used_kinds[usize::from(contact.0)] |= used_kinds[usize::from(leg.0)];
        }
        let mut expiry = vec![None; used_kinds.len()];
        for (kind, millis) in &standard.expiry {
            expiry[usize::from(kind.0)] = Some(*millis);
        }
        let committed_families = standard
            .commitments
            .iter()
            .fold(0, |families, commitment| families | 1 << commitment.family.0);
        let held_families = held_families(standard, &used_kinds);
        DerivationSettings { used_kinds, expiry, committed_families, held_families, legs }
    }

    /// Returns the inputs at the time reached.
    #[inline]
    #[must_use]
    pub fn context<'a>(&'a self, standard: &'a Standard, now: Timestamp) -> DerivationContext<'a> {
        DerivationContext {
            standard,
            used_kinds: &self.used_kinds,
            expiry: &self.expiry,
            committed_families: self.committed_families,
            held_families: self.held_families,
            legs: self.legs,
            now,
            expired_before: expired_before(now),
        }
    }
}

/// Returns the families of orders for which an indicator or a commitment needs the holders.
fn held_families(standard: &Standard, used_kinds: &[bool]) -> u64 {
    let kinds = &standard.kinds;
    let by_time = kinds.iter().filter(|kind| {
        used_kinds[usize::from(kind.0)] && kinds.order_place(*kind) == Some(place::order::HELD)
    });
    let by_miss = standard.commitments.iter().filter(|commitment| commitment.holder.is_some());
    by_time
        .map(|kind| kinds.family(kind))
        .chain(by_miss.map(|commitment| commitment.family))
        .fold(0, |families, family| families | 1 << family.0)
}

/// Standard, used kinds of facts and time reached, as the life cycles need them.
#[derive(Clone, Copy, Debug)]
pub struct DerivationContext<'a> {
    /// Current standard.
    pub standard: &'a Standard,
    /// For each kind of fact, true if an indicator, commitment or alert uses it.
    pub used_kinds: &'a [bool],
    /// For each kind of current state, its expiry in milliseconds.
    pub expiry: &'a [Option<i64>],
    /// Families with at least one commitment, as a bit set.
    pub committed_families: u64,
    /// Families of orders whose holders are needed, as a bit set.
    pub held_families: u64,
    /// How contacts and legs are counted.
    pub legs: LegSettings,
    /// Time reached.
    pub now: Timestamp,
    /// Time before which current states have expired.
    pub expired_before: Timestamp,
}

/// Times named by an order's events.
#[derive(Clone, Copy, Default, Debug)]
pub struct NamedTimes {
    /// Due time.
    pub due: NamedTime,
    /// Start of the agreed visit.
    pub appointment: NamedTime,
}

/// A time named by events. Later events override earlier ones.
#[derive(Clone, Copy, Default, Debug)]
pub struct NamedTime {
    /// The last one that could be read.
    pub time: Option<PackedTimestamp>,
    /// True if a later one could not be read.
    pub is_unreadable: bool,
}

impl NamedTimes {
    /// Adds the times named by an event that comes after the others.
    #[inline]
    pub(in crate::domain::cases) fn add_detail(&mut self, detail: &EventDetail) {
        self.due.add(detail.due);
        self.appointment.add(detail.appointment);
    }

    /// Returns the names of the fields whose last value could not be read.
    #[must_use]
    pub fn unreadable_fields(&self) -> Vec<&'static str> {
        let fields = [("due", self.due), ("appointment", self.appointment)];
        fields.into_iter().filter(|(_, named)| named.is_unreadable).map(|(name, _)| name).collect()
    }
}

impl NamedTime {
    #[inline]
    fn add(&mut self, named: Option<PackedTimestamp>) {
        let Some(time) = named else { return };
        self.is_unreadable = time == PackedTimestamp::UNREADABLE;
        if !self.is_unreadable {
            self.time = Some(time);
        }
    }
}
