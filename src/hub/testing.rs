//! A hub on this machine: one port answers as the hub does, another as its storage host. A test can change any reply.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "only tests call this, and a test may break off"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sha1::Digest;

/// The first commit of the one repository.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Which of the two ports was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The hub itself.
    Hub,
    /// The host of large files.
    Storage,
}

/// A request as it came in. Names of headers are in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    /// The port that was asked.
    pub host: Host,
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    headers: BTreeMap<String, String>,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// True for the content of a file on the storage host.
    pub fn is_content(&self) -> bool {
        self.host == Host::Storage
    }
}

/// A reply before it is sent. A hook may change it.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Names and values of headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Close the connection after so many bytes of the body.
    pub dies_after: Option<usize>,
    /// Send nothing more after so many bytes of the body, for a second.
    pub stalls_after: Option<usize>,
    /// Send so many bytes at a time, with a pause of a millisecond.
    pub crawls: Option<usize>,
}

impl Reply {
    /// A reply that is sent as a whole.
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            status,
            headers: headers.collect(),
            body: body.into(),
            ..Self::default()
        }
    }
}

type Hook = Box<dyn Fn(&Request, &mut Reply) + Send + Sync>;

/// A repository of a hub with several.
#[derive(Clone, Debug, Default)]
pub struct TestRepository {
    /// Its path: `models/org/name` or `datasets/org/name`.
    pub path: String,
    /// The revision that the files are at.
    pub revision: String,
    /// The metadata of its card.
    pub card: serde_json::Value,
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl TestRepository {
    /// A repository at the revision `main`.
    pub fn new<'a>(path: &str, files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        Self {
            path: path.to_owned(),
            revision: "main".to_owned(),
            card: serde_json::json!({"license": "apache-2.0"}),
            files: files
                .into_iter()
                .map(|(path, content)| (path.to_owned(), content))
                .collect(),
        }
    }
}

/// The repositories, by default the one `org/name` as a model and as a data set, at the revision `main`.
struct State {
    repositories: Vec<TestRepository>,
    commit: Mutex<String>,
    storage: String,
    hook: Mutex<Hook>,
    log: Mutex<Vec<Request>>,
    /// Connections to the storage host.
    connections: AtomicUsize,
}

/// A running hub.
pub struct TestHub {
    /// Its address, for `HF_ENDPOINT`.
    pub endpoint: String,
    state: Arc<State>,
}

impl TestHub {
    /// Starts a hub with files. Those that end in `.safetensors` or `.parquet` are large files: kept on the storage host.
    pub fn start<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let model = TestRepository::new("models/org/name", files);
        let data = TestRepository {
            path: "datasets/org/name".to_owned(),
            ..model.clone()
        };
        Self::of(vec![model, data])
    }

    /// Starts a hub with repositories. All those at `main` have the same commit.
    pub fn of(repositories: Vec<TestRepository>) -> Self {
        let hub = TcpListener::bind("127.0.0.1:0").unwrap();
        let storage = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new(State {
            repositories,
            commit: Mutex::new(COMMIT.to_owned()),
            // Another name for this machine, so that it is another host.
            storage: format!("http://localhost:{}", storage.local_addr().unwrap().port()),
            hook: Mutex::new(Box::new(|_, _| {})),
            log: Mutex::new(Vec::new()),
            connections: AtomicUsize::new(0),
        });
        let endpoint = format!("http://{}", hub.local_addr().unwrap());
        serve(hub, Host::Hub, &state);
        serve(storage, Host::Storage, &state);
        Self { endpoint, state }
    }

    /// Changes replies from now on.
    pub fn hook(&self, hook: impl Fn(&Request, &mut Reply) + Send + Sync + 'static) {
        *self.state.hook.lock().unwrap() = Box::new(hook);
    }

    /// Moves `main` to another commit with the same files.
    pub fn set_commit(&self, commit: &str) {
        commit.clone_into(&mut self.state.commit.lock().unwrap());
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.log.lock().unwrap().clone()
    }

    /// The number of connections that the storage host has seen.
    pub fn storage_connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Empties the list of requests.
    pub fn forget_requests(&self) {
        self.state.log.lock().unwrap().clear();
    }
}

fn serve(listener: TcpListener, host: Host, state: &Arc<State>) {
    let state = Arc::clone(state);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            state
                .connections
                .fetch_add(usize::from(host == Host::Storage), Ordering::SeqCst);
            thread::spawn(move || answer_all(&stream, host, &state));
        }
    });
}

/// Answers the requests of one connection.
fn answer_all(stream: &TcpStream, host: Host, state: &State) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let request = read_request(&mut reader, host)?;
        let mut reply = match host {
            Host::Hub => hub_reply(&request, state),
            Host::Storage => storage_reply(&request, state),
        };
        state.log.lock().unwrap().push(request.clone());
        (state.hook.lock().unwrap())(&request, &mut reply);
        send(stream, &reply, request.method == "HEAD")?;
    }
}

fn read_request(reader: &mut impl BufRead, host: Host) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    Some(Request {
        host,
        method,
        path,
        headers,
    })
}

