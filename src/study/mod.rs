//! The study: a pure fold over events. No clock, no files, no threads, no randomness of its own.
//!
//! Events come in ([`Study::apply`]). Decisions go out as events to be recorded and applied ([`Study::decide`]). The
//! same code runs live, in replay after a crash, and in simulation. Imports `policies` and below.
//!
//! Begin reading at [`Event`], then [`Study`].

mod decide;
mod event;
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
pub use policy::policy;
pub use possible::Impossible;
pub use record::{Improvement, Record};
pub use selection::{Finalist, Repeat, Run, SelectionSeconds, Winner};
pub use settings::Settings;
pub use state::{Cost, InFlight, Study};

#[cfg(test)]
pub(crate) mod testing;
