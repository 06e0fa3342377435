//! Reads the references of tiny models: inputs and answers of the real libraries.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::{
    backend::{Device, values},
    families::{Family, HeadKind, HeadRequest, HeadSource},
    gradients::Gradient,
    networks::{Batch, Model, Network},
    parameters::{Handle, Parameters},
    pretrained::{network, read_config, read_parameters},
    testing,
    weights::WeightFile,
};

/// The reference of one family.
pub(super) struct Reference {
    pub(super) name: String,
    folder: PathBuf,
    bytes: Vec<u8>,
    /// The words to the numbers.
    pub(super) words: Value,
    /// The height and the width of images; `None` for texts.
    sides: Option<[usize; 2]>,
}

/// A model of a reference.
pub(super) struct Tiny {
    pub(super) family: &'static Family,
    pub(super) network: Network,
    pub(super) parameters: Parameters,
}

/// A tensor of a reference.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Reference {
    /// The reference of a family in `tiny/`; `None` if the data are not there.
    pub(super) fn of(name: &str, sides: Option<[usize; 2]>) -> Option<Self> {
        let folder = testing::shared(&format!("tiny/{name}"))?;
        Some(Self {
            name: name.to_owned(),
            bytes: std::fs::read(folder.join("reference.safetensors")).unwrap(),
            words: serde_json::from_slice(&std::fs::read(folder.join("reference.json")).unwrap()).unwrap(),
            folder,
            sides,
        })
    }

    /// The name of the head for whole inputs.
    pub(super) fn head(&self) -> &'static str {
        match self.sides {
            None => super::CLASSIFICATION,
            Some(_) => "image-classification",
        }
    }

    /// The inputs of that head.
    pub(super) fn input(&self) -> Batch {
        match self.sides {
            None => self.batch(&format!("{}/in/", self.head())),
            Some(sides) => corner(sides),
        }
    }

    /// The folder of the family.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A tensor by its name; `None` if the reference does not have it.
    pub(super) fn find(&self, name: &str) -> Option<Numbers> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor(name).ok()?;
        let values = match view.dtype() {
            Dtype::F32 => view
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| f64::from(f32::from_le_bytes(b)))
                .collect(),
            Dtype::F64 => view
                .data()
                .as_chunks::<8>()
                .0
                .iter()
                .map(|&b| f64::from_le_bytes(b))
                .collect(),
            Dtype::I64 => view
                .data()
                .as_chunks::<8>()
                .0
                .iter()
                .map(|&b| i64::from_le_bytes(b) as f64)
                .collect(),
            other => panic!("{name} is of {other:?}"),
        };
        let shape = view.shape().to_vec();
        Some(Numbers { shape, values })
    }

    /// A tensor that must be there.
    pub(super) fn get(&self, name: &str) -> Numbers {
        self.find(name)
            .unwrap_or_else(|| panic!("{} has no `{name}`", self.name))
    }

    /// The names of all tensors that begin like this, without the beginning.
    pub(super) fn names(&self, beginning: &str) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let mut names: Vec<String> = file
            .names()
            .iter()
            .filter_map(|name| name.strip_prefix(beginning))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// The model in one of the family's folders.
    pub(super) fn model(&self, head: &str) -> Tiny {
        let mut tiny = load(&self.folder.join(head), HeadSource::File);
        if let Some([height, width]) = self.sides {
            tiny.network = tiny.network.resized(height, width).unwrap();
        }
        tiny
    }

    /// The model in one of the family's folders, with its head of this kind.
    pub(super) fn model_with(&self, head: &str, kind: HeadKind) -> Tiny {
        load_with(&self.folder.join(head), (kind, HeadSource::File))
    }

    /// The batch of a head, without padding.
    pub(super) fn batch(&self, beginning: &str) -> Batch {
        let ids = self.get(&format!("{beginning}input_ids"));
        let mask = self.get(&format!("{beginning}attention_mask"));
        let types = self.find(&format!("{beginning}token_type_ids"));
        let real = |numbers: &Numbers| -> Vec<u32> {
            let pairs = numbers.values.iter().zip(&mask.values);
            pairs
                .filter(|(_, mask)| **mask == 1.0)
                .map(|(value, _)| *value as u32)
                .collect()
        };
        let lengths = mask.rows().map(|row| row.iter().sum::<f64>() as usize).collect();
        Batch::Texts {
            tokens: real(&ids),
            types: types.map_or_else(Vec::new, |types| real(&types)),
            lengths,
            windows: Vec::new(),
        }
    }
}

