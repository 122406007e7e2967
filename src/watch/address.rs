//! Where the service is: `host:8080`, or an address as it stands in a browser.

use std::fmt;

/// Where the service is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceAddress {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The name or number of the machine; that of IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What stands before `/v1/live`, if a proxy has the service below a path; without a slash at its end.
    pub path: String,
}

impl ServiceAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and how it should be.
    pub fn parse(text: &str) -> Result<ServiceAddress, String> {
        let wrong = || {
            format!(
                "`{text}` is no address of a service; write `http://host:8080`, `https://host` or `host:8080`"
            )
        };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(wrong()),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => inner.split_once(']').ok_or_else(wrong)?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None if port.is_empty() => {
                if tls {
                    443
                } else {
                    80
                }
            }
            None => return Err(wrong()),
        };
        let sound = !host.is_empty()
            && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
        let path = path.trim_end_matches('/');
        let fine = sound && path.bytes().all(|byte| byte.is_ascii_graphic());
        if fine {
            Ok(ServiceAddress { tls, host: host.to_owned(), port, path: path.to_owned() })
        } else {
            Err(wrong())
        }
    }

    /// The host with its port, as requests name it.
    #[must_use]
    pub fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
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
