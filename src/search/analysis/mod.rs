//! Analysis of a finished search: which parameters mattered, where they are good, and which differences are luck.
//!
//! A random forest (`forest`, of a `tree` whose every `split` asks about an `axis`) learns the losses of the trials (`observations`,
//! as prepared by `losses`). Its leaves are boxes of the unit cube (`region`), over which its mean is known exactly along
//! one or two axes (`marginal`). These means are the `dependence` on a parameter, and their variances are its
//! importance (`fanova`). Tests of differences between results are separate (`significance`).
//!
//! Imports only `space`, `units` and `rng`. Begin reading at [`Landscape`].

mod axis;
mod dependence;
mod fanova;
mod forest;
mod landscape;
mod losses;
mod marginal;
mod observations;
mod region;
mod significance;
mod split;
#[cfg(test)]
mod testing;
mod tree;

pub use dependence::{Contour, Curve, Estimate, Level};
pub use fanova::{Effect, Importance, Interaction, Share};
pub use landscape::Landscape;
pub use losses::Focus;
pub use significance::{
    TTest, accuracy_interval, accuracy_standard_error, confidence_half_width, mean, paired_t_test, pooled_deviation,
    standard_error, welch_t_test,
};
