//! Weight files: reads safetensors with errors that name the tensor, and writes them so that a reader finds either the
//! old file or the new one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors, View, tensor::SafeTensorError};
use thiserror::Error;

use crate::files;

/// The reason why weights could not be read or written.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file cannot be opened, read or written.
    #[error("cannot access `{}`: {source}", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder has only weights that run code when they are loaded.
    #[error(
        "`{0}` has only `pytorch_model.bin`, which can run code when it is loaded; convert it once with \
         `python -c \"from transformers import AutoModel; AutoModel.from_pretrained('{0}').save_pretrained('{0}')\"`",
        folder.display()
    )]
    Pickle {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is shorter than its header says.
    #[error("`{name}` is cut short: its header describes {expected} bytes, it has {found}; download it again")]
    Truncated {
        /// The file's name.
        name: String,
        /// Bytes that the header describes, including the header itself.
        expected: u64,
        /// Bytes present.
        found: u64,
    },
    /// The file is not a safetensors file.
    #[error("`{name}` is not a readable safetensors file: {reason}")]
    Malformed {
        /// The file's name.
        name: String,
        /// The reason.
        reason: String,
    },
    /// A tensor has an unsupported number type.
    #[error("tensor `{tensor}` of `{name}` holds `{found}`; only F32, F16 and BF16 are read")]
    Type {
        /// The file's name.
        name: String,
        /// The tensor.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// The file has fewer tensors than the model has blocks.
    #[error(
        "`{name}` does not fit the model: it has {tensors} tensors, and the model's configuration says {blocks} blocks"
    )]
    FewerTensors {
        /// The file's name.
        name: String,
        /// Number of tensors in the file.
        tensors: usize,
        /// Number of blocks of the model.
        blocks: usize,
    },
    /// Tensors of the model are missing, there are unknown tensors, or shapes differ.
    #[error("`{name}` does not fit the model: {}", describe(missing, surplus, misshaped))]
    Mismatch {
        /// The file's name.
        name: String,
        /// Tensors of the model that are missing in the file.
        missing: Vec<String>,
        /// Tensors that are not in the model.
        surplus: Vec<String>,
        /// Tensors with another shape: name, shape in the model, shape in the file.
        misshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
    },
}

fn describe(missing: &[String], surplus: &[String], misshaped: &[(String, Vec<usize>, Vec<usize>)]) -> String {
    let list = |what: &str, names: &[String]| {
        let shown = names
            .iter()
            .take(5)
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let more = if names.len() > 5 {
            format!(" and {} more", names.len() - 5)
        } else {
            String::new()
        };
        (!names.is_empty()).then(|| format!("{what} {shown}{more}"))
    };
    let shapes = misshaped.iter().map(|(name, expected, found)| {
        format!("`{name}` has shape {found:?} where the model's configuration says {expected:?}")
    });
    let parts = [list("missing", missing), list("unknown", surplus)];
    parts
        .into_iter()
        .flatten()
        .chain(shapes.take(5))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A tensor as stored in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values in row-major order, converted to 32 bits.
    pub values: Vec<f32>,
}

impl StoredTensor {
    /// The values in the byte order of files.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.values.len() * 4];
        for (target, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(&self.values) {
            *target = value.to_le_bytes();
        }
        bytes
    }
}

/// The contents of a weight file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightFile {
    /// The tensors by name.
    pub tensors: BTreeMap<String, StoredTensor>,
    /// The key-value pairs of the header.
    pub metadata: BTreeMap<String, String>,
}

/// The file that lists the shards of a model.
const INDEX: &str = "model.safetensors.index.json";

impl WeightFile {
    /// Reads the weights of a model's folder: `model.safetensors`, or the shards that its index lists. Returns a
    /// checksum of the bytes, too.
    ///
    /// # Errors
    /// The same as for [`Self::read`]. Also if there are no safetensors, if the index is malformed, or if it names a
    /// file outside of the folder.
    pub fn read_folder(folder: &Path) -> Result<(Self, u32), WeightsError> {
        let whole = folder.join("model.safetensors");
        let index = folder.join(INDEX);
        let is_sharded = !whole.exists() && index.exists();
        if !is_sharded {
            if !whole.exists() && folder.join("pytorch_model.bin").exists() {
                return Err(WeightsError::Pickle {
                    folder: folder.to_path_buf(),
                });
            }
            let bytes = read(&whole)?;
            let file = Self::parse(&bytes, &whole.display().to_string())?;
            return Ok((file, crc32fast::hash(&bytes)));
        }
        let mut file = Self::default();
        let mut checksum = crc32fast::Hasher::new();
        for shard in shards(&index)? {
            let bytes = read(&folder.join(&shard))?;
            checksum.update(&bytes);
            file.tensors.extend(Self::parse(&bytes, &shard)?.tensors);
        }
        Ok((file, checksum.finalize()))
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be opened, is truncated, is malformed, or holds floats of other sizes than 16 or 32 bits.
    /// Integer tensors (such as stored position ids) are skipped.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let bytes = read(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::parse(&bytes, &name)
    }

