//! `automl rerun DIR`: runs the best configurations of a study again with other seeds, to show how much was luck.
//!
//! A re-run is a study of its own with the same engine: it can be stopped, resumed and watched like any other. Every
//! run trains for all of `epochs.max` and counts with its best evaluation, as in the original study.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::{Rerun as Arguments, Verbosity};
use super::gate::Gate;
use super::output::{print, table};
use super::run::{StudyRun, style};
use super::{CliError, downloads, stored};
use crate::engine::{Clock, Folder, FolderError, Launch, Opened};
use crate::files::replace;
use crate::report::{Leaderboard, Rerun, plain, short};
use crate::rng;
use crate::space::Space;
use crate::spec::{self, Budget, SchedulerSpec, SearcherSpec, Spec};
use crate::study::{Event, Identity, Study};
use crate::{objective, worker};

/// The suffix of the study's name.
const SUFFIX: &str = "-rerun";

/// Maximum length of a folder name, including the suffix.
const LONGEST_NAME: usize = 100;

/// Runs the best configurations again, or resumes such a re-run, and prints its results.
pub(super) fn rerun(arguments: &Arguments, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let folder = &arguments.folder;
    let (_, original) = stored::load(folder)?;
    let (spec, _) = spec::load_begun(&folder.join("spec.yaml")).map_err(CliError::Spec)?;
    let mut spec = repeated(&spec, &original, arguments)?;
    let yaml = spec.to_yaml();
    // Set after the YAML for the comparison is made: the number of workers does not identify a re-run.
    if arguments.workers.is_some() {
        spec.resources.workers = arguments.workers.map(usize::from);
    }
    downloads::ensure(&spec, arguments.network, verbosity.quiet || arguments.json)?;
    let clock = Clock::start();
    let facts = objective::inspect(&spec)?;
    worker::planned_slots(&spec, facts.demand)?;
    check_inputs(folder, &facts.identity)?;
    let out = arguments.out.clone().unwrap_or_else(|| folder.join("rerun"));
    let style = style(verbosity, arguments.json);
    let run = if let Some(opened) = begun(&out, &yaml)? {
        opened.folder.check_identity(&opened.contents, &facts.identity)?;
        StudyRun {
            launch: Launch {
                spec,
                facts,
                folder: opened.folder,
                journal: opened.journal,
                before: opened.contents,
                is_resumed: true,
                clock: clock.carry_on(opened.elapsed),
                added_wall: None,
            },
            style,
            has_view: false,
            gate: Gate::default(),
        }
    } else {
        let (folder, journal) = Folder::create(&out, &yaml, spec.seed, &facts.identity, Vec::new(), None)?;
        StudyRun {
            launch: Launch {
                spec,
                facts,
                before: folder.contents()?,
                folder,
                journal,
                is_resumed: false,
                clock,
                added_wall: None,
            },
            style,
            has_view: false,
            gate: Gate::default(),
        }
    };
    let code = run.run()?;
    let (_, again) = stored::load(&out)?;
    let rerun = Rerun::new(&original, &again);
    write_table(&rerun, &out)?;
    if !arguments.json {
        show(&rerun)?;
    }
    Ok(code)
}

