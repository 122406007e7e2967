//! The whole service, from a socket to a socket.

mod boards;
mod client;
mod durable;
mod explain;
mod intake;
mod leaving;
mod live;
mod metrics;
mod ranking;
mod reading;
mod reload;
mod stream;
mod trend;
mod watch;