    /// Reads the bytes of a safetensors file; `name` is for messages.
    ///
    /// # Errors
    /// The same as for [`Self::read`].
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, WeightsError> {
        check_length(bytes, name)?;
        let malformed = |error: SafeTensorError| WeightsError::Malformed {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(malformed)?;
        let mut file = Self::default();
        if let Some(metadata) = header.metadata() {
            file.metadata
                .extend(metadata.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        for (tensor, view) in SafeTensors::deserialize(bytes).map_err(malformed)?.tensors() {
            let values = match view.dtype() {
                Dtype::F32 => view
                    .data()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&bytes| f32::from_le_bytes(bytes))
                    .collect(),
                Dtype::F16 => halves(view.data(), |bits| half::f16::from_bits(bits).to_f32()),
                Dtype::BF16 => halves(view.data(), |bits| half::bf16::from_bits(bits).to_f32()),
                Dtype::I64 | Dtype::I32 | Dtype::U8 | Dtype::BOOL => continue,
                other => {
                    let found = format!("{other:?}");
                    return Err(WeightsError::Type {
                        name: name.to_owned(),
                        tensor,
                        found,
                    });
                }
            };
            file.tensors.insert(
                tensor,
                StoredTensor {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(file)
    }

    /// Writes the file under a temporary name and renames it. It does not wait until the disk has the content, because
    /// that would take most of the time. If the machine crashes the file may be damaged, so readers must be able to do
    /// without it.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        let metadata: HashMap<String, String> = self.metadata.clone().into_iter().collect();
        let bytes = safetensors::serialize(&self.tensors, Some(metadata)).map_err(|error| WeightsError::Malformed {
            name: path.display().to_string(),
            reason: error.to_string(),
        })?;
        files::replace_soon(path, &bytes).map_err(|source| WeightsError::Access {
            path: path.to_path_buf(),
            source,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    std::fs::read(path).map_err(|source| WeightsError::Access {
        path: path.to_path_buf(),
        source,
    })
}

/// The names of the files that an index lists, each once.
fn shards(index: &Path) -> Result<BTreeSet<String>, WeightsError> {
    let malformed = |reason: String| WeightsError::Malformed {
        name: index.display().to_string(),
        reason,
    };
    let content: serde_json::Value =
        serde_json::from_slice(&read(index)?).map_err(|error| malformed(error.to_string()))?;
    let map = content.get("weight_map").and_then(serde_json::Value::as_object);
    let map = map.ok_or_else(|| malformed("it has no `weight_map`".to_owned()))?;
    let files = map.values().map(|file| match file.as_str() {
        Some(file) if Path::new(file).file_name() == Some(file.as_ref()) => Ok(file.to_owned()),
        Some(_) | None => Err(malformed(format!("its `weight_map` names the file {file}"))),
    });
    files.collect()
}

fn halves(bytes: &[u8], value: impl Fn(u16) -> f32) -> Vec<f32> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&bytes| value(u16::from_le_bytes(bytes)))
        .collect()
}

/// Compares the file's length with the length in its header; an incomplete download is the most common damage.
fn check_length(bytes: &[u8], name: &str) -> Result<(), WeightsError> {
    let truncated = |expected: u64| WeightsError::Truncated {
        name: name.to_owned(),
        expected,
        found: bytes.len() as u64,
    };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(truncated(8));
    };
    let header = u64::from_le_bytes(*length);
    if header > 100_000_000 {
        return Err(WeightsError::Malformed {
            name: name.to_owned(),
            reason: "its first eight bytes are not the length of a header".to_owned(),
        });
    }
    let Some(header_bytes) = rest.get(..header as usize) else {
        return Err(truncated(8 + header));
    };
    let Ok(entries) = serde_json::from_slice::<BTreeMap<String, serde_json::Value>>(header_bytes) else {
        return Ok(());
    };
    let end = entries
        .values()
        .filter_map(|entry| entry.get("data_offsets")?.get(1)?.as_u64())
        .max()
        .unwrap_or(0);
    if (bytes.len() as u64) < 8 + header + end {
        return Err(truncated(8 + header + end));
    }
    Ok(())
}

impl View for &StoredTensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        self.bytes().into()
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> WeightFile {
        let tensor = |shape: &[usize], start: f32| StoredTensor {
            shape: shape.to_vec(),
            values: (0..shape.iter().product()).map(|index| start + index as f32).collect(),
        };
        WeightFile {
            tensors: [
                ("a".to_owned(), tensor(&[2, 3], 0.5)),
                ("b".to_owned(), tensor(&[4], -1.0)),
            ]
            .into(),
            metadata: [("format".to_owned(), "pt".to_owned())].into(),
        }
    }

    fn bytes() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        sample().write(&path).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(WeightFile::parse(&bytes(), "model").unwrap(), sample());
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_is_refused_without_panic(share in 0.0..1.0_f64) {
            let bytes = bytes();
            let cut = (bytes.len() as f64 * share) as usize;
            let error = WeightFile::parse(&bytes[..cut], "model").unwrap_err();
            prop_assert!(matches!(error, WeightsError::Truncated { .. }), "{error}");
        }

        #[test]
        fn a_file_of_noise_is_refused_without_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(WeightFile::parse(&noise, "model").is_err());
        }
    }

    #[test]
    fn halves_are_widened() {
        for (dtype, bits) in [
            (Dtype::F16, half::f16::from_f32(1.5).to_bits()),
            (Dtype::BF16, half::bf16::from_f32(1.5).to_bits()),
        ] {
            let data = bits.to_le_bytes();
            let view = safetensors::tensor::TensorView::new(dtype, vec![1], &data).unwrap();
            let bytes = safetensors::serialize([("x", view)], None).unwrap();
            assert_eq!(WeightFile::parse(&bytes, "model").unwrap().tensors["x"].values, [1.5]);
        }
    }

    #[test]
    fn other_number_types_are_named() {
        let view = safetensors::tensor::TensorView::new(Dtype::F64, vec![1], &[0; 8]).unwrap();
        let bytes = safetensors::serialize([("x", view)], None).unwrap();
        let message = WeightFile::parse(&bytes, "model").unwrap_err().to_string();
        assert_eq!(
            message,
            "tensor `x` of `model` holds `F64`; only F32, F16 and BF16 are read"
        );
    }
}
