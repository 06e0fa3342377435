//! The names that a spec can use, one row each: hyperparameters, and the models and data that are compiled into the program.
//!
//! Nothing here depends on other packages. The spec's reader, its schema and its reference read these rows, and so does
//! the training code that gives them a meaning. Rows that need code of their own stand beside that code: metrics in
//! `metrics`, tasks and families of models in `finetune`.

mod builtin;
mod hyperparameters;

pub use builtin::{
    BUILTIN_IMAGES, BUILTIN_MODELS, BUILTIN_TABLES, BuiltinImages, BuiltinModel, BuiltinTable, ModelInput,
    builtin_model,
};
pub use hyperparameters::{HYPERPARAMETERS, Hyperparameter, HyperparameterKind, IMAGE_CHANGES};
