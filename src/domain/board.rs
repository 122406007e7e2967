//! The board: readings computed from the cells.

pub mod board_json;
pub mod compute;
pub mod confidence_interval;
pub mod error_budget;
pub mod next_level_change;
pub mod published_board;
pub mod reading;
pub mod trend;
