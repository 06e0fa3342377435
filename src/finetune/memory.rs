//! Peak memory of a training process, predicted from sizes alone.
//!
//! The prediction counts the floats that are alive at the same time: the pretrained model, the values that a trial
//! changes with their moments, the gradients, and everything that a forward pass saves for the backward pass. An
//! evaluation adds the buffers of one block; a checkpoint adds its two copies. The allocator returns no memory to the
//! system (see `worker::process`), so the peak of a process is the peak of its largest phase.
//!
//! For the CPU only, where the device uses the machine's memory.
//!
//! Compared with measured peaks (`VmHWM`, x86-64, glibc), predicted/measured in MB:
//!
//! | model and data | settings | batch 16 | 64 | 256 |
//! |---|---|---|---|---|
//! | `ResNet8`, 4,000 images | all trains | 296/278 | 319/273 | 1022/830 |
//! | | from the second block on | 296/273 | 296/292 | 507/490 |
//! | BERT 2 × 128, texts of up to 64 tokens | all trains | 218/217 (with a checkpoint) | 218/142 (without) | 343/292 |
//! | | one block frozen | 68/61 | 92/82 | 223/208 |
//!
//! The engine corrects a prediction that is too small after the first segment, and one that is too large gradually.

use super::{
    data::{Dataset, Examples, Inputs},
    inference::HOST_TOKENS,
    models::{Network, bert::Bert},
    pretrained::Pretrained,
};

/// Bytes of one float.
const FLOAT: u64 = 4;

/// Bytes of the program itself, including built-in tables, models and data, before anything is loaded.
const PROGRAM: u64 = 24 << 20;

/// Copies of a model's values that are alive while it is loaded: the file's bytes, the tensors, and their transposes.
const READING: f64 = 2.2;

/// Copies of a trial's values that writing a checkpoint adds: one copy and the bytes to write, each for the values and
/// both moments.
const CHECKPOINT: u64 = 6;

/// Factor for memory that is not counted: gaps between allocations, and copies made by tensor operations.
const ROOM: f64 = 1.15;

/// The sizes that decide how much memory training takes.
#[derive(Clone, Debug)]
pub struct Footprint {
    /// Number of values of the model.
    model: u64,
    /// Number of values that a trial changes, by freeze depth.
    changed: Vec<u64>,
    /// Number of these values whose gradients are sparse: word vectors.
    table: u64,
    /// Bytes of all examples.
    data: u64,
    /// Tokens of the longest training text; 1 for images.
    longest: u64,
    shape: Shape,
}

/// The sizes of a network.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Bert {
        hidden: u64,
        inner: u64,
        heads: u64,
        blocks: u64,
    },
    ResNet8,
}

impl Footprint {
    /// The sizes of a model and its data.
    pub fn new(model: &Pretrained, data: &Dataset) -> Self {
        let list = model.parameters.list();
        let changed = |depth: usize| -> u64 {
            let changing = list.iter().filter(|parameter| parameter.changes(depth));
            changing.map(|parameter| parameter.length() as u64).sum()
        };
        let (shape, table) = match &model.network {
            Network::Bert(Bert { config, .. }) => (
                Shape::Bert {
                    hidden: config.hidden_size as u64,
                    inner: config.intermediate_size as u64,
                    heads: config.num_attention_heads as u64,
                    blocks: config.num_hidden_layers as u64,
                },
                (config.vocab_size * config.hidden_size) as u64,
            ),
            Network::ResNet8(_) => (Shape::ResNet8, 0),
        };
        let parts = [Some(&data.train), Some(&data.validation), data.test.as_ref()];
        Self {
            model: list.iter().map(|parameter| parameter.length() as u64).sum(),
            changed: (0..=model.freeze_depths()).map(changed).collect(),
            table,
            data: parts.into_iter().flatten().map(bytes).sum(),
            longest: longest(&data.train),
            shape,
        }
    }

    /// Peak memory in bytes of a process that trains a trial with these settings, evaluates it and saves it.
    pub fn peak(&self, batch_size: usize, freeze_depth: usize) -> u64 {
        let depth = freeze_depth.min(self.changed.len() - 1);
        let changed = self.changed[depth];
        let table = if depth == 0 { self.table } else { 0 };
        let step = changed - table.min(changed) + self.step(batch_size.max(1) as u64, depth as u64);
        let moment = step.max(self.evaluation()).max(CHECKPOINT * changed);
        // The trial's values and two moments, in addition to the pretrained values.
        let held = self.model + 3 * changed;
        let reading = (self.model as f64 * READING) as u64;
        let floats = (reading.max(held + moment) * FLOAT) as f64;
        PROGRAM + self.data + (floats * ROOM) as u64
    }

