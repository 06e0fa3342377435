//! A sandbox with the program in it, and small things to feed it.

pub(crate) mod audit;
mod browser;
mod data;
pub(crate) mod fake_ray;
pub(crate) mod fake_slurm;
mod mlflow;
mod outcome;
mod quiet;
pub(crate) mod real_slurm;
mod running;
mod specs;

pub(crate) use browser::Browser;
pub(crate) use data::{REVIEWS, review, write_bert, write_bert_of_length, write_reviews};
pub(crate) use mlflow::{MlFlow, Mood};
pub(crate) use outcome::Outcome;
pub(crate) use quiet::on_a_quiet_machine;
pub(crate) use running::{Running, eventually, kill, processes};
pub(crate) use specs::{PICTURES, SPHERE, TEXTS};

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own for one story, removed at its end.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        quiet::share();
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with `space.yaml` in it.
    pub(crate) fn with_spec(spec: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("space.yaml", spec);
        sandbox
    }

    /// A folder with [`TEXTS`] as `space.yaml`, and the model and data that it names.
    pub(crate) fn with_texts() -> Self {
        let sandbox = Self::with_spec(TEXTS);
        write_bert(&sandbox.path("model"));
        write_reviews(&sandbox.path("reviews.csv"), 0..REVIEWS);
        sandbox
    }

    /// The path of `name`, which need not exist.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A file as text.
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Everything in a folder, files below folders too, sorted.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let root = self.path(name);
        let mut names = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                names.push(path.strip_prefix(&root).unwrap().display().to_string());
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        names.sort();
        names
    }

    /// The program with these words as its arguments, in this folder.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_automl"));
        command.args(arguments.split_whitespace());
        self.prepare(command)
    }

    /// A command in this folder, with nothing of the outer environment that could change what it says.
    pub(crate) fn prepare(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path());
        command.env("HF_HUB_CACHE", self.path("hub"));
        command.env("HF_HOME", self.path("hf"));
        // Nothing is asked from the real hub; `tests/it/hub.rs` has one of its own.
        command.env("HF_HUB_OFFLINE", "1");
        command.env("AUTOML_CACHE_DIR", self.path(".cache"));
        for name in [
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "COLUMNS",
            "RUST_BACKTRACE",
            "GITHUB_STEP_SUMMARY",
            "HF_ENDPOINT",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HUGGING_FACE_HUB_TOKEN",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "MLFLOW_TRACKING_URI",
            "MLFLOW_TRACKING_USERNAME",
            "MLFLOW_TRACKING_PASSWORD",
            "MLFLOW_TRACKING_TOKEN",
            "MLFLOW_EXPERIMENT_NAME",
            "MLFLOW_EXPERIMENT_ID",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program to its end; the words of `arguments` are parted by blanks.
    pub(crate) fn run(&self, arguments: &str) -> Outcome {
        self.start(arguments).finish()
    }

    /// Starts the program and lets it run.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        self.start_command(self.command(arguments), arguments)
    }

    /// Starts the program with a hub, on the words of `arguments`, and lets it run.
    pub(crate) fn start_online(&self, endpoint: &str, arguments: &str, variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(arguments);
        command.env("HF_ENDPOINT", endpoint).env_remove("HF_HUB_OFFLINE");
        command.envs(variables.iter().copied());
        self.start_command(command, arguments)
    }

    /// Starts any prepared command and lets it run.
    pub(crate) fn start_command(&self, command: Command, what: &str) -> Running {
        Running::start(command, self.folder.path(), what)
    }

    /// The leaderboard without timing, as CSV.
    pub(crate) fn leaderboard(&self, study: &str) -> String {
        self.run(&format!("leaderboard {study} --format csv --no-timing"))
            .expect_code(0)
            .stdout
    }

    /// The results that must not depend on the machine: the leaderboard without timing, and `best.yaml`.
    pub(crate) fn results(&self, study: &str) -> String {
        format!(
            "{}\n{}",
            self.leaderboard(study),
            self.read(&format!("{study}/best.yaml"))
        )
    }
}

/// The lines of a study's journal that are whole.
pub(crate) fn events(study: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(study.join("journal.jsonl")).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Number of events of a kind in a study's journal.
pub(crate) fn count(study: &Path, kind: &str) -> usize {
    events(study)
        .iter()
        .filter(|entry| entry["event"]["type"] == kind)
        .count()
}

/// A folder of the shared test data, in `$AUTOML_TEST_DATA` or beside the repository; says when it is missing.
#[expect(clippy::disallowed_methods, reason = "the tests' one home of the variable")]
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = std::env::var("AUTOML_TEST_DATA")
        .map_or(beside, PathBuf::from)
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: there is no `{}`", path.display());
    None
}
