//! Life cycles: which facts the observations of a case mean.

pub mod agent;
pub mod call;
pub mod fact_writer;
pub mod hall_ticket;
pub mod order;
