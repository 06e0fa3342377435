//! The only folder that names burn's backends. The other modules see [`Tensor`], [`Device`] and a few conversions.
//!
//! One binary contains the CPU and the CUDA backend; a tensor's backend is chosen at run time, when the tensor is made.

#[cfg(feature = "cuda")]
pub(crate) mod cuda;
mod gpus;
mod tensor;

use std::{fmt, str::FromStr};

use burn::tensor::TensorData;

pub use self::gpus::{Gpu, gpus, shown_gpus};
pub use self::tensor::Tensor;
#[cfg(any(test, feature = "cuda"))]
pub(crate) use self::tensor::TensorBackend;

/// A device for computing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The CPU, with burn's `flex` backend.
    #[default]
    Cpu,
    /// The CPU, with burn's older `ndarray` backend.
    #[cfg(feature = "ndarray")]
    NdArray,
    /// The NVIDIA GPU with this index.
    #[cfg(feature = "cuda")]
    Cuda(usize),
}

impl Device {
    /// Returns whether tensors are in host memory, where a kernel over slices is faster than tensor operations.
    pub fn is_host(self) -> bool {
        match self {
            Self::Cpu => true,
            #[cfg(feature = "ndarray")]
            Self::NdArray => true,
            #[cfg(feature = "cuda")]
            Self::Cuda(_) => false,
        }
    }

    /// A tensor of these values; the number of values must be the product of `shape`.
    pub(crate) fn tensor<const D: usize>(self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self)
    }

    /// A tensor of zeros.
    pub(crate) fn zeros<const D: usize>(self, shape: [usize; D]) -> Tensor<D> {
        Tensor::zeros(shape, self)
    }

    /// Waits until the device has finished all its work; for timing.
    pub fn synchronize(self) {
        #[cfg(feature = "cuda")]
        if let Self::Cuda(index) = self {
            cuda::synchronize(index);
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            #[cfg(feature = "ndarray")]
            Self::NdArray => formatter.write_str("ndarray"),
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
        }
    }
}

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        match text {
            "cpu" => Ok(Self::Cpu),
            #[cfg(feature = "ndarray")]
            "ndarray" => Ok(Self::NdArray),
            #[cfg(feature = "cuda")]
            _ if text
                .strip_prefix("cuda:")
                .is_some_and(|index| index.parse::<usize>().is_ok()) =>
            {
                Ok(Self::Cuda(text["cuda:".len()..].parse().unwrap_or(0)))
            }
            _ => Err(UnknownDevice(text.to_owned())),
        }
    }
}

/// An unknown or unsupported device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this build does not support the device `{0}`")]
pub struct UnknownDevice(String);

/// A tensor's values in host memory. On the CPU both conversions are free of copies if the tensor is not shared.
pub(crate) struct Host<const D: usize> {
    data: TensorData,
    device: Device,
}

impl<const D: usize> Host<D> {
    /// Takes a tensor's values. Copies them if the tensor is shared or not contiguous.
    pub(crate) fn take(tensor: Tensor<D>, device: Device) -> Self {
        Self {
            data: tensor.into_data(),
            device,
        }
    }

    pub(crate) fn shape(&self) -> [usize; D] {
        self.data.shape.dims()
    }

    pub(crate) fn values(&self) -> &[f32] {
        self.data.as_slice().expect("our tensors hold 32-bit floats")
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        self.data.as_mut_slice().expect("our tensors hold 32-bit floats")
    }

    /// Returns the values as a tensor.
    pub(crate) fn tensor(self) -> Tensor<D> {
        Tensor::from_data(self.data, self.device)
    }
}

/// A copy of a tensor's values.
pub(crate) fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    let data = tensor.clone().into_data();
    data.into_vec().expect("our tensors hold 32-bit floats")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way_to_a_device_and_back() {
        let device = Device::Cpu;
        let tensor = device.tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
        let mut host = Host::take(tensor.clone().transpose(), device);
        assert_eq!(
            (host.shape(), host.values()),
            ([3, 2], [1.0, 4.0, 2.0, 5.0, 3.0, 6.0].as_slice())
        );
        host.values_mut()[0] = 9.0;
        assert_eq!(values(&host.tensor())[0], 9.0);
        assert_eq!(values(&tensor)[0], 1.0, "the shared original is untouched");
    }
}
