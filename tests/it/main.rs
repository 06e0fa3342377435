//! Whole stories told to the real program: what is typed, what is said, what lies on disk afterwards.
//!
//! One file a subject; `support` holds what the stories share. Begin reading at `support::Sandbox`.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may break off, and says when it skips"
)]

mod adapters;
mod architecture;
mod ask_tell;
mod augmentation;
mod bad_input;
mod budgets;
mod cluster;
mod commands;
mod convert;
mod crashes;
mod data;
mod determinism;
mod disk;
mod docs;
mod doctor;
mod failures;
mod families;
mod fit;
mod folds;
mod gates;
mod hub;
mod hub_data;
mod imbalance;
mod interruptions;
mod journals;
mod kept_outputs;
mod long_texts;
mod looking;
mod metrics;
mod past;
mod pictures;
mod populations;
mod production;
mod programs;
mod ray;
mod real_slurm;
mod recorded;
mod registering;
mod schema;
mod search;
mod selection;
mod serve_model;
mod serving;
mod slurm;
mod spans;
mod splits;
mod support;
mod tasks;
mod text;
mod tracking;
mod train;
mod user_cases;
mod verbs;
mod warm_start;
mod wording;
