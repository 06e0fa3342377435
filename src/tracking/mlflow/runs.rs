//! The runs of a study on the server: found, created, and filled, each thing once.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::client::{Client, Failed, encoded};
use super::news::{Metric, News, State, pairs};
use crate::tracking::TrackerError;
use crate::tracking::facts::digest;

/// The server takes at most this many values in a request (`mlflow/utils/validation.py`): 1,000 of all kinds.
const MOST_METRICS: usize = 800;
const MOST_PARAMS: usize = 100;
const MOST_TAGS: usize = 100;

/// Runs in a page of results.
const PAGE: usize = 1_000;

/// Points in a page of a history.
const HISTORY_PAGE: usize = 5_000;

/// A run of the study: `study`, or the number of a trial.
pub(super) type Key = String;

/// A run on the server.
#[derive(Clone, Debug)]
struct Run {
    id: String,
    artifacts: String,
    /// `true` if it may have points that are sent again: it was there before, or an answer was lost.
    is_uncertain: bool,
}

/// The runs of one study on a server.
pub(super) struct Runs {
    pub(super) client: Client,
    pub(super) experiment: String,
    study: String,
    /// The runs by their trial; `None` if they must be asked for.
    known: Option<BTreeMap<Key, Run>>,
    /// Digests of the uploaded files by path, so that an upload that is tried again continues.
    uploaded: BTreeMap<String, String>,
    /// The first thing that the server refused, while it took others.
    pub(super) left_out: Option<TrackerError>,
}

impl Runs {
    /// The runs of a study in an experiment, which is created if there is none.
    pub(super) fn find(client: Client, experiment: &Experiment, study: &str) -> Result<Self, TrackerError> {
        let experiment = experiment.id(&client)?;
        let mut runs = Self {
            client,
            experiment,
            study: study.to_owned(),
            known: None,
            uploaded: BTreeMap::new(),
            left_out: None,
        };
        runs.known()?;
        Ok(runs)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.known.as_ref().is_some_and(|known| known.contains_key(key))
    }

    /// The id of a run, if the server had it when the runs were found.
    pub(super) fn id_of(&self, key: &str) -> Option<String> {
        Some(self.known.as_ref()?.get(key)?.id.clone())
    }

    fn known(&mut self) -> Result<&mut BTreeMap<Key, Run>, TrackerError> {
        let known = match self.known.take() {
            Some(known) => known,
            None => self.search()?,
        };
        Ok(self.known.insert(known))
    }

    fn search(&self) -> Result<BTreeMap<Key, Run>, TrackerError> {
        let mut found = BTreeMap::new();
        let mut token = String::new();
        loop {
            let page = self.client.post(
                "runs/search",
                &json!({
                    "experiment_ids": [self.experiment],
                    "filter": format!("tags.`automl.study` = '{}'", self.study),
                    "max_results": PAGE,
                    "page_token": token,
                }),
            )?;
            for run in page["runs"].as_array().into_iter().flatten() {
                let mut tags = run["data"]["tags"].as_array().into_iter().flatten();
                let trial = tags.find(|tag| tag["key"] == "automl.trial");
                if let Some(key) = trial.and_then(|tag| tag["value"].as_str()) {
                    found.insert(key.to_owned(), described(&run["info"], true));
                }
            }
            match page["next_page_token"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => return Ok(found),
            }
        }
    }

    /// Sends the news of a run. What was sent is taken out of them.
    pub(super) fn send(&mut self, key: &str, news: &mut News) -> Result<(), TrackerError> {
        let mut run = self.run(key, news)?;
        let sent = self.fill(&mut run, news);
        if let Some(known) = self.known.as_mut() {
            known.insert(key.to_owned(), run);
        }
        sent
    }

    /// The run, which is created if the server does not have it.
    fn run(&mut self, key: &str, news: &mut News) -> Result<Run, TrackerError> {
        let parent = self.known()?.get("study").map(|parent| parent.id.clone());
        if let Some(run) = self.known()?.get(key) {
            return Ok(run.clone());
        }
        if let Some(parent) = parent {
            news.tag("mlflow.parentRunId", parent);
        }
        let (name, start) = news.begin.clone().unwrap_or_default();
        let tags: Vec<(String, String)> = news.tags.clone().into_iter().take(MOST_TAGS).collect();
        let body = json!({
            "experiment_id": self.experiment,
            "start_time": start,
            "run_name": name,
            "tags": pairs(tags.iter().map(|(key, value)| (key, value))),
        });
        match self.client.post("runs/create", &body) {
            Ok(answer) => {
                news.tags.clear();
                let run = described(&answer["run"]["info"], false);
                self.known()?.insert(key.to_owned(), run.clone());
                Ok(run)
            }
            Err(failed) => {
                if failed.is_uncertain {
                    // It may be there now, and a second one must not be made.
                    self.known = None;
                }
                Err(failed.into())
            }
        }
    }

