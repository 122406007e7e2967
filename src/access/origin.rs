//! Origin checks. A browser sends the origin of the page that makes a request. Only pages of the
//! service itself, or of configured origins, may open live connections or change anything. Programs
//! send no origin and are not checked.

/// Returns true if a page from `origin` may connect to the service addressed as `host`.
#[must_use]
pub fn may_connect(origin: &str, host: Option<&str>, configured: &[String]) -> bool {
    let is_own = origin.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https")
            && host.is_some_and(|host| {
                without_default_port(authority, scheme)
                    .eq_ignore_ascii_case(without_default_port(host, scheme))
            })
    });
    is_own
        || configured.iter().any(|configured_origin| configured_origin.eq_ignore_ascii_case(origin))
}

/// Strips the default port of a scheme from an authority.
fn without_default_port<'a>(authority: &'a str, scheme: &str) -> &'a str {
    authority.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(authority)
}

/// Returns true if `text` is an origin as browsers send it: a scheme, a host and an optional port.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https")
            && !authority.is_empty()
            && !authority.contains(['/', '?', '#', '@', ' ', '*'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_and_configured_origins_may_connect() {
        let configured = ["https://wall.example.org".to_owned()];
        for (origin, host, may) in [
            ("http://10.0.0.5:8080", Some("10.0.0.5:8080"), true),
            ("https://board.example.org", Some("board.example.org:443"), true),
            ("https://Board.example.org", Some("board.example.org"), true),
            ("https://wall.example.org", Some("127.0.0.1:8080"), true),
            ("https://wall.example.org.evil.example", Some("127.0.0.1:8080"), false),
            ("http://evil.example", Some("127.0.0.1:8080"), false),
            ("http://10.0.0.5:8081", Some("10.0.0.5:8080"), false),
            ("http://127.0.0.1:8080", None, false),
            ("null", Some("null"), false),
            ("", Some(""), false),
        ] {
            assert_eq!(may_connect(origin, host, &configured), may, "{origin} to {host:?}");
        }
    }

    #[test]
    fn rejects_origins_with_path_or_wildcard() {
        assert!(is_origin("https://wall.example.org") && is_origin("http://10.0.0.5:8080"));
        for wrong in [
            "wall.example.org",
            "https://wall.example.org/",
            "*",
            "https://*.example.org",
            "ftp://a",
            "https://",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
