//! `GET /v1/ranking`: scopes of one kind, ranked from best to worst.

use super::board::JSON_HEADERS;
use crate::access::grant::AccessGrant;
use crate::domain::standard::TargetDirection;
use crate::http::HttpService;
use crate::http::problem::HttpProblem;
use crate::http::query::bad_request;
use crate::publish::ranking_json::Ranking;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// Ranks the scopes by one indicator.
///
/// `better` is `higher` or `lower`. It is required for an indicator without a target. Example:
/// `?indicator=answer_rate&by=center&window=today`.
///
/// # Errors
/// If a name in the query is unknown or a required parameter is missing.
pub async fn get_ranking(
    State(service): State<Arc<HttpService>>,
    Extension(grant): Extension<AccessGrant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, HttpProblem> {
    let (mut indicator, mut by, mut window, mut better) = (None, Vec::new(), None, None);
    for (name, value) in &query {
        match name.as_str() {
            "indicator" => indicator = Some(value.as_str()),
            "by" => by.extend(value.split(',').filter(|name| !name.is_empty()).map(String::from)),
            "window" => window = Some(value.as_str()),
            "better" if value == "higher" => better = Some(TargetDirection::Higher),
            "better" if value == "lower" => better = Some(TargetDirection::Lower),
            "better" => return Err(bad_request("`better` must be `higher` or `lower`".to_owned())),
            _ => {
                return Err(bad_request(format!(
                    "unknown parameter `{name}`; use `indicator`, `by`, `window` and `better`"
                )));
            }
        }
    }
    let indicator = indicator.ok_or_else(|| {
        bad_request(
            "`indicator` is missing; name the indicator to rank by, as in \
             `indicator=answer_rate`"
                .to_owned(),
        )
    })?;
    let published = service.boards.borrow().clone();
    let (board, standard) = (&*published.board, &*published.standard);
    let ranking = Ranking::new(indicator, &by, window, better, standard).map_err(bad_request)?;
    let window =
        ranking.window.map_or("now".to_owned(), |window| standard.windows[window].to_string());
    let target = standard.indicators[ranking.indicator].overall_target_at(board.as_of);
    let body = json!({
        "epoch": published.epoch,
        "revision": board.revision,
        "as_of": board.as_of,
        "indicator": indicator,
        "by": by,
        "window": window,
        "better": ranking.better.name(),
        "target": target.map(|target| target.value),
        "ranking": ranking.rank_scopes(board, &grant.view),
    });
    Ok((JSON_HEADERS, body.to_string()).into_response())
}
