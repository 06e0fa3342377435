//! The section `early_terminate`, read and written by the rows of the registry: rules that prune weak trials.

pub(super) mod read;
pub(super) mod write;

use crate::policies::{EarlyTerminate, SchedulerSpec};
use crate::schedulers::{Info, OptionRow};

/// The default `eta` with a wall budget: two early comparisons that keep one in four find as much as three that keep
/// one in three (`benches/deadline_quality`).
const PLANNED_ETA: u32 = 4;

/// The default for fine-tuning with a wall budget.
pub(super) fn planned() -> EarlyTerminate {
    SchedulerSpec::default().with("eta", PLANNED_ETA).into()
}

/// Every option of every rule, each once, with the names of the rules that have it.
pub(super) fn options() -> Vec<(&'static OptionRow, Vec<&'static str>)> {
    let mut options: Vec<(&OptionRow, Vec<&str>)> = Vec::new();
    for Info {
        name, options: rows, ..
    } in SchedulerSpec::all().map(SchedulerSpec::info)
    {
        for row in *rows {
            match options.iter_mut().find(|(known, _)| known.name == row.name) {
                Some((_, owners)) => owners.push(name),
                None => options.push((row, vec![name])),
            }
        }
    }
    options
}
