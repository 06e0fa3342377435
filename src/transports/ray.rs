//! Ray: pilots as jobs of its Jobs API, over HTTP.
//!
//! Ray's head starts the jobs, places them by the CPUs and GPUs that they ask for, and ends them. A job has a name that we
//! choose, so a request whose answer was lost can be repeated: the second one is refused because the name is taken.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use ureq::Agent;

use super::Place;
use super::jobs::{Job, JobEnd, JobError, JobState, JobSystem};
use super::slurm::quoted;
use crate::spec::ClusterSpec;

/// Name of the system in messages.
const NAME: &str = "ray";

/// Time within which a request must be answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// Number of lines at the end of a log that explain a failure.
const LAST_LINES: usize = 12;

/// Longest part of an answer that is shown, in characters.
const SHOWN: usize = 300;

/// The jobs of one study.
#[derive(Debug)]
pub(super) struct Ray {
    /// The beginning of the names of its jobs, which no other study has.
    name: String,
    address: String,
    folder: PathBuf,
    program: PathBuf,
    cluster: ClusterSpec,
    flag: &'static str,
    agent: Agent,
    /// The jobs that were seen or submitted: names are never used twice.
    last: u64,
    has_looked: bool,
}

/// A job as the API describes it.
#[derive(Debug, Deserialize)]
struct Description {
    #[serde(default)]
    submission_id: Option<String>,
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    driver_node_id: Option<String>,
}

impl Ray {
    /// The jobs of the study at a place.
    pub(super) fn new(place: Place) -> Self {
        let (name, flag) = (place.job_name(), place.flag());
        let folder = std::path::absolute(&place.folder).unwrap_or(place.folder);
        let program = place.cluster.program.clone().map_or(place.program, PathBuf::from);
        let address = place.cluster.address.clone().unwrap_or_default();
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build();
        Self {
            name,
            address: address.trim_end_matches('/').to_owned(),
            folder,
            program,
            cluster: place.cluster,
            flag,
            agent: config.into(),
            last: 0,
            has_looked: false,
        }
    }

    /// The command of a job. Ray runs it in a folder of its own, but specs may name files from here.
    fn entrypoint(&self, job: &str) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let [program, folder, here] = [&self.program, &self.folder, &here].map(|path| quoted(&path.to_string_lossy()));
        let setup = self
            .cluster
            .setup
            .as_deref()
            .map_or_else(String::new, |setup| format!("{}\n", setup.trim_end()));
        let flag = self.flag;
        let script = format!(
            "cd {here}\n{setup}exec {program} worker {flag} {folder} --job {}",
            quoted(job)
        );
        format!("bash -c {}", quoted(&script))
    }

    fn request(&self, job: &str) -> serde_json::Value {
        let ClusterSpec { cpus, gpus, memory, .. } = &self.cluster;
        let mut request = json!({
            "submission_id": job,
            "entrypoint": self.entrypoint(job),
            "entrypoint_num_cpus": cpus.unwrap_or(1),
            "metadata": {"study": self.name},
        });
        if let Some(gpus) = gpus {
            request["entrypoint_num_gpus"] = (*gpus).into();
        }
        if let Some(memory) = memory {
            request["entrypoint_memory"] = (*memory).into();
        }
        request
    }

    /// Sends a request; returns the status and the text of the answer.
    fn ask(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Result<(u16, String), JobError> {
        let url = format!("{}/api/jobs/{path}", self.address);
        let sent = match (method, body) {
            ("POST", body) => {
                let text = body.map(ToString::to_string).unwrap_or_default();
                self.agent
                    .post(&url)
                    .header("Content-Type", "application/json")
                    .send(text)
            }
            ("DELETE", _) => self.agent.delete(&url).call(),
            _ => self.agent.get(&url).call(),
        };
        let silent = |error: ureq::Error| JobError::Silent {
            system: NAME,
            message: format!("{}: {error}", self.address),
        };
        let mut answer = sent.map_err(silent)?;
        let text = answer.body_mut().read_to_string().map_err(silent)?;
        Ok((answer.status().as_u16(), text))
    }

    fn own_number(&self, job: &str) -> Option<u64> {
        job.strip_prefix(&self.name)?.strip_prefix('-')?.parse().ok()
    }
}

