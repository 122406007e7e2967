//! Access control tests against the real server, for every route.

#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "the tests of the service use the rest")]
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
