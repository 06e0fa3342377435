//! From a configuration to a model in use: training, prediction and evaluation. Front ends parse and print; the work is
//! here.

mod error;
mod evaluate;
mod examples;
mod notes;
mod predict;
mod provenance;
mod thresholds;
mod train;

pub use error::ProductionError;
pub use evaluate::{Evaluation, UnknownLabels, evaluate};
pub use examples::{Asked, ModelFolder, Question};
pub use notes::{NotedTexts, Trained};
pub use predict::{Broken, PredictionFormat, predict};
pub use train::{Saved, TrainOptions, TrainedModel, train};
