//! `automl cluster check SPEC`.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::CliError;
use crate::cli::arguments::ClusterCheck;
use crate::cli::duration::seconds;
use crate::cli::error::EXIT_CODE;
use crate::spec::{self, ClusterEngine};
use crate::transports::{self, Finding, Place};

/// Looks whether the workers of a spec can run, and says what is missing.
pub(super) fn check(arguments: &ClusterCheck) -> Result<ExitCode, CliError> {
    let wait = seconds("--wait", &arguments.wait)?;
    let (spec, _) = spec::load(&arguments.spec, &arguments.changes.overrides()).map_err(CliError::Spec)?;
    match spec.cluster.engine {
        ClusterEngine::Local => {
            return Err(CliError::Usage(format!(
                "`{}` has no cluster to check: its workers run on this machine; add `cluster: {{engine: slurm}}`",
                arguments.spec.display()
            )));
        }
        ClusterEngine::Tcp => {
            return Err(CliError::Usage(
                "with `engine: tcp` workers are started by hand, and `automl worker --connect DIR` says what is missing"
                    .to_owned(),
            ));
        }
        ClusterEngine::Slurm | ClusterEngine::Ray => {}
    }
    let unwritable = |source| CliError::File {
        action: "write into",
        path: arguments.folder.clone(),
        source,
    };
    std::fs::create_dir_all(&arguments.folder).map_err(unwritable)?;
    let folder = tempfile::Builder::new()
        .prefix("cluster-check-")
        .tempdir_in(&arguments.folder)
        .map_err(unwritable)?;
    let place = Place {
        program: std::env::current_exe()
            .map_err(|error| CliError::Usage(format!("cannot find this program: {error}")))?,
        folder: folder.path().to_owned(),
        cluster: spec.cluster,
        is_probe: true,
    };
    let mut show = |Finding { is_good, text }: Finding| {
        let _ = writeln!(
            std::io::stdout(),
            "{}  {text}",
            if is_good { "ok     " } else { "MISSING" }
        );
    };
    let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
    let is_good = transports::check(&place, wait, &mut show).map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_CODE)
    })
}
