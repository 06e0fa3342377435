//! The specs that stories begin with; they change them with `--set`.

/// A study of a function: all of the machinery, none of the training.
pub(crate) const SPHERE: &str = "\
name: sphere
function: {name: sphere}
parameters:
  x: {min: 0.0, max: 1.0}
  y: {min: 1e-4, max: 1.0, log: true}
  kind: {values: [plain, fancy, odd]}
method: tpe
epochs: {min: 1, max: 9}
early_terminate: {type: asha, eta: 3}
budget: {trials: 12}
resources: {logical_workers: 4, workers: 2}
seed: 7
";

/// Fine-tunes the tiny BERT of `write_bert` on the texts of `write_reviews`.
pub(crate) const TEXTS: &str = "\
name: reviews
task: text-classification
model: ./model
data: {train: reviews.csv, split: {validation: 0.25, seed: 1}}
max_length: 16
metric: accuracy
parameters:
  learning_rate: {min: 1e-4, max: 1e-1, log: true}
  batch_size: {values: [4, 8], ordered: true}
  freeze_depth: {min: 0, max: 2}
method: random
epochs: {min: 1, max: 4}
early_terminate: {type: none}
budget: {trials: 4}
resources: {devices: cpu, logical_workers: 2}
seed: 3
";

/// Fine-tunes the model inside the program on pictures inside the program.
pub(crate) const PICTURES: &str = "\
name: pictures
task: image-classification
model: builtin:resnet8-cifar10
data: {train: builtin:fashion-mini, train_limit: 60}
metric: accuracy
parameters:
  learning_rate: {min: 1e-3, max: 1e-2, log: true}
  freeze_depth: {values: [2, 4], ordered: true}
method: tpe
epochs: {min: 1, max: 2}
early_terminate: {type: asha, eta: 2}
budget: {trials: 2}
resources: {devices: cpu, logical_workers: 2}
seed: 3
";
