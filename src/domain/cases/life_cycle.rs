//! Life cycles: the facts that the observations of each family mean.

pub mod agent;
pub mod contact;
pub mod fact_writer;
pub mod hall_ticket;
pub mod order;
