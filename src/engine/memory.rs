//! Memory of this machine: how much is free, and whether another segment fits beside the running ones.
//!
//! This module does not decide which segments run, only when: a deterministic study has the same result on a machine
//! with half the memory.

use std::path::Path;

/// The share of the free memory that all workers may use. The rest is for the file cache of the system, without which
/// everything is slow, and for other programs.
const SHARE: f64 = 0.9;

/// Correction after each segment for a prediction that was too large. One that was too small is corrected immediately.
const FORGIVING: f64 = 0.2;

/// Predictions are never corrected below this share of the prediction from sizes.
const LEAST_FACTOR: f64 = 0.5;

const MEBIBYTE: f64 = 1_048_576.0;

/// Bytes that are free for workers on this machine, or in the control group of this process; `None` if the system does
/// not provide it.
pub fn available_memory() -> Option<u64> {
    let machine = machine_free(&std::fs::read_to_string("/proc/meminfo").ok()?);
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let confined = groups
        .lines()
        .flat_map(|line| group_free(line, Path::new("/sys/fs/cgroup")));
    machine.into_iter().chain(confined).min()
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn machine_free(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Free bytes of a control group and of those above it. `line` is a line of `/proc/self/cgroup`: `0::/path` in version
/// 2, `number:memory:/path` in version 1.
fn group_free(line: &str, mount: &Path) -> Vec<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let (root, limit, usage, inactive) = if controllers.is_empty() {
        (mount.to_owned(), "memory.max", "memory.current", "inactive_file")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        let root = mount.join("memory");
        (
            root,
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        )
    } else {
        return Vec::new();
    };
    let mut folder = root.join(path.trim_start_matches('/'));
    let mut free = Vec::new();
    // A container often sees its own group as the root, although the system reports another path.
    loop {
        free.extend(free_in(&folder, limit, usage, inactive));
        if folder == root || !folder.pop() {
            return free;
        }
    }
}

fn free_in(folder: &Path, limit: &str, usage: &str, inactive: &str) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    // The system drops inactive files from its cache when memory is needed.
    let statistics = read("memory.stat").unwrap_or_default();
    let idle = statistics
        .lines()
        .find_map(|line| line.strip_prefix(inactive)?.trim().parse::<u64>().ok());
    // `max` is not a number: there is no limit.
    let used = number(usage)?.saturating_sub(idle.unwrap_or(0));
    Some(number(limit)?.saturating_sub(used))
}

/// Admits segments while the machine has memory for them.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Bytes for all workers together; `None` if there is no limit.
    limit: Option<u64>,
    /// The memory of every slot.
    levels: Vec<Level>,
    /// The correction factor of predictions, from measured peaks.
    factor: f64,
}

/// Memory of a worker. A worker never returns memory, so this is the maximum over its segments.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// The prediction from sizes alone.
    predicted: u64,
    /// The bytes that count against the limit.
    counted: u64,
    is_running: bool,
}

impl Admission {
    /// Creates an admission without a limit: every segment is admitted.
    pub fn unlimited() -> Self {
        Self::new(None)
    }

    /// Creates an admission that lets workers use `SHARE` of `free` bytes; without a limit for `None`.
    pub fn new(free: Option<u64>) -> Self {
        Self {
            limit: free.map(|free| (free as f64 * SHARE) as u64),
            levels: Vec::new(),
            factor: 1.0,
        }
    }

    /// Returns whether a segment with a predicted need of `need` bytes may run in a slot now. If so, it counts from now
    /// on.
    ///
    /// If nothing else runs, the segment is always admitted: otherwise it might never run. A segment with unknown need
    /// always fits.
    pub(super) fn admits(&mut self, slot: usize, need: Option<u64>) -> bool {
        let is_alone = !self.levels.iter().any(|level| level.is_running);
        if self.levels.len() <= slot {
            self.levels.resize(slot + 1, Level::default());
        }
        let own = self.levels[slot];
        let counted = need
            .map_or(0, |need| (need as f64 * self.factor) as u64)
            .max(own.counted);
        let all: u64 = self.levels.iter().map(|level| level.counted).sum();
        let would_be = all - own.counted + counted;
        let fits = need.is_none() || self.limit.is_none_or(|limit| would_be <= limit);
        if fits || is_alone {
            self.levels[slot] = Level {
                predicted: own.predicted.max(need.unwrap_or(0)),
                counted,
                is_running: true,
            };
        }
        fits || is_alone
    }

    /// Records the end of a segment and the measured peak of its worker (in MiB; 0 if it was not measured).
    pub(super) fn release(&mut self, slot: usize, peak_mb: f64) {
        let Some(level) = self.levels.get_mut(slot) else { return };
        level.is_running = false;
        if peak_mb <= 0.0 || level.predicted == 0 {
            return;
        }
        let measured = peak_mb * MEBIBYTE;
        level.counted = measured as u64;
        let ratio = measured / level.predicted as f64;
        self.factor = if ratio > self.factor {
            ratio
        } else {
            (self.factor + FORGIVING * (ratio - self.factor)).max(LEAST_FACTOR)
        };
    }

