//! Requests to the hub and to its storage hosts.
//!
//! Redirections are followed here and not by the library: the token goes to the hub's own origin only, and what the hub
//! says about a file stands in its redirection.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

use crate::HubError;
use crate::address::Address;
use crate::failure::Failure;
use crate::refusal::{Refused, refusal};
use crate::repository::Repository;
use crate::settings::{Settings, without_credentials};
use crate::transport::fault;

/// The most redirections of one request, as browsers and `huggingface_hub` allow.
const MOST_REDIRECTIONS: usize = 20;

/// The longest description of a repository, in bytes. The largest data sets have some 100,000 files.
const LONGEST_DESCRIPTION: u64 = 256 << 20;

/// The longest text of an error that is read, in bytes.
const LONGEST_ERROR: u64 = 16 << 10;

/// Sends requests. It may be shared by threads.
#[derive(Debug)]
pub(crate) struct Client {
    settings: Settings,
    endpoint: Address,
    /// For `http:` addresses, with their proxy.
    open: Agent,
    /// For `https:` addresses, with theirs.
    encrypted: Agent,
}

/// An answer with the status 200 or 206, or a redirection that was not to be followed.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The address that answered, after redirections.
    pub(crate) from: Address,
    /// The headers of the hub itself, which describe the file, if it redirected.
    pub(crate) hub_headers: Option<HeaderMap>,
    pub(crate) response: Response<Body>,
}

impl Answer {
    /// A header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// A header of the hub's own answer. `None` if only a storage host was asked.
    pub(crate) fn hub_header(&self, name: &str) -> Option<&str> {
        let headers = self.hub_headers.as_ref().unwrap_or(self.response.headers());
        headers.get(name)?.to_str().ok()
    }
}

/// The purpose of a request: it decides how a refusal is read.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'a> {
    pub(crate) repository: &'a Repository,
    /// The commit and path of a file; `None` for the description.
    pub(crate) file: Option<(&'a str, &'a str)>,
}

impl Client {
    /// # Errors
    /// If the endpoint, a proxy or the file of certificates is unusable.
    pub(crate) fn new(settings: &Settings) -> Result<Self, HubError> {
        let endpoint = Address::parse(&settings.endpoint).ok_or_else(|| HubError::Setting {
            name: "HF_ENDPOINT",
            reason: "it is not an address".to_owned(),
        })?;
        let roots = match &settings.certificates {
            Some(file) => certificates(file)?,
            None => RootCerts::WebPki,
        };
        Ok(Self {
            endpoint,
            open: agent(settings, "http_proxy", settings.proxies.http.as_deref(), &roots)?,
            encrypted: agent(settings, "https_proxy", settings.proxies.https.as_deref(), &roots)?,
            settings: settings.clone(),
        })
    }

    /// The hub's description of a repository's revision.
    pub(crate) fn describe(&self, repository: &Repository) -> Result<String, Failure> {
        let purpose = Purpose { repository, file: None };
        let address = self.address(&repository.info_url(&self.settings.endpoint))?;
        let mut answer = self.follow(&Method::GET, address, &[], purpose, true)?;
        let body = answer.response.body_mut().with_config().limit(LONGEST_DESCRIPTION);
        body.read_to_string().map_err(|error| self.fault(error, &answer.from))
    }

    /// The headers of a file on the hub.
    pub(crate) fn head(&self, repository: &Repository, commit: &str, path: &str) -> Result<Answer, Failure> {
        let purpose = Purpose {
            repository,
            file: Some((commit, path)),
        };
        self.follow(
            &Method::HEAD,
            self.file_address(repository, commit, path)?,
            &[],
            purpose,
            false,
        )
    }

    /// The content of a file, from the hub or, if an earlier answer came from there, directly from `at`.
    pub(crate) fn content(
        &self,
        at: Option<Address>,
        headers: &[(&str, String)],
        purpose: Purpose<'_>,
    ) -> Result<Answer, Failure> {
        let (commit, path) = purpose.file.unwrap_or_default();
        let address = match at {
            Some(address) => address,
            None => self.file_address(purpose.repository, commit, path)?,
        };
        self.follow(&Method::GET, address, headers, purpose, true)
    }

    /// True if the address is one of the hub itself.
    pub(crate) fn is_hub(&self, address: &Address) -> bool {
        address.has_origin_of(&self.endpoint)
    }

    /// The failure for an error of the transport.
    pub(crate) fn fault(&self, error: ureq::Error, at: &Address) -> Failure {
        fault(
            error,
            at,
            self.proxy(at).map(without_credentials),
            self.settings.timeout,
        )
    }

    fn file_address(&self, repository: &Repository, commit: &str, path: &str) -> Result<Address, HubError> {
        self.address(&repository.file_url(&self.settings.endpoint, commit, path))
    }

    fn address(&self, text: &str) -> Result<Address, HubError> {
        Address::parse(text).ok_or_else(|| HubError::BadResponse {
            host: self.endpoint.host(),
            reason: "an address is malformed".to_owned(),
        })
    }

    fn proxy(&self, address: &Address) -> Option<&str> {
        let proxies = &self.settings.proxies;
        let proxy = if address.is_encrypted() {
            &proxies.https
        } else {
            &proxies.http
        };
        proxy.as_deref()
    }