impl Numbers {
    /// The rows of the first dimension.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.values.len() / self.shape[0])
    }
}

/// Number of outputs that a configuration names.
pub(super) fn outputs(config: &Value) -> usize {
    let names = config.get("id2label").and_then(Value::as_object);
    let images = if config.get("architecture").is_some() { 3 } else { 2 };
    names.map_or(images, serde_json::Map::len)
}

/// The upper left corners of the reference's images.
fn corner([height, width]: [usize; 2]) -> Batch {
    let bytes = std::fs::read(testing::shared("tiny/images.safetensors").unwrap()).unwrap();
    let file = WeightFile::parse(&bytes, "images").unwrap();
    let images = &file.tensors["pixel_values"];
    let [count, _, _, columns] = images.shape.as_slice() else {
        panic!("images have four dimensions")
    };
    let planes = images.values.chunks_exact(images.shape[2] * columns);
    let rows = planes.flat_map(|plane| plane.chunks_exact(*columns).take(height));
    Batch::Images {
        pixels: rows.flat_map(|row| &row[..width]).copied().collect(),
        count: *count,
    }
}

/// The model in a folder, with a head for whole texts.
pub(super) fn load(folder: &Path, source: HeadSource) -> Tiny {
    load_with(folder, (HeadKind::Whole, source))
}

fn load_with(folder: &Path, (kind, source): (HeadKind, HeadSource)) -> Tiny {
    let (path, config) = read_config(folder).unwrap();
    let request = HeadRequest {
        kind,
        outputs: outputs(&config),
        source,
    };
    let (family, network) = network(path, &config, request).unwrap();
    let (file, _) = WeightFile::read_folder(folder).unwrap();
    let parameters = read_parameters(family, &network, file, "model", Device::Cpu).unwrap();
    Tiny {
        family,
        network,
        parameters,
    }
}

impl Tiny {
    pub(super) fn model(&self) -> Model<'_> {
        Model {
            network: &self.network,
            parameters: &self.parameters,
            device: Device::Cpu,
        }
    }

    /// The parameter that a file calls like this.
    pub(super) fn handle(&self, name: &str) -> Option<Handle> {
        let ours = self.family.names.ours(name);
        let mut all = self.parameters.described();
        all.find(|(_, parameter)| parameter.name == ours)
            .map(|(handle, _)| handle)
    }

    /// Returns whether a tensor is not needed for training.
    pub(super) fn ignores(&self, name: &str) -> bool {
        self.handle(name).is_none() && self.family.names.is_ignored(&self.family.names.ours(name))
    }

    /// A gradient in the layout of files, with all its zeros.
    pub(super) fn stored(&self, handle: Handle, gradient: &Gradient) -> Vec<f32> {
        let description = self.parameters.description(handle);
        let whole = match gradient {
            Gradient::Dense(gradient) => values(gradient),
            Gradient::Rows { rows, values } => {
                let width = description.shape[1];
                let mut dense = vec![0.0; description.length()];
                for (&row, values) in rows.iter().zip(values.chunks_exact(width)) {
                    dense[row as usize * width..][..width].copy_from_slice(values);
                }
                dense
            }
        };
        let mut holder = self.parameters.clone();
        *holder.tensor_mut(handle) = Device::Cpu.tensor(whole, [description.length()]);
        holder.stored(handle).values
    }
}

/// What a tensor is summed up to: the sum, the length, and the sum of values times the cosine of their index.
pub(super) fn probe(values: &[f32]) -> [f64; 3] {
    let terms = values.iter().map(|&value| f64::from(value)).enumerate();
    [
        terms.clone().map(|(_, value)| value).sum(),
        terms.clone().map(|(_, value)| value * value).sum::<f64>().sqrt(),
        terms.map(|(index, value)| value * (index as f64).cos()).sum(),
    ]
}

/// The largest difference, as a part of the largest expected number.
pub(super) fn relative_difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let apart = found
        .iter()
        .zip(expected)
        .map(|(&found, expected)| (f64::from(found) - expected).abs());
    // Not `f64::max` alone, which would hide a NaN.
    let largest = apart.fold(
        0.0,
        |largest: f64, apart| if apart <= largest { largest } else { apart },
    );
    largest / scale.max(f64::MIN_POSITIVE)
}
