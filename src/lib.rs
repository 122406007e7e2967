//! firstline: a real-time service operations monitor.

pub mod domain;
pub mod ingest;
pub mod simulate;
