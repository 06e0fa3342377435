//! The kernel's counts of processes that it killed because memory ran out.

use std::process::ExitStatus;

use crate::os;

/// Number of processes that the kernel has killed because memory ran out, in this process's control group and on the
/// whole machine. Only an increase is meaningful. 0 if the system does not report it.
pub fn kernel_kills() -> u64 {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_groups: u64 = groups.lines().filter_map(counter).filter_map(|path| count(&path)).sum();
    of_groups + count("/proc/vmstat").unwrap_or(0)
}

/// Path of the file in which a control group with a memory controller counts such kills (cgroups(7)).
fn counter(line: &str) -> Option<String> {
    let mut fields = line.splitn(3, ':');
    let (_, controllers, group) = (fields.next()?, fields.next()?, fields.next()?);
    let group = group.trim_end_matches('/');
    if controllers.is_empty() {
        Some(format!("/sys/fs/cgroup{group}/memory.events"))
    } else {
        let is_memory = controllers.split(',').any(|controller| controller == "memory");
        is_memory.then(|| format!("/sys/fs/cgroup/memory{group}/memory.oom_control"))
    }
}

fn count(path: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
    line.trim().parse().ok()
}

/// Returns whether a process was ended by SIGKILL, either itself or, by its shell's exit code, a program that it ran.
pub fn is_killed(status: ExitStatus) -> bool {
    const KILL: i32 = 9;
    is_ended_by(status, &[KILL])
}

/// Returns whether a process was ended by one of `signals`, in the same sense as [`is_killed`].
pub(super) fn is_ended_by(status: ExitStatus, signals: &[i32]) -> bool {
    os::ending_signals(status).any(|signal| signals.contains(&signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_counts_where_its_version_of_the_kernel_has_it() {
        let path = |line: &str| counter(line);
        assert_eq!(
            path("0::/user.slice/a").as_deref(),
            Some("/sys/fs/cgroup/user.slice/a/memory.events")
        );
        assert_eq!(path("0::/").as_deref(), Some("/sys/fs/cgroup/memory.events"));
        assert_eq!(
            path("9:memory:/job/7").as_deref(),
            Some("/sys/fs/cgroup/memory/job/7/memory.oom_control")
        );
        assert_eq!(path("4:cpu,cpuacct:/job"), None);
        assert_eq!(path("nonsense"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_kill_is_known_from_the_process_and_from_its_shell() {
        let status = |script: &str| std::process::Command::new("sh").args(["-c", script]).status().unwrap();
        assert!(is_killed(status("kill -9 $$")) && is_killed(status("exit 137")));
        assert!(!is_killed(status("exit 9")) && !is_killed(status("kill -15 $$")));
    }
}
