//! The engine's side of a worker on this machine: a child process, its pipes, and the thread that reads them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::{FromWorker, Slot, ToWorker};
use crate::objective::{end_group, is_killed, kernel_kills};
use crate::os;

/// Maximum time for a process to exit once its output has ended.
const LINGER: Duration = Duration::from_secs(1);

/// Number of bytes at the end of a log that contain the last message of a dying process.
const LAST_WORDS: u64 = 512;

/// A running worker process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    log: PathBuf,
    /// Byte offset at which this process's part of the log begins: earlier processes wrote the part before it.
    log_start: u64,
    /// The process group of its external program. Remaining processes in it are ended with the worker.
    program: Option<u32>,
    /// Number of processes that the kernel had killed for lack of memory when the worker's latest segment began.
    kills: u64,
    /// `true` if it was ended by a SIGKILL that this process did not send.
    was_killed: bool,
}

/// Keeps glibc from returning the memory of every large tensor to the system only to request it again. Otherwise a
/// training step of a small model spends a fifth of its time on page faults. Other allocators ignore these variables.
const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_MMAP_MAX_", "0"),
    ("MALLOC_TRIM_THRESHOLD_", "4294967296"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// Variables that an external program inherits from its worker: the visible GPU, and the number of threads for Python
/// libraries, unless the user has set it.
fn of_programs(slot: &Slot) -> Vec<(&'static str, String)> {
    let threads = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"].into_iter();
    let threads = threads.filter(|name| std::env::var_os(name).is_none());
    let threads = threads.map(|name| (name, slot.threads.to_string()));
    threads
        .chain(slot.gpu.clone().map(|gpu| ("CUDA_VISIBLE_DEVICES", gpu)))
        .collect()
}

impl Process {
    /// Starts `program worker --study FOLDER …` for a slot.
    ///
    /// `listen` gets each message, then `None` once the output has ended; with `false` it ends the listening. The standard
    /// error goes to `log`.
    ///
    /// # Errors
    /// If the system cannot start it.
    pub fn spawn(
        program: &Path,
        folder: &Path,
        slot: &Slot,
        log: &Path,
        listen: impl Fn(Option<Box<FromWorker>>) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let log_start = log_file.metadata()?.len();
        let mut command = Command::new(program);
        // Ctrl-C reaches every process of the terminal's group. The engine decides what it means for a worker.
        os::lead_group(&mut command);
        let mut child = command
            .arg("worker")
            .arg("--study")
            .arg(folder)
            .arg("--device")
            .arg(slot.device.to_string())
            // Otherwise Rayon and the tokenizer would use every core of the machine in every worker.
            .env("RAYON_NUM_THREADS", slot.threads.to_string())
            .envs(of_programs(slot))
            .env(
                "TOKENIZERS_PARALLELISM",
                if slot.threads > 1 { "true" } else { "false" },
            )
            .envs(ALLOCATOR)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()?;
        let input = child.stdin.take();
        if let Some(output) = child.stdout.take() {
            let read = move || {
                for line in BufReader::new(output).lines() {
                    let Some(message) = line.ok().and_then(|line| serde_json::from_str(&line).ok()) else {
                        break;
                    };
                    if !listen(Some(Box::new(message))) {
                        return;
                    }
                }
                listen(None);
            };
            if let Err(error) = std::thread::Builder::new().spawn(read) {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        }
        Ok(Self {
            child,
            input,
            log: log.to_owned(),
            log_start,
            program: None,
            kills: kernel_kills(),
            was_killed: false,
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a message. Errors are ignored: such a worker is dying, which its reading thread reports.
    pub fn send(&mut self, message: &ToWorker) {
        if matches!(message, ToWorker::Run { .. }) {
            self.kills = kernel_kills();
        }
        if let (Some(input), Ok(mut line)) = (&mut self.input, serde_json::to_vec(message)) {
            line.push(b'\n');
            let _ = input.write_all(&line).and_then(|()| input.flush());
        }
    }

    /// Records the process group of the external program that it runs now; `None` if it runs none.
    pub fn note_program(&mut self, group: Option<u32>) {
        self.program = group;
    }

    /// Kills the process immediately; its reading thread reports that it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Ends the process and describes how it ended.
    pub fn end(&mut self) -> String {
        self.input = None;
        let _ = self.child.kill();
        self.end_program();
        self.child
            .wait()
            .map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Waits for a process whose output has ended and describes how it ended. A process that lingers is killed.
    pub fn reap(&mut self) -> String {
        self.input = None;
        self.end_program();
        let patience = Instant::now() + LINGER;
        while Instant::now() < patience {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.was_killed = is_killed(status);
                    return status.to_string();
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return error.to_string(),
            }
        }
        self.end()
    }

    /// Ends the worker's program: a worker that was killed could not do it itself.
    fn end_program(&mut self) {
        if let Some(group) = self.program.take() {
            end_group(group);
        }
    }

    /// Returns whether it ran out of memory: the kernel killed it, or its log ends with the error of Rust's allocator.
    pub fn is_out_of_memory(&self) -> bool {
        if self.was_killed && kernel_kills() > self.kills {
            return true;
        }
        let tail = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.log_start.max(length.saturating_sub(LAST_WORDS))))?;
            let mut tail = Vec::new();
            file.take(LAST_WORDS).read_to_end(&mut tail)?;
            Ok(tail)
        };
        String::from_utf8_lossy(&tail().unwrap_or_default()).contains("memory allocation of ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
