//! Outputs: from the readings of a board to those who look at them. One file an output; nothing here knows a source.

pub mod explain_json;
pub mod live;
pub mod notify;
pub mod prometheus;
pub mod ranking_json;
pub mod reading_filter;
pub mod trend_json;
