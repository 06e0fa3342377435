//! What fails: each fault is survived, or told in words that help.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use automl_hub::{Hub, HubError, Silent, Wanted, parse_model_id};

use crate::support::{Client, Heard, TOKEN, assert_contents, model, noise, repository};
use automl_hub::testing::{Host, Reply, Request, TestHub};

/// A hook that changes only the first replies of a kind.
fn first(
    count: usize,
    is_meant: impl Fn(&Request) -> bool + Send + Sync + 'static,
    change: impl Fn(&mut Reply) + Send + Sync + 'static,
) -> impl Fn(&Request, &mut Reply) + Send + Sync + 'static {
    let seen = AtomicUsize::new(0);
    move |request, reply| {
        if is_meant(request) && seen.fetch_add(1, Ordering::SeqCst) < count {
            change(reply);
        }
    }
}

#[test]
fn a_passing_fault_is_survived() {
    for status in [429, 500, 502, 503] {
        let server = TestHub::start(model());
        server.hook(first(
            2,
            |request| request.path.starts_with("/api/"),
            move |reply| *reply = Reply::new(status, &[], ""),
        ));
        let client = Client::new(&server);
        let heard = Heard::default();
        let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
        assert_contents(&snapshot, &model());
        assert_eq!(heard.retries.into_inner(), 2, "{status}");
    }
}

