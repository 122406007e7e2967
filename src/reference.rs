//! Reference pages and schemas generated from the code's own lists, so that they cannot drift.

pub mod event_schema;
pub mod event_types;
pub mod events_page;
