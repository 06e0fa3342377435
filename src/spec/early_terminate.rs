//! What becomes of trials that are worse than others: the section `early_terminate`, read and written by the rows of the registry.

pub(super) mod read;
pub(super) mod write;

use crate::policies::{EarlyTerminate, SchedulerSpec};
use crate::schedulers::{Info, OptionRow};

/// Where a wall budget is planned for, two early comparisons with one in four find as much as three with one in three
/// (`benches/deadline_quality`).
const PLANNED_ETA: u32 = 4;

/// What holds for a fine-tuning with a wall budget whose spec says nothing.
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
