//! The states of Slurm's jobs (`man squeue`, "JOB STATE CODES").

use super::reasons::reason;
use crate::transports::jobs::{Job, JobEnd, JobState, Obstacle};

/// A job by its line `id|state|reason|nodes`; `None` for any other line.
pub(super) fn job(line: &str) -> Option<Job> {
    let mut fields = line.trim().splitn(4, '|');
    let (id, state, why) = (fields.next()?, fields.next()?, fields.next()?);
    let node = fields.next().unwrap_or_default();
    let state = match state {
        "RUNNING" | "COMPLETING" | "STAGE_OUT" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "RESIZING" => {
            JobState::Running
        }
        "COMPLETED" => JobState::Ended(JobEnd::Completed),
        "CANCELLED" | "REVOKED" => JobState::Ended(JobEnd::Cancelled),
        "PREEMPTED" => JobState::Ended(JobEnd::Preempted),
        "NODE_FAIL" | "BOOT_FAIL" => JobState::Ended(JobEnd::NodeFailed),
        "TIMEOUT" | "DEADLINE" => JobState::Ended(JobEnd::TimedOut),
        "OUT_OF_MEMORY" => JobState::Ended(JobEnd::OutOfMemory),
        "FAILED" => JobState::Ended(JobEnd::Failed),
        "REQUEUE_HOLD" | "SPECIAL_EXIT" => JobState::Waiting {
            why: reason(why).0,
            obstacle: Some(Obstacle::Held),
        },
        // PENDING, CONFIGURING, REQUEUED, RESV_DEL_HOLD, and what later versions may add.
        _ => {
            let (why, obstacle) = reason(why);
            JobState::Waiting { why, obstacle }
        }
    };
    Some(Job {
        id: id.to_owned(),
        state,
        node: node.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_become_jobs() {
        let running = job("12_3|RUNNING|None|n1").unwrap();
        assert_eq!((running.id.as_str(), running.node.as_str()), ("12_3", "n1"));
        assert_eq!(running.state, JobState::Running);
        let held = job("12_4|PENDING|launch failed requeued held|").unwrap();
        assert!(matches!(
            held.state,
            JobState::Waiting {
                obstacle: Some(Obstacle::Held),
                ..
            }
        ));
        assert_eq!(
            job("12_5|OUT_OF_MEMORY|OutOfMemory|n2").unwrap().state,
            JobState::Ended(JobEnd::OutOfMemory)
        );
        assert_eq!(job(""), None);
        assert_eq!(job("slurm_load_jobs error"), None);
    }
}
