//! Where the hub is, who asks, where the cache is, and how hard to try: read from the environment.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::HubError;
use crate::token::Token;

/// The public hub.
const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// `huggingface_hub`'s default for `HF_HUB_DOWNLOAD_TIMEOUT`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a hub is used. [`Settings::from_variables`] fills it as `huggingface_hub` would.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The hub's address without a slash at its end.
    pub endpoint: String,
    /// The access token.
    pub token: Option<Token>,
    /// The folder that holds `models--org--name`.
    pub cache: PathBuf,
    /// True if nothing may be asked from the network.
    pub offline: bool,
    /// A connection that is silent for this long is given up and made anew.
    pub timeout: Duration,
    /// The proxies.
    pub proxies: Proxies,
    /// A file of certificates (PEM) to trust instead of Mozilla's.
    pub certificates: Option<PathBuf>,
    /// False if files are copied into snapshots instead of linked.
    pub links: bool,
    /// The most connections at one time.
    pub connections: usize,
    /// The most files at one time.
    pub files_at_once: usize,
    /// Files larger than this many bytes are fetched in parts of this size, several at a time.
    pub part_size: u64,
    /// How often and when a failed request is repeated.
    pub retries: Retries,
}

/// How often and when a failed request is repeated. The pauses double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The number of attempts without progress, at least 1.
    pub attempts: u32,
    /// The pause after the first failure.
    pub first_pause: Duration,
    /// The longest pause, also if a server asks for more.
    pub longest_pause: Duration,
}

impl Default for Retries {
    /// Five attempts, as `huggingface_hub` makes; a rate limit's window of the hub is five minutes.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
        }
    }
}

/// The proxies by scheme, and the hosts that need none. Its `Debug` output hides user names and passwords.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For `http:` addresses.
    pub http: Option<String>,
    /// For `https:` addresses.
    pub https: Option<String>,
    /// Host names, `.domain`s or `*`, separated by commas.
    pub except: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |proxy: &Option<String>| proxy.as_deref().map(without_credentials);
        formatter
            .debug_struct("Proxies")
            .field("http", &shown(&self.http))
            .field("https", &shown(&self.https))
            .field("except", &self.except)
            .finish()
    }
}

/// An address without user name and password.
pub(crate) fn without_credentials(address: &str) -> String {
    let (scheme, rest) = address
        .split_once("://")
        .map_or(("", address), |(scheme, rest)| (scheme, rest));
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() {
        host.to_owned()
    } else {
        format!("{scheme}://{host}")
    }
}

impl Settings {
    /// Settings for a hub and a cache, without a token and proxies.
    pub fn new(endpoint: impl Into<String>, cache: impl Into<PathBuf>) -> Self {
        Self {
            endpoint: endpoint.into().trim_end_matches('/').to_owned(),
            token: None,
            cache: cache.into(),
            offline: false,
            timeout: DEFAULT_TIMEOUT,
            proxies: Proxies::default(),
            certificates: None,
            links: true,
            connections: 8,
            files_at_once: 4,
            part_size: 32 << 20,
            retries: Retries::default(),
        }
    }

