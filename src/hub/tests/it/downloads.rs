//! What works: the wanted files arrive, once.

use automl_hub::{Kind, Pattern, Repository, Silent, Wanted, choose_model_files};

use crate::support::{Client, Heard, TOKEN, assert_contents, model, noise, repository};
use automl_hub::testing::{COMMIT, Host, TestHub};

#[test]
fn all_files_arrive_and_are_not_fetched_again() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let heard = Heard::default();
    let snapshot = client.hub().snapshot(&repository(), Wanted::All, &heard).unwrap();
    assert_contents(&snapshot, &model());
    assert_eq!(
        (snapshot.commit.as_str(), snapshot.licence.as_deref()),
        (COMMIT, Some("apache-2.0"))
    );
    let total: u64 = model().iter().map(|(_, content)| content.len() as u64).sum();
    assert_eq!(snapshot.bytes_downloaded, total);
    assert_eq!(heard.bytes.into_inner(), total);
    let mut events = heard.events.into_inner().unwrap();
    events.sort();
    assert!(
        events.contains(&"started model.safetensors 300000 0".to_owned()),
        "{events:?}"
    );
    assert_eq!(events.iter().filter(|event| event.starts_with("finished")).count(), 5);

    server.forget_requests();
    let again = client.all().unwrap();
    assert_eq!(again.bytes_downloaded, 0);
    assert!(again.not_refreshed.is_none());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_large_file_comes_in_parts_straight_from_the_storage_host() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    client.all().unwrap();
    let requests = server.requests();
    let parts = requests.iter().filter(|request| request.is_content()).count();
    // The first part and four more of 64 KiB at most.
    assert_eq!(parts, 5);
    let asked = requests
        .iter()
        .filter(|request| request.path.ends_with("model.safetensors") && request.host == Host::Hub);
    assert_eq!(asked.count(), 1);
}

#[test]
fn connections_are_bounded_and_used_again() {
    let server = TestHub::start(model());
    let mut client = Client::new(&server);
    client.settings.connections = 1;
    client.all().unwrap();
    assert_eq!(server.storage_connections(), 1);

    let client = Client::new(&server);
    client.all().unwrap();
    assert!(server.storage_connections() <= 1 + client.settings.connections);
}

#[test]
fn the_token_goes_to_the_hub_only() {
    let server = TestHub::start(model());
    Client::logged_in(&server).all().unwrap();
    let expected = format!("Bearer {TOKEN}");
    for request in server.requests() {
        let expected = (request.host == Host::Hub).then_some(expected.as_str());
        assert_eq!(request.header("authorization"), expected, "{request:?}");
    }
}

#[test]
fn the_token_stays_with_the_hub_when_it_redirects_its_own_api() {
    let server = TestHub::start(model());
    server.hook(|request, reply| {
        if request.path.starts_with("/api/models/name/") {
            reply.status = 307;
            reply.headers = vec![(
                "Location".into(),
                "/api/models/org/name/revision/main?blobs=true".into(),
            )];
        } else if request.path.starts_with("/name/resolve/") {
            reply.status = 307;
            reply.headers = vec![("Location".into(), format!("/org{}", request.path))];
        }
    });
    let client = Client::logged_in(&server);
    let old_name = automl_hub::parse_model_id("name").unwrap();
    let snapshot = client.hub().snapshot(&old_name, Wanted::All, &Silent).unwrap();
    assert_contents(&snapshot, &model());
    let with_token = server
        .requests()
        .iter()
        .filter(|request| request.header("authorization").is_some())
        .count();
    assert_eq!(
        with_token,
        server
            .requests()
            .iter()
            .filter(|request| request.host == Host::Hub)
            .count()
    );
}

#[test]
fn only_what_a_model_needs_is_downloaded() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let snapshot = client
        .hub()
        .snapshot(&repository(), Wanted::Chosen(&choose_model_files), &Silent)
        .unwrap();
    assert_eq!(snapshot.files, ["config.json", "tokenizer.json", "model.safetensors"]);
    assert!(!snapshot.folder.join("pytorch_model.bin").exists());
}

#[test]
fn patterns_choose_files_and_absent_ones_are_noted() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    let patterns = [Pattern::new("*.json"), Pattern::new("generation_config.json")];
    let snapshot = client
        .hub()
        .snapshot(&repository(), Wanted::Matching(&patterns), &Silent)
        .unwrap();
    assert_eq!(
        snapshot.files,
        ["1_Pooling/config.json", "config.json", "tokenizer.json"]
    );
    let marker = client
        .folder()
        .join(".no_exist")
        .join(COMMIT)
        .join("generation_config.json");
    assert_eq!(std::fs::read(marker).unwrap(), b"");
}

