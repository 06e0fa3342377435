//! What programs leave behind: processes that have left their group and lost their parent (`setsid`, a double fork), and would outlive
//! trial and study.
//!
//! On Linux a process can be made the parent of all orphans below it (prctl(2), `PR_SET_CHILD_SUBREAPER`). A worker and the engine above
//! it are, so that whatever a trial has started stays below one of them, and ends with its trial.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::descendants::{below, descendants};

/// What ran below this process before it had started anything is somebody else's. Empty in a process that takes in no orphans: there
/// nothing is ended.
static SPARED: OnceLock<BTreeSet<u32>> = OnceLock::new();

/// From now on orphans below this process are its children, and [`end_strays`] ends them. To be called before it starts anything.
pub fn take_in_strays() {
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
        let _ = SPARED.set(descendants(std::process::id()).into_iter().collect());
    }
}

/// Whether anything is left below this process, apart from the children `known` and what is below those.
pub(super) fn has_strays(known: &[u32]) -> bool {
    !strays(known).is_empty()
}

/// Kills whatever is left below this process, apart from the children `known` and what is below those.
pub fn end_strays(known: &[u32]) {
    // One that is killed may have started another one meanwhile: that is an orphan then, and found the next time.
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
        // An orphan is this process's child: nobody else asks how it ended.
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

#[cfg(not(target_os = "linux"))]
fn end(_pid: u32) {}