    /// Floats that a training step saves and computes with.
    fn step(&self, batch: u64, depth: u64) -> u64 {
        match self.shape {
            Shape::Bert { hidden, blocks, .. } => {
                let (width, rows) = (self.longest, batch * self.longest);
                // The last block computes only the first position of each text. For the other positions it saves the
                // input, keys and values.
                let whole = blocks.saturating_sub(depth).saturating_sub(1);
                let last = 3 * rows * hidden;
                let embeddings = if depth == 0 { rows * hidden } else { 0 };
                // In the backward pass a block's gradients reuse the memory of its saved values, except for three rows.
                let back = 3 * rows * hidden;
                let kept = embeddings + whole * self.block_kept(batch, width) + last + back;
                let frozen = if depth > 0 {
                    self.block_computing(batch, width)
                } else {
                    0
                };
                kept.max(frozen + last)
            }
            Shape::ResNet8 => batch * resnet8_step(depth),
        }
    }

    /// Floats that an evaluation computes with; nothing is saved.
    fn evaluation(&self) -> u64 {
        let tokens = HOST_TOKENS as u64;
        match self.shape {
            Shape::Bert { .. } => {
                let texts = (tokens / self.longest.max(1)).max(1);
                self.block_computing(texts, self.longest)
            }
            Shape::ResNet8 => tokens / 16 * RESNET8_FORWARD,
        }
    }

    /// Floats that a block saves for the backward pass. These are its input, queries, keys and values, the context,
    /// both norms, the attended rows, the activated rows and their derivatives; also the attention weights before and
    /// after dropout.
    fn block_kept(&self, texts: u64, width: u64) -> u64 {
        let Shape::Bert {
            hidden, inner, heads, ..
        } = self.shape
        else {
            return 0;
        };
        texts * width * (8 * hidden + 2 * inner) + 3 * texts * heads * width * width
    }

    /// Floats that a block holds at the same time while it computes, in either direction.
    fn block_computing(&self, texts: u64, width: u64) -> u64 {
        let Shape::Bert {
            hidden, inner, heads, ..
        } = self.shape
        else {
            return 0;
        };
        texts * width * (6 * hidden + 2 * inner) + 2 * texts * heads * width * width
    }
}

/// Floats of one image in the first residual block, forward only: patches of both convolutions and the feature maps.
const RESNET8_FORWARD: u64 = 2 * 147_456 + 5 * 16_384;

/// Floats of one image in a training step. These are the saved values of the stem and of the trainable blocks, and the
/// largest gradient of patches in the backward pass. That gradient belongs to the second convolution, whose patches are
/// already freed. If the first block is frozen, the result is at least the memory that its forward pass needs.
fn resnet8_step(depth: u64) -> u64 {
    // Patches of the convolutions, and five feature maps: two normalized, the middle, the output and the input.
    const KEPT: [u64; 4] = [
        27_648 + 3 * 16_384,
        2 * 147_456 + 5 * 16_384,
        114_688 + 5 * 8_192,
        57_344 + 5 * 4_096,
    ];
    const GRADIENT: [u64; 4] = [0, 147_456, 73_728, 36_864];
    let trains = |part: usize| depth < part as u64 + 1;
    let parts = (0..4).filter(|&part| trains(part));
    let kept: u64 = parts.clone().map(|part| KEPT[part]).sum();
    let gradient = parts.map(|part| GRADIENT[part]).max().unwrap_or(0);
    (kept + gradient).max(RESNET8_FORWARD)
}

/// Bytes of examples in memory.
fn bytes(examples: &Examples) -> u64 {
    let inputs: usize = match &examples.inputs {
        Inputs::Texts(texts) => texts
            .iter()
            .map(|text| size_of_val(text.as_slice()) + size_of::<Vec<u32>>())
            .sum(),
        Inputs::Images { pixels } => size_of_val(pixels.as_slice()),
    };
    (inputs + size_of_val(examples.labels.as_slice())) as u64
}

fn longest(examples: &Examples) -> u64 {
    match &examples.inputs {
        Inputs::Texts(texts) => texts.iter().map(Vec::len).max().unwrap_or(1) as u64,
        Inputs::Images { .. } => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing;
    use super::*;

    fn footprint() -> Footprint {
        let examples = testing::texts(40, 2);
        let data = Dataset {
            train: examples.clone(),
            validation: examples,
            test: None,
            labels: testing::labels(2),
        };
        Footprint::new(&testing::small_bert(2), &data)
    }

    proptest! {
        #[test]
        fn more_that_trains_and_larger_batches_never_need_less(batch in 1usize..512, depth in 0usize..2) {
            let footprint = footprint();
            prop_assert!(footprint.peak(batch, depth) >= footprint.peak(batch, depth + 1));
            prop_assert!(footprint.peak(batch + 1, depth) >= footprint.peak(batch, depth));
        }
    }

    #[test]
    fn images_need_more_the_earlier_training_begins() {
        let steps: Vec<u64> = (0..=4).map(resnet8_step).collect();
        assert!(steps.is_sorted_by(|more, less| more >= less), "{steps:?}");
    }
}
