//! The order of results when there are several metrics or constraints on metrics.
//!
//! A result is a set of [`Scores`]. A [`Preference`] orders scores: by Pareto dominance ([`fronts`]), or
//! lexicographically with tolerances. Methods that need a single number use [`Preference::scalarise`]. Begin reading at
//! [`Preference`].

mod chebyshev;
mod dominance;
mod epsilon_net;
mod hypervolume;
mod lexicographic;
mod order;
mod scores;

pub use dominance::{crowding, front, fronts};
pub use hypervolume::hypervolume;
pub use lexicographic::{Level, Tolerance};
pub use order::Preference;
pub use scores::Scores;