fn hub_reply(request: &Request, state: &State) -> Reply {
    if let Some(path) = request.path.strip_prefix("/api/") {
        let asked = path.split_once("/revision/");
        let (repository, revision) = asked.unwrap_or((path, ""));
        let revision = revision.trim_end_matches("?blobs=true");
        let is_asked = |known: &&TestRepository| {
            known.revision.replace('/', "%2F") == revision || commit_of(known, state) == revision
        };
        let mut known = state.repositories.iter().filter(|known| known.path == repository);
        return match known.clone().find(is_asked) {
            Some(repository) => Reply::new(200, &[], description(repository, &commit_of(repository, state))),
            None if known.next().is_some() => Reply::new(404, &[("X-Error-Code", "RevisionNotFound")], ""),
            None => Reply::new(401, &[("X-Error-Code", "RepoNotFound")], ""),
        };
    }
    let (repository, rest) = request.path.split_once("/resolve/").unwrap_or_default();
    let (commit, path) = rest.split_once('/').unwrap_or_default();
    let repository = repository.trim_start_matches('/');
    let mut known = state.repositories.iter().enumerate();
    let file = known.find_map(|(index, known)| {
        let is_path = known.path == repository || known.path.strip_prefix("models/") == Some(repository);
        let is_asked = is_path && commit_of(known, state) == commit;
        let (path, content) = known.files.get_key_value(path).filter(|_| is_asked)?;
        Some((index, path, content))
    });
    let Some((index, path, content)) = file else {
        return Reply::new(404, &[("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", commit)], "");
    };
    if !is_large(path) {
        let etag = format!("\"{}\"", git_sha1(content));
        let reply = Reply::new(200, &[("ETag", &etag), ("X-Repo-Commit", commit)], content.clone());
        return ranged(request, reply);
    }
    let etag = format!("\"{}\"", sha256(content));
    let location = format!("{}/store/{index}/{path}?signature=ok", state.storage);
    let size = content.len().to_string();
    let headers = [
        ("Location", location.as_str()),
        ("X-Linked-Etag", &etag),
        ("X-Linked-Size", &size),
        ("X-Repo-Commit", commit),
    ];
    Reply::new(302, &headers, "Found. Redirecting.")
}

/// The commit of a repository: that of the hub, or one of its own beside `main`.
fn commit_of(repository: &TestRepository, state: &State) -> String {
    if repository.revision == "main" {
        state.commit.lock().unwrap().clone()
    } else {
        git_sha1(repository.revision.as_bytes())
    }
}

fn storage_reply(request: &Request, state: &State) -> Reply {
    let name = request
        .path
        .strip_prefix("/store/")
        .and_then(|path| path.strip_suffix("?signature=ok"));
    let (index, name) = name.and_then(|name| name.split_once('/')).unwrap_or_default();
    let repository = index
        .parse()
        .ok()
        .and_then(|index: usize| state.repositories.get(index));
    match repository.and_then(|repository| repository.files.get(name)) {
        Some(content) => ranged(request, Reply::new(200, &[("ETag", "\"of-storage\"")], content.clone())),
        None => Reply::new(403, &[], "<Error>AccessDenied</Error>"),
    }
}

/// Cuts a reply to the range that is asked for.
fn ranged(request: &Request, mut reply: Reply) -> Reply {
    let etag = reply
        .headers
        .iter()
        .find(|(name, _)| name == "ETag")
        .map(|(_, value)| value.clone());
    let is_current = request
        .header("if-range")
        .is_none_or(|asked| Some(asked) == etag.as_deref());
    let range = request
        .header("range")
        .and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    if let Some((start, end)) = range.filter(|_| is_current) {
        let size = reply.body.len();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        reply.body = reply.body[start..=end].to_vec();
        reply.status = 206;
        reply
            .headers
            .push(("Content-Range".to_owned(), format!("bytes {start}-{end}/{size}")));
    }
    reply
}

fn send(mut stream: &TcpStream, reply: &Reply, is_head: bool) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
    if !reply.headers.iter().any(|(name, _)| name == "Content-Length") {
        write!(head, "Content-Length: {}\r\n", reply.body.len()).unwrap();
    }
    for (name, value) in &reply.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    let body = if is_head { &[][..] } else { &reply.body };
    let end = reply
        .dies_after
        .or(reply.stalls_after)
        .map_or(body.len(), |end| end.min(body.len()));
    for piece in body[..end].chunks(reply.crawls.unwrap_or(usize::MAX).max(1)) {
        stream.write_all(piece).ok()?;
        if reply.crawls.is_some() {
            thread::sleep(Duration::from_millis(1));
        }
    }
    if reply.stalls_after.is_some() {
        // The client gives up or is killed long before; a read then ends at once.
        stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        let _ = stream.read(&mut [0]);
    }
    let is_cut = end < body.len();
    if is_cut {
        let _ = stream.shutdown(std::net::Shutdown::Both);
        return None;
    }
    Some(())
}

fn description(repository: &TestRepository, commit: &str) -> String {
    let siblings: Vec<serde_json::Value> = repository
        .files
        .iter()
        .map(|(path, content)| sibling(path, content))
        .collect();
    serde_json::json!({
        "id": repository.path.split_once('/').map(|(_, id)| id), "sha": commit, "private": false, "gated": false,
        "cardData": repository.card, "siblings": siblings,
    })
    .to_string()
}

fn sibling(path: &str, content: &[u8]) -> serde_json::Value {
    let size = content.len();
    if is_large(path) {
        let lfs = serde_json::json!({"sha256": sha256(content), "size": size, "pointerSize": 134});
        serde_json::json!({"rfilename": path, "size": size, "blobId": "0".repeat(40), "lfs": lfs})
    } else {
        serde_json::json!({"rfilename": path, "size": size, "blobId": git_sha1(content)})
    }
}

fn is_large(path: &str) -> bool {
    path.rsplit('.')
        .next()
        .is_some_and(|ending| ["safetensors", "parquet"].contains(&ending))
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    hex(&sha2::Sha256::digest(content))
}

/// The name that git gives to a content.
pub fn git_sha1(content: &[u8]) -> String {
    let mut hasher = sha1::Sha1::new();
    hasher.update(format!("blob {}\0", content.len()));
    hasher.update(content);
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}
