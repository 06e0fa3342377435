//! A running program: its process group, its outputs and its end.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::arguments::Told;
use super::log::{Log, Stream};
use super::output::{Output, Piece};
use super::patterns::Patterns;
use super::readings::{self, Line, Reading, Slip};
use crate::objective::RunError;
use crate::objective::strays::{end_strays, has_strays};
use crate::os::{self, GroupSignal};
use crate::spec::CommandSpec;
use crate::trials::{Failure, FailureKind};

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// How long processes that a program has left in its process group may keep writing.
const LINGER: Duration = Duration::from_millis(300);

/// Interval between checks for new output.
const POLL: Duration = Duration::from_millis(2);

/// Variables that make our own workers fast but are useless or harmful in other programs.
const OURS: [&str; 3] = ["MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"];

/// Number of bytes without a report that are read before anything else is checked.
const AT_ONCE: usize = 1 << 20;

/// A started program.
#[derive(Debug)]
pub(super) struct Program {
    group: Group,
    errors: Option<JoinHandle<()>>,
    heard: Hearing,
    ended: Option<ExitStatus>,
}

/// A process group and its first process. Dropping it kills the whole group.
#[derive(Debug)]
struct Group(Child);

impl Group {
    fn id(&self) -> u32 {
        self.0.id()
    }

    fn kill(&mut self) {
        end_group(self.id());
        let _ = self.0.kill();
        let _ = self.0.wait();
        end_strays(&[]);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            self.kill();
        }
    }
}

/// Reads the output of a segment's programs.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) output: Output,
    pub(super) log: Log,
    /// The first mistake found in a line that was probably meant as a report.
    pub(super) slip: Option<Slip>,
    /// Finds metrics in text that is not JSON.
    pub(super) patterns: Patterns,
}

impl Hearing {
    /// A possible mistake, if nothing was reported.
    pub(super) fn slip(&self) -> Option<Slip> {
        self.slip.or_else(|| self.patterns.slip())
    }

    /// The next report in the output so far. Each call reads a limited amount.
    fn next(&mut self) -> Option<Reading> {
        self.find(Output::line)
    }

    /// The next report once no program writes any more; `None` if there is none left.
    pub(super) fn rest(&mut self) -> Option<Reading> {
        loop {
            let before = self.output.heard();
            let found = self.find(Output::rest);
            if found.is_some() || self.output.heard() == before {
                return found;
            }
        }
    }

    /// Looks for a report in the next lines. Everything else goes to the log.
    fn find(&mut self, next: impl Fn(&mut Output) -> Option<Piece>) -> Option<Reading> {
        let mut words = Vec::new();
        let mut found = None;
        while words.len() < AT_ONCE {
            let Some(piece) = next(&mut self.output) else { break };
            // The rest of a line that is too long means nothing by itself.
            let line = if piece.is_rest {
                Line::Other(None)
            } else {
                readings::parse(&piece.bytes)
            };
            match line {
                Line::Report(reading) => {
                    found = Some(reading);
                    break;
                }
                Line::Other(slip) => {
                    self.slip = self.slip.or(slip);
                    let is_whole = !piece.is_rest;
                    found = is_whole.then(|| self.patterns.read(&piece.bytes)).flatten();
                    words.extend(piece.bytes);
                    if found.is_some() {
                        break;
                    }
                }
            }
        }
        if !words.is_empty() {
            self.log.write(Stream::Output, &words);
        }
        found
    }
}

/// News from a program.
#[derive(Debug)]
pub(super) enum Heard {
    /// It has reported metrics.
    Report(Reading),
    /// Nothing new.
    Nothing,
    /// It has ended, and all its reports have been read.
    End(ExitStatus),
}

