//! Helpers to start kernels: arrays from tensors, and grid sizes.

use burn::tensor::{DType, TensorData};
use burn_cubecl::{CubeRuntime, ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor};
use cubecl::prelude::*;

/// Threads per workgroup if each thread computes one value.
pub(super) const THREADS: u32 = 256;

/// A tensor of this shape with undefined values, on the device of `beside`.
pub(super) fn empty<R: CubeRuntime>(beside: &CubeTensor<R>, shape: &[usize]) -> CubeTensor<R> {
    let (client, device) = (beside.client.clone(), beside.device.clone());
    empty_device_contiguous_dtype(client, device, shape.to_vec().into(), DType::F32)
}

/// One of our own tensors as an array to write to; never a copy.
pub(super) fn output<R: CubeRuntime>(tensor: &CubeTensor<R>) -> ArrayArg<R> {
    assert!(
        tensor.is_contiguous(),
        "what a kernel writes lies one value after the other"
    );
    tensor.clone().into_array_arg()
}

/// The tensor as an array to read; copied first if it is not contiguous.
pub(super) fn array<R: CubeRuntime>(tensor: &CubeTensor<R>) -> ArrayArg<R> {
    burn_cubecl::kernel::into_contiguous(tensor.clone()).into_array_arg()
}

/// Copies whole numbers to the device of `beside`.
pub(super) fn upload<R: CubeRuntime>(beside: &CubeTensor<R>, numbers: &[usize]) -> CubeTensor<R> {
    let numbers: Vec<u32> = numbers.iter().map(|&number| number as u32).collect();
    let length = numbers.len();
    let data = TensorData::new(numbers, [length]);
    let handle = beside.client.create(data.bytes);
    CubeTensor::new_contiguous(
        beside.client.clone(),
        beside.device.clone(),
        vec![length].into(),
        handle,
        DType::U32,
    )
}

/// A grid with one warp per row, eight warps per workgroup.
pub(super) fn rows<R: CubeRuntime>(client: &ComputeClient<R>, rows: usize) -> (CubeCount, CubeDim) {
    const WARPS: u32 = 8;
    let dim = CubeDim::new_2d(lanes(client) as u32, WARPS);
    (spread(rows.div_ceil(WARPS as usize)), dim)
}

/// Threads per warp.
pub(super) fn lanes<R: CubeRuntime>(client: &ComputeClient<R>) -> usize {
    client.properties().hardware.plane_size_max as usize
}

/// A grid with one thread per value.
pub(super) fn values(length: usize) -> (CubeCount, CubeDim) {
    (spread(length.div_ceil(THREADS as usize)), CubeDim::new_1d(THREADS))
}

/// A grid of at least `count` workgroups, in two dimensions if one is too small.
pub(super) fn spread(count: usize) -> CubeCount {
    const MOST: usize = 32_768;
    let rows = count.div_ceil(MOST).max(1);
    CubeCount::Static(count.div_ceil(rows) as u32, rows as u32, 1)
}
