//! Explanations: the cases behind a reading, the history of a case, the open cases.

pub mod bounded_list;
pub mod breakdown;
pub mod case_history;
pub mod explanation;
pub mod open_cases;
