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

use std::cmp::Reverse;

use super::{
    adapters::Counter,
    batching::image_tokens,
    data::{Dataset, Examples, Inputs, Text},
    inference::HOST_TOKENS,
    networks::{InputLimits, Network},
    parameters::Role,
    pretrained::Pretrained,
    training_config::TrainingConfig,
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
    /// Number of values whose gradients are sparse if they train: word vectors.
    table: u64,
    /// Bytes of all examples.
    data: u64,
    /// Tokens of the longest window of a training text; 1 for images.
    longest: u64,
    /// Numbers of windows of the training texts that have several, the largest first.
    windows: Vec<u32>,
    network: Network,
    counter: Counter,
}

impl Footprint {
    /// The sizes of a model and its data.
    pub fn new(model: &Pretrained, data: &Dataset) -> Self {
        let list = model.parameters.list();
        let tables = list.iter().filter(|parameter| parameter.role == Role::Table);
        let table = tables.map(|parameter| parameter.length() as u64).max().unwrap_or(0);
        let parts = [Some(&data.train), Some(&data.validation), data.test.as_ref()];
        Self {
            model: list.iter().map(|parameter| parameter.length() as u64).sum(),
            table,
            data: parts.into_iter().flatten().map(bytes).sum(),
            longest: longest(&data.train),
            windows: windows(&data.train),
            network: model.network.clone(),
            counter: Counter::new(model),
        }
    }

    /// Peak memory in bytes of a process that trains a trial with these settings, evaluates it and saves it.
    pub fn peak(&self, config: &TrainingConfig) -> u64 {
        let depth = config.freeze_depth.min(self.network.freeze_depths());
        let counts = self.counter.of(config);
        let changed = counts.changed;
        let table = if counts.has_stem { self.table } else { 0 };
        let average = if config.ema > 0.0 { changed } else { 0 };
        let step = changed - table.min(changed) + self.step(config.batch_size.max(1) as u64, depth as u64);
        let moment = step.max(self.evaluation()).max(CHECKPOINT * changed + 2 * average);
        // The trial's values, two moments and the average, in addition to the pretrained values.
        let held = self.model + 3 * changed + average;
        let reading = (self.model as f64 * READING) as u64;
        let floats = (reading.max(held + moment) * FLOAT) as f64;
        PROGRAM + self.data + (floats * ROOM) as u64
    }

    /// Floats that a training step saves and computes with.
    fn step(&self, batch: u64, depth: u64) -> u64 {
        let (batch, depth) = (batch as usize, depth as usize);
        // Texts of similar length are in one batch: at worst those with the most windows.
        let most = self.windows.iter().take(batch).map(|&windows| windows as usize);
        let sequences = batch.saturating_sub(self.windows.len()) + most.sum::<usize>();
        self.network.step_values(depth, sequences, self.longest as usize) as u64
    }

    /// Floats that an evaluation computes with; nothing is saved.
    fn evaluation(&self) -> u64 {
        let longest = self.longest as usize;
        let tokens = match self.network.inputs {
            InputLimits::Texts { .. } => longest.max(1),
            InputLimits::Images { size } => image_tokens(size),
        };
        // All windows of a text are evaluated together.
        let windows = self.windows.first().map_or(1, |&most| most as usize);
        let examples = (HOST_TOKENS / tokens).max(windows).max(1);
        (examples * self.network.evaluation_values(longest)) as u64
    }
}

/// Bytes of examples in memory.
fn bytes(examples: &Examples) -> u64 {
    let inputs: usize = match &examples.inputs {
        Inputs::Texts(texts) => texts.iter().map(Text::bytes).sum(),
        Inputs::Images { pixels, .. } => pixels.memory(),
    };
    (inputs + examples.targets.bytes()) as u64
}

fn longest(examples: &Examples) -> u64 {
    match &examples.inputs {
        Inputs::Texts(texts) => texts.iter().flat_map(Text::windows).max().unwrap_or(1) as u64,
        Inputs::Images { .. } => 1,
    }
}

fn windows(examples: &Examples) -> Vec<u32> {
    let Inputs::Texts(texts) = &examples.inputs else {
        return Vec::new();
    };
    let several = texts.iter().map(Text::window_count).filter(|&windows| windows > 1);
    let mut windows: Vec<u32> = several.map(|windows| windows as u32).collect();
    windows.sort_unstable_by_key(|&windows| Reverse(windows));
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Adapter, LowRankSettings, testing};
    use super::*;

    fn footprint() -> Footprint {
        let examples = testing::texts(40, 2);
        let data = Dataset {
            train: examples.clone(),
            validation: examples,
            test: None,
            task: crate::tasks::TaskKind::Classification,
            labels: testing::labels(2),
        };
        Footprint::new(&testing::small_bert(2), &data)
    }

    proptest! {
        #[test]
        fn more_that_trains_and_larger_batches_never_need_less(batch in 1usize..512, depth in 0usize..2) {
            let footprint = footprint();
            let peak = |batch_size, freeze_depth, adapter| footprint.peak(&TrainingConfig {
                batch_size,
                freeze_depth,
                adapter,
                ..TrainingConfig::default()
            });
            let low_rank = Adapter::LowRank(LowRankSettings::default());
            for adapter in [Adapter::None, Adapter::BiasOnly, low_rank] {
                prop_assert!(peak(batch, depth, adapter) >= peak(batch, depth + 1, adapter));
                prop_assert!(peak(batch + 1, depth, adapter) >= peak(batch, depth, adapter));
                prop_assert!(peak(batch, depth, Adapter::None) >= peak(batch, depth, adapter));
            }
        }
    }

    #[test]
    fn images_need_more_the_earlier_training_begins() {
        let network = testing::resnet8(3).network;
        let steps: Vec<usize> = (0..=4).map(|depth| network.step_values(depth, 1, 1)).collect();
        assert!(steps.is_sorted_by(|more, less| more >= less), "{steps:?}");
    }
}
