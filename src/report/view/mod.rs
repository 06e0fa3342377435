//! The complete view of a study as plain values: the report, the live page and the terminal view draw only this.
//!
//! [`Replay`] replays a study from its journal and builds the [`types`]. [`Learnt`] has the effects of its parameters,
//! and [`PageView::new`] compares several studies. Begin reading at [`StudyView`].

mod build;
mod comparison;
mod confusion;
mod label_errors;
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
