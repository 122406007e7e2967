//! The guard: stands before every route that needs something, and hands the handler what was granted. Handlers that show
//! figures take the [`Grant`] and pass its view on; without a guard before them there is none, and they fail.
//!
//! Before all routes stands the count of requests of an address. Browsers' pages are asked where they come from when they
//! connect or change something, for a browser sends their requests whether its user wants it or not.

use super::Service;
use super::problem::Problem;
use crate::access::grant::{Grant, Refusal};
use crate::access::token::Secret;
use crate::access::{Access, Need, Peer, origin};
use crate::engine::clock::Clock;
use crate::telemetry::Metric;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Lets a request pass if its address has not made too many.
pub(super) async fn count(State(service): State<Arc<Service>>, request: Request, next: Next) -> Result<Response, Problem> {
    match service.rate.take(address(&request), Instant::now()) {
        Ok(()) => Ok(next.run(request).await),
        Err(wait) => {
            Metric::AccessRefused.count("reason", "rate", 1);
            let detail = "this address makes more requests than `limits.requests_per_second` allows; send more events in each";
            let seconds = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX).saturating_add(1);
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds))
        }
    }
}

/// Lets a request pass that may have what its route needs, with the grant.
pub(super) async fn guard(
    State((need, service)): State<(Need, Arc<Service>)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let granted = {
        let access = service.access.borrow().clone();
        admit(&access, &service, need, &request)
    };
    match granted {
        Ok(grant) => {
            let peer = peer(&request);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(grant);
            Ok(next.run(request).await)
        }
        Err(refusal) => {
            Metric::AccessRefused.count("reason", refusal.name(), 1);
            Err(explain(refusal))
        }
    }
}

fn admit(access: &Access, service: &Service, need: Need, request: &Request) -> Result<Grant, Refusal> {
    let headers = request.headers();
    let changes = *request.method() != Method::GET && *request.method() != Method::HEAD;
    if let Some(from) = headers.get(ORIGIN).filter(|_| changes || need == Need::Live) {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        if !from.to_str().is_ok_and(|from| origin::may_connect(from, host, &access.origins)) {
            return Err(Refusal::Origin);
        }
    }
    let (peer, now) = (peer(request), Clock::Wall.now());
    let ticket = ticket(request.uri()).filter(|_| need == Need::Live);
    match (bearer(headers), ticket) {
        (None, Some(ticket)) => {
            let token = service.tickets.redeem(&ticket, Instant::now()).ok_or(Refusal::Ticket)?;
            access.decide_on(token, peer, need, now)
        }
        (shown, _) => access.decide(shown.as_ref(), peer, need, now),
    }
}

/// The token that a request shows.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::from(token.trim()))
}

/// The ticket in an address. Its letters need no escapes there.
fn ticket(uri: &Uri) -> Option<Secret> {
    uri.query()?.split('&').find_map(|part| part.strip_prefix("ticket=")).map(Secret::from)
}

fn address(request: &Request) -> IpAddr {
    // There always is one; a stranger's address if not.
    request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::UNSPECIFIED.into(), |from| from.0.ip())
}

/// Who asks. A proxy says for whom, and a browser for which page.
fn peer(request: &Request) -> Peer {
    const PASSED_ON: [HeaderName; 3] = [FORWARDED, HeaderName::from_static("x-forwarded-for"), ORIGIN];
    Peer { address: address(request), passed_on: PASSED_ON.iter().any(|name| request.headers().contains_key(name)) }
}

fn explain(refusal: Refusal) -> Problem {
    let status = if refusal.is_unauthorized() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
    let problem = Problem::new(status, refusal.reason());
    match refusal {
        Refusal::Missing => problem.header(WWW_AUTHENTICATE, "Bearer realm=\"firstline\""),
        _ if refusal.is_unauthorized() => problem.header(WWW_AUTHENTICATE, "Bearer realm=\"firstline\", error=\"invalid_token\""),
        _ => problem,
    }
}

/// Waits until a grant no longer holds, because the tokens have changed or its time is over, and says why.
pub(super) async fn shut_out(mut access: watch::Receiver<Arc<Access>>, grant: Grant, peer: Peer) -> &'static str {
    loop {
        let decided = access.borrow_and_update().decide_on(grant.token, peer, Need::Live, Clock::Wall.now());
        match decided {
            Ok(again) if again == grant => {}
            Ok(_) => return "what this token may see has changed; connect again",
            Err(refusal) => return refusal.reason(),
        }
        let expiry = async {
            match grant.expires {
                Some(expires) => tokio::time::sleep(Clock::Wall.until(expires)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Once the service stops, nothing changes any more.
            changed = access.changed() => if changed.is_err() { std::future::pending::<()>().await },
            () = expiry => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Token;
    use crate::access::grant::{May, Sources, View};

    #[tokio::test]
    async fn a_connection_ends_with_its_token() {
        let expires = Some(Clock::Wall.now().plus(50));
        let digest = Secret::from("t").digest();
        let token = Token { name: "t".to_owned(), digest, may: May::Read, sources: Sources::default(), view: View::default(), expires };
        let access = Access { tokens: vec![token], ..Access::default() };
        let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), passed_on: false };
        let (_sender, receiver) = watch::channel(Arc::new(access));
        let grant = Grant { token: Some(digest), sources: Arc::default(), view: Arc::default(), expires };
        assert_eq!(shut_out(receiver, grant, peer).await, Refusal::Expired.reason());
    }
}
