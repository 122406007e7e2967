//! Files made from the standard: Prometheus rules, Grafana dashboards, OpenSLO.

pub mod grafana;
pub mod openslo;
pub mod prometheus_rules;
pub mod promql;
