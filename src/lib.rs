//! `automl` finds the best way to fine-tune a pretrained model on your data, inside a budget.

pub mod cli;
pub mod engine;
pub mod finetune;
pub mod journal;
pub mod objective;
pub mod policies;
pub mod report;
pub mod rng;
pub mod schedulers;
pub mod searchers;
pub mod space;
pub mod spec;
pub mod study;
pub mod trials;
pub mod units;
pub mod worker;
