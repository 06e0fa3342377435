//! The registry of schedulers, one line each. Specs, `ask-tell`, the schema and the reference use only this list.

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

/// No scheduling: every trial runs to its end.
pub const NONE: &Entry = &unscheduled::ENTRY;

/// A scheduler that specs can name.
#[derive(Debug)]
pub struct Entry {
    /// The facts about it that specs need.
    pub info: Info,
    /// Builds one without any observations.
    pub build: fn(Options, Lengths) -> Box<dyn Scheduler>,
}

/// The facts about a rule of early stopping that specs need.
#[derive(Debug)]
pub struct Info {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The options that it accepts.
    pub options: &'static [OptionRow],
    /// True if it ends trials early.
    pub prunes: bool,
    /// The conflict among these options, if there is one.
    pub conflict: fn(Options) -> Option<Conflict>,
}

/// Options that are incompatible.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    /// The option to report.
    pub option: &'static str,
    /// The problem.
    pub message: &'static str,
    /// The remedy.
    pub help: &'static str,
}

/// The check for options that are always compatible.
pub fn no_conflict(_: Options) -> Option<Conflict> {
    None
}

/// A scheduler and its options.
#[derive(Clone, Copy, Debug)]
pub struct Configured {
    /// The scheduler.
    pub entry: &'static Entry,
    /// Its options.
    pub options: Options,
}

impl Configured {
    /// Builds one without any observations, for one metric.
    pub fn build(self, lengths: Lengths) -> Box<dyn Scheduler> {
        (self.entry.build)(self.options, lengths)
    }
}

/// Builds a scheduler with all early-stopping settings of a spec; for several metrics if there is a preference.
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
