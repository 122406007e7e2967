//! firstline: a real-time service operations monitor.

pub mod document;
pub mod domain;
pub mod ingest;
pub mod simulate;
pub mod standard;
