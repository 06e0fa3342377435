//! Fine-tuning a pretrained model on labelled data: everything that touches tensors.
//!
//! It knows nothing of search, trials or specs. From the outside one loads a
//! [`Pretrained`] once per process, starts or resumes a [`Training`] for every trial, feeds it the examples of
//! `data`, and exports what it learnt as a [`FineTuned`] model.
//!
//! Begin reading at [`trainer`]. Under it: `models` (networks, forward and backward), `kernels` (their steps between
//! matrix products), `parameters` (tensors by name), `weights` (files), `optimizer`, `schedule`, `dropout`, `loss`,
//! `checkpoint`, `pretrained` and `export`; `prefix_cache` keeps what frozen parts make of the data,
//! and `cost` and `memory` predict what training takes. `backend` is the only folder that names burn's backends.

use automl_base::{files, rng, suggestion, units};

pub mod backend;
pub mod batching;
mod cache_folder;
pub mod checkpoint;
mod cost;
pub mod data;
mod dropout;
pub mod export;
mod gradients;
pub mod hub;
mod inference;
mod kernels;
mod loss;
mod memory;
pub mod metrics;
mod models;
mod optimizer;
mod parameters;
pub mod prefix_cache;
pub mod pretrained;
pub mod recipes;
pub mod schedule;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod threads;
pub mod trainer;
mod vectorize;
pub mod weights;

pub use self::{
    backend::{Device, Gpu, UnknownDevice, gpus, shown_gpus},
    cost::TrainingCost,
    export::{ExportError, note_max_length},
    inference::FineTuned,
    memory::Footprint,
    metrics::Metrics,
    prefix_cache::{FrozenOutputs, PrefixCache},
    pretrained::{LoadError, Pretrained},
    recipes::Recipe,
    schedule::Schedule,
    threads::start_threads,
    trainer::{Reached, Step, TrainError, Training, TrainingConfig, TrainingData},
};
