//! A model's parameters by name: their descriptions, the parts that they belong to, and their tensors.
//!
//! Tensors are flat and reference-counted. So a trial starts as a cheap copy of the pretrained model, and the
//! optimizer, checkpoints and export share one list. Weights of linear layers are stored transposed (`[in, out]`, while
//! files have `[out, in]`), because then forward and backward passes multiply without copying.

use std::{collections::BTreeMap, sync::Arc};

use rand::Rng as _;

use super::{
    backend::{Device, Tensor, values},
    weights::{StoredTensor, WeightFile, WeightsError},
};
use crate::{rng, units::Seed};

/// The initialization of a parameter that no file provides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start {
    /// The pretrained file must contain it.
    Pretrained,
    /// Normal with this standard deviation, drawn again for every trial.
    Normal(f32),
    /// Uniform within ± this bound, drawn again for every trial.
    Uniform(f32),
    /// Zeros.
    Zeros,
    /// From the pretrained file if it contains the parameter, else normal with this standard deviation.
    PretrainedOrNormal(f32),
    /// From the pretrained file if it contains the parameter, else zeros.
    PretrainedOrZeros,
    /// From the pretrained file if it contains the parameter, else ones.
    PretrainedOrOnes,
}

impl Start {
    pub(crate) fn reads_files(self) -> bool {
        match self {
            Self::Pretrained | Self::PretrainedOrNormal(_) | Self::PretrainedOrZeros | Self::PretrainedOrOnes => true,
            Self::Normal(_) | Self::Uniform(_) | Self::Zeros => false,
        }
    }
}

/// The part of a network that a parameter belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    /// Before the blocks, and tables that all blocks share.
    Stem,
    /// A block, or a group of blocks with the same parameters, from 0.
    Block(usize),
    /// Between the last block and the head.
    Finish,
    #[default]
    Head,
}

/// The use of a parameter in its layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    /// A factor of products.
    Weight,
    /// A factor of a low-rank adapter.
    LowRank,
    /// A table of vectors.
    Table,
    /// The bias of a linear layer or of a convolution.
    Bias,
    /// The scale of a norm, and the value at which it changes nothing.
    Scale { neutral: f32 },
    /// The shift of a norm.
    Shift,
    /// A running statistic, which changes without a gradient, and its first value.
    Statistic { neutral: f32 },
}

/// The description of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// Its name in files, without a model prefix.
    pub(crate) name: String,
    /// Its shape in files.
    pub(crate) shape: Vec<usize>,
    /// True if files hold its transpose.
    pub(crate) transposed: bool,
    pub(crate) role: Role,
    pub(crate) part: Part,
    /// The smallest freeze depth at which it does not train; `None` if no depth freezes it.
    pub(crate) freezes_at: Option<usize>,
    /// Its initialization.
    pub(crate) start: Start,
}