impl JobSystem for Ray {
    fn name(&self) -> &'static str {
        NAME
    }

    fn submit(&mut self, count: usize) -> Result<(), JobError> {
        if !self.has_looked {
            self.list()?;
        }
        for _ in 0..count {
            let job = format!("{}-{}", self.name, self.last + 1);
            let (status, text) = self.ask("POST", "", Some(&self.request(&job)))?;
            let is_known = text.contains("already exists");
            if !(200..300).contains(&status) && !is_known {
                return Err(JobError::Refused {
                    system: NAME,
                    message: format!("status {status}, {}", shortened(&text)),
                });
            }
            self.last += 1;
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<Job>, JobError> {
        let (status, text) = self.ask("GET", "", None)?;
        let not_ours = || JobError::Silent {
            system: NAME,
            message: format!(
                "{} is not the jobs API of Ray: status {status}, {}",
                self.address,
                shortened(&text)
            ),
        };
        if status != 200 {
            return Err(not_ours());
        }
        let all: Vec<Description> = serde_json::from_str(&text).map_err(|_| not_ours())?;
        let own = all.into_iter().filter_map(|job| {
            let id = job.submission_id.clone()?;
            Some((self.own_number(&id)?, id, job))
        });
        let own: Vec<(u64, String, Description)> = own.collect();
        self.has_looked = true;
        self.last = own.iter().map(|(number, ..)| *number).max().unwrap_or(0).max(self.last);
        Ok(own.into_iter().map(|(_, id, job)| described(id, job)).collect())
    }

    fn cancel(&mut self, jobs: &[String]) {
        for job in jobs {
            // What could not be stopped is seen at the next look.
            let _ = self.ask("POST", &format!("{job}/stop"), None);
        }
    }

    fn cancel_all(&mut self) {
        let jobs = self.list().unwrap_or_default();
        let is_open = |job: &Job| !matches!(job.state, JobState::Ended(_));
        let open: Vec<String> = jobs.into_iter().filter(is_open).map(|job| job.id).collect();
        self.cancel(&open);
    }

    fn last_lines(&mut self, job: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Logs {
            logs: String,
        }
        let (_, text) = self.ask("GET", &format!("{job}/logs"), None).ok()?;
        let Logs { logs } = serde_json::from_str(&text).ok()?;
        let lines: Vec<&str> = logs.trim_end().lines().collect();
        Some(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
    }
}

/// A job by its description. Ray says why a job waits in a sentence.
fn described(id: String, job: Description) -> Job {
    let message = job.message.unwrap_or_default();
    let state = match job.status.as_str() {
        "RUNNING" => JobState::Running,
        "SUCCEEDED" => JobState::Ended(JobEnd::Completed),
        "STOPPED" => JobState::Ended(JobEnd::Cancelled),
        "FAILED" => JobState::Ended(JobEnd::Failed),
        _ => JobState::Waiting {
            why: if message.is_empty() {
                "all suitable nodes are busy".to_owned()
            } else {
                format!("Ray says `{}`", shortened(&message))
            },
            obstacle: None,
        },
    };
    Job {
        id,
        state,
        node: job
            .driver_node_id
            .map(|node| node.chars().take(8).collect())
            .unwrap_or_default(),
    }
}

/// The beginning of a text, on one line.
fn shortened(text: &str) -> String {
    let line = text.trim().replace(char::is_control, " ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    let begin: String = line.chars().take(SHOWN).collect();
    format!("{begin}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ClusterEngine;

    #[test]
    fn a_request_has_a_name_a_command_and_what_it_needs() {
        let ray = Ray::new(Place {
            program: "/opt/automl".into(),
            folder: "/shared/study".into(),
            cluster: ClusterSpec {
                engine: ClusterEngine::Ray,
                address: Some("http://head:8265/".into()),
                gpus: Some(1),
                cpus: Some(4),
                memory: Some(1 << 30),
                setup: Some("source env.sh".into()),
                ..ClusterSpec::default()
            },
            is_probe: false,
        });
        let request = ray.request("job-1");
        assert_eq!(request["submission_id"], "job-1");
        assert_eq!(request["entrypoint_num_cpus"], 4);
        assert_eq!(request["entrypoint_num_gpus"], 1);
        assert_eq!(request["entrypoint_memory"], 1 << 30);
        let command = request["entrypoint"].as_str().unwrap();
        assert!(
            command.starts_with("bash -c '") && command.contains("source env.sh\nexec "),
            "{command}"
        );
        assert_eq!(ray.own_number(&format!("{}-7", ray.name)), Some(7));
        assert_eq!(ray.own_number("another-7"), None);
    }

    #[test]
    fn states_of_ray_are_understood() {
        let state = |status: &str| {
            let description = Description {
                submission_id: None,
                status: status.to_owned(),
                message: None,
                driver_node_id: Some("0123456789".to_owned()),
            };
            described(String::new(), description).state
        };
        assert_eq!(state("SUCCEEDED"), JobState::Ended(JobEnd::Completed));
        assert_eq!(state("STOPPED"), JobState::Ended(JobEnd::Cancelled));
        assert_eq!(state("RUNNING"), JobState::Running);
        assert!(matches!(state("PENDING"), JobState::Waiting { .. }));
    }
}
