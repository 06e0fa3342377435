//! The processes below a process, as the system lists them.

use std::collections::{BTreeSet, HashMap};

/// All processes below `root`; none where the system does not tell.
pub(super) fn descendants(root: u32) -> Vec<u32> {
    below(root, &BTreeSet::new())
}

/// The same without the processes `kept` and what is below those.
pub(super) fn below(root: u32, kept: &BTreeSet<u32>) -> Vec<u32> {
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
