//! No one gets in who does not belong, and everyone who does: against the real server, by every route it has.

#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "it serves the tests of the service, which need more of it")]
mod client;
mod command_line;
mod configuration_folder;
mod events;
mod limits;
mod live;
mod routes;
mod tls;
mod tokens;
mod views;
