//! The metrics: one file per idea, each with its rows of the registry beside their formulas.

pub(crate) mod accuracy;
pub(crate) mod agreement;
pub(crate) mod averages;
pub(crate) mod calibration;
pub(crate) mod correlation;
pub(crate) mod cross_entropy;
pub(crate) mod entities;
pub(crate) mod errors;
pub(crate) mod question_answering;
pub(crate) mod ranking;
