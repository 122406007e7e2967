//! Request handlers, grouped by URL.

pub mod alerts;
pub mod board;
pub mod events;
pub mod explain;
pub mod live;
pub mod metrics;
pub mod openapi_json;
pub mod pages;
pub mod ranking;
pub mod reload;
pub mod standard_page;
pub(crate) mod standard_versions;
pub mod ticket;
pub mod trend;
