//! The routes of the live page.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};

use super::feed::Feed;
use super::token::Token;

/// Interval between empty lines that show proxies and browsers that the connection is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Clone)]
struct Shared {
    feed: Feed,
    token: Token,
    port: u16,
}

/// The page at `/TOKEN/`, its views at `/TOKEN/events`, and nothing else.
pub(super) fn router(feed: Feed, token: Token, port: u16) -> Router {
    let shared = Shared { feed, token, port };
    Router::new()
        .route("/{token}/", get(show))
        .route("/{token}/events", get(events))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

/// Refuses requests that were sent to another address, and sets headers that keep the address private.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let own = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", shared.port));
    if !host.is_some_and(|host| own.iter().any(|own| own == host)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    response
}

async fn show(State(shared): State<Shared>, Path(token): Path<String>) -> Response {
    if !shared.token.is(&token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let published = shared.feed.0.borrow().clone();
    Html(published.html().to_owned()).into_response()
}

async fn events(State(shared): State<Shared>, Path(token): Path<String>) -> Response {
    if !shared.token.is(&token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Sse::new(stream(&shared.feed)).keep_alive(keep_alive).into_response()
}

fn stream(feed: &Feed) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let views = WatchStream::new(feed.0.clone());
    views.map(|published| Ok(Event::default().data(&published.json)))
}
