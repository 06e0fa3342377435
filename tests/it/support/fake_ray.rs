//! A server that behaves like the jobs API of Ray, and runs its jobs on this machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::Sandbox;

struct Job {
    child: Option<Child>,
    status: &'static str,
    log: PathBuf,
}

/// The server, which runs until the test ends.
pub(crate) struct FakeRay {
    pub(crate) address: String,
    jobs: Arc<Mutex<BTreeMap<String, Job>>>,
}

impl FakeRay {
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let jobs: Arc<Mutex<BTreeMap<String, Job>>> = Arc::default();
        let (shared, folder) = (Arc::clone(&jobs), sandbox.path("ray"));
        std::fs::create_dir_all(&folder).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (jobs, folder) = (Arc::clone(&shared), folder.clone());
                std::thread::spawn(move || serve(&stream, &jobs, &folder));
            }
        });
        Self { address, jobs }
    }

    /// The names and states of all jobs.
    pub(crate) fn states(&self) -> Vec<(String, &'static str)> {
        let mut jobs = self.jobs.lock().unwrap();
        jobs.iter_mut().map(|(name, job)| (name.clone(), look(job))).collect()
    }

    /// Kills all processes of a job.
    pub(crate) fn kill(&self, name: &str) {
        signal(&self.jobs.lock().unwrap()[name], "KILL");
    }
}

/// Sends a signal to all processes of a job.
fn signal(job: &Job, name: &str) {
    let line = format!("kill -{name} -- -{}", job.child.as_ref().unwrap().id());
    let _ = Command::new("bash").args(["-c", &line]).status();
}

/// The state of a job, after its process was looked at.
fn look(job: &mut Job) -> &'static str {
    if job.status == "RUNNING"
        && let Some(status) = job.child.as_mut().and_then(|child| child.try_wait().unwrap())
    {
        job.status = if status.success() { "SUCCEEDED" } else { "FAILED" };
    }
    job.status
}

fn serve(stream: &TcpStream, jobs: &Mutex<BTreeMap<String, Job>>, folder: &std::path::Path) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (status, answer) = answer(method, path, &body, &mut jobs.lock().unwrap(), folder);
        let mut stream = stream;
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(
    method: &str,
    path: &str,
    body: &[u8],
    jobs: &mut BTreeMap<String, Job>,
    folder: &std::path::Path,
) -> (u16, String) {
    let path = path.strip_prefix("/api/jobs/").unwrap_or("?");
    match (method, path.split_once('/')) {
        ("GET", None) if path.is_empty() => {
            let all = jobs.iter_mut().map(|(name, job)| {
                json!({"submission_id": name, "status": look(job), "message": "", "driver_node_id": "0123456789abcdef"})
            });
            (200, Json::Array(all.collect()).to_string())
        }
        ("POST", None) if path.is_empty() => {
            let request: Json = serde_json::from_slice(body).unwrap();
            let name = request["submission_id"].as_str().unwrap().to_owned();
            if jobs.contains_key(&name) {
                return (500, format!("Job with submission_id {name} already exists."));
            }
            let log = folder.join(format!("{name}.log"));
            let file = File::create(&log).unwrap();
            let child = Command::new("sh")
                .args(["-c", request["entrypoint"].as_str().unwrap()])
                .current_dir("/")
                .process_group(0)
                .stdin(Stdio::null())
                .stdout(file.try_clone().unwrap())
                .stderr(file)
                .spawn()
                .unwrap();
            let job = Job {
                child: Some(child),
                status: "RUNNING",
                log,
            };
            jobs.insert(name.clone(), job);
            (200, json!({"submission_id": name}).to_string())
        }
        ("POST", Some((name, "stop"))) => {
            let job = jobs.get_mut(name).unwrap();
            if look(job) == "RUNNING" {
                signal(job, "TERM");
                job.status = "STOPPED";
            }
            (200, json!({"stopped": true}).to_string())
        }
        ("GET", Some((name, "logs"))) => {
            let text = std::fs::read_to_string(&jobs[name].log).unwrap_or_default();
            (200, json!({"logs": text}).to_string())
        }
        _ => (404, "not found".to_owned()),
    }
}
