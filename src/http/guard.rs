//! The guard: stands before every route that needs something, and hands the handler what was granted. Handlers that show
//! figures take the [`Grant`] and pass its view on; without a guard before them there is none, and they fail.
//!
//! Before all routes stands the count of requests of an address. Browsers' pages are asked where they come from when they
//! connect or change something, for a browser sends their requests whether its user wants it or not.

use super::problem::HttpProblem;
use crate::access::grant::{AccessGrant, AccessRefusal};
use crate::access::origin;
use crate::access::token::TokenSecret;
use crate::access::{AccessControl, RequestPeer, RoutePermission};
use crate::clock::WallClock;
use crate::http::HttpService;
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
pub(super) async fn limit_request_rate(
    State(service): State<Arc<HttpService>>,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    match service.rate.try_acquire(client_address(&request), Instant::now()) {
        Ok(()) => Ok(next.run(request).await),
        Err(wait) => {
            Metric::AccessRefused.add_labeled("reason", "rate", 1);
            let detail = "this address makes more requests than `limits.requests_per_second` allows; send more events in each";
            let seconds = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX).saturating_add(1);
            Err(HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, detail).with_retry_after(seconds))
        }
    }
}

/// Lets a request pass that may have what its route needs, with the grant.
pub(super) async fn authorize_request(
    State((need, service)): State<(RoutePermission, Arc<HttpService>)>,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let granted = {
        let access = service.access.borrow().clone();
        check_access(&access, &service, need, &request)
    };
    match granted {
        Ok(grant) => {
            let peer = request_peer(&request);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(grant);
            Ok(next.run(request).await)
        }
        Err(refusal) => {
            Metric::AccessRefused.add_labeled("reason", refusal.name(), 1);
            Err(access_problem(refusal))
        }
    }
}

fn check_access(
    access: &AccessControl,
    service: &HttpService,
    need: RoutePermission,
    request: &Request,
) -> Result<AccessGrant, AccessRefusal> {
    let headers = request.headers();
    let changes = *request.method() != Method::GET && *request.method() != Method::HEAD;
    if let Some(from) = headers.get(ORIGIN).filter(|_| changes || need == RoutePermission::Live) {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        if !from.to_str().is_ok_and(|from| origin::may_connect(from, host, &access.origins)) {
            return Err(AccessRefusal::ForbiddenOrigin);
        }
    }
    let (peer, now) = (request_peer(request), WallClock::Wall.now());
    let ticket = query_ticket(request.uri()).filter(|_| need == RoutePermission::Live);
    match (bearer_token(headers), ticket) {
        (None, Some(ticket)) => {
            let token = service
                .tickets
                .redeem_ticket(&ticket, Instant::now())
                .ok_or(AccessRefusal::InvalidTicket)?;
            access.authorize_digest(token, peer, need, now)
        }
        (shown, _) => access.authorize(shown.as_ref(), peer, need, now),
    }
}

/// The token that a request shows.
fn bearer_token(headers: &HeaderMap) -> Option<TokenSecret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| TokenSecret::from(token.trim()))
}

/// The ticket in an address. Its letters need no escapes there.
fn query_ticket(uri: &Uri) -> Option<TokenSecret> {
    uri.query()?.split('&').find_map(|part| part.strip_prefix("ticket=")).map(TokenSecret::from)
}

fn client_address(request: &Request) -> IpAddr {
    // There always is one; a stranger's address if not.
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(Ipv4Addr::UNSPECIFIED.into(), |from| from.0.ip())
}

/// Who asks. A proxy says for whom, and a browser for which page.
fn request_peer(request: &Request) -> RequestPeer {
    const FORWARDING_HEADERS: [HeaderName; 3] =
        [FORWARDED, HeaderName::from_static("x-forwarded-for"), ORIGIN];
    RequestPeer {
        address: client_address(request),
        is_forwarded: FORWARDING_HEADERS.iter().any(|name| request.headers().contains_key(name)),
    }
}

fn access_problem(refusal: AccessRefusal) -> HttpProblem {
    let status =
        if refusal.is_unauthorized() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
    let problem = HttpProblem::new(status, refusal.reason());
    match refusal {
        AccessRefusal::MissingToken => {
            problem.with_header(WWW_AUTHENTICATE, "Bearer realm=\"firstline\"")
        }
        _ if refusal.is_unauthorized() => problem
            .with_header(WWW_AUTHENTICATE, "Bearer realm=\"firstline\", error=\"invalid_token\""),
        _ => problem,
    }
}

/// Waits until a grant no longer holds, because the tokens have changed or its time is over, and says why.
pub(super) async fn wait_until_revoked(
    mut access: watch::Receiver<Arc<AccessControl>>,
    grant: AccessGrant,
    peer: RequestPeer,
) -> &'static str {
    loop {
        let decided = access.borrow_and_update().authorize_digest(
            grant.token,
            peer,
            RoutePermission::Live,
            WallClock::Wall.now(),
        );
        match decided {
            Ok(again) if again == grant => {}
            Ok(_) => return "what this token may see has changed; connect again",
            Err(refusal) => return refusal.reason(),
        }
        let expiry = async {
            match grant.expires {
                Some(expires) => tokio::time::sleep(WallClock::Wall.duration_until(expires)).await,
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
    use crate::access::AccessToken;
    use crate::access::grant::{AllowedSources, GrantedView, TokenRole};

    #[tokio::test]
    async fn connection_ends_when_token_expires() {
        let expires = Some(WallClock::Wall.now().plus_millis(50));
        let digest = TokenSecret::from("t").digest();
        let token = AccessToken {
            name: "t".to_owned(),
            digest,
            role: TokenRole::Read,
            sources: AllowedSources::default(),
            view: GrantedView::default(),
            expires,
        };
        let access = AccessControl { tokens: vec![token], ..AccessControl::default() };
        let peer = RequestPeer { address: Ipv4Addr::LOCALHOST.into(), is_forwarded: false };
        let (_sender, receiver) = watch::channel(Arc::new(access));
        let grant = AccessGrant {
            token: Some(digest),
            sources: Arc::default(),
            view: Arc::default(),
            expires,
        };
        assert_eq!(
            wait_until_revoked(receiver, grant, peer).await,
            AccessRefusal::ExpiredToken.reason()
        );
    }
}
