//! Which slots this machine has: a share of the CPU or a GPU each.

use std::num::NonZeroUsize;

use crate::finetune::{Device, gpus};
use crate::spec::{Devices, Resources};

/// A place where a worker runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The device.
    pub device: Device,
    /// CPU threads that the worker may use.
    pub threads: usize,
}

/// Why the resources of a spec cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// No CUDA device.
    #[error("`resources.devices: cuda`, but {0}; use `auto` or `cpu`")]
    NoCuda(&'static str),
    /// A build without the older CPU backend.
    #[error(
        "`resources.devices: ndarray`, but this build has no such backend; use `cpu`, or build with `--features ndarray`"
    )]
    NoNdArray,
    /// A worker wants more threads than there are cores.
    #[error("`resources.threads_per_worker: {threads}`, but this machine has {cores} cores")]
    TooManyThreads {
        /// Threads of a worker.
        threads: usize,
        /// Cores there are.
        cores: usize,
    },
}

/// The slots for a spec's resources on this machine. On the CPU there are never more than its cores allow, so there may be
/// fewer than the spec asks for; `is_idle` objectives (functions that only wait) are not limited.
///
/// # Errors
/// When CUDA is demanded and absent, or a single worker wants more threads than there are cores.
pub fn slots(resources: &Resources, is_idle: bool) -> Result<Vec<Slot>, SlotError> {
    let cores = if is_idle {
        usize::MAX
    } else {
        std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
    };
    let gpus = match resources.devices {
        Devices::Auto | Devices::Cuda if !is_idle => gpus(),
        Devices::Auto | Devices::Cuda | Devices::Cpu | Devices::NdArray => Vec::new(),
    };
    if resources.devices == Devices::Cuda && gpus.is_empty() {
        let why = if cfg!(feature = "cuda") {
            "this machine has no CUDA device"
        } else {
            "this build has no CUDA support"
        };
        return Err(SlotError::NoCuda(why));
    }
    divide(resources, &gpus, processor(resources.devices)?, cores)
}

/// The device that stands for the CPU.
fn processor(devices: Devices) -> Result<Device, SlotError> {
    match devices {
        #[cfg(feature = "ndarray")]
        Devices::NdArray => Ok(Device::NdArray),
        #[cfg(not(feature = "ndarray"))]
        Devices::NdArray => Err(SlotError::NoNdArray),
        Devices::Auto | Devices::Cpu | Devices::Cuda => Ok(Device::Cpu),
    }
}

fn divide(resources: &Resources, gpus: &[Device], processor: Device, cores: usize) -> Result<Vec<Slot>, SlotError> {
    let threads = resources.threads_per_worker.max(1);
    if threads > cores {
        return Err(SlotError::TooManyThreads { threads, cores });
    }
    let device = |index: usize| {
        if gpus.is_empty() {
            processor
        } else {
            gpus[index % gpus.len()]
        }
    };
    let most = if gpus.is_empty() { cores / threads } else { usize::MAX };
    let machine = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let default = if gpus.is_empty() { most.min(machine) } else { gpus.len() };
    let workers = resources.workers.unwrap_or(default).min(most);
    Ok((0..workers)
        .map(|index| Slot {
            device: device(index),
            threads,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(workers: Option<usize>, threads_per_worker: usize) -> Resources {
        Resources {
            devices: Devices::Auto,
            workers,
            threads_per_worker,
            logical_workers: 8,
        }
    }

    #[test]
    fn workers_times_threads_never_exceeds_the_cores() {
        for (cores, threads) in [(1, 1), (2, 1), (8, 2), (7, 2)] {
            let slots = divide(&resources(None, threads), &[], Device::Cpu, cores).unwrap();
            assert!(slots.len() * threads <= cores && !slots.is_empty());
        }
        assert_eq!(divide(&resources(Some(3), 1), &[], Device::Cpu, 2).unwrap().len(), 2);
        assert!(matches!(
            divide(&resources(None, 4), &[], Device::Cpu, 2),
            Err(SlotError::TooManyThreads { .. })
        ));
    }

    #[test]
    fn gpus_are_served_in_turn() {
        let gpus = [Device::Cpu; 2];
        let slots = divide(&resources(None, 1), &gpus, Device::Cpu, 64).unwrap();
        assert_eq!(slots.len(), 2, "one worker a GPU by default");
        assert_eq!(
            divide(&resources(Some(4), 1), &gpus, Device::Cpu, 2).unwrap().len(),
            4,
            "the cores do not limit GPUs"
        );
    }
}