#[test]
fn the_pause_that_a_server_asks_for_is_kept_or_refused_if_too_long() {
    let server = TestHub::start(model());
    server.hook(first(
        1,
        |_| true,
        |reply| *reply = Reply::new(429, &[("Retry-After", "1")], ""),
    ));
    let client = Client::new(&server);
    let start = std::time::Instant::now();
    client.all().unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));

    server.hook(|_, reply| *reply = Reply::new(429, &[("Retry-After", "3600")], ""));
    let error = Client::new(&server).all().unwrap_err();
    assert!(
        matches!(
            error,
            HubError::RateLimited {
                wait_seconds: Some(3600),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_connection_that_dies_half_way_is_continued() {
    let server = TestHub::start(model());
    // Each reply of the storage host breaks off after 20,000 bytes.
    server.hook(|request, reply| reply.dies_after = request.is_content().then_some(20_000));
    let client = Client::new(&server);
    let snapshot = client.all().unwrap();
    assert_contents(&snapshot, &model());
    let total: usize = model().iter().map(|(_, content)| content.len()).sum();
    assert_eq!(snapshot.bytes_downloaded, total as u64);
}

#[test]
fn a_connection_that_stalls_is_made_anew() {
    let server = TestHub::start(model());
    server.hook(first(1, Request::is_content, |reply| reply.stalls_after = Some(10_000)));
    let mut client = Client::new(&server);
    client.settings.timeout = Duration::from_millis(400);
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    assert_eq!(heard.retries.into_inner(), 1);
}

#[test]
fn a_slow_link_is_not_taken_for_a_stall() {
    let server = TestHub::start([("model.safetensors", noise(45_000))]);
    // 450 pieces with a pause each take longer than the timeout.
    server.hook(|request, reply| reply.crawls = request.is_content().then_some(100));
    let mut client = Client::new(&server);
    client.settings.timeout = Duration::from_millis(400);
    let heard = Heard::default();
    client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_eq!(heard.retries.into_inner(), 0);
}

#[test]
fn a_server_that_always_fails_is_given_up() {
    let server = TestHub::start(model());
    server.hook(|request, reply| reply.dies_after = request.is_content().then_some(0));
    let error = Client::new(&server).all().unwrap_err();
    assert!(matches!(error, HubError::ConnectionLost { .. }), "{error}");
    server.hook(|request, reply| {
        if request.is_content() {
            *reply = Reply::new(503, &[], "");
        }
    });
    let error = Client::new(&server).all().unwrap_err();
    assert!(matches!(error, HubError::ServerFault { status: 503, .. }), "{error}");
}

#[test]
fn a_damaged_content_is_fetched_again_and_never_shown() {
    let damage = |reply: &mut Reply| {
        if let Some(byte) = reply.body.first_mut() {
            *byte ^= 1;
        }
    };
    let server = TestHub::start(model());
    server.hook(first(1, Request::is_content, damage));
    let client = Client::new(&server);
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    assert!(heard.has("restarted model.safetensors"));

    for path in ["model.safetensors", "config.json"] {
        server.hook(move |request, reply| {
            if request.path.contains(path) && reply.status < 300 {
                damage(reply);
            }
        });
        let client = Client::new(&server);
        let error = client.all().unwrap_err();
        assert!(
            matches!(&error, HubError::Damaged { path: damaged, .. } if damaged.ends_with(path)),
            "{error}"
        );
        let snapshot = client.folder().join("snapshots").join(automl_hub::testing::COMMIT);
        assert!(!snapshot.join(path).exists());
        assert!(!client.folder().join("refs").exists());
    }
}

#[test]
fn a_server_without_ranges_is_read_from_the_start() {
    let server = TestHub::start(model());
    let content = noise(300_000);
    server.hook(move |request, reply| {
        if request.is_content() {
            *reply = Reply::new(200, &[("ETag", "\"of-storage\"")], content.clone());
        }
    });
    let client = Client::new(&server);
    assert_contents(&client.all().unwrap(), &model());
    assert_eq!(
        server.requests().iter().filter(|request| request.is_content()).count(),
        1
    );
}

#[test]
fn an_expired_address_is_asked_for_again() {
    let server = TestHub::start(model());
    let seen = AtomicUsize::new(0);
    server.hook(move |request, reply| {
        // The second and third content requests find the signature expired.
        if request.is_content() && (1..3).contains(&seen.fetch_add(1, Ordering::SeqCst)) {
            *reply = Reply::new(403, &[], "<Error>expired</Error>");
        }
    });
    assert_contents(&Client::new(&server).all().unwrap(), &model());
    let of_hub = |request: &&Request| request.host == Host::Hub && request.path.ends_with("model.safetensors");
    assert!(server.requests().iter().filter(of_hub).count() > 1);
}

#[test]
fn refusals_are_told_in_words_that_help() {
    let server = TestHub::start(model());
    let error = |reply: &'static (dyn Fn() -> Reply + Sync), logged_in: bool| {
        server.hook(move |_, sent| *sent = reply());
        let client = if logged_in {
            Client::logged_in(&server)
        } else {
            Client::new(&server)
        };
        client.all().unwrap_err()
    };
    let gated = error(&|| Reply::new(401, &[("X-Error-Code", "GatedRepo")], ""), false);
    assert!(matches!(gated, HubError::Gated { logged_in: false, .. }));
    assert!(
        gated
            .to_string()
            .contains(&format!("open {}/org/name, accept", server.endpoint)),
        "{gated}"
    );
    let private = error(&|| Reply::new(401, &[("X-Error-Code", "RepoNotFound")], ""), false);
    assert!(private.to_string().contains("did you mean to log in?"), "{private}");
    let bad_token = error(
        &|| Reply::new(401, &[("X-Error-Message", "Invalid credentials")], ""),
        true,
    );
    assert!(matches!(bad_token, HubError::BadToken { .. }), "{bad_token}");
    let forbidden = error(
        &|| Reply::new(403, &[("X-Error-Message", &format!("bad {TOKEN}"))], ""),
        true,
    );
    assert!(forbidden.to_string().contains("bad [token]"), "{forbidden}");
    let portal = error(&|| Reply::new(200, &[], "<html>Welcome to the hotel"), false);
    assert!(matches!(portal, HubError::BadResponse { .. }), "{portal}");
    for error in [gated, private, bad_token, forbidden, portal] {
        assert!(!format!("{error} {error:?}").contains(TOKEN));
    }
}

#[test]
fn an_unknown_revision_and_a_missing_file_are_named() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let unknown = parse_model_id("org/name@v9").unwrap();
    let error = client.hub().snapshot(&unknown, Wanted::All, &Silent).unwrap_err();
    assert!(matches!(error, HubError::RevisionNotFound { .. }), "{error}");
    server.hook(|request, reply| {
        if request.path.ends_with("tokenizer.json") {
            *reply = Reply::new(404, &[("X-Error-Code", "EntryNotFound")], "");
        }
    });
    let error = client.all().unwrap_err();
    assert!(
        matches!(&error, HubError::FileNotFound { path, .. } if path == "tokenizer.json"),
        "{error}"
    );
}

#[test]
fn nobody_at_the_address_is_told_with_its_name() {
    let server = TestHub::start([]);
    let mut client = Client::new(&server);
    // A port of the dynamic range that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    client.settings.endpoint = format!("http://127.0.0.1:{port}");
    let error = client.all().unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    // A server that does not encrypt.
    let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    client.settings.endpoint = format!("https://{}", open.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = open.accept()?;
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    });
    let error = client.all().unwrap_err();
    assert!(matches!(error, HubError::Tls { .. }), "{error:?}");
}

