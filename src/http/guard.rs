//! Authorization and rate limit middleware.
//!
//! [`authorize_request`] guards every route that requires a permission. It passes an
//! [`AccessGrant`] to the handler, which applies the grant's view to the data it returns. A handler
//! without the guard gets no grant and fails.
//!
//! [`limit_request_rate`] counts the requests of each client address on all routes.
//!
//! Requests that change something, and live connections, must come from an allowed origin. This
//! protects against cross-site requests.

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

/// Refuses a request with 429 if its client address exceeds the rate limit.
pub(super) async fn limit_request_rate(
    State(service): State<Arc<HttpService>>,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    match service.rate.try_acquire(client_address(&request), Instant::now()) {
        Ok(()) => Ok(next.run(request).await),
        Err(wait) => {
            Metric::AccessRefused.add_labeled("reason", "rate", 1);
            let detail = "this address exceeds `limits.requests_per_second` requests; \
                 send more events per request";
            let seconds = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX).saturating_add(1);
            Err(HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, detail).with_retry_after(seconds))
        }
    }
}

/// Passes an authorized request on with its grant. Other requests get 401 or 403.
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
        (bearer, _) => access.authorize(bearer.as_ref(), peer, need, now),
    }
}

/// Returns the bearer token of a request.
fn bearer_token(headers: &HeaderMap) -> Option<TokenSecret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| TokenSecret::from(token.trim()))
}

/// Returns the ticket in a URL. Its characters need no percent-encoding.
fn query_ticket(uri: &Uri) -> Option<TokenSecret> {
    uri.query()?.split('&').find_map(|part| part.strip_prefix("ticket=")).map(TokenSecret::from)
}

fn client_address(request: &Request) -> IpAddr {
    // The server always sets it. The fallback is not a loopback address, so it grants nothing.
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(Ipv4Addr::UNSPECIFIED.into(), |from| from.0.ip())
}

/// Returns the client of a request. A forwarding header or an origin marks it as forwarded.
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

/// Waits until a grant is revoked, because the tokens have changed or it has expired. Returns the
/// reason.
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
            Ok(_) => return "the permissions of this token have changed; connect again",
            Err(refusal) => return refusal.reason(),
        }
        let expiry = async {
            match grant.expires {
                Some(expires) => tokio::time::sleep(WallClock::Wall.duration_until(expires)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The channel closes when the service stops. The shutdown then ends the connection.
            changed = access.changed() => {
                if changed.is_err() {
                    std::future::pending::<()>().await;
                }
            }
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
