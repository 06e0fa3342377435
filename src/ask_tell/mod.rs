//! Search without the engine: ask for a configuration, run it anywhere, and tell the result.
//!
//! [`AskTell`] is the interface for Rust programs. [`Session`] offers the same as lines of JSON for every other
//! language (`automl ask-tell`). With a folder, the search is an ordinary study that commands such as `automl report`
//! can read.
//!
//! ```
//! use automl::ask_tell::{AskTell, Options};
//! use automl::space::{Domain, Parameter, Space};
//!
//! let rate = Domain::Float { min: 1e-5, max: 1.0, log: true, step: None };
//! let space = Space::new(vec![Parameter::new("learning_rate", rate)], vec![])?;
//! let mut search = AskTell::new(space, &Options::default());
//! for _ in 0..20 {
//!     let asked = search.ask()?;
//!     let rate = asked.configuration.get("learning_rate").and_then(|value| value.as_f64()).unwrap_or(1.0);
//!     search.tell(asked.id, asked.to_step, Some((rate.log10() + 2.0).powi(2)), true)?;
//! }
//! assert!(search.best().is_some_and(|(_, value)| value < 0.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod messages;
mod protocol;
mod recorded;
mod search;
mod space;

pub use protocol::Session;
pub use recorded::RecordError;
pub use search::{AskTell, AskTellError, Asked, Options};
