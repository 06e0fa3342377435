//! Metrics of fine-tuning tasks, computed from a model's outputs (32-bit logits, row by row) and the true targets.
//!
//! Begin reading at [`Outcomes`], the input of every metric, and at [`METRICS`], the registry. A name such as `f1` or
//! `recall:spam` becomes a [`Measure`] by [`metric`]; [`measure_all`] computes every metric that fits.
//!
//! - `outcomes/` checks the input once: one file per kind of task. Nothing behind it can panic on bad input.
//! - `formulas/` holds the metrics: each file declares its rows of the registry beside their formulas.
//! - `counts`, `softmax`, `curves`, `ranks`: the arithmetic that several formulas share.
//! - `tagging/` reads entities from tags; `squad/` scores answers; `thresholds` tunes the decisions of multi-label.
//!
//! ```
//! use automl_metrics::{Classes, Outcomes, measure_all, metric};
//!
//! let names = ["ham".to_owned(), "spam".to_owned()];
//! let logits = [2.0, 0.5, 0.1, 1.3, 0.9, 0.2]; // [rows, classes]
//! let outcomes = Outcomes::Classes(Classes::new(&logits, 2, &[0, 1, 1], &names)?);
//! assert_eq!(metric("recall:spam")?.of(&outcomes)?, 0.5);
//! assert_eq!(measure_all(&outcomes)["accuracy"], 2.0 / 3.0);
//! # Ok::<(), automl_metrics::MetricError>(())
//! ```
//!
//! Rules that hold for every metric:
//! - A NaN among the scores, values or no-answer probabilities makes every metric NaN, since a model that puts out NaN
//!   is broken. So does an empty input. NaN counts as the worst value.
//! - Infinite scores never panic: metrics of the decisions alone stay numbers, metrics of probabilities become NaN or
//!   infinite.
//! - Sums run in 64 bits in the order of the rows, on one thread: the same input gives the same bits.
//! - Zero divided by zero is 0, as with scikit-learn's `zero_division=0`, unless the formula says otherwise.
//! - Shares are in 0..=1, also where the original script prints percent.

mod counts;
mod curves;
mod error;
mod formulas;
mod metric;
mod outcomes;
mod ranks;
mod registry;
mod softmax;
mod squad;
mod tagging;
mod thresholds;

pub use counts::{ClassCounts, confusion, highest};
pub use error::{MetricError, OutcomesError};
pub use metric::{Formula, Goal, Measure, Metric, measure_all, metric};
pub use outcomes::{Answers, Classes, Labels, Outcomes, Question, SquadRules, Tags, Task, Values};
pub use registry::METRICS;
pub use squad::{BestThreshold, best_exact_threshold, best_f1_threshold, normalize_answer};
pub use tagging::{Mode, Scheme, SchemeError, Span, check_scheme, spans};
pub use thresholds::{TUNABLE_METRICS, tune_thresholds};
