//! The foundation of all parts of `automl`. Nothing in it depends on those parts.

pub mod awake;
pub mod files;
pub mod json;
pub mod os;
pub mod rng;
pub mod suggestion;
pub mod units;
