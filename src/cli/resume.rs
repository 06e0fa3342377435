//! `automl resume DIR`: resumes a study.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::arguments::{Resume, Verbosity};
use super::duration::seconds;
use super::gate::Gate;
use super::run::{StudyRun, style};
use super::{CliError, downloads, stored};
use crate::engine::{Clock, Folder, FolderError, Launch, Opened};
use crate::journal::ReadError;
use crate::objective::{self, Facts};
use crate::spec;
use crate::tracking;

/// Resumes the study in a folder.
pub(super) fn resume(arguments: &Resume, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let added_wall = arguments
        .add_budget
        .as_deref()
        .map(|text| seconds("--add-budget", text))
        .transpose()?;
    if arguments.keep_sound {
        keep_sound(&arguments.folder)?;
    }
    let Opened {
        folder,
        journal,
        contents,
        elapsed,
    } = Folder::open(&arguments.folder)?;
    if let Some(torn) = &contents.torn {
        let _ = writeln!(
            std::io::stderr(),
            "warning: dropped the last line of the journal, which a crash had torn: {torn}"
        );
    }
    let (mut spec, _) = spec::load_begun(&arguments.folder.join("spec.yaml")).map_err(CliError::Spec)?;
    if added_wall.is_some() && spec.budget.wall.is_none() {
        return Err(CliError::Usage(
            "`--add-budget` needs a study with a wall budget, and this one has none".into(),
        ));
    }
    if arguments.workers.is_some() {
        spec.resources.workers = arguments.workers.map(usize::from);
    }
    arguments.tracking.apply(&mut spec);
    tracking::check(&spec.tracking).map_err(CliError::Tracker)?;
    let gate = Gate::open(&arguments.gate, &spec)?;
    downloads::ensure(&spec, arguments.network, verbosity.quiet || arguments.json)?;
    let clock = Clock::start();
    let facts = Facts {
        inputs: None,
        ..objective::inspect(&spec)?
    };
    folder.check_identity(&contents, &facts.identity)?;
    let style = style(verbosity, arguments.json);
    let clock = clock.carry_on(elapsed);
    StudyRun {
        launch: Launch {
            spec,
            facts,
            folder,
            journal,
            before: contents,
            is_resumed: true,
            clock,
            added_wall,
        },
        style,
        has_view: arguments.tui,
        gate,
    }
    .run()
}

/// Truncates a damaged journal where the damage begins; an intact one stays unchanged.
fn keep_sound(folder: &Path) -> Result<(), CliError> {
    let line = match stored::load(folder) {
        Err(CliError::Folder(FolderError::Unreadable(ReadError::Damaged { line, .. }))) if line > 1 => line,
        looked => return looked.map(|_| ()),
    };
    let kept = Folder::cut(folder, line)?;
    let _ = writeln!(
        std::io::stderr(),
        "warning: the journal is damaged in line {line}: the study continues from the {} events before it; the whole old journal is in `{}`",
        line - 1,
        kept.display()
    );
    Ok(())
}
