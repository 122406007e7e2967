//! Origins: a browser says which page a request comes from, and only pages of the service itself, or of origins that the
//! configuration names, may open live connections or change anything. Programs send no origin and are not asked for one.

/// Whether a page from `origin` may connect to a service that was addressed as `host`.
#[must_use]
pub fn may_connect(origin: &str, host: Option<&str>, others: &[String]) -> bool {
    let own = origin.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https")
            && host.is_some_and(|host| {
                without_default_port(authority, scheme)
                    .eq_ignore_ascii_case(without_default_port(host, scheme))
            })
    });
    own || others.iter().any(|other| other.eq_ignore_ascii_case(origin))
}

/// The same address without the port that goes without saying.
fn without_default_port<'a>(authority: &'a str, scheme: &str) -> &'a str {
    authority.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(authority)
}

/// Whether this can be an origin, as a browser writes it: a scheme, a host and perhaps a port.
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
        let others = ["https://wall.example.org".to_owned()];
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
            assert_eq!(may_connect(origin, host, &others), may, "{origin} to {host:?}");
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
