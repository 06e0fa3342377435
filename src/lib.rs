//! `automl` finds the best way to fine-tune a pretrained model on your data, inside a budget.

pub mod finetune;
pub mod objective;
pub mod rng;
pub mod space;
pub mod spec;
pub mod units;
