//! The verdict on a study for batch jobs, such as a release gate: passed or failed, and the reasons.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::terminal::{sentences, words};
use super::{Best, Leaderboard, markdown, plain, short};
use crate::study::{EndReason, Study};
use crate::units::Goal;
use crate::warm_start::{find_metric, metric_column};

/// Number of trials in the summary.
const SHOWN: usize = 5;

/// The best result of an earlier study, for comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Path of the leaderboard with the result.
    pub path: PathBuf,
    /// Expected value of its winner: the mean over its seeds if it has several, else its single value.
    pub value: f64,
    /// Amount by which this study may be worse.
    pub tolerance: f64,
}

/// Errors in reading a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The leaderboard cannot be read.
    #[error("cannot read the baseline `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system or of the format.
        source: csv::Error,
    },
    /// The leaderboard has no such metric.
    #[error("the baseline `{}` has no column `{metric}`: was it made with another metric?", path.display())]
    NoMetric {
        /// The file.
        path: PathBuf,
        /// This study's metric.
        metric: String,
    },
    /// The leaderboard has no result.
    #[error("the baseline `{}` has no trial with a value of `{metric}`", path.display())]
    NoResult {
        /// The file.
        path: PathBuf,
        /// This study's metric.
        metric: String,
    },
}

impl Baseline {
    /// Reads the first trial with a value from a `leaderboard.csv`.
    ///
    /// # Errors
    /// If the file cannot be read, or has no value of the metric.
    pub fn read(path: &Path, metric: &str, tolerance: f64) -> Result<Self, BaselineError> {
        let unreadable = |source| BaselineError::Read {
            path: path.to_owned(),
            source,
        };
        let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
        let header = reader.headers().map_err(unreadable)?.clone();
        let column = |name: &str| header.iter().position(|other| other == name);
        let Some(at) = find_metric(&header, metric) else {
            let (path, metric) = (path.to_owned(), metric.to_owned());
            return Err(BaselineError::NoMetric { path, metric });
        };
        let (mean, seeds) = (column("metric_mean"), column("seeds"));
        for row in reader.records() {
            let row = row.map_err(unreadable)?;
            let number = |at: Option<usize>| row.get(at?)?.parse::<f64>().ok().filter(|number| number.is_finite());
            let has_seeds = number(seeds).is_some_and(|seeds| seeds > 1.0);
            let value = number(mean).filter(|_| has_seeds).or(number(Some(at)));
            if let Some(value) = value {
                return Ok(Self {
                    path: path.to_owned(),
                    value,
                    tolerance,
                });
            }
        }
        let (path, metric) = (path.to_owned(), metric.to_owned());
        Err(BaselineError::NoResult { path, metric })
    }
}

/// A condition for passing.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Subject of the check: `result`, `constraints`, `target` or `baseline`.
    pub name: &'static str,
    /// True if the check passed.
    pub is_passed: bool,
    /// The finding, in one sentence.
    pub text: String,
}

