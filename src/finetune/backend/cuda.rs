//! burn's CUDA backend: its tensors, and a cache of compiled kernels on disk.

use std::{fs, path::PathBuf, sync::Once};

use burn::{
    backend::cuda::CudaDevice,
    tensor::{Tensor as Inner, TensorPrimitive, backend::Backend},
};
use burn_cubecl::tensor::CubeTensor;
use cubecl::{
    config::{CubeClRuntimeConfig, RuntimeConfig, cache::CacheConfig},
    cuda::CudaRuntime,
};

use super::{Tensor, TensorBackend};
use crate::cache_folder::user_cache;

/// burn's fusion is off: our kernels fuse by hand, and burn's fusion would cost more on the host than it saves.
pub(crate) type Cuda = burn::backend::Cuda;

pub(super) fn handle(index: usize) -> CudaDevice {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| keep_kernels(index));
    CudaDevice::new(index)
}

/// Caches compiled kernels for later processes, because compiling them all takes longer than many trainings.
fn keep_kernels(index: usize) {
    let mut config = CubeClRuntimeConfig::default();
    config.compilation.cache = kernels(index).map(CacheConfig::File);
    CubeClRuntimeConfig::set(config);
}

/// The folder for compiled kernels: one for each program, kind of GPU and driver, because the file names of kernels do
/// not identify their contents. `None` disables the cache.
fn kernels(index: usize) -> Option<PathBuf> {
    let nvml = nvml_wrapper::Nvml::init().ok()?;
    let gpu = nvml
        .device_by_index(index as u32)
        .ok()?
        .cuda_compute_capability()
        .ok()?;
    let driver = nvml.sys_driver_version().ok()?;
    let program = fs::read(std::env::current_exe().ok()?).ok()?;
    let name = format!(
        "{:016x}-sm{}{}-{driver}",
        xxhash_rust::xxh3::xxh3_64(&program),
        gpu.major,
        gpu.minor
    );
    let folder = user_cache()?.join("kernels").join(name);
    fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

pub(super) fn synchronize(index: usize) {
    // A failure shows up again, with its cause, at the next read.
    let _ = Cuda::sync(&handle(index));
}

impl<const D: usize> Tensor<D> {
    /// The tensor in the form that our kernels read and write.
    pub(crate) fn cube(self) -> CubeTensor<CudaRuntime> {
        Cuda::unwrap(self).into_primitive().tensor()
    }

    pub(crate) fn from_cube(tensor: CubeTensor<CudaRuntime>) -> Self {
        Self::Cuda(Inner::from_primitive(TensorPrimitive::Float(tensor)))
    }
}
