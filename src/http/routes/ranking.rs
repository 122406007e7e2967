//! `GET /v1/ranking`: the scopes of one kind side by side, from the best to the worst.

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

/// `?indicator=answer_rate&by=center&window=today`; `better=higher` or `lower` for an indicator without a target.
///
/// # Errors
/// If the query names what is not there, or leaves out what is needed.
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
            "better" => return Err(bad_request("`better` is `higher` or `lower`".to_owned())),
            _ => {
                return Err(bad_request(format!(
                    "a ranking does not know `{name}`; use `indicator`, `by`, `window` and `better`"
                )));
            }
        }
    }
    let indicator = indicator.ok_or_else(|| {
        bad_request("say what to rank by, as in `indicator=answer_rate`".to_owned())
    })?;
    let edition = service.boards.borrow().clone();
    let (board, standard) = (&*edition.board, &*edition.standard);
    let ranking = Ranking::new(indicator, &by, window, better, standard).map_err(bad_request)?;
    let written = json!({
        "epoch": edition.epoch,
        "revision": board.revision,
        "as_of": board.as_of,
        "indicator": indicator,
        "by": by,
        "window": ranking.window.map_or("now".to_owned(), |window| standard.windows[window].to_string()),
        "better": ranking.better.name(),
        "target": standard.indicators[ranking.indicator].target_at(board.as_of).map(|target| target.value),
        "ranking": ranking.rank_scopes(board, &grant.view),
    });
    Ok((JSON_HEADERS, written.to_string()).into_response())
}
