//! `automl status DIR`: how a study stands, while another process works on it or afterwards.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::Status as Arguments;
use super::stored::shown;
use super::{CliError, stored};
use crate::engine::Folder;
use crate::journal::Holder;
use crate::report::{Outside, State, Status};

/// Prints how a study stands.
pub(super) fn status(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let folder = &arguments.folder;
    // The holder first: a study that ends meanwhile is then shown as running, never as crashed.
    let holder = match Holder::look(folder)? {
        Holder::Alive(process) => (State::Running, process),
        Holder::Dead(process) => (State::Died, Some(process)),
        Holder::Nobody => (State::Interrupted, None),
    };
    let (spec, study) = stored::load(folder)?;
    let contents = Folder::look(folder)?;
    let status = Status::new(
        &study,
        Outside {
            name: spec.name,
            folder: folder.display().to_string(),
            holder: (holder.0, holder.1.map(|process| (process.pid, process.host))),
            elapsed: Folder::elapsed(folder, &contents),
            wall: spec.budget.wall,
            last_event_at: Folder::last_event_at(folder),
            torn: contents.torn,
        },
    );
    let mut output = std::io::stdout().lock();
    let text = if arguments.json {
        format!("{:#}", serde_json::to_value(&status).unwrap_or_default())
    } else {
        status.lines().join("\n")
    };
    shown(writeln!(output, "{text}").and_then(|()| output.flush()))
}
