//! `automl compare DIR DIR…`: a comparison of studies.

use std::process::ExitCode;

use super::CliError;
use super::arguments::Compare as Arguments;
use super::look::{open_all, page};
use super::output::{print, table};
use crate::report::view::StudyView;
use crate::report::{TrialStatus, short};

/// Prints the comparison of studies.
pub(super) fn compare(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let view = page(&mut open_all(&arguments.folders)?)?;
    if arguments.json {
        let studies = view.studies.iter().map(best);
        let json = serde_json::json!({
            "studies": studies.collect::<Vec<_>>(),
            "comparison": view.comparison,
        });
        return print(&format!("{json:#}"));
    }
    let metric = view.studies[0].metrics[0].name.as_str();
    let mut table = table(["study", metric, "trial", "trials", "failed", "seconds", "to common"]);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| short(&number.to_string()));
    let times = view
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.seconds_to_common);
    for (study, seconds) in view.studies.iter().zip(times) {
        table.add_row([
            study.folder.clone(),
            number(winner(study)),
            study.best.map_or_else(String::new, |best| best.to_string()),
            study.searched().count().to_string(),
            study
                .searched()
                .filter(|trial| trial.status == TrialStatus::Failed)
                .count()
                .to_string(),
            format!("{:.0}", study.elapsed),
            seconds.map_or_else(String::new, |seconds| format!("{seconds:.1}")),
        ]);
    }
    let mut text = table.to_string();
    for sentence in view.comparison.iter().flat_map(|comparison| &comparison.sentences) {
        text += "\n";
        text += sentence;
    }
    print(&text)
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
        "trials": study.searched().count(),
        "elapsed": study.elapsed,
    })
}
