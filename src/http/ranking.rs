//! `GET /v1/ranking`: the scopes of one kind side by side, from the best to the worst.

use super::Service;
use super::problem::Problem;
use super::query::bad;
use super::reading::JSON;
use crate::access::grant::Grant;
use crate::domain::standard::Better;
use crate::publish::ranking::Ranking;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// `?indicator=answer_rate&by=center&window=today`; `better=higher` or `lower` for an indicator without a target.
///
/// # Errors
/// If the query names what is not there, or leaves out what is needed.
pub async fn ranking(
    State(service): State<Arc<Service>>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (mut indicator, mut by, mut window, mut better) = (None, Vec::new(), None, None);
    for (name, value) in &query {
        match name.as_str() {
            "indicator" => indicator = Some(value.as_str()),
            "by" => by.extend(value.split(',').filter(|name| !name.is_empty()).map(String::from)),
            "window" => window = Some(value.as_str()),
            "better" if value == "higher" => better = Some(Better::Higher),
            "better" if value == "lower" => better = Some(Better::Lower),
            "better" => return Err(bad("`better` is `higher` or `lower`".to_owned())),
            _ => return Err(bad(format!("a ranking does not know `{name}`; use `indicator`, `by`, `window` and `better`"))),
        }
    }
    let indicator = indicator.ok_or_else(|| bad("say what to rank by, as in `indicator=answer_rate`".to_owned()))?;
    let edition = service.editions.borrow().clone();
    let (board, standard) = (&*edition.board, &*edition.standard);
    let ranking = Ranking::new(indicator, &by, window, better, standard).map_err(bad)?;
    let written = json!({
        "epoch": edition.epoch,
        "revision": board.revision,
        "as_of": board.as_of,
        "indicator": indicator,
        "by": by,
        "window": ranking.window.map_or("now".to_owned(), |window| standard.windows[window].to_string()),
        "better": ranking.better.name(),
        "target": standard.indicators[ranking.indicator].target_at(board.as_of).map(|target| target.value),
        "ranking": ranking.of(board, &grant.view),
    });
    Ok((JSON, written.to_string()).into_response())
}
