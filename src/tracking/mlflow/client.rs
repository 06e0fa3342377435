//! Requests to a tracking server of MLflow, and the meaning of its answers.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use ureq::http::request::Builder as RequestBuilder;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::spec::TrackerSpec;
use crate::tracking::{TrackerError, environment, option};

/// Where the requests of the API begin.
const API: &str = "/api/2.0/mlflow/";

/// Where the server's proxy of artifacts begins.
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts/";

/// Longest wait for an answer. A server that is slower counts as one that is down.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes a second of the slowest upload that is waited for.
const SLOWEST_UPLOAD: u64 = 256 << 10;

/// Longest answer that is read: a page of runs with their values has a few megabytes.
const LONGEST_ANSWER: u64 = 256 << 20;

/// Longest part of an answer that a message shows.
const LONGEST_SHOWN: usize = 300;

/// Answers after which MLflow's own client tries again (`mlflow/utils/request_utils.py`).
const TEMPORARY: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// A failed request.
#[derive(Debug)]
pub(super) struct Failed {
    /// The server's word for the failure, such as `RESOURCE_DOES_NOT_EXIST`; empty if it gave none.
    pub(super) code: String,
    pub(super) error: TrackerError,
    /// `true` if the server may have done what it was asked for.
    pub(super) is_uncertain: bool,
    /// `true` if only this request is wrong: the others may still work.
    pub(super) is_of_request: bool,
    /// `true` if the server does not know what it is asked for.
    pub(super) is_unknown_address: bool,
}

impl From<Failed> for TrackerError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// A tracking server.
pub(super) struct Client {
    agent: Agent,
    /// Its address without a user and without a slash at the end.
    address: String,
    authorization: Option<String>,
    /// Longest wait for an answer.
    patience: Duration,
    /// Texts that no message may show.
    secrets: Vec<String>,
}

/// The address of the server, split into its parts.
struct Address {
    plain: String,
    user: Option<(String, String)>,
}

/// Checks the address of a tracker.
pub(super) fn check(tracker: &TrackerSpec) -> Result<(), TrackerError> {
    let address = address(tracker)?;
    if address.user.is_some() && tracker.options.contains_key("uri") {
        return Err(TrackerError::Options(
            "the `uri` of `mlflow` has a user and a password, and specs get shared: set `MLFLOW_TRACKING_USERNAME` and \
             `MLFLOW_TRACKING_PASSWORD` instead"
                .to_owned(),
        ));
    }
    Ok(())
}

