//! Several processes and threads at one cache, and a process that is killed.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use automl_hub::{Hub, Silent, Wanted};

use crate::support::{Client, Heard, assert_contents, model, noise, repository};
use automl_hub::testing::TestHub;

/// Set for a process that is to download.
const CHILD: &str = "AUTOML_HUB_TEST_CHILD";

/// Not a test of its own: the other tests start this program again to run it.
#[test]
#[expect(clippy::disallowed_methods, reason = "the tests tell their children what to do")]
fn child_process() {
    if std::env::var(CHILD).is_ok() {
        let snapshot = Hub::from_environment(false)
            .unwrap()
            .snapshot(&repository(), Wanted::All, &Silent)
            .unwrap();
        assert_eq!(snapshot.files.len(), model().len());
    }
}

fn start_child(client: &Client) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child_process"])
        .env_clear()
        .env(CHILD, "1")
        .env("HF_ENDPOINT", &client.settings.endpoint)
        .env("HF_HOME", client.home.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn two_processes_at_once_download_once() {
    let server = TestHub::start(model());
    // Slow enough for both to be at it at the same time.
    server.hook(|request, reply| reply.crawls = request.is_content().then_some(3_000));
    let client = Client::new(&server);
    let mut children = [start_child(&client), start_child(&client)];
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        server.requests().iter().filter(|request| request.is_content()).count(),
        1
    );
    assert_contents(&client.all().unwrap(), &model());
    assert_eq!(client.blobs().len(), model().len());
}

#[test]
fn two_threads_at_once_download_once_and_the_second_hears_of_it() {
    let server = TestHub::start(model());
    server.hook(|request, reply| reply.crawls = request.is_content().then_some(3_000));
    let client = Client::new(&server);
    let (first, second) = (Heard::default(), Heard::default());
    thread::scope(|scope| {
        for heard in [&first, &second] {
            scope.spawn(|| client.hub().snapshot(&repository(), Wanted::All, heard).unwrap());
        }
    });
    let total: u64 = model().iter().map(|(_, content)| content.len() as u64).sum();
    assert_eq!(
        first.bytes.load(Ordering::SeqCst) + second.bytes.load(Ordering::SeqCst),
        total
    );
    let awaited = "awaited model.safetensors";
    assert!(first.has(awaited) || second.has(awaited));
}

#[test]
fn a_killed_process_leaves_what_the_next_one_continues() {
    let mut files = model();
    files[2].1 = noise(6_000_000);
    let server = TestHub::start(files.clone());
    let is_stalled = Arc::new(AtomicBool::new(false));
    let stalled = Arc::clone(&is_stalled);
    server.hook(move |request, reply| {
        if request.is_content() {
            reply.stalls_after = Some(5_000_000);
            stalled.store(true, Ordering::SeqCst);
        }
    });
    let client = Client::new(&server);
    let mut child = start_child(&client);
    let journal = || {
        client
            .folder()
            .join("blobs")
            .read_dir()
            .ok()?
            .flatten()
            .find_map(|entry| {
                let is_journal = entry.file_name().to_string_lossy().ends_with(".parts.journal");
                is_journal.then(|| std::fs::read_to_string(entry.path()).ok())?
            })
    };
    // Two lines after the first: two stretches of 2 MiB are noted.
    while journal().is_none_or(|text| text.lines().count() < 3) {
        assert!(child.try_wait().unwrap().is_none(), "the process has ended by itself");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(is_stalled.load(Ordering::SeqCst));
    child.kill().unwrap();
    child.wait().unwrap();
    let snapshots = client.folder().join("snapshots");
    assert!(
        !snapshots
            .join(automl_hub::testing::COMMIT)
            .join("model.safetensors")
            .exists()
    );
    assert!(!client.folder().join("refs").exists());

    server.hook(|_, _| {});
    let snapshot = client.all().unwrap();
    assert_contents(&snapshot, &files);
    assert!(snapshot.bytes_downloaded < 2_000_000, "{}", snapshot.bytes_downloaded);
}
