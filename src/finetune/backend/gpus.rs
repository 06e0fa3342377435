//! The GPUs of this machine.

use super::Device;

/// An NVIDIA GPU of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// The device of this GPU.
    pub device: Device,
    /// Memory in bytes.
    pub memory: u64,
}

/// The NVIDIA GPUs that this process may use, in the order of CUDA. The list is empty without the feature `cuda`, a
/// driver or a GPU. If [`shown_gpus`] names GPUs, only those are listed.
pub fn gpus() -> Vec<Gpu> {
    #[cfg(feature = "cuda")]
    if let Ok(nvml) = nvml_wrapper::Nvml::init() {
        let all = || (0..nvml.device_count().unwrap_or(0)).map(|index| index.to_string());
        let names = shown_gpus().unwrap_or_else(|| all().collect());
        // CUDA ignores all names from the first unknown one on.
        let memories = names.iter().map_while(|name| memory(&nvml, name));
        let gpu = |(index, memory)| Gpu {
            device: Device::Cuda(index),
            memory,
        };
        return memories.enumerate().map(gpu).collect();
    }
    Vec::new()
}

/// The names of the GPUs in `CUDA_VISIBLE_DEVICES`, as a batch system sets it: indices, or identifiers such as
/// `GPU-8932f937`. `None` if it is not set: then all GPUs are visible.
pub fn shown_gpus() -> Option<Vec<String>> {
    let shown = std::env::var_os("CUDA_VISIBLE_DEVICES")?;
    Some(names(&shown.to_string_lossy()))
}

fn names(shown: &str) -> Vec<String> {
    // CUDA stops at the first invalid name.
    let names = shown.split(',').map(str::trim);
    names
        .take_while(|name| !name.is_empty() && *name != "-1")
        .map(str::to_owned)
        .collect()
}

/// The memory in bytes of the GPU with this index, this identifier, or this unique beginning of an identifier.
#[cfg(feature = "cuda")]
fn memory(nvml: &nvml_wrapper::Nvml, name: &str) -> Option<u64> {
    let device = match name.parse() {
        Ok(index) => nvml.device_by_index(index).ok()?,
        // Parts of a GPU (MIG) are found only by their full identifier.
        Err(_) => nvml.device_by_uuid(name).ok().or_else(|| {
            let known = (0..nvml.device_count().ok()?).filter_map(|index| nvml.device_by_index(index).ok());
            let mut alike = known.filter(|device| device.uuid().is_ok_and(|uuid| uuid.starts_with(name)));
            alike.next().filter(|_| alike.next().is_none())
        })?,
    };
    Some(device.memory_info().ok()?.total)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_ends_at_the_first_name_that_is_none() {
        assert_eq!(names("2, 0"), ["2", "0"]);
        assert_eq!(names("GPU-8932f937,1"), ["GPU-8932f937", "1"]);
        assert_eq!(names("1,-1,0"), ["1"]);
        assert!(names("").is_empty());
        assert!(names("-1").is_empty());
    }
}
