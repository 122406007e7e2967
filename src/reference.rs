//! Reference pages and schemas generated from the code's own lists, so that they cannot drift.
//!
//! `firstline reference NAME` prints a page. `tests/reference_keys.rs` and `tests/reference_events.rs`
//! compare the lists with the code that reads the files and events, and the pages in
//! `docs/reference` with the lists.

pub mod accepted_forms;
mod configuration_keys;
pub mod event_schema;
pub mod event_types;
pub mod events_page;
mod key_table;
mod standard_keys;

pub use self::configuration_keys::CONFIGURATION_PAGE;
pub use self::key_table::{KeyDefault, KeyReference, ReferencePage, TableReference};
pub use self::standard_keys::STANDARD_PAGE;