    /// Settings from the environment's variables; see [`Settings::from_variables`].
    ///
    /// # Errors
    /// The same as for [`Settings::from_variables`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the one home of the variables that say how the hub is used"
    )]
    pub fn from_environment(offline: bool) -> Result<Self, HubError> {
        let variable = |name: &str| std::env::var(name).ok();
        Self::from_variables(offline, variable, std::env::home_dir())
    }

    /// Settings from the variables that `huggingface_hub` reads. `variable` looks one up; `home` is the home folder;
    /// `offline` is true if the user asked for it by other means.
    ///
    /// # Errors
    /// If a variable is unusable, or no folder for the cache is known.
    pub fn from_variables(
        offline: bool,
        variable: impl Fn(&str) -> Option<String>,
        home: Option<PathBuf>,
    ) -> Result<Self, HubError> {
        let environment = Environment {
            variable: &|name| variable(name).filter(|value| !value.trim().is_empty()),
            home,
        };
        let endpoint = environment
            .get("HF_ENDPOINT")
            .unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let mut settings = Self::new(endpoint.trim(), environment.cache().ok_or(HubError::NoCacheFolder)?);
        check_endpoint(&settings.endpoint)?;
        settings.token = environment.token()?;
        settings.offline = offline || environment.is_offline();
        settings.timeout = environment.timeout()?;
        settings.proxies = environment.proxies();
        settings.certificates = environment
            .first(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
            .map(PathBuf::from);
        settings.links = !environment.is_true("HF_HUB_DISABLE_SYMLINKS");
        Ok(settings)
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), HubError> {
    let host = endpoint
        .strip_prefix("https://")
        .or_else(|| endpoint.strip_prefix("http://"));
    let reason = match host {
        None | Some("") => "it must begin with https:// and a host",
        Some(host) if host.contains('@') => "it may not hold a user name or password",
        Some(host) if host.contains(['?', '#', ' ']) => "it may only hold a host and a path",
        Some(_) => return Ok(()),
    };
    Err(HubError::Setting {
        name: "HF_ENDPOINT",
        reason: reason.to_owned(),
    })
}

/// The variables and the home folder; an empty variable counts as unset.
struct Environment<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    home: Option<PathBuf>,
}

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The words that `huggingface_hub` takes for true.
    fn is_true(&self, name: &str) -> bool {
        let value = self.get(name).map(|value| value.to_ascii_uppercase());
        value.is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.as_str()))
    }

    fn is_offline(&self) -> bool {
        match self.get("HF_HUB_OFFLINE") {
            Some(_) => self.is_true("HF_HUB_OFFLINE"),
            None => self.is_true("TRANSFORMERS_OFFLINE"),
        }
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|path| self.expanded(&path))
    }

    /// The path with `~/` at its start replaced by the home folder.
    fn expanded(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => home.join(&rest[1..]),
            _ => PathBuf::from(path),
        }
    }

    /// `HF_HOME`, else `huggingface` in `XDG_CACHE_HOME` or in `.cache` of the home folder.
    fn hugging_face_home(&self) -> Option<PathBuf> {
        self.folder("HF_HOME").or_else(|| {
            let caches = self.folder("XDG_CACHE_HOME");
            let caches = caches.or_else(|| Some(self.home.as_ref()?.join(".cache")))?;
            Some(caches.join("huggingface"))
        })
    }

    fn cache(&self) -> Option<PathBuf> {
        self.folder("HF_HUB_CACHE")
            .or_else(|| self.folder("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(self.hugging_face_home()?.join("hub")))
    }

    /// `HF_TOKEN`, else the file at `HF_TOKEN_PATH`, else the file `token` in the home of Hugging Face.
    fn token(&self) -> Result<Option<Token>, HubError> {
        if self.is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            return Ok(None);
        }
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let Some(text) = self.get(name) {
                let token = Token::new(&text, name).ok_or_else(|| HubError::Setting {
                    name: "HF_TOKEN",
                    reason: "a token consists of letters, digits and signs without spaces".to_owned(),
                })?;
                return Ok(Some(token));
            }
        }
        let file = self.folder("HF_TOKEN_PATH");
        let file = file.or_else(|| Some(self.hugging_face_home()?.join("token")));
        Ok(file.and_then(|file| token_in(&file)))
    }

    fn timeout(&self) -> Result<Duration, HubError> {
        let Some(text) = self.get("HF_HUB_DOWNLOAD_TIMEOUT") else {
            return Ok(DEFAULT_TIMEOUT);
        };
        match text.trim().parse::<u32>() {
            Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(u64::from(seconds))),
            _ => Err(HubError::Setting {
                name: "HF_HUB_DOWNLOAD_TIMEOUT",
                reason: format!("`{text}` is not a whole number of seconds above 0"),
            }),
        }
    }

    /// Names in lower case win. `HTTP_PROXY` in upper case is ignored on a web server, where a request could set it
    /// (CVE-2016-5385).
    fn proxies(&self) -> Proxies {
        let all = || self.first(&["all_proxy", "ALL_PROXY"]);
        let http = self.get("http_proxy").or_else(|| {
            let is_server = self.get("REQUEST_METHOD").is_some();
            self.get("HTTP_PROXY").filter(|_| !is_server)
        });
        Proxies {
            http: http.or_else(all),
            https: self.first(&["https_proxy", "HTTPS_PROXY"]).or_else(all),
            except: self.first(&["no_proxy", "NO_PROXY"]),
        }
    }
}

