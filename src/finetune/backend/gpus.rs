//! The GPUs of this machine.

use super::Device;

/// The NVIDIA GPUs of this machine, each with the device it is; none without the feature `cuda`, a driver or a GPU.
pub fn gpus() -> Vec<(Device, CudaDevice)> {
    #[cfg(feature = "cuda")]
    return cuda_devices()
        .into_iter()
        .map(|gpu| (Device::Cuda(gpu.index), gpu))
        .collect();
    #[cfg(not(feature = "cuda"))]
    Vec::new()
}

/// An NVIDIA GPU of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaDevice {
    /// Its index, as [`Device`] counts.
    pub index: usize,
    /// The maker's name for it.
    pub name: String,
    /// Memory in bytes.
    pub total_memory: u64,
    /// Memory in bytes that nothing uses now.
    pub free_memory: u64,
}

#[cfg(feature = "cuda")]
fn cuda_devices() -> Vec<CudaDevice> {
    let Ok(nvml) = nvml_wrapper::Nvml::init() else {
        return Vec::new();
    };
    (0..nvml.device_count().unwrap_or(0))
        .filter_map(|index| {
            let device = nvml.device_by_index(index).ok()?;
            let memory = device.memory_info().ok()?;
            Some(CudaDevice {
                index: index as usize,
                name: device.name().ok()?,
                total_memory: memory.total,
                free_memory: memory.free,
            })
        })
        .collect()
}
