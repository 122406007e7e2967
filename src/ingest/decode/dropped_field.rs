//! Optional fields that an event is taken without, and misspelt names of dimensions.

use crate::toml_document::edit_distance;

/// An optional field that an event is taken without, because its value cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DroppedField {
    /// Name as in the event.
    pub field: String,
    /// Name of the known field or dimension under which it is counted.
    pub counted_as: String,
    /// Problem, worded for the sender.
    pub warning: String,
}

impl DroppedField {
    pub(super) fn unusable(name: &str, reason: &str) -> DroppedField {
        DroppedField {
            field: name.to_owned(),
            counted_as: name.to_owned(),
            warning: format!("{reason}; taken without it"),
        }
    }

    /// Returns the field under a name that is likely meant for a dimension.
    pub(super) fn misspelt(name: &str, dimension: &str) -> DroppedField {
        DroppedField {
            field: name.to_owned(),
            counted_as: dimension.to_owned(),
            warning: format!("not known, did you mean `{dimension}`?; taken without it"),
        }
    }
}

/// Returns true if a name differs from a dimension by one letter, or by two letters that changed
/// places, as `centre` from `center`.
pub(super) fn is_misspelling(name: &str, dimension: &str) -> bool {
    let (shorter, longer) = (name.len().min(dimension.len()), name.len().max(dimension.len()));
    shorter >= 4 && longer - shorter <= 1 && edit_distance(name, dimension) <= 1
}
