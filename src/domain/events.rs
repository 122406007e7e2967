//! Events as sources report them: types, fields, attributes, batches.

pub mod batch;
pub mod event;
