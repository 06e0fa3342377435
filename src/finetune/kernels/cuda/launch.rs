//! How our kernels are started: arrays out of tensors, and as many threads as there is work.

use burn::tensor::{DType, TensorData};
use burn_cubecl::{CubeRuntime, ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor};
use cubecl::prelude::*;

/// Threads of one workgroup where each has a value of its own.
pub(super) const THREADS: u32 = 256;

/// A tensor of this shape beside another one, its values undefined.
pub(super) fn empty<R: CubeRuntime>(beside: &CubeTensor<R>, shape: &[usize]) -> CubeTensor<R> {
    let (client, device) = (beside.client.clone(), beside.device.clone());
    empty_device_contiguous_dtype(client, device, shape.to_vec().into(), DType::F32)
}

/// A tensor of our own as an array to write to: never a copy.
pub(super) fn output<R: CubeRuntime>(tensor: &CubeTensor<R>) -> ArrayArg<R> {
    assert!(
        tensor.is_contiguous(),
        "what a kernel writes lies one value after the other"
    );
    tensor.clone().into_array_arg()
}

/// The tensor as an array to read; copied first where its values do not lie one after the other.
pub(super) fn array<R: CubeRuntime>(tensor: &CubeTensor<R>) -> ArrayArg<R> {
    burn_cubecl::kernel::into_contiguous(tensor.clone()).into_array_arg()
}

/// Whole numbers on the device of another tensor.
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

/// A warp for every row, eight warps a workgroup.
pub(super) fn rows<R: CubeRuntime>(client: &ComputeClient<R>, rows: usize) -> (CubeCount, CubeDim) {
    const WARPS: u32 = 8;
    let dim = CubeDim::new_2d(lanes(client) as u32, WARPS);
    (spread(rows.div_ceil(WARPS as usize)), dim)
}

/// Threads of a warp.
pub(super) fn lanes<R: CubeRuntime>(client: &ComputeClient<R>) -> usize {
    client.properties().hardware.plane_size_max as usize
}

/// A thread for every value.
pub(super) fn values(length: usize) -> (CubeCount, CubeDim) {
    (spread(length.div_ceil(THREADS as usize)), CubeDim::new_1d(THREADS))
}

/// So many workgroups, in two dimensions where one does not hold them.
pub(super) fn spread(count: usize) -> CubeCount {
    const MOST: usize = 32_768;
    let rows = count.div_ceil(MOST).max(1);
    CubeCount::Static(count.div_ceil(rows) as u32, rows as u32, 1)
}
