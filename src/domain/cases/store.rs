//! Store of case records: table, hash index and overflow.

pub mod case_record;
pub mod case_summary;
pub mod case_table;
pub mod format_3;
pub mod hash_index;
pub mod overflow;
