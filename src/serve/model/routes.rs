//! The routes of a model: `/predict`, `/health` and a description.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::About;
use super::batches::Queue;
use super::body::rows;
use crate::production::Predictor;
use crate::serve::token::Token;

/// Bytes of a request's body at most.
const LARGEST_BODY: usize = 4 << 20;

/// Time within which a body must arrive. Slow clients must not keep their connections for ever.
const BODY: Duration = Duration::from_secs(10);

/// Time within which a prediction must be made.
const PREDICTION: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) predictor: Arc<Predictor>,
    pub(super) queue: Queue,
    pub(super) about: Arc<About>,
    pub(super) token: Option<Token>,
    pub(super) address: SocketAddr,
}

/// A refusal: its status, and what happened and what to do.
struct Refusal(StatusCode, String);

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(describe))
        .route("/predict", post(predict))
        .route("/health", get(health))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

/// Refuses requests without the token, and those that a page of another site sends through a browser.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let is_open = request.uri().path() == "/health";
    if let Err(refusal) = shared.admit(&request, is_open) {
        return refusal.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl Shared {
    fn admit(&self, request: &Request, is_open: bool) -> Result<(), Refusal> {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or_default();
        let port = self.address.port();
        let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        let is_foreign = self.address.ip().is_loopback() && !own.iter().any(|own| own == host);
        let origin = text(header::ORIGIN).map(|origin| origin.trim_start_matches("http://"));
        if is_foreign || origin.is_some_and(|origin| origin != host) {
            return Err(Refusal(
                StatusCode::FORBIDDEN,
                "the request comes from a page of another site, or was sent to another name of this machine".to_owned(),
            ));
        }
        let Some(token) = self.token.as_ref().filter(|_| !is_open) else {
            return Ok(());
        };
        let shown = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if shown.is_some_and(|shown| token.is(shown)) {
            return Ok(());
        }
        Err(Refusal(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: send the header `Authorization: Bearer TOKEN` with the token that the server printed"
                .to_owned(),
        ))
    }
}

async fn predict(State(shared): State<Shared>, request: Request) -> Response {
    match answer(shared, request.into_body()).await {
        Ok(predictions) => reply(StatusCode::OK, &json!({"predictions": predictions})),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(shared: Shared, body: Body) -> Result<Value, Refusal> {
    let body = match tokio::time::timeout(BODY, to_bytes(body, LARGEST_BODY)).await {
        Err(_) => {
            let message = format!("the body did not arrive within {} s", BODY.as_secs());
            return Err(Refusal(StatusCode::REQUEST_TIMEOUT, message));
        }
        Ok(Err(_)) => {
            let message = format!(
                "the body is cut off or larger than the {} MiB that are allowed: send several requests",
                LARGEST_BODY >> 20
            );
            return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        Ok(Ok(body)) => body,
    };
    let bad = |message| Refusal(StatusCode::BAD_REQUEST, message);
    let predictor = Arc::clone(&shared.predictor);
    let prepare = move || {
        let rows = rows(&body)?;
        predictor.prepare(&rows).map_err(|error| error.to_string())
    };
    // Long texts take a while to read, and others must not wait for them.
    let prepared = tokio::task::spawn_blocking(prepare)
        .await
        .map_err(|_| failed("the rows could not be read"))?;
    let busy = || {
        let message = "too many requests wait: try again in a moment".to_owned();
        Refusal(StatusCode::SERVICE_UNAVAILABLE, message)
    };
    let answer = shared.queue.put(prepared.map_err(bad)?).map_err(|_| busy())?;
    match tokio::time::timeout(PREDICTION, answer).await {
        Err(_) => Err(busy()),
        Ok(Err(_)) => Err(failed("the model has stopped")),
        Ok(Ok(Err(message))) => Err(failed(&message)),
        Ok(Ok(Ok(predictions))) => Ok(predictions.into_iter().map(Value::Object).collect()),
    }
}

fn failed(message: &str) -> Refusal {
    Refusal(StatusCode::INTERNAL_SERVER_ERROR, message.to_owned())
}

async fn health(State(shared): State<Shared>) -> Response {
    reply(
        StatusCode::OK,
        &json!({"status": "ok", "task": shared.predictor.task()}),
    )
}

async fn describe(State(shared): State<Shared>) -> Response {
    let predictor = &shared.predictor;
    let about = json!({
        "model": shared.about.name,
        "task": predictor.task(),
        "labels": predictor.labels(),
        "columns": predictor.columns(),
        "version": env!("CARGO_PKG_VERSION"),
        "card": shared.about.card,
    });
    reply(StatusCode::OK, &about)
}

async fn unknown() -> Response {
    let message = "there is nothing here: `POST /predict`, `GET /health` and `GET /` are answered";
    Refusal(StatusCode::NOT_FOUND, message.to_owned()).into_response()
}

async fn wrong_method() -> Response {
    let message = "the method is wrong: `POST /predict`, `GET /health` and `GET /` are answered";
    Refusal(StatusCode::METHOD_NOT_ALLOWED, message.to_owned()).into_response()
}

impl Refusal {
    fn into_response(self) -> Response {
        let Self(status, message) = self;
        let error = json!({"error": {"status": status.as_u16(), "message": message}});
        let mut response = reply(status, &error);
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn reply(status: StatusCode, body: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], format!("{body}\n")).into_response()
}
