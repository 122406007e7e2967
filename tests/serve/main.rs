//! The whole service, from a socket to a socket.

mod client;
mod explain;
mod intake;
mod live;
mod ranking;
mod reading;
mod reload;
