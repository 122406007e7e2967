//! Reference pages made from static lists: every key of the standard and of the configuration.
//!
//! `firstline reference NAME` prints a page. `tests/reference_keys.rs` holds the lists to the code that
//! reads the files, and the pages in `docs/reference` to the lists.

mod configuration_keys;
mod key_table;
mod standard_keys;

pub use self::configuration_keys::CONFIGURATION_PAGE;
pub use self::key_table::{KeyDefault, KeyReference, ReferencePage, TableReference};
pub use self::standard_keys::STANDARD_PAGE;
