//! The slots of this machine: each is a share of the CPU or of a GPU.

use std::num::NonZeroUsize;

use super::Hello;
use crate::finetune::{self, Device};
use crate::objective::Demand;
use crate::spec::{Devices, Resources, Spec};

/// A slot in which a worker runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The device.
    pub device: Device,
    /// CPU threads that the worker may use.
    pub threads: usize,
    /// The GPU visible to an external program, as a value of `CUDA_VISIBLE_DEVICES`; an empty string hides all GPUs.
    pub gpu: Option<String>,
    /// The machine of a worker that has joined; `None`: this one.
    pub node: Option<String>,
}

impl Slot {
    /// The slot of a worker that has joined. A device that this build does not know is treated like the CPU here: only
    /// its name matters to the engine.
    pub fn joined(hello: &Hello) -> Self {
        let device: Option<Device> = hello.device.parse().ok();
        Self {
            device: device.unwrap_or(Device::Cpu),
            threads: hello.threads.max(1),
            gpu: hello.device.strip_prefix("cuda:").map(str::to_owned),
            node: Some(hello.node.clone()),
        }
    }

    /// The device of the slot, for display: `cpu`, `cuda:0`.
    pub fn device_name(&self) -> String {
        match &self.gpu {
            Some(gpu) if !gpu.is_empty() => format!("cuda:{gpu}"),
            Some(_) | None => self.device.to_string(),
        }
    }

    /// Returns whether it trains in the memory of its machine, not of a GPU.
    pub fn is_host(&self) -> bool {
        self.device.is_host() && (self.node.is_none() || self.gpu.is_none())
    }

    /// The device with its machine, if that is another one: `node7 cuda:0`.
    pub fn name(&self) -> String {
        let device = self.device_name();
        self.node
            .as_ref()
            .map_or(device.clone(), |node| format!("{node} {device}"))
    }
}

/// The reason why the resources of a spec are not available.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// There is no CUDA device.
    #[error("`resources.devices: cuda`, but {0}; use `auto` or `cpu`")]
    NoCuda(&'static str),
    /// This build does not include the older CPU backend.
    #[error(
        "`resources.devices: ndarray`, but this build has no such backend; use `cpu`, or build with `--features ndarray`"
    )]
    NoNdArray,
    /// A worker needs more threads than there are cores.
    #[error("`resources.threads_per_worker: {threads}`, but this machine has {cores} cores")]
    TooManyThreads {
        /// Threads per worker.
        threads: usize,
        /// Number of cores.
        cores: usize,
    },
}

/// The slots for a spec's resources on this machine.
///
/// Our own training on the CPU gets at most as many slots as the cores allow, which may be fewer than the spec asks
/// for. Objectives that only wait are not limited. Nor are external programs, because their needs are unknown.
///
/// # Errors
/// If the spec requires CUDA and there is none, or if a single worker needs more threads than there are cores.
pub fn slots(resources: &Resources, demand: Demand) -> Result<Vec<Slot>, SlotError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let processor = processor(resources.devices)?;
    let wants_gpus = matches!(resources.devices, Devices::Auto | Devices::Cuda);
    match demand {
        Demand::Nothing => divide(resources, &[], processor, usize::MAX),
        Demand::Training | Demand::SmallTraining => {
            let wants_gpus = wants_gpus && (demand == Demand::Training || resources.devices == Devices::Cuda);
            let gpus = if wants_gpus { gpus() } else { Vec::new() };
            if resources.devices == Devices::Cuda && gpus.is_empty() {
                let why = if cfg!(feature = "cuda") {
                    "this machine has no CUDA device"
                } else {
                    "this build has no CUDA support"
                };
                return Err(SlotError::NoCuda(why));
            }
            divide(resources, &gpus, processor, cores)
        }
        Demand::Program => {
            let gpus = if wants_gpus { visible_gpus() } else { Vec::new() };
            if resources.devices == Devices::Cuda && gpus.is_empty() {
                return Err(SlotError::NoCuda("this machine has no CUDA device"));
            }
            Ok(of_programs(resources, &gpus, cores))
        }
    }
}

/// The slots for which a study is planned: those of this machine, or one for each worker that is expected to join.
///
/// # Errors
/// As [`slots`].
pub fn planned_slots(spec: &Spec, demand: Demand) -> Result<Vec<Slot>, SlotError> {
    if !spec.cluster.is_used() {
        return slots(&spec.resources, demand);
    }
    let slot = Slot {
        device: Device::Cpu,
        threads: spec.resources.threads_per_worker,
        gpu: None,
        node: None,
    };
    Ok(vec![slot; spec.cluster.workers])
}

/// The slots of external programs. Each gets one GPU, assigned round-robin, and its share of the cores.
fn of_programs(resources: &Resources, gpus: &[String], cores: usize) -> Vec<Slot> {
    let default = if gpus.is_empty() {
        (cores / resources.threads_per_worker.max(1)).max(1)
    } else {
        gpus.len() * resources.slots_per_device.unwrap_or(1)
    };
    let workers = resources.workers.unwrap_or(default);
    let threads = resources.threads_per_worker.max(cores / workers).max(1);
    let gpu = |index: usize| match (resources.devices, gpus) {
        (Devices::Cpu | Devices::NdArray, _) => Some(String::new()),
        (Devices::Auto | Devices::Cuda, []) => None,
        (Devices::Auto | Devices::Cuda, gpus) => Some(gpus[index % gpus.len()].clone()),
    };
    (0..workers)
        .map(|index| Slot {
            device: Device::Cpu,
            threads,
            gpu: gpu(index),
            node: None,
        })
        .collect()
}

