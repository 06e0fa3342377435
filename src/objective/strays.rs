//! What programs leave behind: processes that have left their group and lost their parent (`setsid`, a double fork), and would outlive
//! trial and study.
//!
//! On Linux a process can be made the parent of all orphans below it (prctl(2), `PR_SET_CHILD_SUBREAPER`). A worker and the engine above
//! it are, so that whatever a trial has started stays below one of them, and ends with its trial.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

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

/// All processes below one of them; none where the system does not tell.
pub(super) fn descendants(root: u32) -> Vec<u32> {
    below(root, &BTreeSet::new())
}

/// The same without some, and without what is below those.
fn below(root: u32, kept: &BTreeSet<u32>) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for pid in processes().filter(|pid| !kept.contains(pid)) {
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(pid) = waiting.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(&below);
        waiting.extend(below);
    }
    found
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // pid (name) state parent …; the name may hold blanks and brackets.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
