//! Keys about the service itself: addresses, files, limits, access and encryption.

use super::{KeyReference, TableReference};

/// The service, its files and limits, and who may use it.
pub(super) const TABLES: [TableReference; 6] = [
    TableReference {
        heading: "Top of the file",
        purpose: "These keys stand before the first table. Paths are relative to the \
            configuration file. A change of `standard` takes effect with a reload, all \
            others with a restart.",
        keys: &[&ROOT_KEYS],
    },
    TableReference {
        heading: "[access]",
        purpose: "Authentication. Without tokens only programs on the same machine can connect. \
            Takes effect with a reload.",
        keys: &[&ACCESS_KEYS],
    },
    TableReference {
        heading: "[[access.tokens]]",
        purpose: "A token and what it may do. `firstline token new` prints this table. At most \
            1000 tokens. Takes effect with a reload.",
        keys: &[&TOKEN_KEYS],
    },
    TableReference {
        heading: "[tls]",
        purpose: "Encryption of connections. Without this table the service speaks plain HTTP. \
            New files take effect with a reload.",
        keys: &[&TLS_KEYS],
    },
    TableReference {
        heading: "[limits]",
        purpose: "Limits that protect the service from overload. They take effect with a restart.",
        keys: &[&LIMIT_KEYS],
    },
    TableReference {
        heading: "[metrics]",
        purpose: "Size of the answer to Prometheus. Takes effect with a restart.",
        keys: &[&METRICS_KEYS],
    },
];

/// Top of the file.
const ROOT_KEYS: [KeyReference; 4] = [
    KeyReference::with_default(
        "listen",
        "address and port",
        r#""127.0.0.1:8080""#,
        "Address on which the service listens. Other machines can reach it only with `[access]` \
        tokens or `open = true`.",
        r#"listen = "0.0.0.0:8080""#,
    ),
    KeyReference::with_default(
        "data",
        "path",
        r#""./firstline-data""#,
        "Directory of the journal, the snapshots and the keys. The default is relative to the \
        working directory.",
        r#"data = "/var/lib/firstline""#,
    ),
    KeyReference::optional(
        "standard",
        "path or list of paths",
        "the built-in standard",
        "Standard files. Several files are versions of one standard. See [the \
        standard](standard.md).",
        r#"standard = "our-standard.toml""#,
    ),
    KeyReference::with_default(
        "publish_every",
        "duration, 100ms to 1s",
        r#""1s""#,
        "Maximum time between two published boards. A level change is published at once.",
        r#"publish_every = "500ms""#,
    ),
];

/// `[access]`.
const ACCESS_KEYS: [KeyReference; 2] = [
    KeyReference::with_default(
        "open",
        "`true` or `false`",
        "false",
        "Let every machine connect without a token. Not together with tokens.",
        "open = true",
    ),
    KeyReference::with_default(
        "origins",
        "list of origins",
        "[]",
        "Origins of other web pages that may connect. Pages of the service itself always may.",
        r#"origins = ["https://wall.example.org"]"#,
    ),
];

/// `[[access.tokens]]`.
const TOKEN_KEYS: [KeyReference; 7] = [
    KeyReference::required(
        "name",
        "string, 1 to 200 bytes",
        "Name of the token. Each token has its own.",
        r#"name = "acd-hefei""#,
    ),
    KeyReference::required(
        "hash",
        "`sha256:` and 64 hexadecimal digits",
        "Hash of the token. The token itself is stored nowhere.",
        r#"hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
    ),
    KeyReference::required(
        "may",
        "`ingest`, `read` or `admin`",
        "`ingest` sends events. `read` reads boards. `admin` may do everything.",
        r#"may = "ingest""#,
    ),
    KeyReference::optional(
        "sources",
        "list of strings, 1 to 200 bytes each",
        "all sources",
        "For `ingest`: sources whose events it may send. `/acd` includes `/acd/hefei`.",
        r#"sources = ["/acd/hefei"]"#,
    ),
    KeyReference::optional(
        "where",
        "conditions",
        "everything",
        "For `read`: scopes and cases that it may see.",
        r#"where = { center = ["hefei"] }"#,
    ),
    KeyReference::with_default(
        "device",
        "`true` or `false`",
        "false",
        "For `read`: the token is in the address of a wallboard, where people can see it.",
        "device = true",
    ),
    KeyReference::optional(
        "expires",
        "timestamp",
        "the token does not expire",
        "Time from which the token is refused.",
        "expires = 2027-01-01T00:00:00Z",
    ),
];

/// `[tls]`.
const TLS_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "certificate",
        "path",
        "PEM file with the certificate of the server, followed by intermediate certificates.",
        r#"certificate = "cert.pem""#,
    ),
    KeyReference::required(
        "key",
        "path",
        "PEM file with the private key (PKCS#8, PKCS#1 or SEC1).",
        r#"key = "key.pem""#,
    ),
];

/// `[limits]`.
const LIMIT_KEYS: [KeyReference; 6] = [
    KeyReference::with_default(
        "body_mb",
        "integer in MiB, 1 to 1024",
        "16",
        "Maximum size of a decompressed request body. A larger body is refused with 413.",
        "body_mb = 32",
    ),
    KeyReference::with_default(
        "queue_batches",
        "integer, 1 to 65536",
        "256",
        "Maximum number of batches that wait for the engine. Further batches are refused with 429.",
        "queue_batches = 512",
    ),
    KeyReference::with_default(
        "live_clients",
        "integer, 0 to 100000",
        "1000",
        "Maximum number of live connections (`/v1/live` and `/v1/stream`). Further ones are \
        refused with 503.",
        "live_clients = 200",
    ),
    KeyReference::with_default(
        "connections",
        "integer, 1 to 200000",
        "4096",
        "Maximum number of open connections. Further ones are closed at once.",
        "connections = 8192",
    ),
    KeyReference::with_default(
        "header_seconds",
        "integer in seconds, 1 to 600",
        "30",
        "Timeout for the TLS handshake and the head of a request. Idle connections are closed \
        after it too.",
        "header_seconds = 10",
    ),
    KeyReference::with_default(
        "requests_per_second",
        "integer, 0 to 1000000",
        "1000",
        "Rate limit of each client address. A burst of five seconds is allowed. Further requests \
        are refused with 429. 0 means no limit.",
        "requests_per_second = 100",
    ),
];

/// `[metrics]`.
const METRICS_KEYS: [KeyReference; 1] = [KeyReference::with_default(
    "scopes",
    "integer, 1 to 100000",
    "1000",
    "Maximum number of scopes of each kind in `/metrics`. Further scopes are omitted and \
        counted.",
    "scopes = 500",
)];
