//! The GPUs of this machine.

use super::Device;

/// An NVIDIA GPU of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// The device that it is.
    pub device: Device,
    /// Memory in bytes.
    pub memory: u64,
}

/// The NVIDIA GPUs of this machine; none without the feature `cuda`, a driver or a GPU.
pub fn gpus() -> Vec<Gpu> {
    #[cfg(feature = "cuda")]
    if let Ok(nvml) = nvml_wrapper::Nvml::init() {
        let gpu = |index: u32| {
            let memory = nvml.device_by_index(index).ok()?.memory_info().ok()?.total;
            let device = Device::Cuda(index as usize);
            Some(Gpu { device, memory })
        };
        return (0..nvml.device_count().unwrap_or(0)).filter_map(gpu).collect();
    }
    Vec::new()
}
