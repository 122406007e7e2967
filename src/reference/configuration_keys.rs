//! Every key of the configuration file.

mod service_tables;
mod storage_tables;

use super::key_table::{KeyReference, ReferencePage, TableReference};

/// The reference page of the configuration.
pub const CONFIGURATION_PAGE: ReferencePage = ReferencePage {
    title: "Configuration reference",
    introduction: INTRODUCTION,
    example: EXAMPLE,
    value_types: &VALUE_TYPES,
    tables: &[&service_tables::TABLES, &storage_tables::TABLES],
};

const INTRODUCTION: &str = "\
With this page you can configure the service: where it listens, who may use it, what it stores, and
whom it notifies of alerts. It lists every key with its type, default, meaning and an example. An
empty file is valid.

1. Write the configuration.
2. Run `firstline check FILE`. It reports every problem with file, line and remedy.
3. Start the service with `firstline serve --config FILE`.
4. After a change, reload the service with `kill -HUP` or `POST /v1/reload`, or restart it. Each
   table says which.

This page is generated. `firstline reference configuration` prints it.";

const EXAMPLE: &str = r#"
listen = "127.0.0.1:8080"
data = "/var/lib/firstline"

[journal]
acknowledge = "disk"
keep = "7d"

[limits]
requests_per_second = 200

[notify.alertmanager]
urls = ["http://127.0.0.1:9093"]
"#;

const VALUE_TYPES: [(&str, &str); 9] = [
    ("string", "Text in quotes."),
    ("integer", "Whole number without quotes, as in `16`."),
    (
        "duration",
        "Whole number and `ms`, `s`, `m`, `h` or `d`, as in `\"10m\"`. A day is 24 hours.",
    ),
    ("timestamp", "With its offset from UTC, as in `2027-01-01T00:00:00+08:00`."),
    ("address and port", "`\"127.0.0.1:8080\"` or `\"[::]:8080\"`."),
    ("path", "Relative to the folder of the configuration file."),
    ("URL", "With `http://` or `https://`."),
    ("origin", "Scheme and host without a path, as in `\"https://wall.example.org\"`."),
    ("conditions", "`{ center = [\"hefei\", \"wuhu\"] }`: values of dimensions of the standard."),
];
