//! The core: pure and deterministic, without clocks, sockets, files, threads or randomness.
//!
//! Its folders, in the order of the data and for reading:
//!
//! 1. [`time`]: timestamps, time zones, calendars, windows and periods.
//! 2. [`events`]: events and the batches they arrive in.
//! 3. [`facts`]: kinds of facts and their catalog.
//! 4. [`standard`]: the service standard: indicators, targets, commitments and alert policies.
//! 5. [`cases`]: cases, the facts derived from them, commitment evaluation and retention.
//! 6. [`cells`]: counters, histograms and gauges for every window and scope.
//! 7. [`board`]: readings, levels, trends and published boards.
//! 8. [`alerts`]: alert evaluation and incidents.
//! 9. [`explain`]: the cases behind a reading, case histories and open cases.
//! 10. [`monitor`]: the core as a whole: events and ticks in, boards out.

pub mod alerts;
pub mod board;
pub mod cases;
pub mod cells;
pub mod events;
pub mod explain;
pub mod facts;
pub mod monitor;
pub mod standard;
pub mod time;
