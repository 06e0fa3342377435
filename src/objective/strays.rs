//! Processes that programs leave behind: they have left their group and lost their parent (`setsid`, a double fork),
//! and would outlive the trial and the study.
//!
//! On Linux a process can be made the parent of all orphans below it (prctl(2), `PR_SET_CHILD_SUBREAPER`). A worker and
//! the engine above it do so. Whatever a trial has started then stays below one of them, and ends with its trial.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::descendants::{below, descendants};

/// Processes that ran below this process before it started any; they are never ended. Not set if this process adopts no
/// orphans: then no process is ended.
static SPARED: OnceLock<BTreeSet<u32>> = OnceLock::new();

/// Makes orphans below this process its children, so that [`end_strays`] ends them. Call it before anything is started.
pub fn take_in_strays() {
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
        let _ = SPARED.set(descendants(std::process::id()).into_iter().collect());
    }
}

/// Returns whether any processes are left below this one, apart from the children in `known` and their descendants.
pub(super) fn has_strays(known: &[u32]) -> bool {
    !strays(known).is_empty()
}

/// Kills all processes left below this one, apart from the children in `known` and their descendants.
pub fn end_strays(known: &[u32]) {
    // A killed process may have started another one meanwhile; as an orphan it is found in the next round.
    const ROUNDS: usize = 10;
    for _ in 0..ROUNDS {
        let strays = strays(known);
        if strays.is_empty() {
            break;
        }
        for pid in strays {
            end(pid);
        }
    }
}

fn strays(known: &[u32]) -> Vec<u32> {
    let Some(spared) = SPARED.get() else { return Vec::new() };
    let kept: BTreeSet<u32> = spared.iter().chain(known).copied().collect();
    below(std::process::id(), &kept)
}

#[cfg(target_os = "linux")]
fn end(pid: u32) {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
        // An orphan is a child of this process: no other process waits for it.
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

#[cfg(not(target_os = "linux"))]
fn end(_pid: u32) {}
