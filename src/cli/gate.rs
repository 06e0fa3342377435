//! Options of a search in a batch job: a baseline to compare with, a summary, and a file of test results.

use std::io::Write as _;
use std::path::PathBuf;

use super::CliError;
use super::arguments::GateArguments;
use super::output::print;
use crate::report::{Baseline, Verdict};
use crate::spec::Spec;
use crate::study::Study;

/// The variable in which GitHub Actions names a file. Its Markdown is shown with the job.
const GITHUB_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// The requested options, checked before anything runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    baseline: Option<Baseline>,
    has_summary: bool,
    junit: Option<PathBuf>,
}

impl Gate {
    /// Reads the baseline before the search, so that an invalid one is reported early.
    pub(super) fn open(arguments: &GateArguments, spec: &Spec) -> Result<Self, CliError> {
        let baseline = arguments.baseline.as_deref();
        let tolerance = arguments.tolerance.unwrap_or(0.0);
        let baseline = baseline.map(|path| Baseline::read(path, &spec.metric.name, tolerance));
        if let Some(junit) = &arguments.junit {
            let folder = junit.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(CliError::Usage(format!(
                    "`--junit {}` is in a folder that does not exist",
                    junit.display()
                )));
            }
        }
        Ok(Self {
            baseline: baseline
                .transpose()
                .map_err(|error| CliError::Usage(error.to_string()))?,
            has_summary: arguments.summary.is_some(),
            junit: arguments.junit.clone(),
        })
    }

    /// Judges a finished study, writes the requested files, and returns the exit code.
    pub(super) fn judge(&self, name: &str, study: &Study, elapsed: f64) -> Result<u8, CliError> {
        let verdict = Verdict::new(study, self.baseline.as_ref());
        if let Some(path) = &self.junit {
            let mut xml = Vec::new();
            let written = verdict.write_junit(name, elapsed, &mut xml);
            written
                .and_then(|()| crate::files::replace(path, &xml))
                .map_err(|source| CliError::File {
                    action: "write",
                    path: path.clone(),
                    source,
                })?;
        }
        let github = github_summary();
        if self.has_summary || github.is_some() {
            let text = verdict.markdown(name, study, elapsed);
            if let Some(path) = github {
                let file = std::fs::File::options().create(true).append(true).open(&path);
                file.and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|source| CliError::File {
                        action: "add the summary to",
                        path,
                        source,
                    })?;
            }
            if self.has_summary {
                print(&text)?;
            }
        }
        let said = ["baseline", "constraints", "target"];
        let failed = verdict.checks.iter().filter(|check| !check.is_passed);
        for failed in failed.filter(|check| said.contains(&check.name)) {
            let _ = writeln!(std::io::stderr(), "failed: {}", failed.text);
        }
        Ok(verdict.exit_code())
    }
}

fn github_summary() -> Option<PathBuf> {
    std::env::var_os(GITHUB_SUMMARY)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}
