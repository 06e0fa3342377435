//! Looks whether workers of a spec could run on its cluster: what its system says, and one short job that calls back.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::jobs::{Job, JobState, JobSystem};
use super::ray::Ray;
use super::slurm::{self, Slurm};
use super::tcp::Tcp;
use super::{Arrival, Inbox, Place, Transport as _, TransportError};
use crate::spec::ClusterEngine;

/// Wait between two looks at the job.
const POLL: Duration = Duration::from_millis(500);

/// Time in which the last files of a job that has ended may appear: shared folders are not instant.
const SETTLE: Duration = Duration::from_secs(5);

/// Name of the file in which a probe writes what it found.
const ANSWER: &str = "probe.json";

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `false` if workers could not run.
    pub is_good: bool,
    /// A sentence.
    pub text: String,
}

impl Finding {
    /// Something that is as it should be.
    pub fn good(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { is_good: true, text }
    }

    /// Something that is missing.
    pub fn bad(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { is_good: false, text }
    }
}

/// The findings of a probe on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The node.
    pub node: String,
    /// The GPUs that its job may use.
    pub gpus: Vec<String>,
    /// The reason why it could not reach the search; `None` if it could.
    pub unreachable: Option<String>,
}

impl Answer {
    /// Writes it into the folder of the check.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec(self)?;
        crate::files::replace(&folder.join(ANSWER), &text)
    }

    fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read(folder.join(ANSWER)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Checks the cluster of a place, whose folder is new and empty. `show` gets each finding at once. Returns whether
/// workers could run.
///
/// # Errors
/// [`TransportError`] if this process cannot listen for workers.
pub fn check(place: &Place, wait: Duration, show: &mut dyn FnMut(Finding)) -> Result<bool, TransportError> {
    let mut is_good = true;
    let mut tell = |finding: Finding| {
        is_good &= finding.is_good;
        show(finding);
    };
    let folder = place.folder.clone();
    std::fs::create_dir_all(folder.join("logs"))?;
    let mut system: Box<dyn JobSystem> = match place.cluster.engine {
        ClusterEngine::Slurm => {
            slurm::look(&place.cluster, &mut tell);
            Box::new(Slurm::new(place.clone()))
        }
        ClusterEngine::Ray => Box::new(Ray::new(place.clone())),
        ClusterEngine::Local | ClusterEngine::Tcp => return Ok(true),
    };
    let (sender, calls) = mpsc::channel();
    let mut tcp = Tcp::new(folder.clone(), &place.cluster);
    tcp.open(Inbox::new(move |_, arrival| {
        if let Arrival::Joined(hello, _) = arrival {
            let _ = sender.send(hello.node);
        }
        Ok(())
    }))?;
    match system.submit(1) {
        Ok(()) => tell(Finding::good(format!(
            "{} accepts a job with these options",
            system.name()
        ))),
        Err(error) => {
            tell(Finding::bad(error.to_string()));
            tcp.close();
            return Ok(false);
        }
    }
    follow(system.as_mut(), &folder, &calls, wait, &mut tell);
    system.cancel_all();
    tcp.close();
    Ok(is_good)
}

/// Follows the job until it has answered, ended or waited too long.
fn follow(
    system: &mut dyn JobSystem,
    folder: &Path,
    calls: &Receiver<String>,
    wait: Duration,
    tell: &mut dyn FnMut(Finding),
) {
    let begun = Instant::now();
    let mut ended: Option<Instant> = None;
    let mut last: Option<Job> = None;
    let mut caller = None;
    loop {
        caller = caller.or(calls.recv_timeout(POLL).ok());
        if let Some(answer) = Answer::read(folder) {
            tell_answer(&answer, caller.is_some(), tell);
            return;
        }
        if let Ok(jobs) = system.list() {
            last = jobs.into_iter().next().or(last);
        }
        if matches!(
            last,
            Some(Job {
                state: JobState::Ended(_),
                ..
            })
        ) {
            ended.get_or_insert_with(Instant::now);
        }
        if ended.is_some_and(|ended| ended.elapsed() > SETTLE) || begun.elapsed() > wait {
            break;
        }
    }
    if let Some(node) = caller {
        tell(Finding::bad(format!(
            "`{node}` can reach this machine, but what it writes into `{}` does not arrive here: the study's folder must be on a file system that all machines share",
            folder.display()
        )));
        return;
    }
    let Some(job) = last else {
        tell(Finding::bad("the job has disappeared"));
        return;
    };
    let Job { id, state, node } = job;
    match state {
        JobState::Waiting { why, .. } => tell(Finding::bad(format!(
            "job {id} has not started in {} s: {why}",
            wait.as_secs()
        ))),
        JobState::Running => tell(Finding::bad(format!("job {id} runs on {node}, but has not answered"))),
        JobState::Ended(end) => {
            let lines = system.last_lines(&id).filter(|lines| !lines.is_empty());
            let lines = lines.map_or_else(
                || {
                    format!(
                        ". It left nothing in `{}`: does {node} see that folder?",
                        folder.display()
                    )
                },
                |lines| {
                    let lines = lines.lines().map(|line| format!("\n    {line}"));
                    format!(". The end of its log:{}", lines.collect::<String>())
                },
            );
            tell(Finding::bad(format!("job {id} {}{lines}", end.words())));
        }
    }
}

fn tell_answer(answer: &Answer, has_called: bool, tell: &mut dyn FnMut(Finding)) {
    let Answer {
        node,
        gpus,
        unreachable,
    } = answer;
    tell(Finding::good(format!("`{node}` sees the folder and can write into it")));
    match unreachable {
        None if has_called => tell(Finding::good(format!("`{node}` can reach this machine"))),
        None => tell(Finding::bad(format!("`{node}` called, but somebody else answered"))),
        Some(why) => tell(Finding::bad(format!(
            "`{node}` cannot reach this machine ({why}): set `cluster.listen` to an address and a port that nodes can reach, or ask for a port that the firewall lets through"
        ))),
    }
    let gpus = if gpus.is_empty() {
        "it has no GPU".to_owned()
    } else {
        format!("its GPUs: {}", gpus.join(", "))
    };
    tell(Finding::good(format!("a job runs on `{node}`; {gpus}")));
}
