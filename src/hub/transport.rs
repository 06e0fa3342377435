//! The meaning of an error below HTTP: no network, a lost connection, an untrusted host, a proxy.

use std::io;
use std::time::Duration;

use ureq::{Error, Timeout};

use crate::HubError;
use crate::address::Address;
use crate::failure::Failure;

/// The failure for an error of the transport. `proxy` is the configured proxy without user and password.
pub(crate) fn fault(error: Error, at: &Address, proxy: Option<String>, patience: Duration) -> Failure {
    let host = at.host();
    let unreachable = |reason: String| {
        let host = host.clone();
        Failure::transient(HubError::Unreachable { host, reason })
    };
    let lost = |reason: String| {
        let host = host.clone();
        Failure::transient(HubError::ConnectionLost { host, reason })
    };
    match error {
        Error::HostNotFound if proxy.is_none() => unreachable("its name is unknown".to_owned()),
        Error::HostNotFound => unreachable("its name or that of the proxy is unknown".to_owned()),
        Error::ConnectionFailed => unreachable("nothing answers there".to_owned()),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            unreachable(format!("no answer within {} s", patience.as_secs_f64()))
        }
        Error::Timeout(_) => lost(format!("nothing came for {} s", patience.as_secs_f64())),
        Error::ConnectProxyFailed(reason) => Failure::from(HubError::Proxy {
            proxy: proxy.unwrap_or_else(|| "in between".to_owned()),
            host,
            reason: first_line(&reason),
        }),
        Error::InvalidProxyUrl => Failure::from(HubError::Proxy {
            proxy: proxy.unwrap_or_default(),
            host,
            reason: "its address is malformed".to_owned(),
        }),
        Error::Tls(reason) => untrusted(host, reason.to_owned()),
        Error::Rustls(error) => untrusted(host, error.to_string()),
        Error::Pem(error) => untrusted(host, error.to_string()),
        Error::Io(error) => of_io(error, at, proxy, patience),
        Error::BodyExceedsLimit(limit) => Failure::from(HubError::BadResponse {
            host,
            reason: format!("its answer is longer than {limit} bytes"),
        }),
        Error::Protocol(error) => lost(first_line(&error.to_string())),
        other => Failure::from(HubError::BadResponse {
            host,
            reason: first_line(&other.to_string()),
        }),
    }
}

fn of_io(error: io::Error, at: &Address, proxy: Option<String>, patience: Duration) -> Failure {
    let host = at.host();
    let kind = error.kind();
    // Errors of the library and of the encryption travel inside those of the system.
    let inner = match error.downcast::<Error>() {
        Ok(inner @ Error::Io(_)) => return lost_connection(host, &inner),
        Ok(inner) => return fault(inner, at, proxy, patience),
        Err(error) => error,
    };
    let encryption = inner.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(reason) = encryption {
        return untrusted(host, reason.to_string());
    }
    match kind {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => {
            let reason = match proxy {
                Some(proxy) => format!("{inner} (through the proxy {proxy})"),
                None => inner.to_string(),
            };
            Failure::transient(HubError::Unreachable { host, reason })
        }
        _ => lost_connection(host, &inner),
    }
}

fn lost_connection(host: String, error: &dyn std::fmt::Display) -> Failure {
    let reason = first_line(&error.to_string());
    Failure::transient(HubError::ConnectionLost { host, reason })
}

fn untrusted(host: String, reason: String) -> Failure {
    Failure::from(HubError::Tls { host, reason })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
