//! Number that identifies a kind of fact.

/// Kind of fact, by its index in [`FactKinds`](super::catalog::FactKinds).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FactKind(pub u16);

impl FactKind {
    /// Returns the kind `place` positions after this one, the first of its life cycle.
    #[must_use]
    pub fn offset_by(self, place: u16) -> FactKind {
        FactKind(self.0 + place)
    }
}