fn address(tracker: &TrackerSpec) -> Result<Address, TrackerError> {
    let Some(uri) = option(tracker, "uri") else {
        return Err(TrackerError::Options(
            "the address of the MLflow server is missing: use `--track mlflow=http://HOST:PORT`, the key `uri`, or \
             `MLFLOW_TRACKING_URI`"
                .to_owned(),
        ));
    };
    let Some((scheme, rest)) = uri
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
    else {
        // A database's address may have a password.
        let kind = uri.split(':').next().unwrap_or_default();
        return Err(TrackerError::Options(format!(
            "the `uri` of `mlflow` begins with `{kind}`, and only servers are supported: start `mlflow server \
             --backend-store-uri …`, and give its address, such as `http://localhost:5000`"
        )));
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = match host.rsplit_once('@') {
        Some((user, host)) => (Some(user.split_once(':').unwrap_or((user, ""))), host),
        None => (None, host),
    };
    let slash = if path.is_empty() { "" } else { "/" };
    Ok(Address {
        plain: format!("{scheme}://{host}{slash}{path}")
            .trim_end_matches('/')
            .to_owned(),
        user: user.map(|(name, password)| (name.to_owned(), password.to_owned())),
    })
}

impl Client {
    /// The server of a tracker, with what the environment says about users and certificates.
    pub(super) fn new(tracker: &TrackerSpec) -> Result<Self, TrackerError> {
        let address = address(tracker)?;
        let own = environment("MLFLOW_TRACKING_USERNAME").zip(environment("MLFLOW_TRACKING_PASSWORD"));
        let user = own.or(address.user).or_else(stored_user);
        let token = environment("MLFLOW_TRACKING_TOKEN").filter(|_| user.is_none());
        let basic = user
            .as_ref()
            .map(|(name, password)| BASE64_STANDARD.encode(format!("{name}:{password}")));
        let secrets = user.map(|(_, password)| password).into_iter();
        let secrets = secrets.chain(basic.clone()).chain(token.clone());
        let told = environment("MLFLOW_HTTP_REQUEST_TIMEOUT").and_then(|seconds| seconds.parse().ok());
        let patience = told.map_or(PATIENCE, Duration::from_secs);
        Ok(Self {
            agent: agent(patience)?,
            patience,
            address: address.plain,
            authorization: basic
                .map(|basic| format!("Basic {basic}"))
                .or_else(|| token.map(|token| format!("Bearer {token}"))),
            secrets: secrets.filter(|secret| !secret.is_empty()).collect(),
        })
    }

    /// Its address, without a user.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn get(&self, path: &str) -> Result<Json, Failed> {
        self.call(&Method::GET, &format!("{API}{path}"), None)
    }

    pub(super) fn post(&self, path: &str, body: &Json) -> Result<Json, Failed> {
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.call(&Method::POST, &format!("{API}{path}"), Some((body, "application/json")))
    }

    pub(super) fn patch(&self, path: &str, body: &Json) -> Result<Json, Failed> {
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.call(
            &Method::PATCH,
            &format!("{API}{path}"),
            Some((body, "application/json")),
        )
    }

    /// Uploads an artifact; one with the same path is replaced.
    pub(super) fn put(&self, path: &str, content: Vec<u8>) -> Result<Json, Failed> {
        let path = format!("{ARTIFACTS}{}", encoded_path(path));
        self.call(&Method::PUT, &path, Some((content, "application/octet-stream")))
    }

    /// Uploads a file as an artifact, without reading it into memory.
    pub(super) fn put_file(&self, path: &str, file: &Path) -> Result<Json, TrackerError> {
        let unreadable = |source| TrackerError::Read {
            path: file.to_owned(),
            source,
        };
        let content = File::open(file).map_err(unreadable)?;
        let length = content.metadata().map_err(unreadable)?.len();
        let request = self.request(&Method::PUT, &format!("{ARTIFACTS}{}", encoded_path(path)));
        let request = request
            .header("Content-Type", "application/octet-stream")
            .header("Content-Length", length)
            .body(content);
        let patience = self.patience + Duration::from_secs(length / SLOWEST_UPLOAD);
        let sent = request.map_err(ureq::Error::from).and_then(|request| {
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_global(Some(patience)).build())
        });
        Ok(self.answered(sent, &Method::PUT)?)
    }

    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    fn call(&self, method: &Method, path: &str, body: Option<(Vec<u8>, &str)>) -> Result<Json, Failed> {
        let request = self.request(method, path);
        let sent = if let Some((body, kind)) = body {
            let request = request.header("Content-Type", kind).body(body);
            request
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request))
        } else {
            let request = request.body(());
            request
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request))
        };
        self.answered(sent, method)
    }

    fn answered(&self, sent: Result<Response<Body>, ureq::Error>, method: &Method) -> Result<Json, Failed> {
        let mut answer = sent.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let after = answer
            .headers()
            .get("Retry-After")
            .and_then(|after| after.to_str().ok()?.parse().ok());
        let text = read(answer.body_mut()).map_err(|error| self.unreachable(&error))?;
        if status == StatusCode::OK {
            return self.understood(&text, method);
        }
        Err(self.refused(status, &text, after.map(Duration::from_secs)))
    }

    fn understood(&self, text: &str, method: &Method) -> Result<Json, Failed> {
        match serde_json::from_str(text) {
            Ok(json) => Ok(json),
            Err(_) if text.trim().is_empty() || method == Method::PUT => Ok(Json::Null),
            Err(_) => Err(Failed {
                code: String::new(),
                error: TrackerError::Refused(format!(
                    "`{}` does not answer as an MLflow server does: check its address",
                    self.address
                )),
                is_uncertain: false,
                is_of_request: false,
                is_unknown_address: false,
            }),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failed {
        Failed {
            code: String::new(),
            error: TrackerError::Unavailable {
                message: format!("cannot reach `{}`: {}", self.address, self.masked(&error.to_string())),
                after: None,
            },
            is_uncertain: true,
            is_of_request: false,
            is_unknown_address: false,
        }
    }

    fn refused(&self, status: StatusCode, text: &str, after: Option<Duration>) -> Failed {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let code = json["error_code"].as_str().unwrap_or_default().to_owned();
        let why = self.masked(json["message"].as_str().unwrap_or(text).trim());
        let why: String = why.chars().take(LONGEST_SHOWN).collect();
        let message = format!("`{}` answered {status}: {why}", self.address);
        let is_temporary = TEMPORARY.contains(&status.as_u16());
        Failed {
            code,
            error: match status.as_u16() {
                _ if is_temporary => TrackerError::Unavailable { message, after },
                401 | 403 => TrackerError::Refused(format!(
                    "{message}; check `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`"
                )),
                _ => TrackerError::Refused(message),
            },
            is_uncertain: is_temporary,
            is_of_request: status == StatusCode::BAD_REQUEST,
            is_unknown_address: status == StatusCode::NOT_FOUND,
        }
    }

    fn masked(&self, text: &str) -> String {
        let secrets = self.secrets.iter();
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

fn read(body: &mut Body) -> Result<String, ureq::Error> {
    body.with_config()
        .limit(LONGEST_ANSWER)
        .lossy_utf8(true)
        .read_to_string()
}

fn agent(patience: Duration) -> Result<Agent, TrackerError> {
    let is_insecure = environment("MLFLOW_TRACKING_INSECURE_TLS").is_some_and(|value| value == "true" || value == "1");
    let mut tls = TlsConfig::builder().disable_verification(is_insecure);
    if let Some(path) = environment("MLFLOW_TRACKING_SERVER_CERT_PATH") {
        let path = std::path::PathBuf::from(path);
        let text = std::fs::read(&path).map_err(|source| TrackerError::Read { path, source })?;
        let items = parse_pem(&text).filter_map(Result::ok);
        let certificates: Vec<_> = items
            .filter_map(|item| match item {
                PemItem::Certificate(certificate) => Some(certificate),
                _ => None,
            })
            .collect();
        tls = tls.root_certs(RootCerts::from(certificates));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirection could take the password to another host.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(patience))
        .tls_config(tls.build());
    Ok(config.build().new_agent())
}

/// The user in `~/.mlflow/credentials`, where `mlflow` keeps one.
fn stored_user() -> Option<(String, String)> {
    let path = std::env::home_dir()?.join(".mlflow").join("credentials");
    let text = std::fs::read_to_string(path).ok()?;
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut values = lines.filter(|(name, _)| name.trim() == key);
        values.next().map(|(_, value)| value.trim().to_owned())
    };
    value("mlflow_tracking_username").zip(value("mlflow_tracking_password"))
}

/// A text as a part of an address (RFC 3986, §2.1).
pub(super) fn encoded(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| {
            if keep(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// A path as a part of an address.
fn encoded_path(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encoded).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker(uri: &str) -> TrackerSpec {
        let mut tracker = TrackerSpec::named("mlflow").unwrap();
        tracker.set_first(uri);
        tracker
    }

    #[test]
    fn addresses_are_checked_without_showing_passwords() {
        assert!(check(&tracker("http://localhost:5000/prefix/")).is_ok());
        let plain = |uri: &str| address(&tracker(uri)).unwrap().plain;
        assert_eq!(plain("https://me:secret@host/x/"), "https://host/x");
        assert_eq!(plain("http://host:1"), "http://host:1");
        for uri in [
            "http://me:secret@host",
            "postgresql://me:secret@host/db",
            "sqlite:///x.db",
            "mlruns",
        ] {
            let error = check(&tracker(uri)).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn answers_show_no_secret() {
        let client = Client {
            agent: agent(PATIENCE).unwrap(),
            patience: PATIENCE,
            address: "http://host".to_owned(),
            authorization: None,
            secrets: vec!["hunter2".to_owned()],
        };
        let failed = client.refused(StatusCode::FORBIDDEN, "no hunter2 here", None);
        assert!(failed.error.to_string().contains("no *** here"), "{}", failed.error);
        assert!(matches!(failed.error, TrackerError::Refused(_)));
    }

    #[test]
    fn parts_of_addresses_are_encoded() {
        assert_eq!(encoded("a b/ä"), "a%20b%2F%C3%A4");
    }
}
