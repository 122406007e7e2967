//! The whole service, from a socket to a socket.

mod client;
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