    fn fill(&mut self, run: &mut Run, news: &mut News) -> Result<(), TrackerError> {
        if run.is_uncertain && !news.metrics.is_empty() {
            self.drop_known(run, &mut news.metrics)?;
            run.is_uncertain = false;
        }
        while !(news.metrics.is_empty() && news.params.is_empty() && news.tags.is_empty()) {
            let metrics = news.metrics.len().min(MOST_METRICS);
            let params = news.params.len().min(MOST_PARAMS);
            let tags: Vec<(String, String)> = news.tags.clone().into_iter().take(MOST_TAGS).collect();
            let body = json!({
                "run_id": run.id,
                "metrics": news.metrics[..metrics].iter().map(Metric::json).collect::<Json>(),
                "params": pairs(news.params[..params].iter().map(|(key, value)| (key, value))),
                "tags": pairs(tags.iter().map(|(key, value)| (key, value))),
            });
            let sent = self.client.post("runs/log-batch", &body);
            if sent.as_ref().is_err_and(|failed| failed.is_uncertain) {
                run.is_uncertain = true;
            }
            self.settle(sent)?;
            news.metrics.drain(..metrics);
            news.params.drain(..params);
            for (key, _) in tags {
                news.tags.remove(&key);
            }
        }
        if !news.datasets.is_empty() {
            let sent = self
                .client
                .post("runs/log-inputs", &json!({"run_id": run.id, "datasets": news.datasets}));
            self.settle(sent)?;
            news.datasets.clear();
        }
        if let Some(State { status, end }) = &news.state {
            let mut body = json!({"run_id": run.id, "status": status});
            if let Some(end) = end {
                body["end_time"] = json!(end);
            }
            let sent = self.client.post("runs/update", &body);
            self.settle(sent)?;
            news.state = None;
        }
        Ok(())
    }

    /// Takes out the points that the server has: a server on files would have them twice.
    fn drop_known(&self, run: &Run, metrics: &mut Vec<Metric>) -> Result<(), TrackerError> {
        let mut keys: Vec<String> = metrics.iter().map(|metric| metric.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let mut token = String::new();
            loop {
                let path = format!(
                    "metrics/get-history?run_id={}&metric_key={}&max_results={HISTORY_PAGE}&page_token={}",
                    encoded(&run.id),
                    encoded(&key),
                    encoded(&token)
                );
                // The page of an empty history has no token, and some servers do not know an empty token.
                let path = path.trim_end_matches("&page_token=");
                let history = match self.client.get(path) {
                    Ok(history) => history,
                    Err(failed) if failed.code == "RESOURCE_DOES_NOT_EXIST" => break,
                    Err(failed) => return Err(failed.into()),
                };
                let points = history["metrics"].as_array().into_iter().flatten();
                let known: std::collections::BTreeSet<(u64, i64)> = points
                    .filter_map(|point| Some((number(&point["step"])? as u64, number(&point["timestamp"])?)))
                    .collect();
                metrics.retain(|metric| metric.key != key || !known.contains(&(metric.step, metric.timestamp)));
                match history["next_page_token"].as_str() {
                    Some(next) if !next.is_empty() => next.clone_into(&mut token),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Uploads a file of the study's run. Returns `false` if the server does not take files.
    pub(super) fn upload(&mut self, path: &str, content: Vec<u8>) -> Result<bool, TrackerError> {
        let Some(run) = self.known()?.get("study").cloned() else {
            return Ok(false);
        };
        let Some(folder) = run.artifacts.strip_prefix("mlflow-artifacts:/") else {
            return Ok(false);
        };
        let folder = folder.trim_start_matches('/').trim_end_matches('/');
        let sum = digest(&content);
        if self.uploaded.get(path) != Some(&sum) {
            let sent = self.client.put(&format!("{folder}/{path}"), content);
            self.settle(sent)?;
            self.uploaded.insert(path.to_owned(), sum);
        }
        Ok(true)
    }

    /// A request that the server finds wrong is left out; other failures end the delivery for now.
    fn settle(&mut self, sent: Result<Json, Failed>) -> Result<(), TrackerError> {
        match sent {
            Ok(_) => Ok(()),
            Err(failed) if failed.is_of_request => {
                self.left_out.get_or_insert(failed.error);
                Ok(())
            }
            Err(failed) => Err(failed.into()),
        }
    }
}

/// Servers write whole numbers as numbers or as texts.
fn number(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

fn described(info: &Json, is_uncertain: bool) -> Run {
    let text = |key: &str| info[key].as_str().unwrap_or_default().to_owned();
    Run {
        id: text("run_id"),
        artifacts: text("artifact_uri"),
        is_uncertain,
    }
}

/// The experiment that a study belongs to.
pub(super) enum Experiment {
    /// Its name.
    Named(String),
    /// Its id.
    Id(String),
}

impl Experiment {
    fn id(&self, client: &Client) -> Result<String, TrackerError> {
        let name = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Named(name) => name,
        };
        if let Some(id) = find(client, name)? {
            return Ok(id);
        }
        match client.post("experiments/create", &json!({"name": name})) {
            Ok(answer) => Ok(answer["experiment_id"].as_str().unwrap_or_default().to_owned()),
            // Another process was faster.
            Err(failed) if failed.code == "RESOURCE_ALREADY_EXISTS" => Ok(find(client, name)?.ok_or(failed.error)?),
            Err(failed) => Err(failed.into()),
        }
    }
}

fn find(client: &Client, name: &str) -> Result<Option<String>, TrackerError> {
    let path = format!("experiments/get-by-name?experiment_name={}", encoded(name));
    let found = match client.get(&path) {
        Ok(found) => found,
        Err(failed) if failed.code == "RESOURCE_DOES_NOT_EXIST" => return Ok(None),
        Err(failed) => return Err(failed.into()),
    };
    let experiment = &found["experiment"];
    if experiment["lifecycle_stage"] == "deleted" {
        return Err(TrackerError::Refused(format!(
            "the experiment `{name}` is deleted on `{}`: restore it, or give another name as `experiment`",
            client.address()
        )));
    }
    Ok(experiment["experiment_id"].as_str().map(str::to_owned))
}
