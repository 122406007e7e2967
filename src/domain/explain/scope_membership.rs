//! Membership of a case in an explained scope.

use crate::domain::cases::groups::CaseGroup;
use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;

/// Membership of a case in a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeMembership {
    /// The case belongs to the scope.
    Inside,
    /// The case has no value for this dimension and matches the scope otherwise.
    MissingDimension(usize),
    /// The case has a different value for some dimension.
    Outside,
}

impl ScopeMembership {
    /// Returns the membership of the cases of a group in a scope.
    #[must_use]
    pub fn new(scope: &Scope, group: &CaseGroup, standard: &Standard) -> ScopeMembership {
        let (dimensions, values) = (&standard.scopes[scope.kind], &scope.values);
        let attributes = &group.attributes;
        if !group.reach.includes_scope(dimensions, standard) {
            return ScopeMembership::Outside;
        }
        let mut membership = ScopeMembership::Inside;
        for (dimension, required) in dimensions.iter().zip(values) {
            match attributes.values().get(*dimension).and_then(Option::as_deref) {
                Some(value) if *value == **required => {}
                Some(_) => return ScopeMembership::Outside,
                None if membership == ScopeMembership::Inside => {
                    membership = ScopeMembership::MissingDimension(*dimension);
                }
                None => {}
            }
        }
        membership
    }
}
