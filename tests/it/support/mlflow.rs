//! A stand-in for an `MLflow` server, which can be down, slow, or lose its answers. It removes no duplicates.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

/// The behaviour of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    /// It does what it is asked for.
    Good,
    /// It answers every request with this status.
    Status(u16),
    /// It answers after this time.
    Slow(Duration),
    /// Every seventh request is done, but its answer is lost; every eleventh fails.
    Flaky,
}

/// A run on the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) tags: std::collections::BTreeMap<String, String>,
    pub(crate) params: std::collections::BTreeMap<String, String>,
    pub(crate) points: Vec<(String, u64, i64, f64)>,
    pub(crate) status: String,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    requests: usize,
    runs: Vec<Run>,
    files: Vec<(String, Vec<u8>)>,
    models: Vec<Json>,
    versions: Vec<Json>,
    aliases: Vec<Json>,
}

/// The server, which runs until the test ends.
pub(crate) struct MlFlow {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

impl MlFlow {
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            mood,
            requests: 0,
            runs: Vec::new(),
            files: Vec::new(),
            models: Vec::new(),
            versions: Vec::new(),
            aliases: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        self.state.lock().unwrap().runs.clone()
    }

    /// Logged models, versions of registered models, and aliases.
    pub(crate) fn models(&self) -> [Vec<Json>; 3] {
        let state = self.state.lock().unwrap();
        [state.models.clone(), state.versions.clone(), state.aliases.clone()]
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.files.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The last file that was uploaded under this name.
    pub(crate) fn content(&self, name: &str) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        let (_, content) = state.files.iter().rfind(|(known, _)| known == name).unwrap();
        content.clone()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some((head, body)) = request(&mut reader) {
        let mut words = head.lines().next().unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut state = state.lock().unwrap();
        state.requests += 1;
        let (mood, number) = (state.mood, state.requests);
        let (status, answer) = match mood {
            // As careless servers do, it repeats what it was sent.
            Mood::Status(status) => (status, json!({"error_code": "NO", "message": head})),
            Mood::Flaky if number.is_multiple_of(11) => (500, json!({})),
            Mood::Good | Mood::Slow(_) | Mood::Flaky => answer(&mut state, (method, path), &body),
        };
        drop(state);
        if let Mood::Slow(time) = mood {
            std::thread::sleep(time);
        }
        if mood == Mood::Flaky && number.is_multiple_of(7) {
            return;
        }
        let text = answer.to_string();
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
        let mut stream = stream;
        if stream.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut impl std::io::BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(state: &mut State, (method, path): (&str, &str), body: &[u8]) -> (u16, Json) {
    if method == "PUT" {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        state.files.push((name, body.to_vec()));
        return (200, json!({}));
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body: Json = serde_json::from_slice(body).unwrap_or_default();
    let pairs = |key: &str| {
        let pairs = body[key].as_array().cloned().unwrap_or_default().into_iter();
        let text = |json: &Json| json.as_str().unwrap().to_owned();
        pairs
            .map(move |pair| (text(&pair["key"]), text(&pair["value"])))
            .collect::<Vec<_>>()
    };
    let parameter = |name: &str| {
        let mut parameters = query.split('&').filter_map(|pair| pair.split_once('='));
        parameters
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.replace("%2F", "/"))
    };
    let index = || {
        let id = body["run_id"]
            .as_str()
            .map(str::to_owned)
            .or_else(|| parameter("run_id"));
        id.and_then(|id| id.parse::<usize>().ok()).unwrap()
    };
    let info = |index: usize| json!({"run_id": index.to_string(), "artifact_uri": format!("mlflow-artifacts:/1/{index}/artifacts")});
    match path.trim_start_matches("/api/2.0/mlflow/") {
        "experiments/get-by-name" => (
            200,
            json!({"experiment": {"experiment_id": "1", "lifecycle_stage": "active"}}),
        ),
        "runs/search" => {
            let described = |(index, run): (usize, &Run)| {
                let tags: Vec<Json> = run
                    .tags
                    .iter()
                    .map(|(key, value)| json!({"key": key, "value": value}))
                    .collect();
                json!({"info": info(index), "data": {"tags": tags}})
            };
            let runs: Vec<Json> = state.runs.iter().enumerate().map(described).collect();
            (200, json!({"runs": runs}))
        }
        "runs/create" => {
            state.runs.push(Run {
                tags: pairs("tags").into_iter().collect(),
                status: "RUNNING".to_owned(),
                ..Run::default()
            });
            (200, json!({"run": {"info": info(state.runs.len() - 1)}}))
        }
        "runs/log-batch" => {
            let run = &mut state.runs[index()];
            run.tags.extend(pairs("tags"));
            run.params.extend(pairs("params"));
            for metric in body["metrics"].as_array().unwrap() {
                run.points.push((
                    metric["key"].as_str().unwrap().to_owned(),
                    metric["step"].as_u64().unwrap(),
                    metric["timestamp"].as_i64().unwrap(),
                    metric["value"].as_f64().unwrap(),
                ));
            }
            (200, json!({}))
        }
        "runs/log-inputs" => (200, json!({})),
        "runs/update" => {
            let run = &mut state.runs[index()];
            body["status"].as_str().unwrap().clone_into(&mut run.status);
            (200, json!({}))
        }
        "metrics/get-history" => {
            let wanted = parameter("metric_key");
            let points = state.runs[index()]
                .points
                .iter()
                .filter(|point| Some(&point.0) == wanted.as_ref());
            let points: Vec<Json> = points
                .map(|point| json!({"key": point.0, "step": point.1.to_string(), "timestamp": point.2, "value": point.3}))
                .collect();
            (200, json!({"metrics": points}))
        }
        models => answer_models(state, (method, models), body),
    }
}

/// Answers about logged models, registered models and their aliases.
fn answer_models(state: &mut State, (method, path): (&str, &str), body: Json) -> (u16, Json) {
    match path {
        "logged-models/search" => {
            let models: Vec<Json> = state.models.iter().map(|info| json!({"info": info})).collect();
            (200, json!({"models": models}))
        }
        "logged-models" => {
            let id = format!("m-{}", state.models.len());
            let mut info = body.clone();
            info["artifact_uri"] = json!(format!("mlflow-artifacts:/1/models/{id}/artifacts"));
            info["model_id"] = json!(id);
            info["status"] = json!("LOGGED_MODEL_PENDING");
            state.models.push(info.clone());
            (200, json!({"model": {"info": info}}))
        }
        "runs/outputs" | "registered-models/create" => (200, json!({})),
        "model-versions/search" => (200, json!({"model_versions": state.versions})),
        "model-versions/create" => {
            let mut version = body.clone();
            version["version"] = json!((state.versions.len() + 1).to_string());
            state.versions.push(version.clone());
            (200, json!({"model_version": version}))
        }
        "registered-models/alias" => {
            state.aliases.push(body);
            (200, json!({}))
        }
        model if method == "PATCH" && model.starts_with("logged-models/") => {
            let id = model.trim_start_matches("logged-models/").to_owned();
            let mut models = state.models.iter_mut();
            models.find(|info| info["model_id"] == id.as_str()).unwrap()["status"] = body["status"].clone();
            (200, json!({}))
        }
        _ => (404, json!({"error_code": "ENDPOINT_NOT_FOUND", "message": path})),
    }
}
