//! burn's CUDA backend: its tensors, and where compiled kernels are kept between processes.

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

use super::{Engine, Tensor};
use crate::cache_folder::user_cache;

/// Without burn's fusion: where it matters our kernels fuse by hand, and it costs more on the host than it saves.
pub(crate) type Cuda = burn::backend::Cuda;

pub(super) fn handle(index: usize) -> CudaDevice {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| keep_kernels(index));
    CudaDevice::new(index)
}

/// Lets later processes find the kernels that this one compiles: compiling them all takes longer than many trainings.
fn keep_kernels(index: usize) {
    let mut config = CubeClRuntimeConfig::default();
    config.compilation.cache = kernels(index).map(CacheConfig::File);
    CubeClRuntimeConfig::set(config);
}

/// A folder for each program, kind of GPU and driver: the names under which kernels are kept do not tell what is in them. `None`:
/// they are compiled anew.
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
    // A failure here shows again, with its cause, at the next read.
    let _ = Cuda::sync(&handle(index));
}

impl<const D: usize> Tensor<D> {
    /// What kernels of our own read and write.
    pub(crate) fn cube(self) -> CubeTensor<CudaRuntime> {
        Cuda::unwrap(self).into_primitive().tensor()
    }

    pub(crate) fn from_cube(tensor: CubeTensor<CudaRuntime>) -> Self {
        Self::Cuda(Inner::from_primitive(TensorPrimitive::Float(tensor)))
    }
}
