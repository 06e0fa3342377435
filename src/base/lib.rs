//! What every part of `automl` stands on. Nothing here knows what is built on it.

pub mod awake;
pub mod files;
pub mod json;
pub mod rng;
pub mod suggestion;
pub mod units;
