//! Parses `[notify]`: receivers of alert notifications.
//!
//! ```toml
//! [notify]
//! external_url = "https://sla.example.org"   # base URL of links in notifications
//!
//! [notify.alertmanager]
//! urls = ["http://am-1:9093", "http://am-2:9093"]   # all peers of the cluster
//! resend = "30s"                             # interval between repeats of a firing alert
//! token = "..."                              # sent as `Authorization: Bearer`
//!
//! [notify.webhook.desk]                      # `to = "desk"` in alert policies
//! url = "https://desk.example.org/alerts"
//! token = "..."
//! secret = "..."                             # signs messages: `Firstline-Signature: sha256=...`
//! ```

use crate::access::token::TokenSecret;
use crate::domain::time::timestamp::{MINUTE, SECOND, truncate_for_message};
use crate::publish::notify::alert_json::ServiceLinks;
use crate::publish::notify::{NotificationReceivers, WebhookSettings};
use crate::toml_document::TomlTable;
use axum::http::Uri;
use std::time::Duration;

/// Maximum number of Alertmanager peers, and of webhooks.
const RECEIVERS_MAX: usize = 100;
/// Default and range of `resend`, in ms.
const RESEND_DEFAULT_MS: i64 = 30 * SECOND;
const RESEND_RANGE_MS: std::ops::RangeInclusive<i64> = SECOND..=5 * MINUTE;

/// Reads `[notify]`. Reports a problem for each invalid value.
pub(super) fn read_notify_table(table: &TomlTable<'_>) -> NotificationReceivers {
    let external = table.value("external_url").and_then(|value| {
        let text = value.require_string()?;
        parse_url(text, |message| value.report_problem(message))
            .map(|_| text.trim_end_matches('/').to_owned())
    });
    let mut receivers =
        NotificationReceivers { links: ServiceLinks(external), ..NotificationReceivers::default() };
    let mut resend = RESEND_DEFAULT_MS;
    if let Some(table) = table.optional_table("alertmanager") {
        for value in table
            .required_value("urls", "a list, as in [\"http://127.0.0.1:9093\"]")
            .and_then(|urls| urls.require_array())
            .unwrap_or_default()
        {
            let Some(text) = value.require_string() else { continue };
            let endpoint = format!("{}/api/v2/alerts", text.trim_end_matches('/'));
            receivers
                .alertmanagers
                .extend(parse_url(&endpoint, |message| value.report_problem(message)));
        }
        resend = table.optional_duration("resend").unwrap_or(RESEND_DEFAULT_MS);
        if !RESEND_RANGE_MS.contains(&resend) {
            table.report_problem(
                "resend",
                "`resend` must be between \"1s\" and \"5m\"; Alertmanager resolves an alert \
                 that is not repeated in time",
            );
            resend = RESEND_DEFAULT_MS;
        }
        receivers.alertmanager_token = read_secret(&table, "token");
        if receivers.alertmanagers.len() > RECEIVERS_MAX {
            table.report_problem(
                "urls",
                format!(
                    "{} peers exceed the limit of {RECEIVERS_MAX}",
                    receivers.alertmanagers.len()
                ),
            );
        }
        table.report_unknown_keys();
    }
    receivers.resend_interval = Duration::from_millis(resend.unsigned_abs());
    if let Some(webhooks) = table.optional_table("webhook") {
        for (name, value) in webhooks.entries() {
            let Some(table) = value.require_table() else { continue };
            let url = table.required_value("url", "as in \"https://desk.example.org/alerts\"");
            let url = url.and_then(|value| {
                parse_url(value.require_string()?, |message| value.report_problem(message))
            });
            let (token, secret) = (read_secret(&table, "token"), read_secret(&table, "secret"));
            table.report_unknown_keys();
            receivers.webhooks.extend(url.map(|url| WebhookSettings {
                name: name.to_owned(),
                url,
                token,
                secret,
            }));
        }
        if receivers.webhooks.len() > RECEIVERS_MAX {
            table.report_problem(
                "webhook",
                format!(
                    "{} webhooks exceed the limit of {RECEIVERS_MAX}",
                    receivers.webhooks.len()
                ),
            );
        }
    }
    table.report_unknown_keys();
    receivers
}

fn parse_url(text: &str, problem: impl Fn(String)) -> Option<Uri> {
    let url = text.parse::<Uri>().ok();
    let url = url.filter(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.host().is_some_and(|host| !host.is_empty())
    });
    if url.is_none() {
        problem(format!(
            "`{}` is not a URL; write it with its scheme, as in \
             \"https://desk.example.org/alerts\"",
            truncate_for_message(text)
        ));
    }
    url
}

/// Reads a secret for a header or a signature. No message repeats it.
fn read_secret(table: &TomlTable<'_>, key: &str) -> Option<TokenSecret> {
    let text = table.optional_string(key)?;
    if text.is_empty() || !text.bytes().all(|byte| (0x21..0x7F).contains(&byte)) {
        table.report_problem(
            key,
            format!("`{key}` must be visible ASCII characters without spaces"),
        );
    }
    Some(TokenSecret::from(text))
}

#[cfg(test)]
mod tests {
    use crate::config::read_configuration;

    #[test]
    fn reads_receivers_and_reports_problems() {
        let text = "[notify]\nexternal_url = 'https://sla.example.org/'\n[notify.alertmanager]\nurls = ['http://am:9093/']\nresend = '1m'\n\
                    [notify.webhook.desk]\nurl = 'https://desk.example.org/alerts'\nsecret = 'hush'\n";
        let receivers = read_configuration("c.toml", text).expect("valid configuration").notify;
        assert_eq!(receivers.links.board_url().as_deref(), Some("https://sla.example.org/"));
        assert_eq!(receivers.alertmanagers[0], "http://am:9093/api/v2/alerts");
        assert_eq!(
            (receivers.webhooks[0].name.as_str(), receivers.resend_interval.as_secs()),
            ("desk", 60)
        );
        assert!(!format!("{receivers:?}").contains("hush"), "debug output hides secrets");
        let text = "[notify]\nexternal_url = 'sla'\n[notify.alertmanager]\nurls = ['am:9093']\nresend = '1h'\n\
                    [notify.webhook.desk]\nurl = 'ftp://desk'\ntoken = 'two words'\nsecrte = 'x'\n";
        let problems = read_configuration("c.toml", text).expect_err("six problems");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 4, 5, 7, 8, 9], "{problems:?}");
    }
}
