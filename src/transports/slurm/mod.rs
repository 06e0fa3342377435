//! Slurm: pilots as an array of `srun -n1 automl worker`.
//!
//! It is used by its commands, as people use it: `sbatch`, `squeue` and `scancel`. The pilot is a step of `srun`, because
//! only a step gets a signal as soon as the job must make room. A pilot that was told to leave just ends: whether another
//! one is needed is decided here, not by the job itself, which cannot know why it was told.

mod client;
mod look;
mod reasons;
mod states;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

pub use look::look;

use self::client::run;
use super::Place;
use super::jobs::{Job, JobError, JobSystem};
use crate::spec::ClusterSpec;

/// Name of the system in messages.
const NAME: &str = "slurm";

/// Time within which a command must answer. The commands themselves try for 10 to 60 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for `scancel` when a study ends: the program must end soon after the deadline.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Largest array. Slurm's default limit is 1,001.
const LARGEST_ARRAY: usize = 1_000;

/// Number of lines at the end of a log that explain a failure.
const LAST_LINES: usize = 12;

/// The jobs of one study.
#[derive(Debug)]
pub struct Slurm {
    /// The name of its jobs, which no other study has.
    name: String,
    logs: PathBuf,
    folder: PathBuf,
    program: PathBuf,
    cluster: ClusterSpec,
    flag: &'static str,
}

impl Slurm {
    /// The jobs of the study at a place.
    pub fn new(place: Place) -> Self {
        let (name, flag) = (place.job_name(), place.flag());
        let folder = std::path::absolute(&place.folder).unwrap_or(place.folder);
        let program = place.cluster.program.clone().map_or(place.program, PathBuf::from);
        Self {
            name,
            logs: folder.join("logs"),
            folder,
            program,
            cluster: place.cluster,
            flag,
        }
    }

    /// The options of `sbatch` that place a job.
    fn placement(cluster: &ClusterSpec) -> Vec<String> {
        let named = [
            ("partition", cluster.partition.clone()),
            ("account", cluster.account.clone()),
            ("qos", cluster.qos.clone()),
            ("constraint", cluster.constraint.clone()),
            ("time", cluster.time.map(time)),
            ("cpus-per-task", cluster.cpus.map(|cpus| cpus.to_string())),
            (
                "mem",
                cluster.memory.map(|bytes| format!("{}M", bytes.div_ceil(1 << 20))),
            ),
            (
                "gres",
                cluster.gres.clone().or(cluster.gpus.map(|gpus| format!("gpu:{gpus}"))),
            ),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| Some(format!("--{name}={}", value?)));
        named.chain(cluster.extra.iter().cloned()).collect()
    }

    fn options(&self, count: usize) -> Vec<OsString> {
        let mut output = OsString::from("--output=");
        output.push(self.logs.join("slurm-%A_%a.log"));
        let fixed = [
            "--parsable".to_owned(),
            format!("--job-name={}", self.name),
            format!("--array=1-{count}"),
            "--ntasks=1".to_owned(),
            "--requeue".to_owned(),
            "--open-mode=append".to_owned(),
            format!("--signal=USR1@{}", grace(&self.cluster)),
        ];
        let options = fixed.into_iter().map(OsString::from).chain([output]);
        options
            .chain(Self::placement(&self.cluster).into_iter().map(OsString::from))
            .collect()
    }

    /// The script of a job.
    fn script(&self) -> String {
        let mut script = String::from("#!/bin/bash\n");
        if let Some(setup) = &self.cluster.setup {
            let _ = writeln!(script, "{}", setup.trim_end());
        }
        let cpus = self
            .cluster
            .cpus
            .map(|cpus| format!(" --cpus-per-task={cpus}"))
            .unwrap_or_default();
        let flag = self.flag;
        let [program, folder] = [&self.program, &self.folder].map(|path| quoted(&path.to_string_lossy()));
        let _ = writeln!(
            script,
            "srun --ntasks=1{cpus} {program} worker {flag} {folder} --job \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\""
        );
        script
    }
}

