//! `trial_limits`: the resources that one trial may use.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, at, field};
use super::keys::{Kind, Section};

/// The resources that one trial may use. A trial that exceeds them fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialLimits {
    /// Maximum training time in seconds, summed over its segments; then the trial has timed out.
    pub wall: Option<f64>,
    /// Maximum resident memory in bytes, including an external program's children; then the trial is out of memory.
    pub memory: Option<u64>,
    /// Maximum time in seconds without a step or a line of output. Then the trial hangs, and its worker is replaced.
    pub silence: Option<f64>,
}

/// `trial_limits` in the schema.
pub(super) const TRIAL_LIMITS: Section = Section {
    name: "trial_limits",
    about: "Without a limit a trial may take any time and memory.",
    keys: || declared::keys(KEYS),
};

/// The keys of `trial_limits`.
pub(super) const KEYS: &[Field<TrialLimits>] = &[
    field(
        "wall",
        Kind::Duration,
        at!(TrialLimits.wall),
        "The longest training time of a trial, over all its segments. Beyond it the trial fails as `timed_out`.",
    )
    .examples(&["\"10m\""]),
    field(
        "memory",
        // No useful program starts with less.
        Kind::Size { min: 1 << 20 },
        at!(TrialLimits.memory),
        "The largest resident memory of its worker, with child processes. Beyond it the trial fails as `out_of_memory`.",
    )
    .examples(&["\"4GB\"", "\"512MiB\""]),
    field(
        "silence",
        Kind::Duration,
        at!(TrialLimits.silence),
        "The longest time without a training step or a line of output. Beyond it the worker is replaced. By default five minutes, and no limit for a `command`.",
    )
    .examples(&["\"2m\""]),
];
