//! The program while it runs: waiting for it, signalling it, and looking for what it leaves behind.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Outcome, events};

/// Long enough for the slowest machine; a story that needs it has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// Asks again and again until something is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not after {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A started program. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    what: String,
    begun: Instant,
    folder: PathBuf,
    stdout: File,
    stderr: File,
}

impl Running {
    pub(super) fn start(mut command: Command, folder: &Path, what: &str) -> Self {
        let (stdout, stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().unwrap())
            .stderr(stderr.try_clone().unwrap());
        Self {
            child: command.spawn().unwrap(),
            what: what.to_owned(),
            begun: Instant::now(),
            folder: folder.to_owned(),
            stdout,
            stderr,
        }
    }

    /// Waits until a study's journal has this many events. The program must not end before.
    #[track_caller]
    pub(crate) fn wait_for_events(&mut self, study: &Path, count: usize) {
        self.wait_until(&format!("{count} events"), || events(study).len() >= count);
    }

    /// Waits until something is so. The program must not end before.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            let goes_on = self.child.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE;
            assert!(
                goes_on,
                "`{}` is over, or stuck, before there was: {what}\n{}",
                self.what,
                self.said()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until what it has said on standard error is so.
    #[track_caller]
    pub(crate) fn wait_until_said(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let (stdout, stderr) = (self.stdout.try_clone().unwrap(), self.stderr.try_clone().unwrap());
        self.wait_until(what, || is_so(&(read(&stdout) + &read(&stderr))));
    }

    /// Its standard error so far.
    pub(crate) fn said(&self) -> String {
        read(&self.stderr)
    }

    /// Its standard output so far.
    pub(crate) fn printed(&self) -> String {
        read(&self.stdout)
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its workers.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let parent = self.pid().to_string();
        let is_child = |pid: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // pid (name) state parent …; the name may hold blanks and brackets.
            let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            after_name.split_whitespace().nth(1) == Some(&parent)
        };
        processes(&self.folder).into_iter().filter(is_child).collect()
    }

    /// Sends a signal such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        kill(self.pid(), name);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Outcome {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                self.begun.elapsed() < PATIENCE,
                "`{}` hangs; it said:\n{}",
                self.what,
                self.said()
            );
            std::thread::sleep(Duration::from_millis(2));
        };
        Outcome {
            what: self.what.clone(),
            code: status.code(),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            seconds: self.begun.elapsed(),
            folder: self.folder.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All of a file, without moving the position at which the program continues to write.
fn read(file: &File) -> String {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    String::from_utf8(bytes).expect("the program writes UTF-8")
}

/// Sends a signal such as `KILL` to a process; one that is gone already is no fault.
pub(crate) fn kill(pid: u32, signal: &str) {
    let command = format!("kill -{signal} {pid} 2>/dev/null || true");
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

/// The living processes that work in a story's folder.
pub(crate) fn processes(folder: &Path) -> Vec<u32> {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}
