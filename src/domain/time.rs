//! Time: timestamps, periods, windows and their bounds, time zones, working calendars.

pub mod calendar;
pub mod period;
pub mod series_period;
pub mod time_zones;
pub mod timestamp;
pub mod window;
pub mod window_bounds;
