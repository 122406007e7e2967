//! Those who ask: each with a token that is called like its holder.

use crate::client::{Reply, Server, settings};
use firstline::access::Token;
use firstline::access::grant::{May, Sources, View};
use firstline::access::token::Secret;
use firstline::config::Settings;
use firstline::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A token whose secret is its name.
pub(crate) fn token(name: &str, may: May) -> Token {
    let digest = Secret::from(name).digest();
    Token { name: name.to_owned(), digest, may, sources: Sources::default(), view: View::default(), expires: None }
}

/// The usual service with an administrator, a reader, a sender, a reader who sees Hefei alone, a sender of `/acd/hefei`, and a
/// reader whose time is over.
pub(crate) fn guarded() -> Settings {
    let hefei = View(BTreeMap::from([("center".to_owned(), BTreeSet::from(["hefei".to_owned()]))]));
    let mut settings = settings();
    settings.access.tokens = vec![
        token("admin", May::Admin),
        token("reader", May::Read),
        token("sender", May::Ingest),
        Token { view: hefei, ..token("hefei", May::Read) },
        Token { sources: Sources(vec!["/acd/hefei".to_owned()]), ..token("acd", May::Ingest) },
        Token { expires: Some(Timestamp(0)), ..token("former", May::Admin) },
    ];
    settings
}

/// The header of a token's holder.
pub(crate) fn shown(name: &str) -> String {
    format!("Bearer {name}")
}

/// Asks as the holder of a token.
pub(crate) async fn ask(server: &Server, name: &str, method: &str, path: &str, body: &str) -> Reply {
    let headers = [("Authorization", &*shown(name)), ("Content-Type", "application/json")];
    server.request(method, path, &headers, body.as_bytes()).await
}
