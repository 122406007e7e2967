//! Writes the facts of one family of a case.

use crate::domain::cases::context::DerivationContext;
use crate::domain::events::event::{PackedMillis, Symbol};
use crate::domain::facts::catalog::{CaseFacts, Fact, FactKind};
use crate::domain::time::timestamp::Timestamp;

/// Collects the facts of one family of a case.
#[derive(Debug)]
pub struct FactWriter<'a, 'f> {
    pub(super) context: &'a DerivationContext<'a>,
    pub(super) first_kind: FactKind,
    pub(super) facts: &'f mut CaseFacts,
    /// When the source lost sight of the case, each time.
    pub(super) lost_at: Vec<Timestamp>,
}

impl<'a, 'f> FactWriter<'a, 'f> {
    /// Creates a writer of the facts of a family whose kinds begin at `first_kind`.
    #[inline]
    pub fn new(
        context: &'a DerivationContext<'a>,
        first_kind: FactKind,
        facts: &'f mut CaseFacts,
    ) -> FactWriter<'a, 'f> {
        FactWriter { context, first_kind, facts, lost_at: Vec::new() }
    }

    /// Tells that the fact at `place` of the life cycle happened at, or stands since, `time`.
    #[inline]
    pub fn add_fact(&mut self, place: u16, time: Timestamp, value: i64) {
        self.add_labeled_fact(place, time, value, None);
    }

    /// As [`Teller::tell`], with the word that tells the fact apart from others.
    #[inline]
    pub fn add_labeled_fact(
        &mut self,
        place: u16,
        time: Timestamp,
        value: i64,
        word: Option<Symbol>,
    ) {
        let kind = self.first_kind.offset_by(place);
        if self.context.used_kinds[usize::from(kind.0)] {
            self.facts.all.push(Fact { kind, label: word, time, value });
        }
    }

    /// The source has lost sight of the case: nothing stands from `time` on.
    pub fn mark_lost(&mut self, time: Timestamp) {
        self.lost_at.push(time);
    }

    /// Tells that the fact at `place` stands since `since`, and that the case is open; unless it has been lost or has stood for
    /// so long that its end must have been lost: then the fact at `expired` is told of the moment it expired.
    #[inline]
    pub fn add_current_state(&mut self, place: u16, since: Timestamp, expired: u16) -> bool {
        let kind = self.first_kind.offset_by(place);
        let expires =
            self.context.expiry[usize::from(kind.0)].map(|millis| since.plus_millis(millis));
        let lost = self.lost_at.iter().copied().filter(|lost| *lost >= since).min();
        // A loss is told at once, and with it what had expired before, though nobody may have looked yet.
        let over = match lost {
            Some(lost) => Some(expires.map_or(lost, |expires| expires.min(lost))),
            None => expires.filter(|expires| *expires < self.context.expired_before),
        };
        if let Some(over) = over {
            self.add_fact(expired, over, over.millis_since(since));
            return false;
        }
        self.facts.open = true;
        if let Some(expires) = expires {
            self.facts.expires_at =
                Some(self.facts.expires_at.map_or(expires, |known| known.min(expires)));
        }
        self.add_fact(place, since, Fact::UNKNOWN);
        true
    }
}

/// How long something took, or that nobody knows: what the source said itself, else the time since it began.
#[inline]
pub(super) fn reported_or_elapsed(
    said: Option<PackedMillis>,
    from: Option<Timestamp>,
    until: Timestamp,
) -> i64 {
    said.map(PackedMillis::get)
        .or_else(|| from.map(|from| until.millis_since(from)))
        .unwrap_or(Fact::UNKNOWN)
}
