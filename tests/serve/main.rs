//! End-to-end tests of the service over real sockets.

mod client;
mod data_coverage;
mod disconnects;
mod endpoints;
mod explain;
mod intake;
mod live_board;
mod metrics;
mod persistence;
mod publication;
mod ranking;
mod reload;
mod server_sent_events;
mod trend;
mod watch;
