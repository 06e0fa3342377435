//! What people and other programs read of a study. All of it is derived from the study; none is a source of truth.
//!
//! Files: [`Leaderboard`], [`incumbent`], [`Best`] (`best.yaml`), kept up to date by [`Files`]; [`model_card`] for trained
//! models; [`Audit`] says what pruning cost; [`terminal`] shows a study while it runs, [`Status`] from outside. Imports
//! `engine` and below.

mod audit;
mod best;
mod files;
pub mod incumbent;
mod leaderboard;
mod model_card;
mod plan;
mod rerun;
mod seeds;
mod status;
pub mod terminal;

pub use audit::{Agreement, Audit};
pub use best::Best;
pub use files::Files;
pub use leaderboard::{Cell, Leaderboard, Row, Timing, plain, write_table};
pub use model_card::{Measured, ModelCard, model_card};
pub use plan::plan;
pub use rerun::{Rerun, RerunRow};
pub use seeds::Seeds;
pub use status::{Outside, State, Status};
