//! How much memory processes take up, as the system tells it.

use std::collections::HashMap;

/// Resident memory of a process and all processes below it, in MiB; 0 where the system does not say.
pub fn resident_mb(root: u32) -> f64 {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for pid in processes() {
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut total = 0.0;
    let mut waiting = vec![root];
    while let Some(pid) = waiting.pop() {
        total += field_mb(&pid.to_string(), "VmRSS:");
        waiting.extend(children.remove(&pid).unwrap_or_default());
    }
    total
}

/// Resident memory of this process alone, in MiB; 0 where the system does not say.
pub fn own_resident_mb() -> f64 {
    field_mb("self", "VmRSS:")
}

/// The highest resident memory of this process so far, in MiB; 0 where the system does not say.
pub(super) fn peak_memory_mb() -> f64 {
    field_mb("self", "VmHWM:")
}

fn field_mb(process: &str, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .and_then(|text| text.trim().parse().ok());
    kibibytes.map_or(0.0, |kibibytes: f64| kibibytes / 1024.0)
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_child_counts_with_its_parent() {
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        // A program that has just begun takes a moment to have pages.
        while resident_mb(child.id()) < 0.1 && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let (both, of_child) = (resident_mb(std::process::id()), resident_mb(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(of_child > 0.1 && both > of_child, "{both} {of_child}");
    }
}
