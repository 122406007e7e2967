//! Alerts as JSON, with a summary sentence and links to the explanation.

use crate::domain::alerts::evaluation::PendingAlert;
use crate::domain::alerts::incident::{Incident, IncidentFigures, IncidentStatus, OwnerNote};
use crate::domain::standard::LocalizedTitle;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// Base URL of this service for links, without a slash at its end; `None` for no links.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceLinks(pub Option<String>);

impl ServiceLinks {
    /// Returns the URL of the wallboard.
    #[must_use]
    pub fn board_url(&self) -> Option<String> {
        self.0.as_ref().map(|base| format!("{base}/"))
    }

    /// Returns the URL of the cases behind an alert; `None` if the case is no longer known by name.
    #[must_use]
    pub fn explain_url(&self, incident: &Incident) -> Option<String> {
        let base = self.0.as_ref()?;
        let part = |(name, value): (&str, &str)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        };
        let query: Vec<String> = match (&incident.case, incident.subject.case) {
            (Some(name), _) => {
                [("source", &*name.source), ("subject", &*name.subject)].map(part).into()
            }
            (None, Some(_)) => return None,
            (None, None) => {
                // A burn rate lists several windows; the link uses the first.
                let window = incident
                    .window
                    .iter()
                    .filter_map(|window| window.split(", ").next())
                    .map(|window| ("window", window));
                let scope =
                    incident.dimension_values().iter().map(|(name, value)| (&**name, &**value));
                [("indicator", &*incident.about)]
                    .into_iter()
                    .chain(window)
                    .chain(scope)
                    .map(part)
                    .collect()
            }
        };
        Some(format!("{base}/v1/explain?{}", query.join("&")))
    }
}

/// Formats an alert as JSON.
#[must_use]
pub fn alert_json(incident: &Incident, links: &ServiceLinks) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| _ = object.insert(name.to_owned(), value);
    put("id", incident.hex_id().into());
    put("policy", incident.subject.policy.clone().into());
    put("title", json!(incident.title));
    put("state", incident.status().name().into());
    put("severity", incident.severity.name().into());
    put("scope", scope_json(incident.dimension_values()));
    match incident.subject.case {
        Some(_) => {
            put("commitment", incident.about.clone().into());
            put("grade", json!(incident.subject.grade));
            put("source", json!(incident.case.as_ref().map(|name| &name.source)));
            put("subject", json!(incident.case.as_ref().map(|name| &name.subject)));
            put("deadline", json!(incident.deadline));
        }
        None => {
            put("indicator", incident.about.clone().into());
            put("window", json!(incident.window));
        }
    }
    if let Some(IncidentFigures { unit, target, higher_is_better: _, at_firing, last, worst }) =
        &incident.figures
    {
        put("unit", unit.clone().into());
        put("target", json!(target));
        put("value_at_fire", json!(at_firing));
        put("value", json!(last));
        put("worst", json!(worst));
    }
    put("fired_at", json!(incident.fired_at));
    put("ended_at", json!(incident.ended_at));
    put("to", json!(incident.to));
    put("runbook", json!(incident.runbook));
    put("follow_up", incident.follow_up.into());
    put("acknowledged", action_json(incident.acknowledged.as_ref()));
    put("closed", action_json(incident.closed.as_ref()));
    put("summary", json!(alert_summary(incident)));
    put("explain", json!(links.explain_url(incident)));
    Value::Object(object)
}

/// Formats a pending alert as JSON. Its condition has not yet lasted for the required time.
#[must_use]
pub fn pending_json(pending: &PendingAlert) -> Value {
    let PendingAlert { subject, title, severity, since, value } = pending;
    json!({
        "policy": subject.policy,
        "title": title,
        "state": "pending",
        "severity": severity.name(),
        "scope": scope_json(&subject.scope),
        "since": since,
        "value": value.map(|value| (value * 10_000.0).round() / 10_000.0),
    })
}

fn scope_json(scope: &[(String, String)]) -> Value {
    Value::Object(scope.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect())
}

fn action_json(action: Option<&OwnerNote>) -> Value {
    action.map_or(
        Value::Null,
        |OwnerNote { owner, note, at }| json!({ "owner": owner, "note": note, "at": at }),
    )
}

/// Returns a summary sentence in English and Chinese.
#[must_use]
pub fn alert_summary(incident: &Incident) -> LocalizedTitle {
    let place = incident
        .subject
        .scope
        .iter()
        .map(|(_, value)| value.as_str())
        .collect::<Vec<_>>()
        .join("/");
    let is_over = incident.status() != IncidentStatus::Active;
    if incident.subject.case.is_some() {
        let name = incident.case.as_ref().map_or("?", |name| &name.subject);
        let grade = incident.subject.grade.as_deref().unwrap_or_default();
        let (en, zh) = match grade {
            "overdue" => ("is overdue".to_owned(), "已超时".to_owned()),
            _ if grade.ends_with('%') => {
                (format!("has used {grade} of its time"), format!("已用时限{grade}"))
            }
            _ => (format!("is due within {grade}"), format!("{grade}内到期")),
        };
        let (en, zh) = if is_over {
            ("is no longer at risk".to_owned(), "已解除".to_owned())
        } else {
            (en, zh)
        };
        return LocalizedTitle {
            en: format!("{}: {name} {en}", incident.title.en),
            zh: format!("{}：{name} {zh}", incident.title.zh),
        };
    }
    let (en, zh) = if place.is_empty() { ("everywhere", "全部") } else { (&*place, &*place) };
    let figures = incident.figures.as_ref();
    let value = figures.and_then(|figures| Some(format_value(figures.last?, &figures.unit)));
    let target = figures.map(|figures| {
        let (limit, limit_zh) = format_value(figures.target, &figures.unit);
        if figures.higher_is_better {
            (format!("at least {limit}"), format!("不低于{limit_zh}"))
        } else {
            (format!("at most {limit}"), format!("不高于{limit_zh}"))
        }
    });
    let (limit, limit_zh) = target.unwrap_or_default();
    let (is, is_zh) = value.unwrap_or_else(|| ("no data".to_owned(), "无数据".to_owned()));
    let (end, end_zh) = if is_over { (", resolved", "，已恢复") } else { ("", "") };
    LocalizedTitle {
        en: format!("{}: {en} {is} (target: {limit}){end}", incident.title.en),
        zh: format!("{}：{zh} {is_zh}（要求{limit_zh}）{end_zh}", incident.title.zh),
    }
}

/// Formats a value with its unit, in English and Chinese.
fn format_value(value: f64, unit: &str) -> (String, String) {
    let short = |value: f64| (value * 100.0).round() / 100.0;
    let both = |value: f64, en: &str, zh: &str| {
        (format!("{}{en}", short(value)), format!("{}{zh}", short(value)))
    };
    match unit {
        "ratio" => both(value * 100.0, " %", "%"),
        "seconds" => both(value, " s", "秒"),
        "times" => both(value, " x", "倍"),
        _ => both(value, "", ""),
    }
}
