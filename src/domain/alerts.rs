//! Alerts: policy evaluation, incidents and the incident log.

pub mod evaluation;
pub mod incident;
pub mod incident_log;
pub mod indicator_rule;
pub mod order_rule;
pub mod state_machine;
