//! Permission tests of every route with every kind of token.

use crate::client::TestServer;
use crate::{tokens::request_as, tokens::settings_with_tokens};
use firstline::access::RoutePermission;
use firstline::http::all_routes;

/// The permissions are listed here a second time on purpose. A new route must be added by hand.
#[test]
fn each_route_requires_expected_permission() {
    let mut needs: Vec<(&str, Option<RoutePermission>)> =
        all_routes().iter().map(|route| (route.path, route.need)).collect();
    needs.sort_by_key(|(path, _)| *path);
    let expected = [
        ("/healthz", None),
        ("/metrics", Some(RoutePermission::Read)),
        ("/readyz", None),
        ("/standard", Some(RoutePermission::Read)),
        ("/v1/alerts", Some(RoutePermission::Read)),
        ("/v1/alerts/acknowledge", Some(RoutePermission::Admin)),
        ("/v1/alerts/close", Some(RoutePermission::Admin)),
        ("/v1/board", Some(RoutePermission::Read)),
        ("/v1/cases", Some(RoutePermission::Read)),
        ("/v1/events", Some(RoutePermission::Ingest)),
        ("/v1/explain", Some(RoutePermission::Read)),
        ("/v1/live", Some(RoutePermission::Live)),
        ("/v1/openapi.json", None),
        ("/v1/ranking", Some(RoutePermission::Read)),
        ("/v1/rejected", Some(RoutePermission::Rejected)),
        ("/v1/reload", Some(RoutePermission::Admin)),
        ("/v1/schema/event.json", None),
        ("/v1/standard", Some(RoutePermission::Read)),
        ("/v1/stream", Some(RoutePermission::Live)),
        ("/v1/ticket", Some(RoutePermission::Read)),
        ("/v1/trend", Some(RoutePermission::Read)),
    ];
    assert_eq!(needs, expected);
}

#[tokio::test]
async fn each_route_admits_only_authorized_tokens() {
    let server = TestServer::start(settings_with_tokens()).await;
    for route in all_routes() {
        let (method, path) = (route.method.as_str(), route.path);
        let Some(need) = route.need else {
            assert_eq!(server.request(method, path, &[], b"").await.status, 200, "{path}");
            continue;
        };
        let allowed: &[&str] = match need {
            RoutePermission::Ingest | RoutePermission::Rejected => &["admin", "sender", "acd"],
            RoutePermission::Read | RoutePermission::Live => &["admin", "reader", "hefei"],
            RoutePermission::Admin => &["admin"],
        };
        let missing = server.request(method, path, &[], b"").await;
        assert_eq!(
            (missing.status, missing.headers["www-authenticate"].as_str()),
            (401, "Bearer realm=\"firstline\""),
            "{path}"
        );
        assert_eq!(missing.headers["content-type"], "application/problem+json");
        for stranger in ["wrong", "former", "", "ADMIN", "admi", "admin admin"] {
            let refused = request_as(&server, stranger, method, path, "").await;
            assert_eq!(refused.status, 401, "`{stranger}` {path}");
        }
        for known in ["admin", "reader", "hefei", "sender", "acd"] {
            let reply = request_as(&server, known, method, path, "").await;
            assert_ne!(reply.status, 401, "{known} {path}");
            assert_eq!(
                reply.status == 403,
                !allowed.contains(&known),
                "{known} {path}: {}",
                reply.body
            );
            assert!(reply.status < 500, "{known} {path}: {}", reply.body);
        }
        // Neither another scheme nor a query parameter gives access.
        for path in [
            format!("{path}?token=admin"),
            format!("{path}?access_token=admin"),
            format!("{path}?ticket=admin"),
        ] {
            assert_eq!(
                server
                    .request(method, &path, &[("Authorization", "Basic admin")], b"")
                    .await
                    .status,
                401,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn static_pages_are_public_and_path_traversal_fails() {
    let server = TestServer::start(settings_with_tokens()).await;
    for path in ["/", "/main.js", "/access.js", "/style.css"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/....//Cargo.toml",
        "//etc/passwd",
        "/v1/../../Cargo.toml",
        "/\\..\\Cargo.toml",
        "/main.js%00.html",
        "/v1/board/",
        "/V1/board",
    ] {
        let reply = server.get(path).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.status);
    }
}

#[tokio::test]
async fn without_tokens_only_direct_requests_are_admin() {
    let server = TestServer::start(crate::client::test_settings()).await;
    for route in all_routes() {
        let reply = server.request(route.method.as_str(), route.path, &[], b"").await;
        assert!(!matches!(reply.status, 401 | 403), "{}", route.path);
        let forwarded = server
            .request(route.method.as_str(), route.path, &[("X-Forwarded-For", "192.0.2.1")], b"")
            .await;
        assert_eq!(
            forwarded.status == 403,
            route.need == Some(RoutePermission::Admin),
            "{}",
            route.path
        );
    }
}

#[tokio::test]
async fn rejects_post_from_foreign_origin() {
    let mut settings = settings_with_tokens();
    settings.access.origins = vec!["https://wall.example.org".to_owned()];
    let server = TestServer::start(settings).await;
    let post = async |origin: &str, path: &str| {
        let headers = [
            ("Origin", origin),
            ("Authorization", "Bearer admin"),
            ("Content-Type", "application/x-ndjson"),
        ];
        server.request("POST", path, &headers, b"").await
    };
    for path in all_routes().iter().filter(|route| route.method == "POST").map(|route| route.path) {
        for foreign in [
            "http://evil.example",
            "null",
            "http://test.evil.example",
            "https://wall.example.org.evil.example",
        ] {
            let refused = post(foreign, path).await;
            assert_eq!(refused.status, 403, "{foreign} {path}");
            assert!(refused.body.contains("`origins`"), "{}", refused.body);
        }
        for known in ["http://test", "https://wall.example.org"] {
            assert_ne!(post(known, path).await.status, 403, "{known} {path}");
        }
    }
}

#[tokio::test]
async fn responses_carry_security_headers() {
    let server = TestServer::start(settings_with_tokens()).await;
    for path in
        ["/", "/index.html", "/configure.html", "/main.js", "/standard", "/v1/board", "/nothing"]
    {
        let headers = server.get(path).await.headers;
        // The page that configures displays shows the wallboard in a frame.
        let (ancestors, options) = match path {
            "/" | "/index.html" => ("; frame-ancestors 'self'", "SAMEORIGIN"),
            _ => ("; frame-ancestors 'none'", "DENY"),
        };
        for (name, part) in [
            (
                "content-security-policy",
                "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; ",
            ),
            ("content-security-policy", ancestors),
            ("x-frame-options", options),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=()"),
        ] {
            assert!(headers[name].contains(part), "{path} {name}: {}", headers[name]);
        }
        assert!(
            !headers.contains_key("strict-transport-security"),
            "the connection does not use TLS"
        );
    }
}
