//! Slurm's reasons why a job waits, in plain words (`man squeue`, "JOB REASON CODES").

use crate::transports::jobs::Obstacle;

use Obstacle::{Held, Impossible};

/// Beginnings of reasons, what they mean, and the obstacle if waiting does not help. The first that fits counts.
const REASONS: &[(&str, &str, Option<Obstacle>)] = &[
    ("None", "it was submitted just now", None),
    ("Priority", "other jobs come first", None),
    ("Resources", "all suitable nodes are busy", None),
    ("BeginTime", "it was requeued and starts again soon", None),
    (
        "JobHeldUser",
        "somebody holds it (`scontrol release` frees it)",
        Some(Held),
    ),
    ("JobHeldAdmin", "an administrator holds it", Some(Held)),
    ("JobHoldMaxRequeue", "it was requeued too often", Some(Held)),
    (
        "DependencyNeverSatisfied",
        "the job that it depends on has failed",
        Some(Held),
    ),
    ("Dependency", "it depends on another job", None),
    (
        "ReqNodeNotAvail",
        "the nodes that it may use are down, drained or reserved",
        None,
    ),
    ("PartitionDown", "its partition is down", None),
    ("PartitionInactive", "its partition is inactive", None),
    (
        "PartitionTimeLimit",
        "`cluster.time` is longer than its partition allows",
        Some(Impossible),
    ),
    (
        "PartitionNodeLimit",
        "its partition does not have the nodes that it asks for",
        Some(Impossible),
    ),
    (
        "PartitionConfig",
        "its partition does not allow such jobs",
        Some(Impossible),
    ),
    (
        "BadConstraints",
        "no node has what `cluster` asks for (`constraint`, `gres`, `gpus`, `cpus`, `memory`)",
        Some(Impossible),
    ),
    ("NodeDown", "a node that it needs is down", None),
    (
        "AccountNotAllowed",
        "its partition does not allow `cluster.account`",
        Some(Impossible),
    ),
    ("InvalidAccount", "`cluster.account` is not valid", Some(Impossible)),
    ("InvalidQOS", "`cluster.qos` is not valid", Some(Impossible)),
    (
        "QOSNotAllowed",
        "its partition does not allow `cluster.qos`",
        Some(Impossible),
    ),
    ("QOSTimeLimit", "the time limit of its QOS is reached", None),
    ("QOS", "a limit of its QOS is reached, until other jobs end", None),
    ("Assoc", "a limit of its account is reached, until other jobs end", None),
    (
        "MaxJobsPerAccount",
        "a limit of its account is reached, until other jobs end",
        None,
    ),
    ("JobArrayTaskLimit", "the array allows no more tasks at once", None),
    ("Licenses", "it waits for a licence", None),
    ("Reservation", "its reservation has not begun", None),
    (
        "Cleaning",
        "it was requeued, and its earlier run is being cleaned up",
        None,
    ),
];

/// A reason in plain words, with the obstacle that waiting does not remove. Unknown reasons stay as Slurm says them.
pub(super) fn reason(code: &str) -> (String, Option<Obstacle>) {
    let code = code.trim().trim_matches(['(', ')']);
    if let Some((_, words, obstacle)) = REASONS.iter().find(|(begin, ..)| code.starts_with(begin)) {
        return ((*words).to_owned(), *obstacle);
    }
    let is_held = code.to_ascii_lowercase().contains("held") || code.contains("NeverSatisfied");
    (format!("Slurm says `{code}`"), is_held.then_some(Held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_that_fits_counts() {
        for (index, (begin, words, obstacle)) in REASONS.iter().enumerate() {
            assert_eq!(
                reason(begin),
                ((*words).to_owned(), *obstacle),
                "{index}: hidden by an earlier one"
            );
        }
        assert_eq!(reason("launch failed requeued held").1, Some(Held));
        assert_eq!(reason("(QOSMaxJobsPerUserLimit)").1, None);
        assert_eq!(reason("SomethingNew"), ("Slurm says `SomethingNew`".to_owned(), None));
    }
}