/// The GPUs that programs may use: those that a batch system has left visible, else all GPUs of the machine.
fn visible_gpus() -> Vec<String> {
    if let Some(names) = finetune::shown_gpus() {
        return names;
    }
    let known = std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten();
    (0..known.count()).map(|index| index.to_string()).collect()
}

/// Maximum number of processes that share a GPU: while one starts, evaluates or saves, others train. While all of them
/// train, they are no faster together than one (`benches/PERFORMANCE.md`).
const SHARING: usize = 4;

/// Generous upper bound of GPU memory per process: its kernels and pools, a model, and batches of moderate size.
const GPU_MEMORY: u64 = 6 << 30;

/// The GPUs for our own training, each with the number of processes that its memory allows.
fn gpus() -> Vec<(Device, usize)> {
    let shared = |memory: u64| ((memory / GPU_MEMORY) as usize).clamp(1, SHARING);
    let gpus = finetune::gpus().into_iter();
    gpus.map(|gpu| (gpu.device, shared(gpu.memory))).collect()
}

/// The CPU device.
fn processor(devices: Devices) -> Result<Device, SlotError> {
    match devices {
        #[cfg(feature = "ndarray")]
        Devices::NdArray => Ok(Device::NdArray),
        #[cfg(not(feature = "ndarray"))]
        Devices::NdArray => Err(SlotError::NoNdArray),
        Devices::Auto | Devices::Cpu | Devices::Cuda => Ok(Device::Cpu),
    }
}

fn divide(
    resources: &Resources,
    gpus: &[(Device, usize)],
    processor: Device,
    cores: usize,
) -> Result<Vec<Slot>, SlotError> {
    let threads = resources.threads_per_worker.max(1);
    if threads > cores {
        return Err(SlotError::TooManyThreads { threads, cores });
    }
    let devices = if gpus.is_empty() {
        let most = cores / threads;
        let machine = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = resources.workers.unwrap_or(most.min(machine)).min(most);
        vec![processor; workers]
    } else {
        // Each process on a GPU needs a core of its own to supply it with work.
        let fed = (cores / gpus.len()).max(1);
        let shared = |room: usize| resources.slots_per_device.unwrap_or(room.min(fed));
        let most = gpus.iter().map(|&(_, room)| shared(room)).max().unwrap_or(0);
        // Round-robin over the GPUs, as long as they have room.
        let turns = (0..most).flat_map(|turn| gpus.iter().filter(move |&&(_, room)| turn < shared(room)));
        let all: Vec<Device> = turns.map(|&(device, _)| device).collect();
        match resources.workers {
            None => all,
            Some(workers) => all.iter().copied().cycle().take(workers).collect(),
        }
    };
    Ok(devices
        .into_iter()
        .map(|device| Slot {
            device,
            threads,
            gpu: None,
            node: None,
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
            slots_per_device: None,
            threads_per_worker,
            logical_workers: None,
            cache: 0,
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
    fn programs_are_shown_a_gpu_in_turn_and_share_the_cores() {
        let gpus = ["3".to_owned(), "GPU-5".to_owned()];
        let slots = of_programs(&resources(Some(3), 1), &gpus, 8);
        let shown: Vec<Option<&str>> = slots.iter().map(|slot| slot.gpu.as_deref()).collect();
        assert_eq!(shown, [Some("3"), Some("GPU-5"), Some("3")]);
        assert_eq!((slots[0].threads, slots[1].device_name().as_str()), (2, "cuda:GPU-5"));
        let without = of_programs(&resources(None, 2), &[], 8);
        assert_eq!((without.len(), without[0].threads, &without[0].gpu), (4, 2, &None));
        let hidden = Resources {
            devices: Devices::Cpu,
            ..resources(None, 1)
        };
        assert_eq!(of_programs(&hidden, &[], 2)[0].gpu.as_deref(), Some(""));
        assert_eq!(
            of_programs(&resources(Some(50), 1), &[], 2).len(),
            50,
            "nobody knows what a program needs"
        );
    }

    #[test]
    fn gpus_are_served_in_turn_by_as_many_as_share_them_well() {
        let gpus = [(Device::Cpu, 4), (Device::Cpu, 4)];
        let count = |resources: &Resources, cores| divide(resources, &gpus, Device::Cpu, cores).unwrap().len();
        assert_eq!(count(&resources(None, 1), 64), 8);
        assert_eq!(count(&resources(None, 1), 6), 6, "each process has a core");
        assert_eq!(count(&resources(None, 1), 1), 2, "no GPU idles");
        assert_eq!(count(&resources(Some(5), 1), 2), 5, "who asks for workers gets them");
        let unequal = [(Device::Cpu, 4), (Device::Cpu, 1)];
        assert_eq!(divide(&resources(None, 1), &unequal, Device::Cpu, 64).unwrap().len(), 5);
        let one = Resources {
            slots_per_device: Some(1),
            ..resources(None, 1)
        };
        assert_eq!(count(&one, 64), 2);
    }
}
