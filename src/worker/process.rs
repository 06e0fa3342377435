//! The engine's side of a worker on this machine: a child process, its pipes, and the thread that reads them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::{FromWorker, Slot, ToWorker};
use crate::objective::{end_group, is_killed, kernel_kills};

/// How long a process may take to exit once its output has ended.
const LINGER: Duration = Duration::from_secs(1);

/// As much of a log's end as the last message of a dying process takes up.
const LAST_WORDS: u64 = 512;

/// A running worker process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    generation: u64,
    log: PathBuf,
    /// Where its part of the log began: others have written before it.
    log_start: u64,
    /// The process group of the external program that it runs: what is left of it ends with the worker.
    program: Option<u32>,
    /// How many processes the kernel had killed for want of memory when its latest segment began.
    kills: u64,
    /// It ended by SIGKILL, and not by ours.
    was_killed: bool,
}

/// Keeps glibc from giving the memory of every large tensor back to the system only to ask for it again: a training step
/// of a small model otherwise spends a fifth of its time on page faults. Other allocators ignore these.
const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_MMAP_MAX_", "0"),
    ("MALLOC_TRIM_THRESHOLD_", "4294967296"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// What a worker's reading thread tells the engine.
#[derive(Debug)]
pub enum WorkerEvent {
    /// A message.
    Message(Box<FromWorker>),
    /// The worker's output ended: it is dying or dead.
    Gone,
}

/// Why a worker could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a worker process: {0}")]
pub struct SpawnError(#[from] std::io::Error);

/// What an external program inherits from its worker: the GPU it is shown, and how many threads the libraries of Python
/// take, unless the user has said so already.
fn of_programs(slot: &Slot) -> Vec<(&'static str, String)> {
    let threads = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"].into_iter();
    let threads = threads.filter(|name| std::env::var_os(name).is_none());
    let threads = threads.map(|name| (name, slot.threads.to_string()));
    threads
        .chain(slot.gpu.clone().map(|gpu| ("CUDA_VISIBLE_DEVICES", gpu)))
        .collect()
}

impl Process {
    /// Starts `program worker --study FOLDER …` for a slot. Its messages go to `news`, each with `tag` and `generation`;
    /// its standard error goes to `log`.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn spawn<T: From<(usize, u64, WorkerEvent)> + Send + 'static>(
        program: &Path,
        folder: &Path,
        slot: &Slot,
        log: &Path,
        tag: usize,
        generation: u64,
        news: Sender<T>,
    ) -> Result<Self, SpawnError> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let log_start = log_file.metadata()?.len();
        let mut command = Command::new(program);
        // Ctrl-C reaches every process of the terminal's group. What it means for a worker, the engine says.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .arg("worker")
            .arg("--study")
            .arg(folder)
            .arg("--device")
            .arg(slot.device.to_string())
            // Rayon and the tokeniser would otherwise take every core of the machine in every worker.
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
            let listen = move || {
                for line in BufReader::new(output).lines() {
                    let Some(message) = line.ok().and_then(|line| serde_json::from_str(&line).ok()) else {
                        break;
                    };
                    if news
                        .send(T::from((tag, generation, WorkerEvent::Message(Box::new(message)))))
                        .is_err()
                    {
                        return;
                    }
                }
                let _ = news.send(T::from((tag, generation, WorkerEvent::Gone)));
            };
            if let Err(error) = std::thread::Builder::new().spawn(listen) {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.into());
            }
        }
        Ok(Self {
            child,
            input,
            generation,
            log: log.to_owned(),
            log_start,
            program: None,
            kills: kernel_kills(),
            was_killed: false,
        })
    }

    /// Its number on this machine.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Counts the processes that have served this slot.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Sends a message. A worker that cannot take it is dying, which its reading thread reports.
    pub fn send(&mut self, message: &ToWorker) {
        if matches!(message, ToWorker::Run { .. }) {
            self.kills = kernel_kills();
        }
        if let (Some(input), Ok(mut line)) = (&mut self.input, serde_json::to_vec(message)) {
            line.push(b'\n');
            let _ = input.write_all(&line).and_then(|()| input.flush());
        }
    }

    /// Takes note of the process group of an external program that it runs now, or that it runs none any more.
    pub fn note_program(&mut self, group: Option<u32>) {
        self.program = group;
    }

    /// Kills the process at once; its reading thread reports that it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Ends the process and says how it ended.
    pub fn end(&mut self) -> String {
        self.input = None;
        let _ = self.child.kill();
        self.end_program();
        self.child
            .wait()
            .map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Says how a process whose output has ended came to its end; one that lingers is killed.
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

    /// A worker that was killed could not end its program itself.
    fn end_program(&mut self) {
        if let Some(group) = self.program.take() {
            end_group(group);
        }
    }

    /// Whether the kernel has killed it for want of memory, or its last words in its log are those of Rust's allocator then.
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
