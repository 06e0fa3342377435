//! `automl predict MODEL DATA`: the class of every example, with probabilities.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::CliError;
use super::arguments::{Predict as Arguments, PredictionFormat as FormatName};
use super::output::shown;
use crate::files;
use crate::production::{Asked, Broken, PredictionFormat, Question, predict as write};

/// Writes a row for every example, in the order of the data.
pub(super) fn predict(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let format = match arguments.format {
        Some(FormatName::Csv) => PredictionFormat::Csv,
        Some(FormatName::Jsonl) => PredictionFormat::Jsonl,
        None => PredictionFormat::of_name(arguments.out.as_deref())?,
    };
    let question = match &arguments.data {
        Some(data) => Question::Unlabelled {
            data,
            keep: &arguments.keep,
        },
        None => Question::Texts(&arguments.texts),
    };
    let mut asked = Asked::open(&arguments.input.folder(), &question)?;
    let Some(path) = &arguments.out else {
        let mut output = io::stdout().lock();
        return match write(&mut asked, format, &mut output) {
            Ok(_) => shown(output.flush()),
            Err(Broken::Output(source)) => shown(Err(source)),
            Err(Broken::Input(error)) => Err(error.into()),
        };
    };
    let failed = |source| CliError::File {
        action: "write",
        path: path.clone(),
        source,
    };
    if let Some(mut device) = files::special(path).map_err(failed)? {
        return match write(&mut asked, format, &mut device) {
            Ok(_) => Ok(ExitCode::SUCCESS),
            Err(Broken::Output(source)) => Err(failed(source)),
            Err(Broken::Input(error)) => Err(error.into()),
        };
    }
    // The file appears only when it is complete, however long that takes.
    let target = files::beyond_links(path);
    let mut file = files::unfinished(&target).map_err(failed)?;
    let rows = match write(&mut asked, format, &mut io::BufWriter::new(file.as_file_mut())) {
        Ok(rows) => rows,
        Err(Broken::Output(source)) => return Err(failed(source)),
        Err(Broken::Input(error)) => return Err(error.into()),
    };
    file.persist(&target).map_err(|error| failed(error.error))?;
    let _ = writeln!(io::stderr(), "wrote {rows} predictions to `{}`", path.display());
    Ok(ExitCode::SUCCESS)
}
