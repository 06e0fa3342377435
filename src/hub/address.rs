//! Addresses of requests, and the rules for following a redirection.

use ureq::http::Uri;

use crate::HubError;

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    uri: Uri,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // A fragment is for the client alone.
        let text = text.split('#').next()?;
        let uri: Uri = text.parse().ok()?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        (is_web && has_host).then_some(Self { uri })
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host, with its port unless it is the scheme's.
    pub(crate) fn host(&self) -> String {
        let host = self.uri.host().unwrap_or_default().to_ascii_lowercase();
        match self.uri.port_u16() {
            Some(port) if port != self.default_port() => format!("{host}:{port}"),
            _ => host,
        }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    fn default_port(&self) -> u16 {
        if self.is_encrypted() { 443 } else { 80 }
    }

    /// True if scheme, host and port are the same. A token goes to its own origin only.
    pub(crate) fn has_origin_of(&self, other: &Self) -> bool {
        self.uri.scheme_str() == other.uri.scheme_str() && self.host() == other.host()
    }

    /// The target of the header `Location` in an answer from this address.
    ///
    /// # Errors
    /// If it is no web address, or leads from an encrypted to an open connection.
    pub(crate) fn redirected(&self, location: &str) -> Result<Self, HubError> {
        let refuse = |target: String, reason| HubError::UnsafeRedirect {
            host: self.host(),
            target,
            reason,
        };
        let target = Self::parse(&self.absolute(location));
        let target = target.ok_or_else(|| refuse("another place".to_owned(), "the address is not one of the web"))?;
        if self.is_encrypted() && !target.is_encrypted() {
            return Err(refuse(target.host(), "the connection would no longer be encrypted"));
        }
        Ok(target)
    }

    /// Resolves a reference (RFC 3986, §5.2), as far as servers use them.
    fn absolute(&self, location: &str) -> String {
        let scheme = self.uri.scheme_str().unwrap_or("https");
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let path = self.uri.path();
        let has_scheme = location
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|start| start.contains(':'));
        if has_scheme {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{location}")
        } else if location.starts_with('?') {
            format!("{scheme}://{authority}{path}{location}")
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{folder}/{location}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn redirections_are_resolved() {
        let from = address("https://hub/a/b?x=1");
        let target = |location| from.redirected(location).map(|target| target.uri().to_string());
        assert_eq!(target("https://cdn/y?sig=%2B#z").unwrap(), "https://cdn/y?sig=%2B");
        assert_eq!(target("//cdn/y").unwrap(), "https://cdn/y");
        assert_eq!(target("/y").unwrap(), "https://hub/y");
        assert_eq!(target("c").unwrap(), "https://hub/a/c");
        assert_eq!(target("?z").unwrap(), "https://hub/a/b?z");
    }

    #[test]
    fn unsafe_redirections_are_refused() {
        let from = address("https://hub/a");
        for location in [
            "http://hub/a",
            "file:///etc/passwd",
            "ftp://x/y",
            "javascript:1",
            "https://",
            "",
        ] {
            let result = from.redirected(location);
            assert!(location.is_empty() || result.is_err(), "{location}");
        }
        assert!(address("http://hub/a").redirected("http://cdn/a").is_ok());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let hub = address("https://Hub/a");
        assert!(address("https://hub:443/b").has_origin_of(&hub));
        for other in [
            "http://hub/",
            "https://hub:8443/",
            "https://hub.evil.com/",
            "https://cdn.hub/",
            "https://hub@evil/",
        ] {
            assert!(!address(other).has_origin_of(&hub), "{other}");
        }
    }
}
