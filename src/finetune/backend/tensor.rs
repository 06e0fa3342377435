//! A tensor on any device, with the operations that networks need. Each operation is passed on to burn's backend.
//!
//! burn's own run-time dispatch is not used because it hides its tensors from our kernels.

use std::ops::{Add, Mul, Neg};

use burn::{
    backend::flex::{Flex, FlexDevice},
    tensor::{IndexingUpdateOp, Int, Tensor as Inner, TensorData, backend::Backend},
};

use super::Device;
#[cfg(feature = "cuda")]
use super::cuda::{Cuda, handle};

/// A float tensor with `D` dimensions.
#[derive(Clone, Debug)]
pub enum Tensor<const D: usize> {
    /// In host memory.
    Cpu(Inner<Flex, D>),
    /// In host memory, with burn's older backend.
    #[cfg(feature = "ndarray")]
    NdArray(Inner<burn::backend::NdArray, D>),
    /// On an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    Cuda(Inner<Cuda, D>),
}

/// A burn backend that our tensors can use.
pub(crate) trait TensorBackend: Backend {
    fn wrap<const D: usize>(inner: Inner<Self, D>) -> Tensor<D>;

    /// The backend's own tensor; panics if the tensor belongs to another backend.
    fn unwrap<const D: usize>(tensor: Tensor<D>) -> Inner<Self, D>;
}

#[cfg(any(feature = "cuda", feature = "ndarray"))]
const OTHER_DEVICE: &str = "tensors that meet are of one device";

macro_rules! engine {
    ($variant:ident, $backend:ty) => {
        impl TensorBackend for $backend {
            fn wrap<const D: usize>(inner: Inner<Self, D>) -> Tensor<D> {
                Tensor::$variant(inner)
            }

            fn unwrap<const D: usize>(tensor: Tensor<D>) -> Inner<Self, D> {
                match tensor {
                    Tensor::$variant(inner) => inner,
                    #[cfg(any(feature = "cuda", feature = "ndarray"))]
                    _ => panic!("{OTHER_DEVICE}"),
                }
            }
        }
    };
}

engine!(Cpu, Flex);
#[cfg(feature = "ndarray")]
engine!(NdArray, burn::backend::NdArray);
#[cfg(feature = "cuda")]
engine!(Cuda, Cuda);

/// Evaluates an expression with the backend's own tensor and wraps the result.
macro_rules! map {
    ($tensor:expr, $inner:ident => $result:expr) => {
        match $tensor {
            Tensor::Cpu($inner) => Tensor::Cpu($result),
            #[cfg(feature = "ndarray")]
            Tensor::NdArray($inner) => Tensor::NdArray($result),
            #[cfg(feature = "cuda")]
            Tensor::Cuda($inner) => Tensor::Cuda($result),
        }
    };
}

/// Evaluates an expression with the backend's own tensors of both operands.
macro_rules! zip {
    ($left:expr, $right:expr, ($one:ident, $other:ident) => $result:expr) => {
        match ($left, $right) {
            (Tensor::Cpu($one), Tensor::Cpu($other)) => Tensor::Cpu($result),
            #[cfg(feature = "ndarray")]
            (Tensor::NdArray($one), Tensor::NdArray($other)) => Tensor::NdArray($result),
            #[cfg(feature = "cuda")]
            (Tensor::Cuda($one), Tensor::Cuda($other)) => Tensor::Cuda($result),
            #[cfg(any(feature = "cuda", feature = "ndarray"))]
            _ => panic!("{OTHER_DEVICE}"),
        }
    };
}

impl<const D: usize> Tensor<D> {
    pub(super) fn from_data(data: TensorData, device: Device) -> Self {
        match device {
            Device::Cpu => Self::Cpu(Inner::from_data(data, &FlexDevice)),
            #[cfg(feature = "ndarray")]
            Device::NdArray => Self::NdArray(Inner::from_data(data, &burn::backend::ndarray::NdArrayDevice::Cpu)),
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => Self::Cuda(Inner::from_data(data, &handle(index))),
        }
    }

    pub(super) fn zeros(shape: [usize; D], device: Device) -> Self {
        match device {
            Device::Cpu => Self::Cpu(Inner::zeros(shape, &FlexDevice)),
            #[cfg(feature = "ndarray")]
            Device::NdArray => Self::NdArray(Inner::zeros(shape, &burn::backend::ndarray::NdArrayDevice::Cpu)),
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => Self::Cuda(Inner::zeros(shape, &handle(index))),
        }
    }

