//! `automl data`: what a data set holds and what is wrong with it, and which labels of a study are likely wrong.

mod show;
mod study;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::CliError;
use super::arguments::{Data, DataTask};
use super::output::print;
use crate::finetune::data::doctor::{Depth, Examination, Finding, Patient, Unit, examine, examine_pictures};
use crate::finetune::data::guess::{Choice, Guess, Wishes, guess};
use crate::finetune::data::pictures::{PictureCache, PictureOptions, is_picture_folder};
use crate::finetune::data::{DataError, ReadOptions, Source};
use crate::finetune::start_threads;
use crate::journal;
use crate::metrics::Task as TaskKind;
use crate::objective::{self, InputError};
use crate::spec::{self, DataSpec, ObjectiveSpec, Spec};

/// Examples of a finding that are shown.
const EXAMPLES: usize = 3;

/// Examines data, or shows the likely label errors of a study.
pub(super) fn data(arguments: &Data) -> Result<ExitCode, CliError> {
    let path = Path::new(&arguments.input);
    if path.join(journal::FILE_NAME).is_file() {
        refuse_flags(arguments, "the folder of a study")?;
        return study::data(path, arguments);
    }
    let is_spec = path.extension().is_some_and(|extension| {
        let extension = extension.to_ascii_lowercase();
        extension == "yaml" || extension == "yml"
    });
    let (examination, guess) = if is_spec {
        refuse_flags(arguments, "a spec")?;
        (of_spec(path, arguments)?, None)
    } else {
        if !arguments.set.is_empty() {
            return Err(CliError::Usage("`--set` changes a spec, but this is data".to_owned()));
        }
        let (examination, guess) = of_files(arguments)?;
        (examination, guess)
    };
    if let Some(out) = &arguments.out {
        let rows = show::write_rows(out, &examination)?;
        let _ = writeln!(std::io::stderr(), "wrote {rows} rows to `{}`", out.display());
    }
    if arguments.json {
        return print(&format!("{:#}", as_json(&examination, guess.as_ref())));
    }
    print(&show::report(&arguments.input, &examination, guess.as_ref()))
}

/// Refuses flags that say something about files.
fn refuse_flags(arguments: &Data, what: &str) -> Result<(), CliError> {
    let given = [
        ("--validation", !arguments.validation.is_empty()),
        ("--test", !arguments.test.is_empty()),
        ("--task", arguments.task.is_some()),
        ("--text", !arguments.text.is_empty()),
        ("--label", !arguments.label.is_empty()),
        ("--separator", arguments.separator.is_some()),
        (
            "--data-format`, `--delimiter`, `--encoding` and `--columns",
            !arguments.files.is_empty(),
        ),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(CliError::Usage(format!(
            "`{flag}` is about files of data, and `{}` is {what}, which says this itself; remove the flag",
            arguments.input
        ))),
        None => Ok(()),
    }
}

fn of_spec(path: &Path, arguments: &Data) -> Result<Examination, CliError> {
    let (spec, _) = spec::load(path, &arguments.set).map_err(CliError::Spec)?;
    match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => Ok(objective::examine(fine_tune, Depth::Full)?),
        _ => Err(CliError::Usage(format!(
            "`{}` has no `data`: its trials run a function or a program",
            path.display()
        ))),
    }
}

/// Examines files about which nothing has to be said.
fn of_files(arguments: &Data) -> Result<(Examination, Option<Guess>), CliError> {
    let sources = [Source::parse(&arguments.input)];
    let read = objective::read_options(&arguments.files.reading());
    let wishes = Wishes {
        task: arguments.task.map(DataTask::kind),
        text: arguments.text.clone(),
        label: arguments.label.clone(),
        separator: arguments.separator.clone(),
    };
    if sources[0] == Source::StandardInput {
        let message = "standard input cannot be examined: it is read more than once; write it to a file first";
        return Err(CliError::Usage(message.to_owned()));
    }
    let files = |names: &[String]| names.iter().map(|name| Source::parse(name)).collect::<Vec<_>>();
    if is_picture_folder(Path::new(&arguments.input)) {
        let parts = [&sources[..], &files(&arguments.validation), &files(&arguments.test)].map(<[Source]>::to_vec);
        return Ok((of_pictures(parts, read)?, None));
    }
    let guess = guess(&sources, &read, &wishes)?;
    let mut parts = vec![("train", sources.to_vec())];
    for (name, files) in [
        ("validation", files(&arguments.validation)),
        ("test", files(&arguments.test)),
    ] {
        if !files.is_empty() {
            parts.push((name, files));
        }
    }
    let patient = Patient {
        parts,
        read: guess.read.clone(),
        task: guess.task.value,
        text: guess.text.value.clone(),
        label: guess.label.value.clone(),
        separator: guess
            .separator
            .as_ref()
            .map_or_else(|| ";".to_owned(), |separator| separator.value.clone()),
        unit: Unit::Words,
        depth: Depth::Full,
    };
    let examination = examine(&patient).map_err(wrong)?;
    Ok((examination, Some(guess)))
}

