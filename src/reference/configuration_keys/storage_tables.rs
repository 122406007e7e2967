//! Keys about the journal and about receivers of alerts.

use super::{KeyReference, TableReference};

/// Storage and notifications.
pub(super) const TABLES: [TableReference; 4] = [
    TableReference {
        heading: "[journal]",
        purpose: "Storage of accepted events and retention. Takes effect with a restart.",
        keys: &[&JOURNAL_KEYS],
    },
    TableReference {
        heading: "[notify]",
        purpose: "Receivers of alerts. Takes effect with a restart.",
        keys: &[&NOTIFY_KEYS],
    },
    TableReference {
        heading: "[notify.alertmanager]",
        purpose: "Sends alerts to Alertmanager.",
        keys: &[&ALERTMANAGER_KEYS],
    },
    TableReference {
        heading: "[notify.webhook.NAME]",
        purpose: "Sends alerts to a webhook. Policies of the standard name it in `to`. At most \
            100 webhooks.",
        keys: &[&WEBHOOK_KEYS],
    },
];

/// `[journal]`.
const JOURNAL_KEYS: [KeyReference; 5] = [
    KeyReference::with_default(
        "acknowledge",
        "`disk`, `soon` or `memory`",
        r#""disk""#,
        "When an event is acknowledged. `disk`: after it is on disk. `soon`: after it is counted; \
        it is on disk with the next board. `memory`: nothing is stored.",
        r#"acknowledge = "soon""#,
    ),
    KeyReference::with_default(
        "keep",
        "duration",
        r#""7d""#,
        "Retention time of journal segments that recovery no longer needs.",
        r#"keep = "3d""#,
    ),
    KeyReference::with_default(
        "keep_gb",
        "integer in GiB, 1 to 100000",
        "10",
        "Maximum total size of journal segments. Segments that recovery needs are never removed.",
        "keep_gb = 50",
    ),
    KeyReference::with_default(
        "snapshot_every",
        "duration, 1m to 24h",
        r#""10m""#,
        "Maximum time between two snapshots, if there are new events.",
        r#"snapshot_every = "5m""#,
    ),
    KeyReference::with_default(
        "snapshot_events",
        "integer, 1000 to 1000000000",
        "5000000",
        "Maximum number of events between two snapshots.",
        "snapshot_events = 1000000",
    ),
];

/// `[notify]`.
const NOTIFY_KEYS: [KeyReference; 1] = [KeyReference::optional(
    "external_url",
    "URL",
    "notifications have no links",
    "Address of this service for the people who are notified. It is used in links.",
    r#"external_url = "https://sla.example.org""#,
)];

/// `[notify.alertmanager]`.
const ALERTMANAGER_KEYS: [KeyReference; 3] = [
    KeyReference::required(
        "urls",
        "list of at most 100 URLs",
        "Every member of the Alertmanager cluster.",
        r#"urls = ["http://am-1:9093", "http://am-2:9093"]"#,
    ),
    KeyReference::with_default(
        "resend",
        "duration, 1s to 5m",
        r#""30s""#,
        "Interval at which firing alerts are sent again.",
        r#"resend = "1m""#,
    ),
    KeyReference::optional(
        "token",
        "string of visible ASCII characters",
        "no header",
        "Bearer token in the header `Authorization`.",
        r#"token = "alertmanager-token""#,
    ),
];

/// `[notify.webhook.NAME]`.
const WEBHOOK_KEYS: [KeyReference; 3] = [
    KeyReference::required(
        "url",
        "URL",
        "Address to which each alert that fires or ends is sent.",
        r#"url = "https://desk.example.org/alerts""#,
    ),
    KeyReference::optional(
        "token",
        "string of visible ASCII characters",
        "no header",
        "Bearer token in the header `Authorization`.",
        r#"token = "desk-token""#,
    ),
    KeyReference::optional(
        "secret",
        "string of visible ASCII characters",
        "messages are not signed",
        "Key of the HMAC-SHA256 in the header `Firstline-Signature`.",
        r#"secret = "desk-secret""#,
    ),
];
