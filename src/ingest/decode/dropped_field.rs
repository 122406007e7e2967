//! Optional fields that an event is taken without, and misspelt names of dimensions.

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
    let (short, long) = if name.len() < dimension.len() {
        (name.as_bytes(), dimension.as_bytes())
    } else {
        (dimension.as_bytes(), name.as_bytes())
    };
    if short.len() < 4 || long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short.iter().zip(long).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let (short, long) = (&short[same_start..], &long[same_start..]);
    match (short, long) {
        ([], _) => true,
        ([a, b, short @ ..], [c, d, long @ ..])
            if a.eq_ignore_ascii_case(d) && b.eq_ignore_ascii_case(c) =>
        {
            short.eq_ignore_ascii_case(long)
        }
        _ if short.len() == long.len() => short[1..].eq_ignore_ascii_case(&long[1..]),
        _ => short.eq_ignore_ascii_case(&long[1..]),
    }
}
