//! What the tests share: a cache in a temporary folder, a listener, contents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use automl_hub::{
    Hub, HubError, Progress, Repository, Retries, Settings, Silent, Snapshot, Token, Wanted, parse_model_id,
};
use tempfile::TempDir;

use automl_hub::testing::TestHub;

/// The token of the tests; it must never be seen outside of the hub's own requests.
pub(crate) const TOKEN: &str = "hf_veryVerySecret";

/// Bytes without a pattern that a misplaced range could hide in.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A model of a few files; its weights have 300,000 bytes.
pub(crate) fn model() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{\"model_type\": \"bert\"}".to_vec()),
        ("tokenizer.json", b"{}".to_vec()),
        ("model.safetensors", noise(300_000)),
        ("pytorch_model.bin", b"never".to_vec()),
        ("1_Pooling/config.json", b"{\"pooling\": true}".to_vec()),
    ]
}

/// A cache in a temporary folder and a hub to fill it from.
pub(crate) struct Client {
    pub(crate) home: TempDir,
    pub(crate) settings: Settings,
}

impl Client {
    /// Small parts and short pauses: weights of 300,000 bytes come in several parts.
    pub(crate) fn new(server: &TestHub) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(&server.endpoint, home.path().join("hub"));
        settings.part_size = 64 << 10;
        settings.timeout = Duration::from_secs(3);
        settings.retries = Retries {
            attempts: 3,
            first_pause: Duration::from_millis(2),
            longest_pause: Duration::from_secs(2),
        };
        Self { home, settings }
    }

    /// With a token.
    pub(crate) fn logged_in(server: &TestHub) -> Self {
        let mut client = Self::new(server);
        client.settings.token = Token::new(TOKEN, "HF_TOKEN");
        client
    }

    pub(crate) fn hub(&self) -> Hub {
        Hub::new(self.settings.clone()).unwrap()
    }

    pub(crate) fn offline(&self) -> Hub {
        let mut settings = self.settings.clone();
        settings.offline = true;
        Hub::new(settings).unwrap()
    }

    /// All files of `org/name`.
    pub(crate) fn all(&self) -> Result<Snapshot, HubError> {
        self.hub().snapshot(&repository(), Wanted::All, &Silent)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.settings.cache.join("models--org--name")
    }

    /// The names in `blobs`, sorted.
    pub(crate) fn blobs(&self) -> Vec<String> {
        let entries = self.folder().join("blobs").read_dir().unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn repository() -> Repository {
    parse_model_id("org/name").unwrap()
}

/// Checks that the snapshot has exactly these contents.
pub(crate) fn assert_contents(snapshot: &Snapshot, files: &[(&str, Vec<u8>)]) {
    for (path, content) in files {
        let found = fs::read(snapshot.folder.join(path)).unwrap();
        assert!(found == *content, "`{path}` differs");
    }
    assert_eq!(snapshot.files.len(), files.len());
}

/// Every path below a folder, with the target of a link or the length of a file.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            if path.is_symlink() {
                found.insert(name, format!("-> {}", fs::read_link(&path).unwrap().display()));
            } else if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, format!("{} bytes", fs::metadata(&path).unwrap().len()));
            }
        }
    }
    found
}

/// Counts and keeps what it hears.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) events: Mutex<Vec<String>>,
    pub(crate) bytes: AtomicU64,
    pub(crate) retries: AtomicUsize,
    /// Stop after so many bytes; 0 for never.
    pub(crate) stop_after: u64,
}

impl Heard {
    pub(crate) fn has(&self, event: &str) -> bool {
        self.events.lock().unwrap().iter().any(|heard| heard == event)
    }

    fn note(&self, event: String) {
        self.events.lock().unwrap().push(event);
    }
}

impl Progress for Heard {
    fn file_started(&self, path: &str, size: Option<u64>, present: u64) {
        self.note(format!("started {path} {} {present}", size.unwrap_or_default()));
    }

    fn file_advanced(&self, _path: &str, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
    }

    fn file_restarted(&self, path: &str) {
        self.note(format!("restarted {path}"));
    }

    fn file_finished(&self, path: &str) {
        self.note(format!("finished {path}"));
    }

    fn file_awaited(&self, path: &str) {
        self.note(format!("awaited {path}"));
    }

    fn retrying(&self, _error: &HubError, _pause: Duration) {
        self.retries.fetch_add(1, Ordering::SeqCst);
    }

    fn should_stop(&self) -> bool {
        self.stop_after > 0 && self.bytes.load(Ordering::SeqCst) >= self.stop_after
    }
}