    /// Sends a request and follows its redirections, all of them or only those that stay on the hub.
    fn follow(
        &self,
        method: &Method,
        mut address: Address,
        headers: &[(&str, String)],
        purpose: Purpose<'_>,
        leaves_hub: bool,
    ) -> Result<Answer, Failure> {
        let mut hub_headers = None;
        for _ in 0..MOST_REDIRECTIONS {
            let mut response = self.send(method, &address, headers)?;
            let target = location(&response)
                .map(|location| address.redirected(location))
                .transpose()?;
            let is_followed = |target: &Address| leaves_hub || self.is_hub(target);
            match target.filter(is_followed) {
                Some(target) => {
                    if self.is_hub(&address) && hub_headers.is_none() && !self.is_hub(&target) {
                        hub_headers = Some(response.headers().clone());
                    }
                    // Only a connection that was read to its answer's end is used again.
                    let _ = response.body_mut().with_config().limit(LONGEST_ERROR).read_to_vec();
                    address = target;
                }
                None if is_answer(response.status()) => {
                    return Ok(Answer {
                        from: address,
                        hub_headers,
                        response,
                    });
                }
                None => return Err(self.refused(response, &address, purpose)),
            }
        }
        Err(Failure::from(HubError::BadResponse {
            host: self.endpoint.host(),
            reason: "it redirects in circles".to_owned(),
        }))
    }

    fn send(&self, method: &Method, address: &Address, headers: &[(&str, String)]) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(address.uri())
            .header("Accept-Encoding", "identity");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(token) = self.settings.token.as_ref().filter(|_| self.is_hub(address)) {
            request = request.header("Authorization", token.authorization());
        }
        let request = request.body(()).map_err(|_| HubError::BadResponse {
            host: address.host(),
            reason: "an address or ETag is malformed".to_owned(),
        })?;
        let agent = if address.is_encrypted() {
            &self.encrypted
        } else {
            &self.open
        };
        agent.run(request).map_err(|error| self.fault(error, address))
    }

    fn refused(&self, mut response: Response<Body>, address: &Address, purpose: Purpose<'_>) -> Failure {
        let text = response
            .body_mut()
            .with_config()
            .limit(LONGEST_ERROR)
            .lossy_utf8(true)
            .read_to_string();
        refusal(&Refused {
            settings: &self.settings,
            purpose,
            host: address.host(),
            is_hub: self.is_hub(address),
            status: response.status().as_u16(),
            headers: response.headers(),
            text: &text.unwrap_or_default(),
        })
    }
}

/// An error is never a redirection, and neither is `304 Not Modified`.
fn location(response: &Response<Body>) -> Option<&str> {
    let is_redirection = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response
        .headers()
        .get("Location")
        .filter(|_| is_redirection)?
        .to_str()
        .ok()
}

fn is_answer(status: StatusCode) -> bool {
    status == StatusCode::OK || status == StatusCode::PARTIAL_CONTENT || status.is_redirection()
}

fn agent(
    settings: &Settings,
    variable: &'static str,
    proxy: Option<&str>,
    roots: &RootCerts,
) -> Result<Agent, HubError> {
    let proxy = proxy
        .map(|address| make_proxy(address, variable, settings.proxies.except.as_deref()))
        .transpose()?;
    // A connection attempt includes the proxy's and the encryption's; both need a few round trips.
    let patience = settings.timeout.max(Duration::from_millis(1));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(patience))
        .timeout_connect(Some(patience))
        .timeout_per_read(Some(patience))
        .timeout_per_write(Some(patience))
        // Some to the hub and some to its storage host.
        .max_idle_connections(settings.connections.max(1) * 2)
        .max_idle_connections_per_host(settings.connections.max(1))
        .tls_config(TlsConfig::builder().root_certs(roots.clone()).build());
    Ok(config.build().new_agent())
}

fn make_proxy(address: &str, variable: &'static str, except: Option<&str>) -> Result<Proxy, HubError> {
    let unusable = |_| HubError::Setting {
        name: variable,
        reason: format!("`{}` is not the address of an HTTP proxy", without_credentials(address)),
    };
    let parsed = Proxy::new(address).map_err(unusable)?;
    if !matches!(parsed.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err(HubError::Setting {
            name: variable,
            reason: "SOCKS proxies are not supported; name an HTTP proxy".to_owned(),
        });
    }
    let mut proxy = Proxy::builder(parsed.protocol())
        .host(parsed.host())
        .port(parsed.port());
    if let Some(user) = parsed.username() {
        proxy = proxy.username(user);
    }
    if let Some(password) = parsed.password() {
        proxy = proxy.password(password);
    }
    for host in except
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
    {
        // A domain stands for its hosts, too, as in curl and `requests`.
        proxy = proxy.no_proxy(host);
        if !host.starts_with(['.', '*']) {
            proxy = proxy.no_proxy(&format!(".{host}"));
        } else if let Some(domain) = host.strip_prefix('.') {
            proxy = proxy.no_proxy(domain);
        }
    }
    proxy.build().map_err(unusable)
}

fn certificates(file: &Path) -> Result<RootCerts, HubError> {
    let text = fs::read(file).map_err(HubError::io("read the certificates", file))?;
    let found = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(HubError::Setting {
            name: "SSL_CERT_FILE",
            reason: format!("`{}` holds no certificates in PEM form", file.display()),
        });
    }
    Ok(RootCerts::Specific(Arc::new(found)))
}
