//! Test tokens, one for each role. The secret of each is its name.

use crate::{client::HttpReply, client::TestServer, client::test_settings};
use firstline::access::AccessToken;
use firstline::access::grant::{AllowedSources, GrantedView, TokenRole};
use firstline::access::token::TokenSecret;
use firstline::config::ServiceSettings;
use firstline::domain::time::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Returns a token whose secret is its name.
pub(crate) fn token_named(name: &str, role: TokenRole) -> AccessToken {
    let digest = TokenSecret::from(name).digest();
    AccessToken {
        name: name.to_owned(),
        digest,
        role,
        sources: AllowedSources::default(),
        view: GrantedView::default(),
        expires: None,
    }
}

/// Test settings with these tokens: an administrator, a reader, a sender, a reader of Hefei, a
/// sender of `/acd/hefei`, and an expired administrator.
pub(crate) fn settings_with_tokens() -> ServiceSettings {
    let hefei =
        GrantedView(BTreeMap::from([("center".to_owned(), BTreeSet::from(["hefei".to_owned()]))]));
    let mut settings = test_settings();
    settings.access.tokens = vec![
        token_named("admin", TokenRole::Admin),
        token_named("reader", TokenRole::Read),
        token_named("sender", TokenRole::Ingest),
        AccessToken { view: hefei, ..token_named("hefei", TokenRole::Read) },
        AccessToken {
            sources: AllowedSources(vec!["/acd/hefei".to_owned()]),
            ..token_named("acd", TokenRole::Ingest)
        },
        AccessToken { expires: Some(Timestamp(0)), ..token_named("former", TokenRole::Admin) },
    ];
    settings
}

/// Returns the `Authorization` header of a token.
pub(crate) fn bearer_header(name: &str) -> String {
    format!("Bearer {name}")
}

/// Sends a request with the token of this name.
pub(crate) async fn request_as(
    server: &TestServer,
    name: &str,
    method: &str,
    path: &str,
    body: &str,
) -> HttpReply {
    let headers = [("Authorization", &*bearer_header(name)), ("Content-Type", "application/json")];
    server.request(method, path, &headers, body.as_bytes()).await
}
