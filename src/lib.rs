//! firstline: a real-time service operations monitor.

pub mod app;
pub mod cli;
pub mod config;
pub mod document;
pub mod domain;
pub mod edition;
pub mod engine;
pub mod http;
pub mod ingest;
pub mod publish;
pub mod replay;
pub mod simulate;
pub mod standard;
pub mod telemetry;
