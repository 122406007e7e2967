//! `GET /v1/alerts`: what fires, what is about to, and the shortfalls that nobody has closed yet; `POST /v1/alerts/acknowledge` and
//! `POST /v1/alerts/close`: somebody takes care of one, or says what was done about it.

use super::Service;
use super::problem::Problem;
use super::query::{Sorted, bad};
use super::reading::JSON;
use crate::access::grant::Grant;
use crate::domain::alert::incident::{Incident, Standing};
use crate::domain::alert::ledger::{Answer, Unanswered};
use crate::engine::feed::{Command, Refused, Unheard};
use crate::publish::alert::{pending, written};
use crate::publish::filter::unknown;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How many alerts are told if nobody says otherwise, and the most of them.
const USUAL: usize = 500;
const MOST: usize = 10_000;
/// The longest body of an answer, in bytes.
const BODY: usize = 16 << 10;

/// Which alerts are wanted.
struct Wanted {
    standings: Vec<Standing>,
    pending: bool,
    query: Sorted,
    limit: usize,
}

impl Wanted {
    /// Without a word about it: what fires, what is about to, and the shortfalls that are open.
    fn new(query: Vec<(String, String)>, dimensions: &[String]) -> Result<Wanted, Problem> {
        let query = Sorted::new(query, &["state", "policy", "limit"], dimensions)?;
        let limit = query.limit(USUAL, MOST)?;
        let (mut standings, mut pending) = (Vec::new(), false);
        for state in query.all("state") {
            match Standing::ALL.iter().find(|(name, _)| *name == state) {
                Some((_, standing)) => standings.push(*standing),
                None if state == "pending" => pending = true,
                None if state == "all" => {
                    standings.extend(Standing::ALL.map(|(_, standing)| standing));
                    pending = true;
                }
                None => {
                    let known = Standing::ALL.iter().map(|(name, _)| *name).chain(["pending", "all"]).map(str::to_owned);
                    return Err(bad(unknown("state", state, known)));
                }
            }
        }
        if standings.is_empty() && !pending {
            (standings, pending) = (vec![Standing::Active, Standing::Open], true);
        }
        Ok(Wanted { standings, pending, query, limit })
    }

    fn fits(&self, policy: &str, scope: &[(String, String)]) -> bool {
        self.query.get("policy").is_none_or(|wanted| wanted == policy) && self.query.fixed.iter().all(|wanted| scope.contains(wanted))
    }
}

/// The alerts: what fires first, then the open shortfalls, then those closed; of each the newest first.
///
/// # Errors
/// If the query names what is not there.
pub async fn list(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let wanted = Wanted::new(query, &service.editions.borrow().standard.schema.dimensions)?;
    let view = service.alerts.borrow().clone();
    let seen = |scope: &[(String, String)]| grant.view.shows(|| scope.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let shown = |incident: &&Arc<Incident>| {
        wanted.standings.contains(&incident.standing()) && wanted.fits(&incident.subject.policy, incident.scope()) && seen(incident.scope())
    };
    let mut alerts: Vec<&Arc<Incident>> = view.ledger.all().filter(shown).collect();
    let place = |incident: &Incident| Standing::ALL.iter().position(|(_, standing)| *standing == incident.standing());
    alerts.sort_by_key(|incident| (place(incident), std::cmp::Reverse(incident.told.0)));
    let count = alerts.len();
    let alerts: Vec<Value> = alerts.into_iter().take(wanted.limit).map(|incident| written(incident, &service.links)).collect();
    let waiting = view.pending.iter().filter(|one| wanted.pending && wanted.fits(&one.subject.policy, &one.subject.scope));
    let waiting: Vec<Value> = waiting.filter(|one| seen(&one.subject.scope)).map(pending).collect();
    let mut answer = json!({ "as_of": view.as_of, "count": count, "alerts": alerts, "pending": waiting });
    if grant.view.is_everything() {
        // Figures of the whole are for those who see it.
        answer["overflow"] = view.overflow.into();
        answer["shortfalls_dropped"] = view.ledger.dropped().into();
    }
    Ok((JSON, answer.to_string()).into_response())
}

/// What somebody says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    owner: String,
    note: String,
}

/// Somebody takes care of an alert.
///
/// # Errors
/// Why it was not noted.
pub async fn acknowledge(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Problem> {
    answer(&service, &body, false).await
}

/// Somebody says what was done about an alert that is over.
///
/// # Errors
/// Why it was not noted.
pub async fn close(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Problem> {
    answer(&service, &body, true).await
}

async fn answer(service: &Service, body: &[u8], closes: bool) -> Result<Response, Problem> {
    if body.len() > BODY {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("an answer has at most {BODY} bytes")));
    }
    let example = "send {\"id\": \"0123456789abcdef\", \"owner\": \"Li\", \"note\": \"two more agents\"}";
    let said: Said = serde_json::from_slice(body).map_err(|error| bad(format!("this is no answer ({error}); {example}")))?;
    let id = u64::from_str_radix(&said.id, 16).map_err(|_| bad(format!("`id` is that of an alert, 16 hexadecimal digits; {example}")))?;
    let said = Answer { id, closes, owner: said.owner, note: said.note };
    let answered = service.intake.feed().ask(|answer| Command::Answer { said, answer }).await;
    answered.map_err(Unheard::Refused).flatten().map_err(|why| explain(&why))?;
    let view = service.alerts.borrow().clone();
    let alert = view.ledger.get(id).map_or(Value::Null, |incident| written(incident, &service.links));
    Ok((JSON, alert.to_string()).into_response())
}

fn explain(why: &Unheard) -> Problem {
    let detail = why.to_string();
    match why {
        Unheard::Unanswered(Unanswered::Unknown) => Problem::new(StatusCode::NOT_FOUND, detail),
        Unheard::Unanswered(Unanswered::Empty) => bad(detail),
        Unheard::Unanswered(Unanswered::Firing | Unanswered::Closed) => Problem::new(StatusCode::CONFLICT, detail),
        Unheard::Refused(Refused::Full | Refused::Stopping | Refused::Unwritten(_)) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(1)
        }
    }
}