/// The token in a file; `None` if there is no readable file or it holds none.
fn token_in(file: &Path) -> Option<Token> {
    Token::new(&fs::read_to_string(file).ok()?, file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, HubError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::from_variables(false, variable, Some(PathBuf::from("/home/me")))
    }

    #[test]
    fn the_caches_place_follows_the_variables_in_their_order() {
        let all = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"].map(|name| (name, "~/x"));
        let cache = |set: &[(&str, &str)]| settings(set).unwrap().cache.display().to_string();
        assert_eq!(cache(&all), "/home/me/x");
        assert_eq!(cache(&all[1..]), "/home/me/x");
        assert_eq!(cache(&all[2..]), "/home/me/x/hub");
        assert_eq!(cache(&all[3..]), "/home/me/x/huggingface/hub");
        assert_eq!(cache(&[]), "/home/me/.cache/huggingface/hub");
        let homeless = Settings::from_variables(false, |_| None, None);
        assert!(matches!(homeless, Err(HubError::NoCacheFolder)));
    }

    #[test]
    fn the_token_comes_from_a_variable_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "hf_in_home\n").unwrap();
        fs::write(folder.path().join("other"), "hf_in_file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let other = folder.path().join("other").display().to_string();
        let authorization = |set: &[(&str, &str)]| settings(set).unwrap().token.map(|token| token.authorization());
        let set = [
            ("HF_TOKEN", "hf_var"),
            ("HF_TOKEN_PATH", other.as_str()),
            ("HF_HOME", home),
        ];
        assert_eq!(authorization(&set).unwrap(), "Bearer hf_var");
        assert_eq!(authorization(&set[1..]).unwrap(), "Bearer hf_in_file");
        assert_eq!(authorization(&set[2..]).unwrap(), "Bearer hf_in_home");
        assert_eq!(authorization(&[("HF_HOME", "/nowhere")]), None);
        let disabled = [("HF_TOKEN", "hf_var"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")];
        assert_eq!(authorization(&disabled), None);
        assert!(settings(&[("HF_TOKEN", "two words")]).is_err());
    }

    #[test]
    fn offline_mode_is_read_as_huggingface_hub_reads_it() {
        let offline = |set: &[(&str, &str)]| settings(set).unwrap().offline;
        assert!(!offline(&[]));
        assert!(offline(&[("HF_HUB_OFFLINE", "yes")]));
        assert!(offline(&[("TRANSFORMERS_OFFLINE", "1")]));
        assert!(!offline(&[("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")]));
    }

    #[test]
    fn unusable_values_are_refused() {
        for value in [
            "huggingface.co",
            "ftp://x",
            "https://",
            "https://me:secret@hub",
            "https://hub/?x",
        ] {
            let message = settings(&[("HF_ENDPOINT", value)]).unwrap_err().to_string();
            assert!(
                message.contains("HF_ENDPOINT") && !message.contains("secret"),
                "{message}"
            );
        }
        assert_eq!(
            settings(&[("HF_ENDPOINT", "http://hub:8080/x/")]).unwrap().endpoint,
            "http://hub:8080/x"
        );
        assert_eq!(
            settings(&[("HF_HUB_DOWNLOAD_TIMEOUT", "7")]).unwrap().timeout.as_secs(),
            7
        );
        for value in ["0", "-1", "soon"] {
            assert!(settings(&[("HF_HUB_DOWNLOAD_TIMEOUT", value)]).is_err(), "{value}");
        }
    }

    #[test]
    fn neither_token_nor_proxy_password_is_shown() {
        let set = [
            ("HF_TOKEN", "hf_secret"),
            ("https_proxy", "http://me:pass@proxy:3128"),
            ("HTTP_PROXY", "p:80"),
        ];
        let shown = format!("{:?}", settings(&set).unwrap());
        assert!(!shown.contains("secret") && !shown.contains("pass"), "{shown}");
        assert!(
            shown.contains("http://proxy:3128") && shown.contains("\"p:80\""),
            "{shown}"
        );
    }
}