/// Verdict on a study that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// All checks.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Checks a study against its target and a baseline.
    pub fn new(study: &Study, baseline: Option<&Baseline>) -> Self {
        let settings = study.settings();
        let best = Best::new(study);
        let metric = &settings.metric;
        let mut checks = vec![Check {
            name: "result",
            is_passed: best.is_some(),
            text: match &best {
                Some(best) => format!("trial {} has {metric} {}", best.trial, words::metric(best.value)),
                None => "no trial has a result".to_owned(),
            },
        }];
        if !settings.criteria.constraints.is_empty() && best.is_some() {
            let unfulfilled = sentences::unfulfilled(study);
            checks.push(Check {
                name: "constraints",
                is_passed: unfulfilled.is_none(),
                text: unfulfilled.unwrap_or_else(|| "all constraints on metrics are fulfilled".to_owned()),
            });
        }
        if settings.has_target() {
            let is_passed = study.is_target_met();
            let target = settings
                .target
                .map_or_else(String::new, |target| format!(" of {metric} {target}"));
            let verb = if is_passed { "is met" } else { "is missed" };
            checks.push(Check {
                name: "target",
                is_passed,
                text: format!("the target{target} {verb}"),
            });
        }
        if let Some(baseline) = baseline {
            checks.push(compare(settings.goal, metric, best.as_ref(), baseline));
        }
        Self { checks }
    }

    /// The exit code of the process: 0 if all checks passed, else the first that applies of these:
    ///
    /// 4: there is no result, or none that satisfies the constraints on metrics. 5: the result is worse than the
    /// baseline. 3: the target is missed.
    pub fn exit_code(&self) -> u8 {
        let has_failed = |name: &str| self.checks.iter().any(|check| check.name == name && !check.is_passed);
        if has_failed("result") || has_failed("constraints") {
            4
        } else if has_failed("baseline") {
            5
        } else if has_failed("target") {
            3
        } else {
            0
        }
    }

    /// A summary in Markdown: the checks, the winner and the best trials.
    pub fn markdown(&self, name: &str, study: &Study, elapsed: f64) -> String {
        let mut text = String::new();
        let is_passed = self.exit_code() == 0;
        let _ = writeln!(
            text,
            "## {}: {}\n",
            markdown(name),
            if is_passed { "passed" } else { "failed" }
        );
        let _ = writeln!(text, "| check | | |\n|---|---|---|");
        for check in &self.checks {
            let mark = if check.is_passed { "passed" } else { "**failed**" };
            let _ = writeln!(text, "| {} | {mark} | {} |", check.name, markdown(&check.text));
        }
        let trials = study.searched().count();
        let ended = study.ended().map_or("interrupted", EndReason::name);
        let _ = writeln!(
            text,
            "\n{trials} trials in {} (ended by: {ended}).",
            words::stopwatch(elapsed)
        );
        if let Some(best) = Best::new(study) {
            if let Some(expected) = best.expected {
                let error = expected
                    .standard_error
                    .map_or_else(String::new, |error| format!(" ± {}", words::metric(error)));
                let _ = writeln!(
                    text,
                    "\nExpected {}: {}{error} over {} fresh seeds.",
                    best.metric,
                    words::metric(expected.mean),
                    expected.seeds
                );
            }
            if let Some(test) = best.test {
                let _ = writeln!(text, "\nOn the test examples: {} {}.", best.metric, words::metric(test));
            }
        }
        text + "\n" + &top(study)
    }

    /// Writes the checks in `JUnit` format, for programs that show test results.
    ///
    /// # Errors
    /// If `output` cannot be written.
    pub fn write_junit(&self, name: &str, elapsed: f64, output: impl io::Write) -> io::Result<()> {
        let mut suite = TestSuite::new(name);
        for check in &self.checks {
            let mut status = TestCaseStatus::success();
            if !check.is_passed {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(check.text.clone());
            }
            let mut case = TestCase::new(check.name, status);
            case.set_classname("automl");
            case.set_system_out(check.text.clone());
            suite.add_test_case(case);
        }
        suite.set_time(Duration::try_from_secs_f64(elapsed).unwrap_or_default());
        let mut report = Report::new("automl");
        report.add_test_suite(suite);
        report.serialize(output).map_err(io::Error::other)
    }
}

fn compare(goal: Goal, metric: &str, best: Option<&Best>, baseline: &Baseline) -> Check {
    let value = best.map(|best| best.expected.map_or(best.value, |expected| expected.mean));
    let is_passed = value.is_some_and(|value| {
        // Positive if this study is worse, whatever the goal. The tolerance is compared exactly, without rounding.
        let worse = goal.loss(value).get() - goal.loss(baseline.value).get();
        worse <= baseline.tolerance
    });
    let ours = value.map_or_else(|| "nothing".to_owned(), words::metric);
    let within = if baseline.tolerance > 0.0 {
        format!(" with a tolerance of {}", baseline.tolerance)
    } else {
        String::new()
    };
    let verb = if is_passed { "is as good as" } else { "is worse than" };
    Check {
        name: "baseline",
        is_passed,
        text: format!(
            "{metric} {ours} {verb} {} of `{}`{within}",
            words::metric(baseline.value),
            baseline.path.display()
        ),
    }
}

