//! `automl compare DIR DIR…`: studies side by side.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};

use super::CliError;
use super::arguments::Compare as Arguments;
use super::look::Look;
use super::stored::shown;
use crate::report::short;
use crate::report::view::{PageView, StudyView};

/// Prints how studies compare.
pub(super) fn compare(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let view = page_of(&arguments.folders)?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        let studies = view.studies.iter().map(best);
        let json = serde_json::json!({
            "studies": studies.collect::<Vec<_>>(),
            "comparison": view.comparison,
        });
        return shown(writeln!(output, "{json:#}").and_then(|()| output.flush()));
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    let metric = view.studies[0].metrics[0].name.as_str();
    table.set_header(["study", metric, "trial", "trials", "failed", "seconds", "to common"]);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| short(&number.to_string()));
    let times = view
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.seconds_to_common);
    for (study, seconds) in view.studies.iter().zip(times) {
        let searched = || study.trials.iter().filter(|trial| trial.repeats.is_none());
        table.add_row([
            study.folder.clone(),
            number(winner(study)),
            study.best.map_or_else(String::new, |best| best.to_string()),
            searched().count().to_string(),
            searched().filter(|trial| trial.status == "failed").count().to_string(),
            format!("{:.0}", study.elapsed),
            seconds.map_or_else(String::new, |seconds| format!("{seconds:.1}")),
        ]);
    }
    let mut text = table.to_string();
    for sentence in view.comparison.iter().flat_map(|comparison| &comparison.sentences) {
        text += "\n";
        text += sentence;
    }
    shown(writeln!(output, "{text}").and_then(|()| output.flush()))
}

/// The winner's value in the search.
fn winner(study: &StudyView) -> Option<f64> {
    study.trials.get(study.best? as usize)?.value
}

fn best(study: &StudyView) -> serde_json::Value {
    serde_json::json!({
        "name": study.name,
        "folder": study.folder,
        "best": study.best,
        "value": winner(study),
        "trials": study.trials.iter().filter(|trial| trial.repeats.is_none()).count(),
        "elapsed": study.elapsed,
    })
}

/// The studies in these folders as one page.
pub(super) fn page_of(folders: &[PathBuf]) -> Result<PageView, CliError> {
    let view = |folder: &PathBuf| {
        let look = Look::open(folder)?;
        look.view(&look.learn())
    };
    let studies = folders.iter().map(view).collect::<Result<Vec<StudyView>, CliError>>()?;
    Ok(PageView::new(studies)?)
}
