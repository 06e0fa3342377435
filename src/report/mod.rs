//! Reports of a study for people and other programs. All of them are derived from the study; none is a source of truth.
//!
//! Files: [`Leaderboard`], [`incumbent`] and [`Best`] (`best.yaml`) are kept up to date by [`Files`]; [`model_card`]
//! describes trained models. [`Audit`] estimates the cost of pruning. [`terminal`] shows a study while it runs,
//! [`Status`] shows it from another process. Imports `engine` and below.

mod audit;
mod best;
mod files;
pub mod incumbent;
mod kept;
mod leaderboard;
mod live;
mod model_card;
pub mod page;
mod plan;
mod remeasured;
mod rerun;
mod rows;
mod seeds;
mod settled;
mod status;
mod table;
pub mod terminal;
pub mod tui;
mod verdict;
pub mod view;

pub use audit::{Agreement, Audit};
pub use best::{Best, EXPORTS, Export};
pub use files::Files;
pub use leaderboard::{Leaderboard, Row, Timing, TrialStatus};
pub use live::{Live, LiveState};
pub use model_card::{Measured, ModelCard, model_card};
pub use plan::plan;
pub use remeasured::{RankError, Ranked};
pub use rerun::{Rerun, RerunRow};
pub use rows::{RowsError, SortBy};
pub use seeds::Seeds;
pub use settled::settled;
pub use status::{Outside, State, Status};
pub use table::{Cell, markdown, plain, short, write_table};
pub use verdict::{Baseline, BaselineError, Check, Verdict};
