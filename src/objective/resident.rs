//! Memory and processor time of processes, as the system reports them.

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

/// Ticks of the clock that counts processor time, in a second (`USER_HZ`; 100 on every Linux).
const TICKS: f64 = 100.0;

/// Processor time of all threads of this process and of its children that have ended, in seconds; 0 if the system does not
/// report it. See proc(5), `/proc/pid/stat`.
pub(super) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program before it may contain anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(4);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
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
    fn the_time_of_a_child_counts_when_it_has_ended() {
        let before = cpu_seconds();
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let status = std::process::Command::new("sh").args(["-c", script]).status();
        assert!(status.unwrap().success());
        assert!(cpu_seconds() > before);
    }

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
