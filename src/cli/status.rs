//! `automl status DIR`: the state of a study, while another process works on it or afterwards.

use std::process::ExitCode;

use super::arguments::Status as Arguments;
use super::output::print;
use super::{CliError, stored};
use crate::engine::Folder;
use crate::report::{LiveState, Outside, Status};

/// Prints the state of a study.
pub(super) fn status(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let folder = &arguments.folder;
    let holder = stored::holder(folder)?;
    let (spec, study, looker) = stored::load_to_end(folder)?;
    let live = LiveState::read(folder).unwrap_or_default();
    let status = Status::new(
        &study,
        Outside {
            resumed_by: spec.objective.resumed_by(&folder.display().to_string()),
            name: spec.name,
            folder: folder.display().to_string(),
            holder,
            elapsed: Folder::elapsed_at_least(folder, study.elapsed()),
            wall: spec.budget.wall,
            last_event_at: Folder::last_event_at(folder),
            torn: looker.torn().map(str::to_owned),
            slots: live.slots,
            queue: live.queue,
        },
    );
    if arguments.json {
        return print(&format!("{:#}", serde_json::to_value(&status).unwrap_or_default()));
    }
    print(&status.lines().join("\n"))
}
