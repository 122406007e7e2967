//! The number of a kind of fact.

/// A kind of fact: its place in [`Kinds`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FactKind(pub u16);

impl FactKind {
    /// The kind `place` behind this one, the first of its life cycle.
    #[must_use]
    pub fn offset_by(self, place: u16) -> FactKind {
        FactKind(self.0 + place)
    }
}
