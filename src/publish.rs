//! Outputs: the readings of a board in the formats of their consumers, one file per output. No
//! output depends on an event source.

pub mod explain_json;
pub mod live;
pub mod notify;
pub mod prometheus;
pub mod ranking_json;
pub mod reading_filter;
pub mod trend_json;
