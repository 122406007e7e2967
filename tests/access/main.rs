//! No one gets in who does not belong, and everyone who does: against the real server, by every route it has.

#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "it serves the tests of the service, which need more of it")]
mod client;
mod events;
mod files;
mod limits;
mod live;
mod people;
mod program;
mod routes;
mod tls;
mod views;
