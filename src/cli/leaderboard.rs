//! `automl leaderboard DIR`: the trials of a study, best first.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::arguments::Leaderboard as Arguments;
use super::formats::{JSON, Shown};
use super::{CliError, output, stored};
use crate::report::{Leaderboard, Ranked, RowsError};

/// Prints the leaderboard.
pub(super) fn leaderboard(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (_, study) = stored::load(&arguments.folder)?;
    let mut leaderboard = Leaderboard::new(&study);
    let mut metrics = study.settings().metrics();
    let ranked = arguments
        .metric
        .as_ref()
        .map(|name| leaderboard.rank_by(&study, &arguments.folder, name));
    let ranked = ranked.transpose().map_err(|error| CliError::Usage(error.to_string()))?;
    if let Some(ranked) = &ranked {
        metrics.retain(|name| *name != ranked.metric);
        metrics.insert(0, &ranked.metric);
        warn_of_missing(ranked);
    }
    let wrong = |error: RowsError| CliError::Usage(error.to_string());
    if let Some(condition) = &arguments.condition {
        leaderboard.keep_where(condition).map_err(wrong)?;
    }
    if let Some(order) = &arguments.sort {
        leaderboard.sort_by(order).map_err(wrong)?;
    }
    if let Some(top) = arguments.top {
        leaderboard.truncate(top);
    }
    let shown = Shown {
        leaderboard: &leaderboard,
        metrics: &metrics,
        with_timing: !arguments.no_timing,
        width: output::width(),
    };
    let format = if arguments.json { &JSON } else { arguments.format };
    let mut output = io::stdout().lock();
    let written = (format.write)(&shown, &mut output);
    output::shown(written.and_then(|()| output.flush()))
}

fn warn_of_missing(ranked: &Ranked) {
    let Ranked { metric, missing } = ranked;
    if *missing > 0 {
        let trials = if *missing == 1 {
            "1 trial has"
        } else {
            &format!("{missing} trials have")
        };
        let _ = writeln!(
            io::stderr(),
            "warning: {trials} no validation outputs from which `{metric}` could be computed, and so no value and no rank"
        );
    }
}