#[test]
fn a_commit_that_is_known_needs_no_network() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    client.all().unwrap();
    server.forget_requests();
    let pinned = automl_hub::parse_model_id(&format!("org/name@{COMMIT}")).unwrap();
    client.hub().snapshot(&pinned, Wanted::All, &Silent).unwrap();
    assert!(server.requests().is_empty());
}

#[test]
fn a_new_commit_fetches_only_what_is_new() {
    let server = TestHub::start(model());
    let client = Client::new(&server);
    client.all().unwrap();
    let other = "f".repeat(40);
    server.set_commit(&other);
    let snapshot = client.all().unwrap();
    assert_eq!(
        (snapshot.commit.as_str(), snapshot.bytes_downloaded),
        (other.as_str(), 0)
    );
    assert_contents(&snapshot, &model());
    assert_eq!(
        std::fs::read_to_string(client.folder().join("refs/main")).unwrap(),
        other
    );
}

#[test]
fn tables_of_a_data_set_arrive() {
    let rows = noise(1_000);
    let server = TestHub::start([
        ("data/train-00000-of-00001.parquet", rows.clone()),
        ("README.md", b"#".to_vec()),
    ]);
    let client = Client::new(&server);
    let data = Repository::parse(Kind::Dataset, "org/name").unwrap();
    let (tables, snapshot) = client.hub().tables(&data, None, "train", &Silent).unwrap();
    assert_eq!((tables.config.as_str(), tables.split.as_str()), ("default", "train"));
    assert_eq!(std::fs::read(snapshot.folder.join(&tables.paths[0])).unwrap(), rows);
    assert!(client.settings.cache.join("datasets--org--name/refs/main").is_file());
    let error = client
        .hub()
        .tables(&data, None, "test", &Silent)
        .unwrap_err()
        .to_string();
    let expected =
        "data set `org/name`: its configuration `default` has no split `test`; it has `default` (splits `train`)";
    assert_eq!(error, expected);
}

#[test]
fn the_hubs_conversion_is_taken_if_there_are_no_tables() {
    let server = TestHub::start([("default/train/0000.parquet", noise(100)), ("name.py", b"1".to_vec())]);
    server.hook(|request, reply| {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        if request.path.contains("/revision/main?") {
            reply.body = text.replace("parquet", "json").into_bytes();
        } else if request.path.contains("/revision/refs%2Fconvert%2Fparquet?") {
            let sibling = r#"{"rfilename": "default/train/0000.parquet"}"#;
            reply.status = 200;
            reply.headers.clear();
            reply.body = format!(r#"{{"sha": "{COMMIT}", "siblings": [{sibling}]}}"#).into_bytes();
        }
    });
    let client = Client::new(&server);
    let data = Repository::parse(Kind::Dataset, "org/name").unwrap();
    let (tables, snapshot) = client.hub().tables(&data, None, "train", &Silent).unwrap();
    assert_eq!(tables.paths, ["default/train/0000.parquet"]);
    // The list told neither size nor checksum: both came from the file's own headers.
    assert_eq!(
        std::fs::read(snapshot.folder.join(&tables.paths[0])).unwrap(),
        noise(100)
    );
    assert!(
        client
            .settings
            .cache
            .join("datasets--org--name/refs/refs/convert/parquet")
            .is_file()
    );
    let (offline, _) = client.offline().tables(&data, None, "train", &Silent).unwrap();
    assert_eq!(offline, tables);
}

#[test]
fn a_data_set_without_tables_is_told_as_such() {
    let server = TestHub::start([("train.zip", b"a".to_vec())]);
    let data = Repository::parse(Kind::Dataset, "org/name").unwrap();
    let error = Client::new(&server)
        .hub()
        .tables(&data, None, "train", &Silent)
        .unwrap_err();
    assert!(error.to_string().contains("it has no data files"), "{error}");
    let asked = server
        .requests()
        .iter()
        .any(|request| request.path.contains("refs%2Fconvert%2Fparquet"));
    assert!(asked);
}

#[test]
fn files_are_copied_where_links_are_unwanted() {
    let server = TestHub::start(model());
    let mut client = Client::new(&server);
    client.settings.links = false;
    let snapshot = client.all().unwrap();
    assert_contents(&snapshot, &model());
    assert!(!snapshot.folder.join("config.json").is_symlink());
}

#[test]
fn an_empty_file_and_two_files_with_one_content_arrive() {
    let files = [
        ("empty.txt", Vec::new()),
        ("a.safetensors", noise(200_000)),
        ("b/a.safetensors", noise(200_000)),
    ];
    let server = TestHub::start(files.clone());
    let client = Client::new(&server);
    let snapshot = client.all().unwrap();
    assert_contents(&snapshot, &files);
    assert_eq!(snapshot.bytes_downloaded, 200_000);
}
