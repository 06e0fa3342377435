//! Predictions and the truth: one file per kind of task. The constructors check that the parts fit
//! together, so that no formula has to.

mod answers;
mod classes;
mod labels;
mod tags;
mod task;
mod values;

pub use answers::{Answers, Question, SquadRules};
pub use classes::Classes;
pub use labels::Labels;
pub use tags::Tags;
pub use task::{Outcomes, Task};
pub use values::Values;
