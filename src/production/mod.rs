//! From a configuration to a model in use: training, prediction and evaluation. Front ends parse and print; the work is
//! here.

mod error;
mod evaluate;
mod examples;
mod layout;
mod notes;
mod predict;
mod predictor;
mod provenance;
mod sources;
mod thresholds;
mod train;

pub use error::ProductionError;
pub use evaluate::{Evaluation, UnknownLabels, evaluate};
pub use examples::{Asked, ModelFolder, Question};
pub use notes::{NotedTexts, Trained};
pub use predict::{Broken, PredictionFormat, predict};
pub use predictor::{Predictor, Prepared};
pub use sources::{Chunk, Word};
pub use train::{Checkpoints, Saved, TrainOptions, TrainedModel, train};