impl Program {
    /// Starts a program whose output is read by `heard`.
    ///
    /// # Errors
    /// If the program cannot be started. The trial is at fault if its configuration determines the program, else the
    /// machine.
    pub(super) fn start(
        spec: &CommandSpec,
        told: &Told<'_>,
        heard: Hearing,
        launcher: Option<&Path>,
    ) -> Result<Self, RunError> {
        let words = told.words(spec);
        let program = &words[0];
        let found = find(program, &spec.folder).ok_or_else(|| {
            let message = format!("there is no program `{program}` to start");
            if spec.is_program_fixed() {
                RunError::Machine(message)
            } else {
                invalid(message)
            }
        })?;
        let failed = |error: io::Error| {
            let message = format!("cannot start `{program}`: {error}");
            // Arguments and variables that are too long or contain invalid characters come from the configuration.
            if matches!(
                error.kind(),
                io::ErrorKind::ArgumentListTooLong | io::ErrorKind::InvalidInput
            ) {
                invalid(message)
            } else {
                RunError::Machine(message)
            }
        };
        let mut command = match launcher {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command
                    .arg("launch")
                    .arg("--parent")
                    .arg(std::process::id().to_string())
                    .arg("--")
                    .arg(found);
                command
            }
            None => Command::new(found),
        };
        os::lead_group(&mut command);
        for name in OURS {
            command.env_remove(name);
        }
        let child = command
            .args(&words[1..])
            .envs(told.environment())
            // Without this, Python buffers its output when it goes to a file.
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(&spec.folder)
            .stdin(Stdio::null())
            .stdout(heard.output.stdio().map_err(failed)?)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut program = Self {
            group: Group(child),
            errors: None,
            heard,
            ended: None,
        };
        if let Some(errors) = program.group.0.stderr.take() {
            let log = program.heard.log.clone();
            let listener = std::thread::Builder::new().spawn(move || copy(errors, &log));
            program.errors = Some(listener.map_err(failed)?);
        }
        Ok(program)
    }

    /// The process group; its id is that of its first process.
    pub(super) fn group(&self) -> u32 {
        self.group.id()
    }

    /// The reader of its output.
    pub(super) fn heard(&mut self) -> &mut Hearing {
        &mut self.heard
    }

    /// Waits for a report or for the end of the program, at most for `patience` while it runs.
    pub(super) fn hear(&mut self, patience: Duration) -> Heard {
        let until = Instant::now() + patience;
        while self.ended.is_none() {
            if let Some(reading) = self.heard.next() {
                return Heard::Report(reading);
            }
            if let Ok(Some(status)) = self.group.0.try_wait() {
                self.outlast_rest();
                self.ended = Some(status);
            } else if Instant::now() >= until {
                return Heard::Nothing;
            } else {
                std::thread::sleep(POLL);
            }
        }
        match (self.heard.rest(), self.ended) {
            (Some(reading), _) => Heard::Report(reading),
            (None, Some(status)) => {
                self.finish_errors();
                Heard::End(status)
            }
            (None, None) => Heard::Nothing,
        }
    }

    /// Gives processes that the program left behind a moment to finish writing, then ends them.
    fn outlast_rest(&self) {
        let until = Instant::now() + LINGER;
        while os::is_group_alive(self.group()) && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        end_group(self.group());
        while has_strays(&[]) && Instant::now() < until {
            std::thread::sleep(10 * POLL);
        }
        end_strays(&[]);
    }

    /// Reads the rest of the error output, or stops waiting if a process outside the group keeps the pipe open.
    fn finish_errors(&mut self) {
        let until = Instant::now() + LINGER;
        while let Some(listener) = &self.errors {
            if listener.is_finished() || Instant::now() >= until {
                self.errors = None;
            } else {
                std::thread::sleep(POLL);
            }
        }
    }

    /// Number of bytes that it has printed so far.
    pub(super) fn said(&self) -> u64 {
        self.heard.log.written() + self.heard.output.heard()
    }

    /// Asks the whole group to stop, waits a little, then kills it. Returns the reports that arrived meanwhile.
    ///
    /// `beat` is called repeatedly while waiting.
    pub(super) fn stop(&mut self, beat: &dyn Fn()) -> Vec<Reading> {
        let mut said = Vec::new();
        os::signal_group(self.group(), GroupSignal::Terminate);
        if !os::HAS_GROUPS {
            let _ = self.group.0.kill();
        }
        let patience = Instant::now() + GRACE;
        while Instant::now() < patience {
            beat();
            match self.hear(Duration::from_millis(20)) {
                Heard::Report(reading) => said.push(reading),
                Heard::Nothing => {}
                Heard::End(_) => break,
            }
        }
        self.group.kill();
        said.extend(std::iter::from_fn(|| self.heard.rest()));
        said
    }

    /// Ends the program and returns the reader of its output.
    pub(super) fn end(self) -> Hearing {
        self.heard
    }
}

/// Copies a program's error output into the log.
fn copy(mut errors: ChildStderr, log: &Log) {
    let mut part = vec![0; 1 << 16];
    while let Ok(length @ 1..) = errors.read(&mut part) {
        log.write(Stream::Errors, &part[..length]);
    }
}

/// A failure of the trial: the program that it asks for cannot be started.
fn invalid(message: String) -> RunError {
    let kind = FailureKind::Invalid;
    RunError::Trial(Failure { kind, message })
}

/// Kills every process of a group. A group that no longer exists is not an error.
pub fn end_group(group: u32) {
    os::signal_group(group, GroupSignal::Kill);
}

/// Finds a program: relative to `folder` if its name contains a slash, else in the folders of `PATH`.
pub(super) fn find(program: &str, folder: &Path) -> Option<PathBuf> {
    if program.contains('/') {
        let path = folder.join(program);
        return is_executable(&path).then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| is_executable(path))
}

/// The interpreter that runs Python scripts here.
pub(super) fn interpreter() -> &'static str {
    const NAMES: [&str; 2] = ["python", "python3"];
    let known = NAMES.into_iter().find(|name| find(name, Path::new("")).is_some());
    known.unwrap_or(NAMES[0])
}

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    metadata.is_file() && os::is_executable(&metadata)
}
