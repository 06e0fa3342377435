//! All that people see of a study, as values: the report, the live page and the terminal view draw this and nothing else.
//!
//! [`Replay`] tells a study again from its journal and builds the [`types`]; [`Learnt`] is what its results say of the
//! parameters, [`PageView::new`] puts several studies side by side. Begin reading at [`StudyView`].

mod build;
mod comparison;
mod landscape;
mod replay;
mod selection;
mod summary;
mod timeline;
pub mod types;

pub use comparison::MetricsDiffer;
pub use landscape::Learnt;
pub use replay::Replay;
pub use types::*;
