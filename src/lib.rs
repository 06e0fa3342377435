//! `automl` finds the best way to fine-tune a pretrained model on your data, inside a budget.
//!
//! # Modules
//!
//! A module imports only from those above it here.
//!
//! | module | what is in it |
//! |---|---|
//! | [`units`], [`rng`], [`files`], [`awake`], [`suggestion`], [`json`], [`os`] | quantities that must not be mixed; keyed random streams; atomic file writes; time without suspensions; "did you mean"; JSON as programs write it |
//! | [`preference`] | comparison of results: several metrics, constraints on metrics |
//! | [`finetune`] | models, training and data; independent of the search |
//! | [`hub`] | the Hugging Face hub: downloads, and the cache of what was downloaded |
//! | [`space`] | parameters, domains, conditions and constraints; configurations in the unit cube |
//! | [`analysis`] | analysis of finished trials: importance, dependence, significance |
//! | [`spec`] | `space.yaml`: read, checked, explained |
//! | [`convert`] | search spaces of other programs, turned into specs |
//! | [`trials`] | the known facts about trials; segments that go to a worker, and their reports |
//! | [`warm_start`] | leaderboards of earlier studies, filtered to what fits this one |
//! | [`searchers`], [`schedulers`] | searchers propose configurations; schedulers decide which trials continue |
//! | [`policies`] | the next task of a free slot |
//! | [`ask_tell`] | the search without an engine, for other programs and languages |
//! | [`study`] | the state machine: a fold over events, without clock, files or threads |
//! | [`journal`] | the append-only log of events |
//! | [`objective`] | the objective of a trial: fine-tuning, a built-in function, or an external program |
//! | [`worker`] | processes that run segments, and their messages |
//! | [`transports`] | how the engine reaches its workers |
//! | [`engine`] | the run loop, the wall budget, the study's folder, the simulator |
//! | [`plan`] | the expected cost of a study, before anything runs |
//! | [`report`] | leaderboard, any-time curve, `best.yaml`, the terminal display |
//! | [`tracking`] | trackers, which read the journal: MLflow, Weights & Biases, Comet, TensorBoard, Optuna, CSV tables |
//! | [`production`] | from a configuration to a model in use: training, predicting, measuring |
//! | [`fit`] | chooses a spec for a data file, with the reason for each choice |
//! | [`serve`] | the report as a page that updates itself |
//! | [`cli`] | one file per command |
//!
//! Begin reading at [`study`]; `ARCHITECTURE.md` describes the life of a trial.

pub use automl_base::{awake, files, json, os, rng, suggestion, units};
pub use automl_catalogue as catalogue;
pub use automl_finetune as finetune;
pub use automl_hub as hub;
pub use automl_metrics as metrics;
pub use automl_readers as readers;
pub use automl_search::{analysis, policies, preference, schedulers, searchers, space, trials, warm_start};

pub mod ask_tell;
pub mod cli;
pub mod convert;
pub mod engine;
pub mod fit;
pub mod journal;
pub mod objective;
pub mod plan;
pub mod production;
pub mod report;
pub mod serve;
pub mod spec;
pub mod study;
pub mod tracking;
pub mod transports;
pub mod worker;
