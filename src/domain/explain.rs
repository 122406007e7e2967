//! Explanations: the cases behind a reading, case histories and open cases.

pub mod bounded_list;
pub mod breakdown;
pub mod case_history;
pub mod explanation;
mod fact_check;
pub mod open_cases;
pub mod scope_membership;
mod timed_states;
