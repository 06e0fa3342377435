//! A running program: its process group, its output, its end.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::arguments::Told;
use super::readings::{self, Reading};
use crate::objective::RunError;
use crate::spec::CommandSpec;
use crate::trials::{Failure, FailureKind, Segment};

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// How long a program that has ended may be heard: a child of its own may hold its output, and go on writing.
const LINGER: Duration = Duration::from_millis(300);

/// Variables that keep our own workers fast and mean nothing, or harm, elsewhere.
const OURS: [&str; 3] = ["MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"];

/// How much of the end of a log is looked at for the cause of a failure.
const TAIL: u64 = 8_192;

/// What programs say when memory runs out: PyTorch, Python, C++, the C library, JAX and TensorFlow.
const OUT_OF_MEMORY: [&str; 6] = [
    "OutOfMemoryError",
    "CUDA out of memory",
    "MemoryError",
    "std::bad_alloc",
    "Cannot allocate memory",
    "RESOURCE_EXHAUSTED",
];

/// Reports that nobody has taken yet; a program that writes more waits.
const BACKLOG: usize = 1_024;

/// A started program, in a process group of its own. Dropping it kills the whole group.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    readings: Receiver<Reading>,
    ended: Option<Ended>,
    /// What it says that is no report of metrics.
    log: PathBuf,
    /// Where its part of the log began.
    log_start: u64,
}

/// How a program ended, and how long what it wrote is still waited for.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    until: Instant,
    /// The rest of its group has been killed.
    is_alone: bool,
}

/// What a program does.
#[derive(Debug)]
pub(super) enum Heard {
    /// It has reported metrics.
    Report(Reading),
    /// Nothing new.
    Nothing,
    /// It has ended, and everything it reported has been heard.
    End(ExitStatus),
}

impl Program {
    /// Starts the program of a segment; its output goes to the segment's log, and by lines to [`Self::hear`].
    pub(super) fn start(
        spec: &CommandSpec,
        told: &Told<'_>,
        segment: &Segment,
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
            // Words and variables that are too long, or hold what cannot be passed on, come from the configuration.
            if matches!(
                error.kind(),
                io::ErrorKind::ArgumentListTooLong | io::ErrorKind::InvalidInput
            ) {
                invalid(message)
            } else {
                RunError::Machine(message)
            }
        };
        let mut log = File::options()
            .create(true)
            .append(true)
            .open(&segment.log)
            .map_err(failed)?;
        let log_start = log.seek(SeekFrom::End(0)).map_err(failed)?;
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
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        for name in OURS {
            command.env_remove(name);
        }
        let mut child = command
            .args(&words[1..])
            .envs(told.environment())
            // Python holds back what it prints into a pipe.
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(&spec.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let (sender, readings) = mpsc::sync_channel(BACKLOG);
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || listen(output, &mut log, &sender));
        }
        Ok(Self {
            child,
            readings,
            ended: None,
            log: segment.log.clone(),
            log_start,
        })
    }

    /// The process group, which is named after its first process.
    pub(super) fn group(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a report, or for the end; while it runs, at most so long.
    pub(super) fn hear(&mut self, patience: Duration) -> Heard {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            let until = Instant::now() + LINGER;
            self.ended = Some(Ended {
                status,
                until,
                is_alone: false,
            });
        }
        let group = self.group();
        let Some(ended) = &mut self.ended else {
            return match self.readings.recv_timeout(patience) {
                Ok(reading) => Heard::Report(reading),
                Err(RecvTimeoutError::Timeout) => Heard::Nothing,
                // The output is closed; the program may go on for a while.
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(patience.min(Duration::from_millis(2)));
                    Heard::Nothing
                }
            };
        };
        loop {
            let left = ended.until.saturating_duration_since(Instant::now());
            let heard = if left.is_zero() {
                Err(RecvTimeoutError::Timeout)
            } else {
                self.readings.recv_timeout(left.min(LINGER))
            };
            match heard {
                Ok(reading) => return Heard::Report(reading),
                Err(RecvTimeoutError::Timeout) if !ended.is_alone => {
                    // What it left behind holds its output. Without that, the output ends with what it said itself.
                    end_group(group);
                    ended.is_alone = true;
                    ended.until = Instant::now() + GRACE;
                }
                Err(_) => break,
            }
        }
        // What it started and left behind goes with it.
        end_group(group);
        Heard::End(ended.status)
    }

    /// How much it has written into its log so far.
    pub(super) fn logged(&self) -> u64 {
        self.log.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Asks the whole group to stop, waits a little, then kills it; returns the reports that came on the way.
    /// `beat` is called all the while.
    pub(super) fn stop(&mut self, beat: &dyn Fn()) -> Vec<Reading> {
        let mut said = Vec::new();
        #[cfg(unix)]
        signal_group(self.group(), rustix::process::Signal::TERM);
        #[cfg(not(unix))]
        let _ = self.child.kill();
        let patience = Instant::now() + GRACE;
        while Instant::now() < patience {
            beat();
            match self.hear(Duration::from_millis(20)) {
                Heard::Report(reading) => said.push(reading),
                Heard::Nothing => {}
                Heard::End(_) => break,
            }
        }
        end_group(self.group());
        let _ = self.child.kill();
        let _ = self.child.wait();
        said
    }

    /// Why a program that ended badly did so.
    pub(super) fn failure(&self, status: ExitStatus) -> Failure {
        let tail = self.tail();
        let is_out_of_memory = OUT_OF_MEMORY.iter().any(|words| tail.contains(words));
        let kind = if is_out_of_memory {
            FailureKind::OutOfMemory
        } else {
            FailureKind::Crashed
        };
        let last = tail.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let last = last.map(|line| line.chars().take(200).collect::<String>());
        let said = last.map_or("it said nothing".to_owned(), |line| {
            format!("the last it said was `{line}` (`{}`)", self.log.display())
        });
        Failure {
            kind,
            message: format!("the program ended with {}; {said}", ending(status)),
        }
    }

    fn tail(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.log_start.max(length.saturating_sub(TAIL))))?;
            let mut tail = Vec::new();
            file.take(TAIL).read_to_end(&mut tail)?;
            Ok(tail)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }
}

