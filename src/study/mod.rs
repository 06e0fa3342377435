//! The study: a pure fold over events. No clock, no files, no threads, no randomness of its own.
//!
//! Events come in ([`Study::apply`]). Decisions go out as events to be recorded and applied ([`Study::decide`]). The
//! same code runs live, in replay after a crash, and in simulation. Imports `policies` and below.
//!
//! Begin reading at [`Event`], then [`Study`].

mod apply;
mod decide;
mod event;
mod finalists;
mod in_flight;
mod incumbent;
mod measure;
mod policy;
mod possible;
mod record;
mod selection;
mod settings;
mod state;
mod timing;

pub use event::{Created, EndReason, Event, Identity, Outcome};
pub use finalists::{Finalist, ReseedRun, Winner};
pub use in_flight::InFlight;
pub use incumbent::fold_error_name;
pub use policy::policy;
pub use possible::Impossible;
pub use record::{Improvement, Record};
pub use selection::{Repeat, SelectionSeconds};
pub use settings::Settings;
pub use state::{Cost, Study};

#[cfg(test)]
pub(crate) mod testing;