/// The spec of the re-run: the best configurations of a study.
fn repeated(spec: &Spec, original: &Study, arguments: &Arguments) -> Result<Spec, CliError> {
    let leaderboard = Leaderboard::new(original);
    // A study that is itself a re-run has every configuration several times.
    let mut seen = BTreeSet::new();
    let best = leaderboard.rows().iter().filter(|row| row.value.is_some());
    let best = best.filter(|row| seen.insert(&row.config_hash));
    let best: Vec<_> = best.take(usize::from(arguments.top)).map(|row| row.trial).collect();
    if best.is_empty() {
        return Err(CliError::Usage(format!(
            "no trial of the study in `{}` has a value of `{}`: there is nothing to run again",
            arguments.folder.display(),
            spec.metric.name
        )));
    }
    // The points of the original study are not repeated.
    let parameters = spec.space.parameters().to_vec();
    let unfit = |what: String| {
        let folder = arguments.folder.display();
        CliError::Usage(format!(
            "the space of the study in `{folder}` cannot be used again: {what}"
        ))
    };
    let mut space =
        Space::new(parameters, spec.space.constraints().to_vec()).map_err(|error| unfit(error.to_string()))?;
    for trial in &best {
        let configuration = &original.trials()[trial.index()].configuration;
        space.add_point(configuration).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            unfit(errors.join("; "))
        })?;
    }
    let mut again = Spec {
        name: if spec.name.len() + SUFFIX.len() <= LONGEST_NAME {
            format!("{}{SUFFIX}", spec.name)
        } else {
            spec.name.clone()
        },
        // The configurations are fixed, and nothing is pruned.
        searcher: SearcherSpec::by_chance(),
        early_terminate: SchedulerSpec::none().into(),
        space,
        budget: Budget {
            wall: None,
            trials: Some(best.len() as u32 * u32::from(arguments.seeds)),
            max_failures: None,
            from: None,
        },
        seed: rng::seed(spec.seed, "rerun", &[]),
        repeats: Some(u32::from(arguments.seeds)),
        selection: None,
        warm_start: Vec::new(),
        tracking: Vec::new(),
        ..spec.clone()
    };
    // A target would end the study before every configuration has run with all seeds.
    again.metric.target = None;
    for metric in &mut again.criteria.others {
        metric.target = None;
    }
    Ok(again)
}

/// The same re-run, if it already exists in `out`.
fn begun(out: &Path, yaml: &str) -> Result<Option<Opened>, CliError> {
    let is_same = std::fs::read_to_string(out.join("spec.yaml")).is_ok_and(|known| known == yaml);
    match Folder::open(out) {
        Ok(opened) if is_same => Ok(Some(opened)),
        // Creating the folder reports anything else that is in `out`.
        Ok(_) | Err(FolderError::NoStudy(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Checks that the model and the data are unchanged, since other data would make the results incomparable.
fn check_inputs(folder: &Path, now: &Identity) -> Result<(), CliError> {
    match Folder::look(folder)?.0 {
        Event::StudyCreated { inputs, .. } if inputs == *now => Ok(()),
        _ => Err(FolderError::InputsChanged(folder.to_owned()).into()),
    }
}

/// Writes `rerun.csv`.
fn write_table(rerun: &Rerun, out: &Path) -> Result<(), CliError> {
    let mut csv = Vec::new();
    let path: PathBuf = out.join("rerun.csv");
    let written = rerun.write_csv(&mut csv).and_then(|()| replace(&path, &csv));
    written.map_err(|source| CliError::File {
        action: "write",
        path,
        source,
    })
}

/// Prints the table for people.
fn show(rerun: &Rerun) -> Result<(), CliError> {
    let header = [
        "rank",
        "trial",
        "original",
        "mean ± se",
        "min",
        "max",
        "seeds",
        "failed",
    ];
    let mut table = table(header.map(|name| match name {
        "original" => format!("original {}", rerun.metric),
        name => name.to_owned(),
    }));
    for row in &rerun.rows {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| short(&plain(&value.into())));
        let range = row.seeds.range();
        let error = row
            .seeds
            .standard_error()
            .map(|error| format!(" ± {}", number(Some(error))));
        table.add_row([
            row.rank.map_or_else(String::new, |rank| rank.to_string()),
            row.trial.to_string(),
            number(row.original),
            format!("{}{}", number(row.seeds.mean()), error.unwrap_or_default()),
            number(range.map(|range| range.0)),
            number(range.map(|range| range.1)),
            row.seeds.values.len().to_string(),
            row.seeds.failed.to_string(),
        ]);
    }
    print(&table.to_string()).map(|_| ())
}