/// The first trials of the leaderboard as a table.
fn top(study: &Study) -> String {
    let mut leaderboard = Leaderboard::new(study);
    leaderboard.truncate(SHOWN);
    let metric = metric_column(&study.settings().metric);
    let header = leaderboard.header(false);
    let is_shown = |name: &String| {
        ["rank", "trial", "epochs"].contains(&name.as_str()) || *name == metric || name.starts_with("params.")
    };
    let shown: Vec<usize> = (0..header.len()).filter(|&index| is_shown(&header[index])).collect();
    let names: Vec<&str> = shown
        .iter()
        .map(|&index| header[index].trim_start_matches("params."))
        .collect();
    let names: Vec<String> = names.iter().map(|name| markdown(name)).collect();
    let mut text = format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for row in leaderboard.rows() {
        let cells = leaderboard.cells(row, false);
        let cells: Vec<String> = shown
            .iter()
            .map(|&index| markdown(&short(&plain(&cells[index]))))
            .collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    fn baseline(value: f64, tolerance: f64) -> Baseline {
        Baseline {
            path: "leaderboard.csv".into(),
            value,
            tolerance,
        }
    }

    fn code(baseline: Option<&Baseline>) -> u8 {
        Verdict::new(&testing::ended_study(), baseline).exit_code()
    }

    #[test]
    fn a_study_passes_while_it_is_no_worse_than_the_baseline_by_more_than_the_tolerance() {
        let value = Best::new(&testing::ended_study()).unwrap().value;
        assert_eq!(code(None), 0);
        assert_eq!(code(Some(&baseline(value, 0.0))), 0);
        assert_eq!(code(Some(&baseline(value - 0.1, 0.0))), 0);
        assert_eq!(code(Some(&baseline(value + 0.01, 0.0))), 5);
        assert_eq!(code(Some(&baseline(value + 0.01, 0.02))), 0);
    }

    #[test]
    fn a_summary_says_what_was_checked_and_shows_the_best() {
        let study = testing::ended_study();
        let verdict = Verdict::new(&study, Some(&baseline(0.99, 0.005)));
        insta::assert_snapshot!(verdict.markdown("movie-sentiment", &study, 42.0));
    }

    #[test]
    fn a_junit_file_has_a_case_for_every_check() {
        let study = testing::ended_study();
        let verdict = Verdict::new(&study, Some(&baseline(0.99, 0.0)));
        let mut xml = Vec::new();
        verdict.write_junit("movie-sentiment", 42.0, &mut xml).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        assert!(xml.contains("tests=\"2\"") && xml.contains("failures=\"1\""), "{xml}");
        assert!(xml.contains("is worse than"), "{xml}");
    }

    #[test]
    fn a_baseline_is_the_first_trial_with_a_result_by_its_mean_where_it_has_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leaderboard.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Baseline::read(&path, "accuracy", 0.0)
        };
        let plain = "rank,trial,accuracy,metric_mean,seeds\n1,3,0.9,0.9,1\n2,4,0.8,0.8,1\n";
        assert_eq!(read(plain).unwrap().value, 0.9);
        let seeded = "rank,trial,accuracy,metric_mean,seeds\n1,3,0.9,0.87,3\n";
        assert_eq!(read(seeded).unwrap().value, 0.87);
        assert!(matches!(
            read("rank,loss\n1,0.5\n"),
            Err(BaselineError::NoMetric { .. })
        ));
        assert!(matches!(
            read("rank,accuracy\n,\n"),
            Err(BaselineError::NoResult { .. })
        ));
        assert!(matches!(read("\n"), Err(BaselineError::NoMetric { .. })));
    }
}
