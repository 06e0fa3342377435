//! The search: which configuration comes next, and which trial continues.
//!
//! Everything in it is a pure function of trials and a seed. It knows nothing of specs, studies and workers.
//!
//! Begin reading at [`policies`]. A policy pairs one of the [`searchers`] with one of the [`schedulers`]. They see the
//! [`trials`] of a study, whose configurations come from a [`space`] and whose results [`preference`] puts in order.
//! [`analysis`] explains finished trials, and [`warm_start`] reads those of earlier studies.

use automl_base::{rng, suggestion, units};

pub mod analysis;
pub mod policies;
pub mod preference;
pub mod schedulers;
pub mod searchers;
pub mod space;
pub mod trials;
pub mod warm_start;
