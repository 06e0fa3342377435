//! The meaning of an HTTP status that is no success. The hub explains itself in the header `X-Error-Code`.

use std::time::Duration;

use ureq::http::HeaderMap;

use crate::HubError;
use crate::client::Purpose;
use crate::failure::Failure;
use crate::settings::Settings;

/// The longest text of a server in a message, in characters.
const LONGEST_MESSAGE: usize = 200;

/// An answer that is no success.
pub(crate) struct Refused<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) purpose: Purpose<'a>,
    pub(crate) host: String,
    /// False for a storage host.
    pub(crate) is_hub: bool,
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    /// The answer's text, perhaps cut off.
    pub(crate) text: &'a str,
}

/// The failure for an answer that is no success.
pub(crate) fn refusal(refused: &Refused<'_>) -> Failure {
    match refused.status {
        408 | 429 | 500..=599 => refused.temporary(),
        // A signed address of a storage host has expired, or the host has lost it: the hub knows a new one.
        _ if !refused.is_hub => Failure::transient(refused.fault()),
        _ => Failure::from(refused.permanent()),
    }
}

impl Refused<'_> {
    fn temporary(&self) -> Failure {
        let pause = self.pause();
        let error = if self.status == 429 {
            HubError::RateLimited {
                host: self.host.clone(),
                wait_seconds: pause.map(|pause| pause.as_secs()),
                logged_in: self.logged_in(),
            }
        } else {
            self.fault()
        };
        Failure {
            error,
            is_transient: true,
            pause,
        }
    }

    fn permanent(&self) -> HubError {
        let repository = self.purpose.repository;
        let endpoint = &self.settings.endpoint;
        let name = repository.to_string();
        let page = repository.page(endpoint);
        let message = self.message();
        match (self.header("X-Error-Code"), self.status) {
            (Some("GatedRepo"), _) => HubError::Gated {
                repository: name,
                url: page,
                logged_in: self.logged_in(),
            },
            (Some("RevisionNotFound"), _) => HubError::RevisionNotFound {
                repository: name,
                revision: repository.revision().to_owned(),
                url: repository.refs_page(endpoint),
            },
            (Some("EntryNotFound"), _) => self.no_file(name, page),
            (Some("RepoNotFound"), _) => self.no_repository(name, page),
            (_, 401) if self.is_about_the_token(&message) => self.bad_token(),
            (_, 404) if self.purpose.file.is_some() => self.no_file(name, page),
            (_, 401 | 404) => self.no_repository(name, page),
            (_, 403) => HubError::Forbidden {
                host: self.host.clone(),
                repository: name,
                reason: if message.is_empty() {
                    "it gives no reason".to_owned()
                } else {
                    message
                },
            },
            (_, status) => HubError::BadResponse {
                host: self.host.clone(),
                reason: format!("it answers with the status {status} {message}")
                    .trim_end()
                    .to_owned(),
            },
        }
    }

    /// A wrong token is refused even where none is needed. Without a token, `401` hides whether a repository exists.
    fn is_about_the_token(&self, message: &str) -> bool {
        self.logged_in() || message.contains("Invalid credentials")
    }

    fn bad_token(&self) -> HubError {
        let from = self
            .settings
            .token
            .as_ref()
            .map_or("the environment", |token| token.from());
        HubError::BadToken {
            host: self.host.clone(),
            from: from.to_owned(),
            url: format!("{}/settings/tokens", self.settings.endpoint),
        }
    }

    fn no_repository(&self, repository: String, url: String) -> HubError {
        HubError::NotFound {
            repository,
            url,
            logged_in: self.logged_in(),
        }
    }

    fn no_file(&self, repository: String, page: String) -> HubError {
        match self.purpose.file {
            Some((commit, path)) => HubError::FileNotFound {
                repository,
                path: path.to_owned(),
                commit: commit.to_owned(),
            },
            None => self.no_repository(repository, page),
        }
    }

    fn fault(&self) -> HubError {
        HubError::ServerFault {
            host: self.host.clone(),
            status: self.status,
            message: self.message(),
        }
    }

    fn logged_in(&self) -> bool {
        self.settings.token.is_some()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The message of the server: a header, the field `error` of a JSON text, or nothing. Never its HTML, nor the token.
    fn message(&self) -> String {
        let in_text = || {
            let value: serde_json::Value = serde_json::from_str(self.text).ok()?;
            Some(value["error"].as_str()?.to_owned())
        };
        let message = self
            .header("X-Error-Message")
            .map(str::to_owned)
            .or_else(in_text)
            .unwrap_or_default();
        let message = match &self.settings.token {
            Some(token) => token.hide_in(&message),
            None => message,
        };
        let printable = message
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character });
        let short: String = printable.take(LONGEST_MESSAGE).collect();
        short.trim().trim_end_matches('.').to_owned()
    }

    /// The pause of `Retry-After` in seconds, or of the hub's `RateLimit: "api";r=0;t=42`.
    fn pause(&self) -> Option<Duration> {
        let of_rate_limit = || {
            let fields = self.header("RateLimit")?.split(';');
            let mut values = fields.filter_map(|field| field.trim().split_once('='));
            let is_used_up = values.clone().any(|(name, value)| name == "r" && value == "0");
            let (_, seconds) = values.find(|(name, _)| *name == "t")?;
            is_used_up.then(|| seconds.parse().ok())?
        };
        let seconds = self.header("Retry-After").and_then(|value| value.trim().parse().ok());
        seconds.or_else(of_rate_limit).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::parse_model_id;
    use crate::token::Token;

    fn refuse(status: u16, headers: &[(&'static str, &str)], text: &str, token: Option<&str>) -> Failure {
        let mut settings = Settings::new("https://hub", "/cache");
        settings.token = token.and_then(|token| Token::new(token, "HF_TOKEN"));
        let model = parse_model_id("org/name@dev").unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let purpose = Purpose {
            repository: &model,
            file: None,
        };
        refusal(&Refused {
            settings: &settings,
            purpose,
            host: "hub".to_owned(),
            is_hub: true,
            status,
            headers: &map,
            text,
        })
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        let code = |code| [("X-Error-Code", code)];
        let messages = [
            refuse(401, &code("RepoNotFound"), "", None),
            refuse(404, &code("RepoNotFound"), "", Some("hf_secret")),
            refuse(401, &[], "", None),
            refuse(401, &[], "", Some("hf_secret")),
            refuse(404, &code("RevisionNotFound"), "", None),
            refuse(401, &code("GatedRepo"), "", None),
            refuse(403, &code("GatedRepo"), "", Some("hf_secret")),
            refuse(
                403,
                &[("X-Error-Message", "no scope for hf_secret.")],
                "",
                Some("hf_secret"),
            ),
            refuse(429, &[("Retry-After", "30")], "", None),
            refuse(503, &[], r#"{"error": "maintenance"}"#, None),
            refuse(418, &[], "<html>", None),
        ];
        let messages: Vec<String> = messages.iter().map(|failure| failure.error.to_string()).collect();
        insta::assert_snapshot!(messages.join("\n"));
    }

    #[test]
    fn a_pause_is_read_from_either_header() {
        let pause = |headers: &[(&'static str, &str)]| refuse(429, headers, "", None).pause;
        assert_eq!(pause(&[("Retry-After", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(
            pause(&[("RateLimit", "\"api\";r=0;t=42")]),
            Some(Duration::from_secs(42))
        );
        assert_eq!(pause(&[("RateLimit", "\"api\";r=3;t=42")]), None);
        assert_eq!(pause(&[("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")]), None);
    }
}