/// Parts a program's output: reports of metrics are handed on, everything else goes to the log.
fn listen(output: impl io::Read, log: &mut File, reports: &SyncSender<Reading>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    let mut is_begun = false;
    while (&mut output)
        .take(readings::LONGEST as u64)
        .read_until(b'\n', &mut line)
        .is_ok_and(|length| length > 0)
    {
        // The rest of a line that is too long says nothing by itself.
        let reading = Some(&line).filter(|_| !is_begun);
        match reading.and_then(|line| readings::parse(&String::from_utf8_lossy(line))) {
            Some(reading) => {
                if reports.send(reading).is_err() {
                    return;
                }
            }
            None => {
                let _ = log.write_all(&line);
            }
        }
        is_begun = !line.ends_with(b"\n");
        line.clear();
    }
}

/// A log in which nothing is said is of no use to anybody.
fn remove_if_empty(log: &Path) {
    if log.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        let _ = std::fs::remove_file(log);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        remove_if_empty(&self.log);
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            end_group(self.group());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The trial's fault: what it would start cannot be.
fn invalid(message: String) -> RunError {
    let kind = FailureKind::Invalid;
    RunError::Trial(Failure { kind, message })
}

/// How a program ended, in words.
fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// Whether a program died of a signal that a terminal or a batch system sends to all processes of a job.
pub(super) fn is_of_a_job(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        let by_shell = status.code().map(|code| code - 128);
        [status.signal(), by_shell]
            .into_iter()
            .flatten()
            .any(|signal| [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM].contains(&signal))
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}

/// Kills every process of a group; one that is gone already is no error.
pub fn end_group(group: u32) {
    #[cfg(unix)]
    signal_group(group, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = group;
}

#[cfg(unix)]
fn signal_group(group: u32, signal: rustix::process::Signal) {
    // Groups 0 and 1 would be our own and everybody's.
    let group = i32::try_from(group)
        .ok()
        .filter(|&group| group > 1)
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Where a program is: below `folder` if its name has a slash in it, else in the folders of `PATH`.
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

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    metadata.is_file() && may_run
}
