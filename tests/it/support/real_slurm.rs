//! A real Slurm of three nodes on this machine, where it is installed.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Running, Sandbox};

/// One cluster at a time: it needs the whole machine.
static TURN: Mutex<()> = Mutex::new(());

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/slurm-cluster.sh");

/// A running Slurm. Dropping it ends it.
pub(crate) struct RealSlurm {
    root: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl RealSlurm {
    /// Starts it; `None`, and a word about it, where that is not possible.
    pub(crate) fn start() -> Option<Self> {
        let missing = ["slurmctld", "slurmd", "munged", "sbatch", "ip", "nsenter"]
            .into_iter()
            .find(|name| {
                let found = Command::new("sh")
                    .args(["-c", &format!("command -v {name} >/dev/null")])
                    .status();
                !found.is_ok_and(|status| status.success())
            });
        if let Some(missing) = missing {
            println!("skipped: there is no Slurm here (`{missing}` is missing)");
            return None;
        }
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !is_root {
            println!("skipped: only root can start a Slurm with networks of its own");
            return None;
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let slurm = Self {
            root: tempfile::Builder::new().prefix("aml").tempdir_in("/tmp").unwrap(),
            _turn: turn,
        };
        if !slurm.script("up") {
            println!("skipped: a Slurm cannot be started here");
            return None;
        }
        Some(slurm)
    }

    /// Runs a command of the script; returns whether it succeeded.
    pub(crate) fn script(&self, words: &str) -> bool {
        let mut command = Command::new("bash");
        command
            .arg(SCRIPT)
            .args(words.split(' '))
            .env("SROOT", self.root.path());
        command.env("SNUMBER", Self::number().to_string());
        command.status().unwrap().success()
    }

    /// The address of this machine for the nodes.
    pub(crate) fn address() -> String {
        format!("10.77.{}.1", Self::number())
    }

    fn number() -> u32 {
        std::process::id() % 200
    }

    /// `cluster` of a spec for it.
    pub(crate) fn cluster(rest: &str) -> String {
        format!(
            "cluster: {{engine: slurm, workers: 2, listen: {}, lease: 4s, partition: low{rest}}}\n",
            Self::address()
        )
    }

    /// Starts the program with this Slurm.
    pub(crate) fn start_in(&self, sandbox: &Sandbox, arguments: &str) -> Running {
        let mut command = sandbox.command(arguments);
        command.env("SLURM_CONF", self.root.path().join("slurm.conf"));
        sandbox.start_command(command, arguments)
    }

    /// The output of a command of Slurm.
    pub(crate) fn ask(&self, words: &str) -> String {
        let mut command = Command::new("sh");
        command
            .args(["-c", words])
            .env("SLURM_CONF", self.root.path().join("slurm.conf"));
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The jobs that wait or run, as `id|state|reason|node`.
    pub(crate) fn jobs(&self) -> Vec<String> {
        let lines = self.ask("squeue -h -r -t PD,R,CG -o '%i|%T|%r|%N'");
        lines.lines().map(str::to_owned).collect()
    }
}

impl Drop for RealSlurm {
    fn drop(&mut self) {
        self.script("down");
    }
}
