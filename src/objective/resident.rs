//! Memory use of processes, as the system reports it.

use super::descendants::descendants;

/// Resident memory of a process and all its descendants, in MiB; 0 if the system does not report it.
pub fn resident_mb(root: u32) -> f64 {
    let all = descendants(root).into_iter().chain([root]);
    all.map(|pid| field_mb(&pid.to_string(), "VmRSS:")).sum()
}

/// Resident memory of this process alone, in MiB; 0 if the system does not report it.
pub fn own_resident_mb() -> f64 {
    field_mb("self", "VmRSS:")
}

/// Peak resident memory of this process so far, in MiB; 0 if the system does not report it.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_child_counts_with_its_parent() {
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        // A program needs a moment after its start until it has resident pages.
        while resident_mb(child.id()) < 0.1 && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let (both, of_child) = (resident_mb(std::process::id()), resident_mb(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(of_child > 0.1 && both > of_child, "{both} {of_child}");
    }
}
