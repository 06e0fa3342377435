//! The registry of schedulers: one line each. Specs, `ask-tell`, the schema and the reference read it, and nobody else names one.

use super::{Audited, Lengths, OptionRow, Options, Patience, Patient, Ranked, Scheduler};
use super::{asha, hyperband, median, pasha, successive_halving, unscheduled};
use crate::preference::Preference;

/// Every scheduler, the default first.
pub const SCHEDULERS: &[&Entry] = &[
    &asha::ENTRY,
    &hyperband::ENTRY,
    &successive_halving::ENTRY,
    &pasha::ENTRY,
    &median::ENTRY,
    &unscheduled::ENTRY,
];

/// The one under which every trial runs to its end.
pub const NONE: &Entry = &unscheduled::ENTRY;

/// A scheduler that specs can name.
#[derive(Debug)]
pub struct Entry {
    /// What specs need to know of it.
    pub info: Info,
    /// Makes one that knows nothing yet.
    pub build: fn(Options, Lengths) -> Box<dyn Scheduler>,
}

/// What specs need to know of a rule of early stopping.
#[derive(Debug)]
pub struct Info {
    /// Its name.
    pub name: &'static str,
    /// What it does, one line.
    pub about: &'static str,
    /// What it can be told.
    pub options: &'static [OptionRow],
    /// Whether any trial ends early because of it.
    pub prunes: bool,
    /// What is wrong with these options together, if anything.
    pub conflict: fn(Options) -> Option<Conflict>,
}

/// Options that do not go together.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    /// The one to point at.
    pub option: &'static str,
    /// What is wrong.
    pub message: &'static str,
    /// What to do.
    pub help: &'static str,
}

/// Options that all go together.
pub fn no_conflict(_: Options) -> Option<Conflict> {
    None
}

/// A scheduler and what it is told.
#[derive(Clone, Copy, Debug)]
pub struct Configured {
    /// The scheduler.
    pub entry: &'static Entry,
    /// What it is told.
    pub options: Options,
}

impl Configured {
    /// Makes one that knows nothing yet, for one metric.
    pub fn build(self, lengths: Lengths) -> Box<dyn Scheduler> {
        (self.entry.build)(self.options, lengths)
    }
}

/// A scheduler with all that a spec says of early stopping, for several metrics if there is a preference.
pub fn build(
    configured: Configured,
    patience: Option<Patience>,
    audit: f64,
    preference: Option<&Preference>,
    lengths: Lengths,
) -> Box<dyn Scheduler> {
    let scheduler: Box<dyn Scheduler> = match preference {
        None => configured.build(lengths),
        Some(preference) => Box::new(Ranked::new(configured, lengths, preference.clone())),
    };
    let scheduler = match patience {
        None => scheduler,
        Some(patience) => Box::new(Patient::new(scheduler, patience, lengths)),
    };
    if audit > 0.0 {
        Box::new(Audited::new(scheduler, audit))
    } else {
        scheduler
    }
}
