//! The whole service, from a socket to a socket.

mod client;
mod durable;
mod explain;
mod intake;
mod live;
mod metrics;
mod ranking;
mod reading;
mod reload;
mod trend;
