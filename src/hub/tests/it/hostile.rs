//! A server that means harm.

use automl_hub::{HubError, Silent, Wanted};

use crate::support::{Client, TOKEN, assert_contents, model, repository, tree};
use automl_hub::testing::{COMMIT, Host, Reply, TestHub};

fn list(path: &str, extra: &str) -> String {
    let path = serde_json::to_string(path).unwrap();
    format!(r#"{{"sha": "{COMMIT}", "siblings": [{{"rfilename": {path}{extra}}}]}}"#)
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let server = TestHub::start(model());
    for path in [
        "../../../../evil",
        "/etc/evil",
        "a/../../evil",
        "a\\..\\evil",
        "evil\0",
        "C:evil",
        "nul",
        "a//evil",
        "evil/..",
    ] {
        let text = list(path, "");
        server.hook(move |_, reply| *reply = Reply::new(200, &[("ETag", "\"x\"")], text.clone()));
        let client = Client::new(&server);
        let error = client.all().unwrap_err();
        assert!(matches!(error, HubError::UnsafePath { .. }), "{path:?}: {error}");
        assert!(tree(client.home.path()).is_empty(), "{path:?}");
    }
}

#[test]
fn a_commit_or_etag_that_leads_out_is_refused() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    server.hook(|_, reply| *reply = Reply::new(200, &[], r#"{"sha": "../../evil", "siblings": []}"#));
    assert!(matches!(client.all(), Err(HubError::BadResponse { .. })));
    let text = list("config.json", "");
    server.hook(move |_, reply| *reply = Reply::new(200, &[("ETag", "\"../../../evil\"")], text.clone()));
    assert!(matches!(client.all(), Err(HubError::BadResponse { .. })));
    let text = list("config.json", r#", "size": 3, "blobId": "../../../evil""#);
    server.hook(move |_, reply| *reply = Reply::new(200, &[], text.clone()));
    assert!(matches!(client.all(), Err(HubError::BadResponse { .. })));
    assert!(!client.home.path().join("evil").exists() && !client.settings.cache.join("evil").exists());
}

#[test]
fn a_redirection_elsewhere_gets_no_token_and_no_trust() {
    let server = TestHub::start(model());
    let elsewhere = TestHub::start([]);
    // The other host serves a content of its own.
    elsewhere.hook(|_, reply| *reply = Reply::new(200, &[], vec![0; 300_000]));
    let target = format!("{}/stolen", elsewhere.endpoint);
    server.hook(move |request, reply| {
        if request.path.ends_with("model.safetensors") {
            *reply = Reply::new(302, &[("Location", &target)], "");
        }
    });
    let client = Client::logged_in(&server);
    let error = client.all().unwrap_err();
    assert!(matches!(error, HubError::Damaged { .. }), "{error}");
    assert!(!elsewhere.requests().is_empty());
    for request in elsewhere.requests() {
        assert_eq!(request.header("authorization"), None);
        assert!(!format!("{request:?}").contains(TOKEN));
    }
    assert!(!client.folder().join("refs").exists());
}

#[test]
fn redirections_in_circles_or_to_files_end() {
    let server = TestHub::start(model());
    server.hook(|request, reply| *reply = Reply::new(302, &[("Location", &request.path)], ""));
    assert!(matches!(Client::new(&server).all(), Err(HubError::BadResponse { .. })));
    server.hook(|_, reply| *reply = Reply::new(302, &[("Location", "file:///etc/passwd")], ""));
    assert!(matches!(
        Client::new(&server).all(),
        Err(HubError::UnsafeRedirect { .. })
    ));
}

#[test]
fn a_storage_host_cannot_send_more_or_other_ranges_than_asked_for() {
    let server = TestHub::start(model());
    server.hook(|request, reply| {
        if request.is_content() {
            reply.body = vec![0; 1_000_000];
            reply.headers.retain(|(name, _)| name != "Content-Range");
            reply
                .headers
                .push(("Content-Range".to_owned(), "bytes 0-999999/1000000".to_owned()));
        }
    });
    let client = Client::new(&server);
    assert!(matches!(client.all(), Err(HubError::BadResponse { .. })));
    server.hook(|request, reply| {
        if request.is_content() {
            *reply = Reply::new(200, &[], vec![0; 1_000_000]);
        }
    });
    assert!(matches!(client.all(), Err(HubError::BadResponse { .. })));
}

#[test]
fn a_file_from_another_commit_or_with_another_checksum_is_refused() {
    let server = TestHub::start(model());
    for (name, value) in [
        ("X-Repo-Commit", "f".repeat(40)),
        ("X-Linked-Etag", format!("\"{}\"", "f".repeat(64))),
    ] {
        server.hook(move |request, reply| {
            if request.host == Host::Hub && request.path.ends_with("model.safetensors") {
                reply.headers.retain(|(other, _)| other != name);
                reply.headers.push((name.to_owned(), value.clone()));
            }
        });
        let error = Client::new(&server).all().unwrap_err();
        assert!(matches!(error, HubError::BadResponse { .. }), "{error}");
    }
}

#[test]
fn a_chooser_cannot_lead_out_either() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let chooser = |_: &automl_hub::Listing| Ok(vec!["../../evil".to_owned()]);
    let error = client
        .hub()
        .snapshot(&repository(), Wanted::Chosen(&chooser), &Silent)
        .unwrap_err();
    assert!(matches!(error, HubError::UnsafePath { .. }), "{error}");
    client.all().unwrap();
    let error = client
        .offline()
        .snapshot(&repository(), Wanted::Chosen(&chooser), &Silent)
        .unwrap_err();
    assert!(matches!(error, HubError::PartlyCached { .. }), "{error}");
    assert_contents(&client.all().unwrap(), &model());
}
