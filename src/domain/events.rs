//! Decoded events: event types, fields, attributes and batches.

pub mod batch;
pub mod benchmark_report;
pub mod event;
