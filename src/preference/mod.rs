//! Which of several results is better, when one number does not say it all: several metrics, and constraints on metrics.
//!
//! A result is a set of [`Scores`]. A [`Preference`] orders scores: by who is beaten in everything by nobody ([`fronts`]),
//! or metric by metric with tolerances. What knows only one number is served by [`Preference::scalarise`].
//! Imports only `units` and `rng`. Begin reading at [`Preference`].

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
