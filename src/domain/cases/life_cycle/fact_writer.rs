//! Writer for the facts of one family of a case.

use crate::domain::cases::context::DerivationContext;
use crate::domain::events::event::{PackedMillis, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind};
use crate::domain::time::timestamp::Timestamp;

/// Collects the facts of one family of a case. Kinds that nothing uses are skipped.
#[derive(Debug)]
pub struct FactWriter<'a, 'f> {
    pub(super) context: &'a DerivationContext<'a>,
    pub(super) first_kind: FactKind,
    pub(super) facts: &'f mut CaseFacts,
    /// Times at which the source reported the case as lost.
    pub(super) lost_at: Vec<Timestamp>,
}

impl<'a, 'f> FactWriter<'a, 'f> {
    /// Returns a writer for the facts of a family whose kinds start at `first_kind`.
    #[inline]
    pub fn new(
        context: &'a DerivationContext<'a>,
        first_kind: FactKind,
        facts: &'f mut CaseFacts,
    ) -> FactWriter<'a, 'f> {
        FactWriter { context, first_kind, facts, lost_at: Vec::new() }
    }

    /// Adds the fact at `place` of the life cycle, at `time`.
    #[inline]
    pub fn add_fact(&mut self, place: u16, time: Timestamp, value: i64) {
        self.add_labeled_fact(place, time, value, None);
    }

    /// Adds the fact at `place` of the life cycle, at `time` and with a label.
    #[inline]
    pub fn add_labeled_fact(
        &mut self,
        place: u16,
        time: Timestamp,
        value: i64,
        label: Option<Symbol>,
    ) {
        let kind = self.first_kind.offset_by(place);
        if self.context.used_kinds[usize::from(kind.0)] {
            self.facts.all.push(Fact { kind, label, time, value });
        }
    }

    /// Keeps the case open without a state.
    pub fn keep_open(&mut self) {
        self.facts.open = true;
    }

    /// Records that the source lost track of the case, which ends every current state at `time`.
    pub fn mark_lost(&mut self, time: Timestamp) {
        self.lost_at.push(time);
    }

    /// Adds the current state at `place`, active since `since`, and marks the case as open.
    ///
    /// If the case was lost or the state has expired, the fact at `expired` is added instead.
    /// Returns true if the state is still active.
    #[inline]
    pub fn add_current_state(&mut self, place: u16, since: Timestamp, expired: u16) -> bool {
        self.add_renewed_state(place, (since, since), expired)
    }

    /// Adds a current state like [`FactWriter::add_current_state`] that the source has confirmed at
    /// `renewed`. Losses before that time do not end it, and it expires later.
    #[inline]
    pub fn add_renewed_state(
        &mut self,
        place: u16,
        (since, renewed): (Timestamp, Timestamp),
        expired: u16,
    ) -> bool {
        let kind = self.first_kind.offset_by(place);
        let expires =
            self.context.expiry[usize::from(kind.0)].map(|millis| renewed.plus_millis(millis));
        let lost = self.lost_at.iter().copied().filter(|lost| *lost >= renewed).min();
        // A loss also reveals an earlier expiry, whose whole minute may not be over yet.
        let over = match lost {
            Some(lost) => Some(expires.map_or(lost, |expires| expires.min(lost))),
            None => expires.filter(|expires| *expires < self.context.expired_before),
        };
        if let Some(over) = over {
            self.add_fact(expired, over, over.millis_since(since));
            return false;
        }
        self.open_state(place, since, expires);
        true
    }

    /// Adds the current state at `place`, active since `since`, unless it has expired. A loss does
    /// not end it. Returns true if the state is active.
    pub fn add_pending_state(&mut self, place: u16, since: Timestamp) -> bool {
        let kind = self.first_kind.offset_by(place);
        let expires =
            self.context.expiry[usize::from(kind.0)].map(|millis| since.plus_millis(millis));
        if expires.is_some_and(|expires| expires < self.context.expired_before) {
            return false;
        }
        self.open_state(place, since, expires);
        true
    }

    /// Adds an active state and marks the case as open.
    #[inline]
    fn open_state(&mut self, place: u16, since: Timestamp, expires: Option<Timestamp>) {
        self.facts.open = true;
        if let Some(expires) = expires {
            self.facts.expires_at =
                Some(self.facts.expires_at.map_or(expires, |known| known.min(expires)));
        }
        self.add_fact(place, since, Fact::UNKNOWN);
    }
}

/// Returns the reported duration, else the time between `from` and `until`, in milliseconds.
///
/// Returns [`Fact::UNKNOWN`] if neither is known.
#[inline]
pub(super) fn reported_or_elapsed(
    reported: Option<PackedMillis>,
    from: Option<Timestamp>,
    until: Timestamp,
) -> i64 {
    reported
        .map(PackedMillis::get)
        .or_else(|| from.map(|from| until.millis_since(from)))
        .unwrap_or(Fact::UNKNOWN)
}