impl Parameter {
    /// Number of its values.
    pub(crate) fn length(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns whether it is above this freeze depth.
    pub(crate) fn is_above(&self, freeze_depth: usize) -> bool {
        self.freezes_at.is_none_or(|depth| freeze_depth < depth)
    }

    /// Returns whether it has a gradient; running statistics of batch norm change without one.
    pub(crate) fn has_gradient(&self) -> bool {
        !matches!(self.role, Role::Statistic { .. })
    }

    /// The shape in files as a matrix: the first dimension, and the others together.
    fn sides(&self) -> [usize; 2] {
        let [first, others @ ..] = self.shape.as_slice() else {
            return [1, 1];
        };
        [*first, others.iter().product()]
    }

    /// The numbers of inputs and outputs of the weight of a linear layer.
    pub(crate) fn widths(&self) -> [usize; 2] {
        let [first, second] = self.sides();
        if self.transposed {
            [second, first]
        } else {
            [first, second]
        }
    }

    /// The standard deviation of a new weight: BERT's `initializer_range` for matrices and tables, and that of He et al.
    /// 2015 for convolutions.
    fn fresh_deviation(&self) -> f32 {
        match self.shape.as_slice() {
            [_, inputs @ ..] if inputs.len() > 1 && self.role == Role::Weight => {
                (2.0 / inputs.iter().product::<usize>().max(1) as f32).sqrt()
            }
            _ => 0.02,
        }
    }

    fn flip(&self, values: Vec<f32>, into_file: bool) -> Vec<f32> {
        if !self.transposed {
            return values;
        }
        let [mut rows, mut columns] = self.sides();
        if into_file {
            (rows, columns) = (columns, rows);
        }
        transpose(&values, rows, columns)
    }
}

/// The transpose of a row-major `[rows, columns]` matrix, in tiles that fit the cache.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    const TILE: usize = 32;
    let mut result = vec![0.0; values.len()];
    for row_tile in (0..rows).step_by(TILE) {
        for column_tile in (0..columns).step_by(TILE) {
            for row in row_tile..(row_tile + TILE).min(rows) {
                for column in column_tile..(column_tile + TILE).min(columns) {
                    result[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    result
}

/// The place of a parameter in its model's list, given out when it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handle(usize);

impl Handle {
    /// The handles of the first `count` parameters.
    pub(crate) fn first(count: usize) -> impl Iterator<Item = Self> {
        (0..count).map(Self)
    }

    /// Its index in the list.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// Collects the parameters of a network while its layers are made.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    list: Vec<Parameter>,
    part: Part,
    freezes_at: Option<usize>,
    start: Option<[Start; 2]>,
}

impl Declarations {
    /// Declarations that follow those of a network.
    pub(crate) fn after(list: &[Parameter]) -> Self {
        Self {
            list: list.to_vec(),
            ..Self::default()
        }
    }

    /// The part of the next parameters, and the smallest freeze depth at which they do not train; `None` for those that
    /// no depth freezes.
    pub(crate) fn part(&mut self, part: Part, freezes_at: Option<usize>) -> &mut Self {
        self.part = part;
        self.freezes_at = freezes_at;
        self
    }

    /// The initialization of the next matrices and of the next vectors.
    pub(crate) fn starting(&mut self, matrices: Start, vectors: Start) -> &mut Self {
        self.start = Some([matrices, vectors]);
        self
    }

    /// The weight of a linear layer, `[outputs, inputs]` in files.
    pub(crate) fn matrix(&mut self, name: &str, [outputs, inputs]: [usize; 2]) -> Handle {
        let handle = self.push(name, &[outputs, inputs], Role::Weight);
        self.list[handle.0].transposed = true;
        handle
    }

    /// A factor of a low-rank adapter, `[outputs, inputs]` in files.
    pub(crate) fn low_rank(&mut self, name: &str, shape: [usize; 2]) -> Handle {
        let handle = self.matrix(name, shape);
        self.list[handle.0].role = Role::LowRank;
        handle
    }

    /// The weight of a linear layer, `[inputs, outputs]` in files.
    pub(crate) fn upright_matrix(&mut self, name: &str, shape: [usize; 2]) -> Handle {
        self.push(name, &shape, Role::Weight)
    }

    /// A table of vectors, `[rows, width]`.
    pub(crate) fn table(&mut self, name: &str, shape: [usize; 2]) -> Handle {
        self.push(name, &shape, Role::Table)
    }

    /// The bias of a linear layer or of a convolution.
    pub(crate) fn bias(&mut self, name: &str, length: usize) -> Handle {
        self.push(name, &[length], Role::Bias)
    }

    /// The scale of a norm, which changes nothing if all its values are `neutral`.
    pub(crate) fn scale(&mut self, name: &str, length: usize, neutral: f32) -> Handle {
        self.push(name, &[length], Role::Scale { neutral })
    }

    /// Like [`Self::scale`] for files that hold it in another shape.
    pub(crate) fn shaped_scale(&mut self, name: &str, shape: &[usize], neutral: f32) -> Handle {
        self.push(name, shape, Role::Scale { neutral })
    }

    /// Like [`Self::shift`] for files that hold it in another shape.
    pub(crate) fn shaped_shift(&mut self, name: &str, shape: &[usize]) -> Handle {
        self.push(name, shape, Role::Shift)
    }

    /// The shift of a norm.
    pub(crate) fn shift(&mut self, name: &str, length: usize) -> Handle {
        self.push(name, &[length], Role::Shift)
    }

    /// The weight of a convolution, `[outputs, inputs, rows, columns]`.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize]) -> Handle {
        self.push(name, shape, Role::Weight)
    }

    /// The weight of a convolution whose windows do not overlap, `[outputs, inputs, rows, columns]` in files.
    pub(crate) fn patches(&mut self, name: &str, shape: [usize; 4]) -> Handle {
        let handle = self.push(name, &shape, Role::Weight);
        self.list[handle.0].transposed = true;
        handle
    }

    /// Vectors of `width` values in one tensor with a leading 1, `[1, rows, width]`.
    pub(crate) fn vectors(&mut self, name: &str, [rows, width]: [usize; 2]) -> Handle {
        self.push(name, &[1, rows, width], Role::Table)
    }

    /// A running statistic, which changes without a gradient, and its first value.
    pub(crate) fn statistic(&mut self, name: &str, length: usize, neutral: f32) -> Handle {
        self.push(name, &[length], Role::Statistic { neutral })
    }

    /// All parameters, in the order of their handles.
    pub(crate) fn finish(self) -> Vec<Parameter> {
        self.list
    }

    fn push(&mut self, name: &str, shape: &[usize], role: Role) -> Handle {
        let [matrices, vectors] = self.start.unwrap_or([Start::Pretrained; 2]);
        self.list.push(Parameter {
            name: name.to_owned(),
            shape: shape.to_vec(),
            transposed: false,
            role,
            part: self.part,
            freezes_at: self.freezes_at,
            start: if shape.len() == 1 { vectors } else { matrices },
        });
        Handle(self.list.len() - 1)
    }
}

/// A model's parameters with their tensors. Cloning copies references only.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    list: Arc<[Parameter]>,
    tensors: Vec<Tensor<1>>,
    /// For each parameter, true if a file provided its values.
    loaded: Arc<[bool]>,
}

impl Parameters {
    /// Takes the tensors of a file, which must have the names of `list`. Parameters that are drawn for every trial are
    /// zeros until [`Self::start_head`]. `ignored` returns true for other names that are known but not needed.
    ///
    /// # Errors
    /// If tensors are missing, unknown or of another shape; the error names all of them.
    pub(crate) fn from_file(
        list: Vec<Parameter>,
        mut file: WeightFile,
        file_name: &str,
        ignored: impl Fn(&str) -> bool,
        device: Device,
    ) -> Result<Self, WeightsError> {
        let (mut missing, mut misshaped) = (Vec::new(), Vec::new());
        let mut found = Vec::with_capacity(list.len());
        for parameter in &list {
            let stored = file
                .tensors
                .remove(&parameter.name)
                .filter(|_| parameter.start.reads_files());
            match &stored {
                Some(stored) if stored.shape != parameter.shape => {
                    misshaped.push((parameter.name.clone(), parameter.shape.clone(), stored.shape.clone()));
                }
                None if parameter.start == Start::Pretrained => missing.push(parameter.name.clone()),
                Some(_) | None => {}
            }
            found.push(stored);
        }
        let surplus: Vec<String> = file.tensors.into_keys().filter(|name| !ignored(name)).collect();
        if !(missing.is_empty() && surplus.is_empty() && misshaped.is_empty()) {
            return Err(WeightsError::Mismatch {
                name: file_name.to_owned(),
                missing,
                surplus,
                misshaped,
            });
        }
        // Allocate only now: the sizes match the file. A configuration alone could claim any size.
        let loaded = found.iter().map(Option::is_some).collect();
        let tensors = list.iter().zip(found).map(|(parameter, stored)| {
            let length = parameter.length();
            match stored {
                Some(stored) => device.tensor(parameter.flip(stored.values, false), [length]),
                None => device.zeros([length]),
            }
        });
        Ok(Self {
            tensors: tensors.collect(),
            loaded,
            list: list.into(),
        })
    }

    /// The same parameters followed by those that `list` has in addition, which no file provides.
    pub(crate) fn extended(&self, list: &Arc<[Parameter]>, device: Device) -> Self {
        let mut tensors = self.tensors.clone();
        tensors.extend(list[tensors.len()..].iter().map(|new| device.zeros([new.length()])));
        let mut loaded = self.loaded.to_vec();
        loaded.resize(list.len(), false);
        Self {
            list: list.clone(),
            tensors,
            loaded: loaded.into(),
        }
    }

    /// For each parameter, true if a file provided its values.
    pub(crate) fn loaded(&self) -> Arc<[bool]> {
        self.loaded.clone()
    }

    /// Initializes parameters of the pretrained model anew, keyed by the trial's seed and their names.
    pub(crate) fn start_anew(&mut self, handles: &[Handle], seed: Seed, device: Device) {
        for &Handle(index) in handles {
            let parameter = &self.list[index];
            let length = parameter.length();
            let values = match parameter.role {
                Role::Weight | Role::LowRank | Role::Table => {
                    let deviation = parameter.fresh_deviation();
                    draw(seed, &parameter.name, length, |uniforms| normal(deviation, uniforms))
                }
                Role::Bias | Role::Shift => vec![0.0; length],
                Role::Scale { neutral } | Role::Statistic { neutral } => vec![neutral; length],
            };
            self.tensors[index] = device.tensor(parameter.flip(values, false), [length]);
        }
    }

    /// Initializes the parameters that no file provided, keyed by the trial's seed and their names.
    pub(crate) fn start_head(&mut self, seed: Seed, device: Device) {
        for ((parameter, tensor), loaded) in self.list.iter().zip(&mut self.tensors).zip(&*self.loaded) {
            let length = parameter.length();
            let values = match parameter.start {
                _ if *loaded => continue,
                Start::Normal(deviation) | Start::PretrainedOrNormal(deviation) => {
                    draw(seed, &parameter.name, length, |uniforms| normal(deviation, uniforms))
                }
                Start::Uniform(bound) => draw(seed, &parameter.name, length, |uniforms| {
                    bound * (2.0 * uniforms() - 1.0)
                }),
                Start::PretrainedOrOnes => vec![1.0; length],
                Start::Pretrained | Start::Zeros | Start::PretrainedOrZeros => vec![0.0; length],
            };
            *tensor = device.tensor(parameter.flip(values, false), [length]);
        }
    }

    /// The descriptions of the parameters, in the model's order.
    pub(crate) fn list(&self) -> &[Parameter] {
        &self.list
    }

    /// All handles with their descriptions.
    pub(crate) fn described(&self) -> impl Iterator<Item = (Handle, &Parameter)> {
        Handle::first(self.list.len()).zip(&*self.list)
    }

    /// The description of a parameter.
    pub(crate) fn description(&self, handle: Handle) -> &Parameter {
        &self.list[handle.0]
    }

    /// A parameter as a vector.
    pub(crate) fn vector(&self, handle: Handle) -> Tensor<1> {
        self.tensors[handle.0].clone()
    }

    /// A parameter as a matrix: `[in, out]` for weights of linear layers.
    pub(crate) fn matrix(&self, handle: Handle) -> Tensor<2> {
        let parameter = self.description(handle);
        let [rows, columns] = parameter.sides();
        let shape = if parameter.transposed {
            [columns, rows]
        } else {
            [rows, columns]
        };
        self.vector(handle).reshape(shape)
    }

    /// Mutable access to a parameter's tensor.
    pub(crate) fn tensor_mut(&mut self, handle: Handle) -> &mut Tensor<1> {
        &mut self.tensors[handle.0]
    }

    /// Sets a parameter's values, which are in the layout of files.
    #[cfg(test)]
    pub(crate) fn set(&mut self, handle: Handle, values: Vec<f32>, device: Device) {
        let parameter = &self.list[handle.0];
        self.tensors[handle.0] = device.tensor(parameter.flip(values, false), [parameter.length()]);
    }

    /// A parameter's values in the layout of files.
    pub(crate) fn stored(&self, handle: Handle) -> StoredTensor {
        let parameter = self.description(handle);
        StoredTensor {
            shape: parameter.shape.clone(),
            values: parameter.flip(values(&self.tensors[handle.0]), true),
        }
    }

    /// The parameters that are `wanted`, in the layout of files, with names changed by `rename`.
    pub(crate) fn to_file(
        &self,
        wanted: impl Fn(Handle, &Parameter) -> bool,
        rename: impl Fn(&str) -> String,
    ) -> WeightFile {
        let tensors: BTreeMap<_, _> = self
            .described()
            .filter(|(handle, parameter)| wanted(*handle, parameter))
            .map(|(handle, parameter)| (rename(&parameter.name), self.stored(handle)))
            .collect();
        WeightFile {
            tensors,
            metadata: [("format".to_owned(), "pt".to_owned())].into(),
        }
    }
}

/// A normal value: twelve uniforms have variance 1. It is normal except for tails beyond 6, and the same on every machine.
fn normal(deviation: f32, uniforms: &mut dyn FnMut() -> f32) -> f32 {
    deviation * ((0..12).map(|_| uniforms()).sum::<f32>() - 6.0)
}

/// Draws values from a stream that belongs to one parameter of one trial; `value` gets a source of uniforms in [0, 1).
fn draw(seed: Seed, name: &str, length: usize, mut value: impl FnMut(&mut dyn FnMut() -> f32) -> f32) -> Vec<f32> {
    let mut stream = rng::stream(seed, name, &[]);
    let mut uniforms = move || (stream.next_u32() >> 8) as f32 / 16_777_216.0;
    (0..length).map(|_| value(&mut uniforms)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, shape: &[usize], start: Start) -> Parameter {
        Parameter {
            name: name.to_owned(),
            shape: shape.to_vec(),
            transposed: shape.len() == 2,
            role: Role::Weight,
            part: Part::Stem,
            freezes_at: Some(1),
            start,
        }
    }

    fn file(tensors: &[(&str, &[usize])]) -> WeightFile {
        let stored = |shape: &[usize]| StoredTensor {
            shape: shape.to_vec(),
            values: (0..shape.iter().product()).map(|index| index as f32).collect(),
        };
        let tensors = tensors
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), stored(shape)))
            .collect();
        WeightFile {
            tensors,
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn matrices_lie_transposed_inside_and_come_back_as_they_were() {
        let list = vec![parameter("w", &[2, 3], Start::Pretrained)];
        let source = file(&[("w", &[2, 3])]);
        let parameters = Parameters::from_file(list, source.clone(), "f", |_| false, Device::Cpu).unwrap();
        assert_eq!(parameters.matrix(Handle(0)).dims(), [3, 2]);
        assert_eq!(values(&parameters.vector(Handle(0))), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(parameters.to_file(|_, _| true, str::to_owned).tensors, source.tensors);
    }

    #[test]
    fn every_tensor_that_does_not_fit_is_named() {
        let list = vec![
            parameter("w", &[2, 3], Start::Pretrained),
            parameter("b", &[3], Start::Pretrained),
        ];
        let source = file(&[("w", &[3, 3]), ("extra", &[1]), ("known", &[1])]);
        let error = Parameters::from_file(list, source, "m.safetensors", |name| name == "known", Device::Cpu);
        assert_eq!(
            error.unwrap_err().to_string(),
            "`m.safetensors` does not fit the model: missing `b`; unknown `extra`; \
             `w` has shape [3, 3] where the model's configuration says [2, 3]"
        );
    }

    #[test]
    fn a_new_head_is_a_pure_function_of_the_seed_and_spares_what_was_loaded() {
        let list = vec![
            parameter("pooler", &[2, 2], Start::PretrainedOrNormal(0.02)),
            parameter("classifier", &[50, 20], Start::Normal(0.02)),
        ];
        let source = file(&[("pooler", &[2, 2])]);
        let base = Parameters::from_file(list, source, "f", |_| false, Device::Cpu).unwrap();
        let start = |seed| {
            let mut parameters = base.clone();
            parameters.start_head(Seed(seed), Device::Cpu);
            (parameters.stored(Handle(0)).values, parameters.stored(Handle(1)).values)
        };
        assert_eq!(start(1), start(1));
        assert_ne!(start(1).1, start(2).1);
        assert_eq!(start(1).0, [0.0, 1.0, 2.0, 3.0]);
        let variance = start(1).1.iter().map(|value| value * value).sum::<f32>() / 1000.0;
        assert!((variance.sqrt() - 0.02).abs() < 0.002, "{variance}");
    }
}
