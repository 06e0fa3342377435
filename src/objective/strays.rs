//! Processes that programs leave behind: they have left their group and lost their parent (`setsid`, a double fork),
//! and would outlive the trial and the study.
//!
//! On Linux a process can be made the parent of all orphans below it. A worker and
//! the engine above it do so. All processes that a trial has started then stay below one of them, and end with the trial.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::descendants::{below, descendants};
use crate::os;

/// Processes that ran below this process before it started any; they are never ended. Not set if this process adopts no
/// orphans: then no process is ended.
static SPARED: OnceLock<BTreeSet<u32>> = OnceLock::new();

/// Makes orphans below this process its children, so that [`end_strays`] ends them. Call it before anything is started.
pub fn take_in_strays() {
    if os::adopt_orphans() {
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
            // An orphan is a child of this process: no other process waits for it.
            os::kill_and_reap(pid);
        }
    }
}

fn strays(known: &[u32]) -> Vec<u32> {
    let Some(spared) = SPARED.get() else { return Vec::new() };
    let kept: BTreeSet<u32> = spared.iter().chain(known).copied().collect();
    below(std::process::id(), &kept)
}
