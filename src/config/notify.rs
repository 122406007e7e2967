//! `[notify]`: who is told of alerts, as written -> as checked.
//!
//! ```toml
//! [notify]
//! external_url = "https://sla.example.org"   # where the service is for those who are told: for links
//!
//! [notify.alertmanager]
//! urls = ["http://am-1:9093", "http://am-2:9093"]   # every peer
//! resend = "30s"                             # how often what fires is told again
//! token = "..."                              # shown as `Authorization: Bearer`
//!
//! [notify.webhook.desk]                      # policies say `to = "desk"`
//! url = "https://desk.example.org/alerts"
//! token = "..."
//! secret = "..."                             # signs the messages: `Firstline-Signature: sha256=...`
//! ```

use crate::access::token::Secret;
use crate::document::Table;
use crate::domain::time::{MINUTE, SECOND, shorten};
use crate::publish::alert::Links;
use crate::publish::notify::{Receivers, Webhook};
use axum::http::Uri;
use std::time::Duration;

/// The most peers of an Alertmanager, and the most webhooks.
const MOST: usize = 100;
/// How often an Alertmanager is told again, in milliseconds, if nothing is said; and between which limits.
const RESEND: i64 = 30 * SECOND;
const RESENDS: std::ops::RangeInclusive<i64> = SECOND..=5 * MINUTE;

/// Reads the table; what cannot be understood has left a problem.
pub(super) fn read(table: &Table<'_>) -> Receivers {
    let external = table.value("external_url").and_then(|value| {
        let text = value.string()?;
        address(text, |message| value.problem(message)).map(|_| text.trim_end_matches('/').to_owned())
    });
    let mut receivers = Receivers { links: Links(external), ..Receivers::default() };
    let mut resend = RESEND;
    if let Some(table) = table.table("alertmanager") {
        for value in table.required("urls", "a list, as in [\"http://127.0.0.1:9093\"]").and_then(|urls| urls.array()).unwrap_or_default() {
            let Some(text) = value.string() else { continue };
            let whole = format!("{}/api/v2/alerts", text.trim_end_matches('/'));
            receivers.alertmanagers.extend(address(&whole, |message| value.problem(message)));
        }
        resend = table.duration("resend").unwrap_or(RESEND);
        if !RESENDS.contains(&resend) {
            table.problem(
                "resend",
                "`resend` must lie between \"1s\" and \"5m\": Alertmanager takes what it does not hear of again for resolved",
            );
            resend = RESEND;
        }
        receivers.alertmanager_token = secret(&table, "token");
        if receivers.alertmanagers.len() > MOST {
            table.problem("urls", format!("{} peers are too many: at most {MOST}", receivers.alertmanagers.len()));
        }
        table.finish();
    }
    receivers.resend = Duration::from_millis(resend.unsigned_abs());
    if let Some(webhooks) = table.table("webhook") {
        for (name, value) in webhooks.entries() {
            let Some(table) = value.table() else { continue };
            let url = table.required("url", "as in \"https://desk.example.org/alerts\"");
            let url = url.and_then(|value| address(value.string()?, |message| value.problem(message)));
            let (token, secret) = (secret(&table, "token"), secret(&table, "secret"));
            table.finish();
            receivers.webhooks.extend(url.map(|url| Webhook { name: name.to_owned(), url, token, secret }));
        }
        if receivers.webhooks.len() > MOST {
            table.problem("webhook", format!("{} webhooks are too many: at most {MOST}", receivers.webhooks.len()));
        }
    }
    table.finish();
    receivers
}

fn address(text: &str, problem: impl Fn(String)) -> Option<Uri> {
    let url = text.parse::<Uri>().ok();
    let url = url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty()));
    if url.is_none() {
        problem(format!("`{}` is no address; write it with its scheme, as in \"https://desk.example.org/alerts\"", shorten(text)));
    }
    url
}

/// A text that is shown in a header, or signed with; it is repeated in no message.
fn secret(table: &Table<'_>, key: &str) -> Option<Secret> {
    let text = table.string(key)?;
    if text.is_empty() || !text.bytes().all(|byte| (0x21..0x7F).contains(&byte)) {
        table.problem(key, format!("`{key}` is a text of visible ASCII characters without spaces"));
    }
    Some(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use crate::config::read;

    #[test]
    fn receivers_are_read_with_all_that_is_wrong() {
        let text = "[notify]\nexternal_url = 'https://sla.example.org/'\n[notify.alertmanager]\nurls = ['http://am:9093/']\nresend = '1m'\n\
                    [notify.webhook.desk]\nurl = 'https://desk.example.org/alerts'\nsecret = 'hush'\n";
        let receivers = read("c.toml", text).expect("a good file").notify;
        assert_eq!(receivers.links.board().as_deref(), Some("https://sla.example.org/"));
        assert_eq!(receivers.alertmanagers[0], "http://am:9093/api/v2/alerts");
        assert_eq!((receivers.webhooks[0].name.as_str(), receivers.resend.as_secs()), ("desk", 60));
        assert!(!format!("{receivers:?}").contains("hush"), "secrets are told to nobody");
        let text = "[notify]\nexternal_url = 'sla'\n[notify.alertmanager]\nurls = ['am:9093']\nresend = '1h'\n\
                    [notify.webhook.desk]\nurl = 'ftp://desk'\ntoken = 'two words'\nsecrte = 'x'\n";
        let problems = read("c.toml", text).expect_err("six problems");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 4, 5, 7, 8, 9], "{problems:?}");
    }
}
