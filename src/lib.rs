//! firstline: a real-time service operations monitor.

pub mod cli;
pub mod document;
pub mod domain;
pub mod ingest;
pub mod replay;
pub mod simulate;
pub mod standard;