#[test]
fn unusable_certificates_and_proxies_are_refused_at_once() {
    let server = TestHub::start([]);
    let mut client = Client::new(&server);
    let file = client.home.path().join("certificates.pem");
    std::fs::write(&file, "nothing").unwrap();
    client.settings.certificates = Some(file);
    let error = Hub::new(client.settings.clone()).unwrap_err();
    assert!(
        matches!(
            error,
            HubError::Setting {
                name: "SSL_CERT_FILE",
                ..
            }
        ),
        "{error}"
    );
    client.settings.certificates = None;
    for proxy in ["socks5://me:pass@proxy", "http://me:pass@"] {
        client.settings.proxies.https = Some(proxy.to_owned());
        let error = Hub::new(client.settings.clone()).unwrap_err();
        assert!(
            matches!(
                error,
                HubError::Setting {
                    name: "https_proxy",
                    ..
                }
            ),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("pass"), "{error}");
    }
}

#[test]
fn a_proxy_that_refuses_is_named_without_its_password() {
    let server = TestHub::start([]);
    let mut client = Client::new(&server);
    let proxy = server.endpoint.replace("http://", "http://me:pass@");
    client.settings.endpoint = "https://hub.example".to_owned();
    client.settings.proxies.https = Some(proxy.clone());
    server.hook(|_, reply| *reply = Reply::new(407, &[], ""));
    let error = client.all().unwrap_err();
    let shown = format!("{error} {error:?} {:?}", client.hub());
    assert!(matches!(error, HubError::Proxy { .. }), "{error:?}");
    assert!(!shown.contains("pass@") && !shown.contains("\"pass\""), "{shown}");
    // Hosts that need no proxy are asked directly.
    let mut direct = Client::new(&TestHub::start(model()));
    direct.settings.proxies.http = Some(proxy);
    direct.settings.proxies.except = Some("example.org, 127.0.0.1,localhost".to_owned());
    assert!(direct.all().is_ok());
}

#[test]
fn a_disk_that_is_too_small_is_noticed_before_the_start() {
    let server = TestHub::start(model());
    server.hook(|request, reply| {
        if request.path.starts_with("/api/") {
            let text = String::from_utf8_lossy(&reply.body).replace("300000", "3000000000000000");
            reply.body = text.into_bytes();
        }
    });
    let client = Client::new(&server);
    let error = client.all().unwrap_err();
    assert!(
        matches!(error, HubError::DiskFull { needed, .. } if needed >= 3_000_000_000_000_000),
        "{error}"
    );
    assert!(server.requests().iter().all(|request| !request.is_content()));
}

#[test]
fn a_download_can_be_stopped_and_continued() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let heard = Heard {
        stop_after: 100_000,
        ..Heard::default()
    };
    let error = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap_err();
    assert!(matches!(error, HubError::Stopped), "{error}");
    let snapshot = client.all().unwrap();
    assert_contents(&snapshot, &model());
    assert!(snapshot.bytes_downloaded < 250_000, "{}", snapshot.bytes_downloaded);
}
