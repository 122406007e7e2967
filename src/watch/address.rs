//! Address of a service: a URL or `host:port`.

use std::fmt;

/// Address of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceAddress {
    /// True for an encrypted connection.
    pub tls: bool,
    /// Host name or IP address. An IPv6 address has no brackets.
    pub host: String,
    /// TCP port. The default is 80, or 443 with TLS.
    pub port: u16,
    /// Path prefix before `/v1/live` for a service behind a proxy, without a trailing slash.
    pub path: String,
}

impl ServiceAddress {
    /// Parses an address such as `https://host/path`, `http://host:8080` or `host:8080`.
    ///
    /// # Errors
    /// If the scheme, host, port or path is invalid. The message lists the valid forms.
    pub fn parse(text: &str) -> Result<ServiceAddress, String> {
        let invalid = || {
            format!(
                "`{text}` is not a valid address; write `http://host:8080`, `https://host` or \
                 `host:8080`"
            )
        };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(invalid()),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => inner.split_once(']').ok_or_else(invalid)?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| invalid())?,
            None if port.is_empty() => {
                if tls {
                    443
                } else {
                    80
                }
            }
            None => return Err(invalid()),
        };
        let valid_host = !host.is_empty()
            && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
        let path = path.trim_end_matches('/');
        let valid = valid_host && path.bytes().all(|byte| byte.is_ascii_graphic());
        if valid {
            Ok(ServiceAddress { tls, host: host.to_owned(), port, path: path.to_owned() })
        } else {
            Err(invalid())
        }
    }

    /// Returns the host with its port for the `Host` header. A default port is left out.
    #[must_use]
    pub fn authority(&self) -> String {
        let default_port = if self.tls { 443 } else { 80 };
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_common_forms_of_an_address() {
        for (text, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("wall.example.org", "http://wall.example.org"),
            ("ws://wall:8080/", "http://wall:8080"),
            ("HTTPS://wall.example.org/?lang=zh#token=fl_1", "https://wall.example.org"),
            ("wss://wall.example.org:8443", "https://wall.example.org:8443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.org/firstline/", "https://example.org/firstline"),
        ] {
            assert_eq!(
                ServiceAddress::parse(text).map(|address| address.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
        for wrong in [
            "",
            "http://",
            "ftp://a",
            "a:b",
            "a:99999",
            "[::1",
            "[::1]x",
            "a b",
            "user@host",
            "host/a b",
        ] {
            assert!(ServiceAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}