    /// The values; copied only if the tensor is shared or not contiguous.
    pub(super) fn into_data(self) -> TensorData {
        match self {
            Self::Cpu(inner) => inner.into_data(),
            #[cfg(feature = "ndarray")]
            Self::NdArray(inner) => inner.into_data(),
            #[cfg(feature = "cuda")]
            Self::Cuda(inner) => inner.into_data(),
        }
    }

    /// The sizes of all dimensions.
    pub fn dims(&self) -> [usize; D] {
        match self {
            Self::Cpu(inner) => inner.dims(),
            #[cfg(feature = "ndarray")]
            Self::NdArray(inner) => inner.dims(),
            #[cfg(feature = "cuda")]
            Self::Cuda(inner) => inner.dims(),
        }
    }

    /// The same values in another shape.
    pub(crate) fn reshape<const E: usize>(self, shape: [usize; E]) -> Tensor<E> {
        map!(self, inner => inner.reshape(shape))
    }

    /// A slice of the first dimension: `length` entries from `start`.
    pub(crate) fn narrow(self, start: usize, length: usize) -> Self {
        map!(self, inner => inner.narrow(0, start, length))
    }

    /// Concatenates the tensors along the first dimension; there must be at least one.
    pub(crate) fn joined(tensors: Vec<Self>) -> Self {
        fn of<B: TensorBackend, const D: usize>(tensors: Vec<Tensor<D>>) -> Tensor<D> {
            B::wrap(Inner::cat(tensors.into_iter().map(B::unwrap).collect(), 0))
        }
        match tensors.first() {
            #[cfg(feature = "ndarray")]
            Some(Self::NdArray(_)) => of::<burn::backend::NdArray, D>(tensors),
            #[cfg(feature = "cuda")]
            Some(Self::Cuda(_)) => of::<Cuda, D>(tensors),
            Some(Self::Cpu(_)) | None => of::<Flex, D>(tensors),
        }
    }

    /// The matrix products over the last two dimensions.
    pub(crate) fn matmul(self, other: Self) -> Self {
        zip!(self, other, (one, other) => one.matmul(other))
    }

    /// Swaps two dimensions without copying.
    pub(crate) fn swap_dims(self, one: usize, other: usize) -> Self {
        map!(self, inner => inner.swap_dims(one, other))
    }
}

impl Tensor<2> {
    pub(crate) fn transpose(self) -> Self {
        map!(self, inner => inner.transpose())
    }

    /// The rows with these indices.
    pub(crate) fn select(self, rows: &[u32]) -> Self {
        map!(self, inner => {
            let rows = indices(rows, &inner.device());
            inner.select(0, rows)
        })
    }

    /// Adds the rows of `values` to those with these indices.
    pub(crate) fn add_to_rows(self, rows: &[u32], values: Self) -> Self {
        zip!(self, values, (inner, values) => {
            let rows = indices(rows, &inner.device());
            inner.select_assign(0, rows, values, IndexingUpdateOp::Add)
        })
    }

    /// Adds a vector to every row.
    pub(crate) fn add_row(self, row: Tensor<1>) -> Self {
        zip!(self, row, (inner, row) => inner + row.unsqueeze::<2>())
    }
}

fn indices<B: Backend>(values: &[u32], device: &B::Device) -> Inner<B, 1, Int> {
    let values: Vec<i32> = values.iter().map(|&value| value as i32).collect();
    let length = values.len();
    Inner::from_data(TensorData::new(values, [length]), device)
}

impl<const D: usize> Add for Tensor<D> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        zip!(self, other, (one, other) => one + other)
    }
}

impl<const D: usize> Mul for Tensor<D> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        zip!(self, other, (one, other) => one * other)
    }
}

impl<const D: usize> Add<f64> for Tensor<D> {
    type Output = Self;

    fn add(self, other: f64) -> Self {
        map!(self, inner => inner + other)
    }
}

impl<const D: usize> Mul<f64> for Tensor<D> {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        map!(self, inner => inner * other)
    }
}

impl<const D: usize> Neg for Tensor<D> {
    type Output = Self;

    fn neg(self) -> Self {
        map!(self, inner => -inner)
    }
}
