//! Cells: sums of facts for each rollup group and window.

pub mod bucket_bounds;
pub mod cell;
pub mod cell_table;
pub mod gauges;
pub mod histogram;
pub mod maxima;
pub mod rollup_group;
pub mod state_time;
pub mod window_panes;
