//! Fine-tuning a pretrained model on labelled data: everything that touches tensors.
//!
//! It does not depend on search, trials or specs. A program loads a [`Pretrained`] once per process and starts or
//! resumes a [`Training`] for every trial. It trains on the examples of `data` and exports the result as a
//! [`FineTuned`] model.
//!
//! Begin reading at [`trainer`]. It uses `families` (from `config.json` to a network), `networks`, `blocks` and `layers`
//! (forward and backward), `kernels` (steps between matrix products), `parameters` (tensors by name), `weights` (files),
//! `adapters` (what trains), `peft` (adapters in files), `trainable` (the set that they make), `optimizer`, `schedule`,
//! `dropout`, `loss`, `checkpoint`, `pretrained` and `export`. `augment` changes training images, `step_inputs` makes the
//! inputs of a step of them, and `average` holds the moving average of the weights. `preprocessing` says how a model's images are prepared.
//! `prefix_cache` caches activations of the frozen layers; `cost` and `memory` predict the time and memory of training.
//! `backend` is the only folder that names burn's backends.

use automl_base::{files, os, rng, suggestion, units};

mod adapters;
mod augment;
mod average;
pub mod backend;
pub mod batching;
mod blocks;
pub mod builtin_model;
mod cache_folder;
pub mod checkpoint;
mod cost;
pub mod data;
mod dropout;
pub mod export;
mod families;
mod gradients;
mod imbalance;
mod inference;
mod kept_outputs;
mod kernels;
mod label_errors;
mod layers;
mod loss;
mod memory;
pub mod model_folder;
mod networks;
mod optimizer;
mod parameters;
mod peft;
pub mod prefix_cache;
mod preprocessing;
pub mod pretrained;
pub mod recipes;
pub mod schedule;
mod step_inputs;
pub mod tasks;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod threads;
mod trainable;
pub mod trainer;
mod training_config;
mod vectorize;
pub mod weights;

pub use self::{
    adapters::{Adapter, LowRankSettings, Targets},
    augment::Augmentation,
    backend::{Device, Gpu, UnknownDevice, gpus, shown_gpus},
    cost::TrainingCost,
    export::{ExportError, note_max_length},
    imbalance::ClassWeights,
    inference::{Evaluated, FineTuned},
    kept_outputs::{Kept, KeptOutputs, KeptTruth},
    label_errors::{LabelErrors, Suspect},
    memory::Footprint,
    optimizer::OptimizerKind,
    peft::{PeftAdapter, PeftError},
    prefix_cache::{FrozenOutputs, PrefixCache},
    preprocessing::{ImageInput, Interpolation, Normalization, Preprocessing, Resize},
    pretrained::{ImageSizeError, LoadError, Pretrained},
    recipes::Recipe,
    schedule::Schedule,
    tasks::{Answer, Prediction, Scores, Task},
    threads::start_threads,
    trainer::{Reached, Step, TrainError, Training, TrainingData},
    training_config::TrainingConfig,
};
