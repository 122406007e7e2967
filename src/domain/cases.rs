//! Cases: events are merged into case histories, and the difference in facts is passed on.

pub mod at_risk_orders;
pub mod benchmark_values;
pub mod case_names;
pub mod caseload;
pub mod changes;
pub mod commitment_evaluation;
pub mod context;
pub mod customer;
pub mod data_coverage;
pub mod derive_facts;
pub mod groups;
pub mod holders;
pub mod leg_settings;
pub mod life_cycle;
pub mod observation;
pub mod reused_subjects;
pub mod silent_sources;
pub mod snapshot_validation;
pub mod state_timeline;
pub mod store;
pub mod timers;
