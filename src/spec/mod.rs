//! The spec: a `space.yaml` read, checked and explained.
//!
//! Text becomes a tree whose nodes know their source positions (`parse` → `raw`). Overrides of the command line change
//! the tree (`overrides`). `resolve` turns it into a valid [`Spec`], or into all of its errors, each with its source
//! line, a caret and a suggestion ([`SpecErrors`]). User input is not checked again after that. Begin reading at
//! [`load`].

mod budget;
mod cluster;
mod command;
mod data;
mod declared;
mod diagnostics;
mod distributions;
mod document;
mod domain;
mod early_terminate;
mod epochs;
mod files;
mod function;
mod goal;
mod hints;
mod hub_data;
mod hyperparameter_values;
mod keys;
mod limits;
mod load;
mod metric;
mod objective;
mod overrides;
mod parameters;
mod parse;
mod pictures;
mod points;
mod provenance;
mod raw;
mod reader;
mod reading;
mod reference;
mod resolve;
mod resolved;
mod resources;
mod root;
mod schema;
mod selection;
mod size;
mod split;
mod split_slice;
mod tracking;
mod write;

#[cfg(test)]
mod tests;

pub use budget::{Budget, BudgetFrom};
pub use cluster::{ClusterEngine, ClusterSpec};
pub use command::{
    Arguments, CommandLine, CommandSpec, EPOCH, Fact, Meaning, Piece, Word, environment_name, literal_word,
};
pub use diagnostics::{Diagnostic, Severity, SpecErrors};
pub use distributions::{Described, distributions};
pub use document::{Document, DocumentContent};
pub use early_terminate::write::lines as early_terminate_lines;
pub use epochs::EpochRange;
pub use function::{FUNCTIONS, Fault, FunctionSpec};
pub use hub_data::HubData;
pub use hyperparameter_values::numbers_by_name;
pub use keys::{Key, Kind, Section};
pub use limits::TrialLimits;
pub use load::{from_text, load, load_begun};
pub use metric::{similar_metric, usual_goal};
pub use objective::{FUNCTION_METRICS, all_fine_tune_metrics, fine_tune_metrics};
pub use overrides::{Override, OverrideError};
pub use pictures::{OnBadImage, Pictures};
pub use provenance::{InputPart, Provenance};
pub use reading::{OnMissing, Reading};
pub use reference::{Page, reference};
pub use resolve::folder_name;
pub use resolved::*;
pub use resources::{Devices, Resources};
pub use root::sections;
pub use selection::{Selection, SelectionRule};
pub use split::{Amount, Split, SplitBy};
pub use split_slice::{Slice, SplitSlice};

pub use crate::policies::{EarlyTerminate, SchedulerSpec, SearcherSpec};
pub use crate::schedulers::Patience;
pub use schema::schema;
pub use tracking::{TRACKER_ROWS, TrackerOption, TrackerRow, TrackerSpec};
pub use write::{yaml_number, yaml_text, yaml_value};

/// The file that `automl init` writes: a complete spec that runs as it is, with a comment on every choice.
pub const TEMPLATE: &str = include_str!("template.yaml");
