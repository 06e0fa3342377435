//! What becomes of trials that are worse than others: the scheduler, and what goes with every scheduler.

pub(super) mod read;
pub(super) mod write;

use serde::{Deserialize, Serialize};

/// The halving rate of the ASHA paper's main experiments and of Optuna's and Ray Tune's examples (Li et al. 2020, §4).
const ETA: u32 = 3;

/// The same where a wall budget is planned for: with one in four, two early comparisons find as much as three with one in three
/// (`benches/deadline_quality`).
const PLANNED_ETA: u32 = 4;

/// Optuna's `MedianPruner(n_startup_trials=5)`.
const MIN_TRIALS: u32 = 5;

/// Between the 10 and the 80 members of Jaderberg et al. 2017, §4: what a small machine can train.
const POPULATION: u32 = 16;

/// Truncation selection takes the top and the bottom fifth (Jaderberg et al. 2017, §4.1.1).
const QUANTILE: f64 = 0.2;

/// Ray Tune's `resample_probability`.
const RESAMPLE: f64 = 0.25;

/// What becomes of trials that are worse than others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyTerminate {
    /// The rule that decides which trial continues.
    pub scheduler: SchedulerSpec,
    /// When a trial ends that improves no more, whatever the others do.
    pub patience: Option<Patience>,
    /// The share of trials that run to their end whatever the scheduler says, to see what pruning costs; in [0, 1].
    pub audit: f64,
}

impl From<SchedulerSpec> for EarlyTerminate {
    fn from(scheduler: SchedulerSpec) -> Self {
        Self {
            scheduler,
            patience: None,
            audit: 0.0,
        }
    }
}

impl EarlyTerminate {
    /// What holds for a fine-tuning with a wall budget whose spec says nothing.
    pub(super) fn planned() -> Self {
        SchedulerSpec::asha(PLANNED_ETA).into()
    }
}

/// When a trial ends that improves no more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Patience {
    /// Epochs after the last improvement; greater than 0.
    pub epochs: f64,
    /// Less than this, in units of the metric, is no improvement; at least 0.
    pub min_delta: f64,
}

/// The rule that decides which trial continues.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerSpec {
    /// Every trial runs to its end.
    None,
    /// Asynchronous successive halving.
    Asha {
        /// One in `eta` goes on from a rung; at least 2.
        eta: u32,
        /// What becomes of the others.
        mode: AshaMode,
        /// Instead of one in `eta` trials, as many go on as cost one `eta`-th of what the rung cost.
        cost_aware: bool,
    },
    /// Asynchronous successive halving from several first rungs at once.
    Hyperband {
        /// One in `eta` goes on from a rung; at least 2.
        eta: u32,
    },
    /// Synchronous successive halving: a rung is decided when all of its bracket have arrived.
    SuccessiveHalving {
        /// One in `eta` goes on from a rung; at least 2.
        eta: u32,
        /// Trials that begin together; by default as many as leave one at the last rung.
        bracket: Option<u32>,
    },
    /// Asynchronous successive halving whose last rung moves up only while the order of the trials still changes.
    Pasha {
        /// One in `eta` goes on from a rung; at least 2.
        eta: u32,
    },
    /// A trial ends that is worse than the median of what others had shown by then.
    Median {
        /// Epochs from one judgement to the next; by default a tenth of a complete trial, at least `epochs.min`.
        interval: Option<f64>,
        /// Complete trials before the first trial is judged; at least 1.
        min_trials: u32,
    },
    /// Population-based training: the worst are replaced by clones of the best, with changed configurations.
    Pbt(PbtSpec),
}

/// What becomes of a trial that is not among the best at a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AshaMode {
    /// It waits there until it is.
    Promotion,
    /// It ends for good. Who is among the best on arrival goes on at once.
    Stopping,
}

impl AshaMode {
    /// Both by the name that specs use.
    pub const NAMES: [(&str, Self); 2] = [("promotion", Self::Promotion), ("stopping", Self::Stopping)];
}

/// Population-based training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PbtSpec {
    /// Trials that are trained side by side; at least 2.
    pub population: u32,
    /// Epochs from one comparison to the next; by default a tenth of a complete trial, at least `epochs.min`.
    pub interval: Option<f64>,
    /// The share of the worst, which are replaced, and of the best, which are cloned; in (0, 0.5].
    pub quantile: f64,
    /// How likely a clone gets an altogether new value of a parameter instead of a changed one; in [0, 1].
    pub resample: f64,
}

impl Default for PbtSpec {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl PbtSpec {
    const DEFAULT: Self = Self {
        population: POPULATION,
        interval: None,
        quantile: QUANTILE,
        resample: RESAMPLE,
    };
}

impl SchedulerSpec {
    /// Every scheduler with its defaults, by the name that specs and `automl ask-tell --scheduler` use.
    pub const NAMES: [(&str, Self); 7] = [
        ("asha", Self::asha(ETA)),
        ("hyperband", Self::Hyperband { eta: ETA }),
        (
            "successive_halving",
            Self::SuccessiveHalving {
                eta: ETA,
                bracket: None,
            },
        ),
        ("pasha", Self::Pasha { eta: ETA }),
        (
            "median",
            Self::Median {
                interval: None,
                min_trials: MIN_TRIALS,
            },
        ),
        ("pbt", Self::Pbt(PbtSpec::DEFAULT)),
        ("none", Self::None),
    ];

    /// Asynchronous successive halving by promotion.
    pub const fn asha(eta: u32) -> Self {
        Self::Asha {
            eta,
            mode: AshaMode::Promotion,
            cost_aware: false,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Asha { .. } => "asha",
            Self::Hyperband { .. } => "hyperband",
            Self::SuccessiveHalving { .. } => "successive_halving",
            Self::Pasha { .. } => "pasha",
            Self::Median { .. } => "median",
            Self::Pbt(_) => "pbt",
        }
    }
}

impl Default for SchedulerSpec {
    fn default() -> Self {
        Self::asha(ETA)
    }
}