    /// Frees the memory of a worker that has ended.
    pub(super) fn forget(&mut self, slot: usize) {
        if let Some(level) = self.levels.get_mut(slot) {
            *level = Level::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::path::PathBuf;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn counted(admission: &Admission) -> u64 {
        admission.levels.iter().map(|level| level.counted).sum()
    }

    fn running(admission: &Admission) -> usize {
        admission.levels.iter().filter(|level| level.is_running).count()
    }

    #[test]
    fn what_does_not_fit_waits_until_something_has_ended() {
        let mut admission = Admission::new(Some(1000 * MIB));
        assert!(admission.admits(0, Some(500 * MIB)));
        assert!(!admission.admits(1, Some(500 * MIB)), "only nine tenths may be taken");
        assert!(admission.admits(1, Some(300 * MIB)));
        admission.release(1, 300.0);
        assert!(!admission.admits(1, Some(450 * MIB)));
        admission.release(0, 500.0);
        // Too large beside the memory of the other worker, but nothing else runs.
        assert!(admission.admits(1, Some(450 * MIB)));
    }

    #[test]
    fn a_worker_that_died_gives_its_memory_back() {
        let mut admission = Admission::new(Some(1000 * MIB));
        assert!(admission.admits(0, Some(800 * MIB)) && !admission.admits(1, Some(200 * MIB)));
        admission.forget(0);
        assert!(admission.admits(1, Some(200 * MIB)) && admission.admits(0, Some(600 * MIB)));
    }

    #[test]
    fn a_prediction_that_was_too_small_is_corrected_at_once_and_one_too_large_slowly() {
        let mut admission = Admission::new(Some(1000 * MIB));
        assert!(admission.admits(0, Some(100 * MIB)));
        admission.release(0, 200.0);
        assert!((admission.factor - 2.0).abs() < 1e-9);
        assert!(admission.admits(0, Some(100 * MIB)));
        assert!(!admission.admits(1, Some(400 * MIB)), "it is taken for twice as large");
        for _ in 0..100 {
            admission.forget(1);
            assert!(admission.admits(1, Some(100 * MIB)));
            admission.release(1, 10.0);
        }
        assert!((admission.factor - LEAST_FACTOR).abs() < 1e-9);
    }

    #[test]
    fn without_a_limit_or_a_prediction_everything_runs() {
        let mut unlimited = Admission::unlimited();
        assert!((0..9).all(|slot| unlimited.admits(slot, Some(u64::MAX / 16))));
        let mut admission = Admission::new(Some(MIB));
        assert!((0..9).all(|slot| admission.admits(slot, None)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Admit(usize, Option<u64>),
        Release(usize, f64),
        Forget(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let need = proptest::option::weighted(0.9, (1..600u64).prop_map(|need| need * MIB));
        prop_oneof![
            4 => (0..6usize, need).prop_map(|(slot, need)| Step::Admit(slot, need)),
            3 => (0..6usize, 0.0..600.0f64).prop_map(|(slot, peak)| Step::Release(slot, peak)),
            1 => (0..6usize).prop_map(Step::Forget),
        ]
    }

    proptest! {
        #[test]
        fn whoever_is_admitted_beside_others_fits(steps in proptest::collection::vec(step(), 1..80)) {
            let mut admission = Admission::new(Some(1000 * MIB));
            for step in steps {
                match step {
                    Step::Admit(slot, need) => {
                        let is_busy = admission.levels.get(slot).is_some_and(|level| level.is_running);
                        if is_busy {
                            continue;
                        }
                        let admitted = admission.admits(slot, need);
                        prop_assert!(admitted || running(&admission) > 0, "something can always run");
                        if admitted && need.is_some() && running(&admission) > 1 {
                            prop_assert!(counted(&admission) <= 900 * MIB, "{admission:?}");
                        }
                    }
                    Step::Release(slot, peak) => admission.release(slot, peak),
                    Step::Forget(slot) => admission.forget(slot),
                }
            }
        }
    }

    #[test]
    fn free_memory_is_read_from_what_the_system_says() {
        let meminfo = "MemTotal:       24683520 kB\nMemFree:        21000000 kB\nMemAvailable:   23678004 kB\n";
        assert_eq!(machine_free(meminfo), Some(23_678_004 * 1024));
        assert_eq!(machine_free("MemTotal: 1 kB\n"), None);
        assert!(available_memory().is_none_or(|free| free > MIB));
    }

    #[test]
    fn a_control_group_limits_as_those_above_it_do() {
        let mount = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path: PathBuf = mount.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("job/memory.max", "1000\n");
        write("job/memory.current", "900\n");
        write("job/memory.stat", "anon 5\ninactive_file 300\n");
        write("job/step/memory.max", "max\n");
        write("job/step/memory.current", "800\n");
        assert_eq!(group_free("0::/job/step", mount.path()), [400]);
        write("memory/old/memory.limit_in_bytes", "5000\n");
        write("memory/old/memory.usage_in_bytes", "6000\n");
        assert_eq!(group_free("9:cpu,memory:/old", mount.path()), [0]);
        assert!(group_free("3:cpuset:/old", mount.path()).is_empty());
    }
}