/// Examines a folder with a folder of pictures for each class.
fn of_pictures([train, validation, test]: [Vec<Source>; 3], read: ReadOptions) -> Result<Examination, CliError> {
    let mut options = PictureOptions::unsplit(train, read);
    (options.table.validation, options.table.test) = (validation, test);
    start_threads().map_err(InputError::from)?;
    examine_pictures(options, PictureCache::of_user().as_ref(), Depth::Full).map_err(wrong)
}

fn wrong(error: DataError) -> CliError {
    InputError::from(error).into()
}

impl DataTask {
    fn kind(self) -> TaskKind {
        match self {
            Self::TextClassification => TaskKind::Classification,
            Self::MultiLabel => TaskKind::MultiLabel,
            Self::Regression => TaskKind::Regression,
            Self::TokenClassification => TaskKind::TokenClassification,
            Self::QuestionAnswering => TaskKind::QuestionAnswering,
        }
    }
}

/// The errors and warnings about the data of a spec, in a moment. Data that cannot be examined was refused before, and
/// built-in data is known.
fn quick(spec: &Spec) -> Vec<Finding> {
    let ObjectiveSpec::FineTune(fine_tune) = &spec.objective else {
        return Vec::new();
    };
    if matches!(fine_tune.data, DataSpec::Builtin { .. }) {
        return Vec::new();
    }
    let examination = objective::examine(fine_tune, Depth::Quick);
    examination.map_or_else(|_| Vec::new(), |examination| examination.serious().cloned().collect())
}

/// The errors and warnings about the data of a spec as JSON.
pub(super) fn serious(spec: &Spec) -> Vec<Value> {
    quick(spec).iter().map(of_finding).collect()
}

/// Prints the errors and warnings about the data of a spec, a line each.
pub(super) fn show_serious(spec: &Spec) {
    let findings = quick(spec);
    for finding in &findings {
        let _ = writeln!(std::io::stderr(), "{}", show::line(finding));
    }
    if !findings.is_empty() {
        let _ = writeln!(std::io::stderr(), "`automl data SPEC` shows the rows, and what to do");
    }
}

/// Prints the errors and warnings about the data of a spec as an event, if there are any.
pub(super) fn tell_serious(spec: &Spec, elapsed: f64) -> Result<(), CliError> {
    let findings = serious(spec);
    if !findings.is_empty() {
        let event = json!({"moment": "data", "elapsed": elapsed, "findings": findings});
        print(&event.to_string())?;
    }
    Ok(())
}

fn as_json(examination: &Examination, guess: Option<&Guess>) -> Value {
    let mut value = json!({
        "task": examination.task,
        "parts": examination.parts,
        "classes": examination.classes,
        "numbers": examination.numbers,
        "lengths": examination.lengths,
        "findings": examination.findings.iter().map(of_finding).collect::<Vec<_>>(),
    });
    if let (Some(sizes), Some(object)) = (&examination.sizes, value.as_object_mut()) {
        object.insert("sizes".to_owned(), json!(sizes));
    }
    if let (Some(guess), Some(object)) = (guess, value.as_object_mut()) {
        object.insert("guess".to_owned(), of_guess(guess));
    }
    value
}

fn of_finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind,
        "severity": finding.severity,
        "count": finding.count,
        "message": finding.message,
        "advice": finding.advice,
        "examples": finding.rows.iter().take(EXAMPLES).collect::<Vec<_>>(),
    })
}

fn of_guess(guess: &Guess) -> Value {
    let choice = |value: Value, reason: &str| json!({"value": value, "reason": reason});
    let names = |found: &Choice<Vec<String>>| choice(json!(found.value), &found.reason);
    let separator = guess.separator.as_ref();
    json!({
        "task": choice(json!(guess.task.value), &guess.task.reason),
        "text": names(&guess.text),
        "label": names(&guess.label),
        "separator": separator.map(|separator| choice(json!(separator.value), &separator.reason)),
        "metric": choice(json!(guess.metric.value), &guess.metric.reason),
        "columns": guess.read.columns,
        "unused": guess.unused.iter().map(|unused| choice(json!(unused.value), &unused.reason)).collect::<Vec<_>>(),
    })
}
