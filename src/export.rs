//! Files generated from a standard: Prometheus rules, Grafana dashboards, OpenSLO documents.

pub mod grafana;
pub mod openslo;
pub mod prometheus_rules;
pub mod promql;
