//! Without a network: the cache must do, or the message must say what is missing.

use std::fs;

use automl_hub::{HubError, Pattern, Silent, Wanted, choose_model_files};

use crate::support::{Client, assert_contents, model, repository};
use automl_hub::testing::{Reply, TestHub};

#[test]
fn what_was_downloaded_is_found_offline() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let online = client.all().unwrap();
    server.forget_requests();
    let offline = client.offline().snapshot(&repository(), Wanted::All, &Silent).unwrap();
    assert_contents(&offline, &model());
    assert_eq!(
        (offline.folder, offline.commit, offline.licence),
        (online.folder, online.commit, online.licence)
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_hub_that_fails_is_replaced_by_the_cache_with_a_note() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    client.all().unwrap();
    for status in [401, 403, 404, 429, 500] {
        server.hook(move |_, reply| *reply = Reply::new(status, &[], ""));
        let snapshot = client.all().unwrap();
        assert_contents(&snapshot, &model());
        assert!(snapshot.not_refreshed.is_some(), "{status}");
    }
    // The hub knows better than the cache.
    server.hook(|_, reply| *reply = Reply::new(404, &[("X-Error-Code", "RevisionNotFound")], ""));
    assert!(matches!(client.all(), Err(HubError::RevisionNotFound { .. })));
}

#[test]
fn what_is_not_cached_is_said_offline() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let error = client
        .offline()
        .snapshot(&repository(), Wanted::All, &Silent)
        .unwrap_err();
    let message = error.to_string().replace(client.home.path().to_str().unwrap(), "HOME");
    assert_eq!(
        message,
        "model `org/name` is not in the cache `HOME/hub/models--org--name` at the revision `main`, and nothing is \
         downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once"
    );
    let only = [Pattern::new("config.json")];
    client
        .hub()
        .snapshot(&repository(), Wanted::Matching(&only), &Silent)
        .unwrap();
    // The whole list is known, so that the choice is the same as online.
    let error = client
        .offline()
        .snapshot(&repository(), Wanted::Chosen(&choose_model_files), &Silent)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`tokenizer.json`, `model.safetensors` are missing"),
        "{error}"
    );
}

#[test]
fn a_cache_without_lists_is_understood() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let patterns = [Pattern::new("config.json"), Pattern::new("generation_config.json")];
    client
        .hub()
        .snapshot(&repository(), Wanted::Matching(&patterns), &Silent)
        .unwrap();
    // Older versions of `huggingface_hub` leave no lists.
    fs::remove_dir_all(client.folder().join("trees")).unwrap();
    let hub = client.offline();
    assert_eq!(
        hub.snapshot(&repository(), Wanted::Matching(&patterns), &Silent)
            .unwrap()
            .files,
        ["config.json"]
    );
    let unknown = [Pattern::new("config.json"), Pattern::new("vocab.txt")];
    let error = hub
        .snapshot(&repository(), Wanted::Matching(&unknown), &Silent)
        .unwrap_err();
    assert!(error.to_string().contains("`vocab.txt` is missing"), "{error}");
    let error = hub
        .snapshot(&repository(), Wanted::Chosen(&choose_model_files), &Silent)
        .unwrap_err();
    assert!(matches!(error, HubError::PartlyCached { .. }), "{error}");
}

#[test]
fn a_failed_update_leaves_the_commit_before() {
    let mut files = model();
    let server = TestHub::start(files.clone());
    let client = Client::new(&server);
    let before = client.all().unwrap();
    files[2].1[0] ^= 1;
    let newer = TestHub::start(files);
    newer.set_commit(&"f".repeat(40));
    newer.hook(|request, reply| reply.dies_after = request.is_content().then_some(0));
    let mut later = Client::new(&newer);
    later.settings.cache.clone_from(&client.settings.cache);
    assert!(later.all().is_err());
    let offline = later.offline().snapshot(&repository(), Wanted::All, &Silent).unwrap();
    assert_eq!(offline.commit, before.commit);
    assert_contents(&offline, &model());
}

#[cfg(unix)]
#[test]
fn a_blob_that_was_removed_is_missed_offline_and_fetched_online() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    client.all().unwrap();
    for name in client.blobs() {
        fs::remove_file(client.folder().join("blobs").join(name)).unwrap();
    }
    let error = client
        .offline()
        .snapshot(&repository(), Wanted::All, &Silent)
        .unwrap_err();
    assert!(matches!(error, HubError::PartlyCached { .. }), "{error}");
    assert_contents(&client.all().unwrap(), &model());
}
