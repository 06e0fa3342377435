//! A download that was cut off continues; it never trusts what has changed.

use std::fs;

use automl_hub::{HubError, Wanted};

use crate::support::{Client, Heard, assert_contents, model, noise, repository};
use automl_hub::testing::{Reply, TestHub, sha256};

/// Lets a download of the weights fail after a while, and returns the bytes that came.
fn cut_off(server: &TestHub, client: &Client) -> u64 {
    server.hook(|request, reply| {
        let start = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.split('-').next());
        let start: usize = start.map_or(0, |start| start.parse().unwrap());
        // Nothing behind the middle of the file arrives.
        reply.dies_after = request.is_content().then_some(150_000_usize.saturating_sub(start));
    });
    let heard = Heard::default();
    let error = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap_err();
    assert!(matches!(error, HubError::ConnectionLost { .. }), "{error}");
    server.hook(|_, _| {});
    server.forget_requests();
    heard.bytes.into_inner()
}

#[test]
fn only_the_missing_bytes_are_fetched() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let came = cut_off(&server, &client);
    assert!(!client.folder().join("refs").exists());
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    let total: u64 = model().iter().map(|(_, content)| content.len() as u64).sum();
    assert!(came >= 64 << 10, "{came}");
    // Other files may have been cut off before they began.
    assert_eq!(came + snapshot.bytes_downloaded, total);
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.header("if-range") == Some("\"of-storage\""))
    );
    assert!(
        client.blobs().iter().all(|name| !name.contains("parts")),
        "{:?}",
        client.blobs()
    );
}

#[test]
fn a_content_that_has_changed_on_the_storage_host_starts_again() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    cut_off(&server, &client);
    let content = noise(300_000);
    server.hook(move |request, reply| {
        if request.is_content() && request.header("if-range") == Some("\"of-storage\"") {
            *reply = Reply::new(200, &[("ETag", "\"another\"")], content.clone());
        }
    });
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    assert!(heard.has("restarted model.safetensors"));
}

#[test]
fn left_over_bytes_that_are_wrong_cost_a_new_start_only() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    cut_off(&server, &client);
    let content = client
        .folder()
        .join("blobs")
        .join(format!("{}.parts.incomplete", sha256(&noise(300_000))));
    let mut bytes = fs::read(&content).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&content, bytes).unwrap();
    assert_contents(&client.all().unwrap(), &model());
}

#[test]
fn a_download_of_an_older_huggingface_hub_is_continued() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let weights = noise(300_000);
    let blobs = client.folder().join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(
        blobs.join(format!("{}.incomplete", sha256(&weights))),
        &weights[..250_000],
    )
    .unwrap();
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    assert!(heard.has("started model.safetensors 300000 250000"));
    assert!(snapshot.bytes_downloaded < 51_000);
}
