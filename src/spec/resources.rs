//! `resources`: devices, workers and the cache.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field, words_of};
use super::keys::{Kind, Section};

/// Devices, workers and the cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// The devices.
    pub devices: Devices,
    /// Number of worker processes; by default one per CPU core, or as many per GPU as share it well.
    pub workers: Option<usize>,
    /// Number of worker processes that share a GPU; by default as many as share it well.
    pub slots_per_device: Option<usize>,
    /// CPU threads per worker; by default one.
    pub threads_per_worker: usize,
    /// Number of logical workers of the virtual clock of a deterministic study; `None`: it follows from the slots of
    /// the machine on which the study begins ([`Spec::settle_logical_workers`](super::Spec::settle_logical_workers)).
    pub logical_workers: Option<usize>,
    /// Disk space in bytes for cached activations of frozen layers, shared by all studies; 0: nothing is cached.
    pub cache: u64,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            devices: Devices::Auto,
            workers: None,
            slots_per_device: None,
            threads_per_worker: 1,
            logical_workers: None,
            // 100,000 texts of 60 tokens take 9 GB in a model of MiniLM's size: a few data sets fit.
            cache: 10_000_000_000,
        }
    }
}

/// The devices for trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Devices {
    /// Every CUDA device if this build and machine have one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA devices; an error if there are none.
    Cuda,
    /// The CPU with burn's older backend, for comparison; an error in a build without the feature `ndarray`.
    #[serde(rename = "ndarray")]
    NdArray,
}

impl Word for Devices {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("auto", Self::Auto),
            ("cpu", Self::Cpu),
            ("cuda", Self::Cuda),
            ("ndarray", Self::NdArray),
        ]
    }
}

/// More workers than any machine needs, and few enough that a misprint does not fill it with processes.
const WORKERS: Kind = Kind::Integer { min: 1, max: 4_096 };
const WORKERS_OR_AUTO: Kind = Kind::Any(&[Kind::OneOf(&["auto"]), WORKERS]);

/// `resources` in the schema.
pub(super) const RESOURCES: Section = Section {
    name: "resources",
    about: "Devices, workers and the cache.",
    keys: || declared::keys(KEYS),
};

/// The keys of `resources`.
pub(super) const KEYS: &[Field<Resources>] = &[
    field(
        "devices",
        Kind::Words(words_of::<Devices>),
        at!(Resources.devices),
        "The devices. `auto`: every visible CUDA device if the model is large enough to gain from one, else the CPU. `ndarray` needs a build with that feature.",
    ),
    field(
        "workers",
        WORKERS_OR_AUTO,
        at!(Resources.workers),
        "Number of worker processes. `auto`: one per CPU core, or `slots_per_device` for each GPU.",
    ),
    field(
        "slots_per_device",
        WORKERS_OR_AUTO,
        at!(Resources.slots_per_device),
        "Number of worker processes that share a GPU if `workers` is not given. `auto`: up to 4, as memory and CPU cores allow; one for an external program.",
    ),
    field(
        "threads_per_worker",
        WORKERS,
        at!(Resources.threads_per_worker),
        "CPU threads of each worker.",
    ),
    field(
        "logical_workers",
        WORKERS_OR_AUTO,
        at!(Resources.logical_workers),
        "Number of workers that a deterministic study plans for, whatever their real number. `auto`: 8, or with a wall budget the number of slots at the start. A study keeps its number when it is resumed on another machine.",
    ),
    field(
        "cache",
        Kind::Size { min: 0 },
        at!(Resources.cache),
        "Disk space for cached activations of frozen layers, shared by all studies. `0`: no cache.",
    )
    .examples(&["\"10GB\""]),
];