impl JobSystem for Slurm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn submit(&mut self, count: usize) -> Result<(), JobError> {
        let mut left = count;
        while left > 0 {
            let part = left.min(LARGEST_ARRAY);
            left -= part;
            run("sbatch", &self.options(part), Some(&self.script()), PATIENCE)?;
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<Job>, JobError> {
        let name = format!("--name={}", self.name);
        let options = [
            "--noheader",
            "--array",
            "--states=all",
            name.as_str(),
            "--format=%i|%T|%r|%N",
        ];
        let options = options.map(OsString::from);
        let lines = run("squeue", &options, None, PATIENCE)?;
        Ok(lines.lines().filter_map(states::job).collect())
    }

    fn cancel(&mut self, jobs: &[String]) {
        let jobs: Vec<OsString> = jobs.iter().map(OsString::from).collect();
        // What could not be cancelled is seen at the next look.
        let _ = run("scancel", &jobs, None, PATIENCE);
    }

    fn cancel_all(&mut self) {
        let by_name = [OsString::from(format!("--name={}", self.name))];
        let _ = run("scancel", &by_name, None, LAST_PATIENCE);
    }

    fn last_lines(&mut self, job: &str) -> Option<String> {
        let text = std::fs::read(self.logs.join(format!("slurm-{job}.log"))).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.trim_end().lines().collect();
        Some(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
    }
}

/// Seconds before the time limit at which Slurm signals. A short job needs some time to work too.
fn grace(cluster: &ClusterSpec) -> u64 {
    let most = cluster.time.map_or(f64::INFINITY, |time| time / 2.0);
    cluster.grace.min(most).max(1.0) as u64
}

/// Seconds in the form of Slurm, `days-hours:minutes:seconds`.
fn time(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{days}-{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// A word for a shell.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ClusterEngine;

    fn slurm(cluster: ClusterSpec) -> Slurm {
        Slurm::new(Place {
            program: "/opt/auto ml/automl".into(),
            folder: "/shared/it's/study".into(),
            cluster,
            is_probe: false,
        })
    }

    #[test]
    fn the_options_and_the_script_say_what_the_spec_says() {
        let slurm = slurm(ClusterSpec {
            engine: ClusterEngine::Slurm,
            partition: Some("gpu".into()),
            account: Some("proj".into()),
            qos: Some("high".into()),
            constraint: Some("nvlink".into()),
            time: Some(93_784.0),
            cpus: Some(8),
            gpus: Some(1),
            memory: Some(32_000_000_000),
            setup: Some("module load cuda\n".into()),
            extra: vec!["--exclude=n13".into()],
            ..ClusterSpec::default()
        });
        let options: Vec<String> = slurm
            .options(3)
            .into_iter()
            .map(|option| option.to_string_lossy().into_owned())
            .filter(|option| !option.starts_with("--job-name"))
            .collect();
        insta::assert_snapshot!(options.join("\n"), @r"
        --parsable
        --array=1-3
        --ntasks=1
        --requeue
        --open-mode=append
        --signal=USR1@120
        --output=/shared/it's/study/logs/slurm-%A_%a.log
        --partition=gpu
        --account=proj
        --qos=high
        --constraint=nvlink
        --time=1-02:03:04
        --cpus-per-task=8
        --mem=30518M
        --gres=gpu:1
        --exclude=n13
        ");
        insta::assert_snapshot!(slurm.script(), @r#"
        #!/bin/bash
        module load cuda
        srun --ntasks=1 --cpus-per-task=8 '/opt/auto ml/automl' worker --connect '/shared/it'\''s/study' --job "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
        "#);
    }

    #[test]
    fn a_short_job_is_not_signalled_before_its_middle() {
        let cluster = ClusterSpec {
            time: Some(60.0),
            ..ClusterSpec::default()
        };
        assert_eq!((grace(&cluster), grace(&ClusterSpec::default())), (30, 120));
    }
}
