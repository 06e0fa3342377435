//! `automl importance DIR`: the importance of parameters and of their interactions.

use std::io::Write as _;
use std::process::ExitCode;

use super::CliError;
use super::arguments::Importance as Arguments;
use super::look::Look;
use super::output::{print, table};
use crate::analysis::Focus;
use crate::report::view::{ImportanceView, Learnt};

/// Prints the importance of every parameter.
pub(super) fn importance(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let focus = match arguments.best {
        Some(percent) => Focus::Best(f64::from(percent) / 100.0),
        None => Focus::All,
    };
    let look = Look::open(&arguments.folder)?;
    let Some(importance) = Learnt::new(look.study(), focus).importance else {
        return Err(CliError::Usage(format!(
            "the study in `{}` says nothing about its parameters: fewer than 8 trials have a result, or all results are equal",
            arguments.folder.display()
        )));
    };
    if !importance.is_trusted() && !arguments.json {
        let _ = writeln!(
            std::io::stderr(),
            "warning: the model behind this explains {:.0} % of held-out results: run more trials before you rely on it",
            100.0 * importance.explained.max(0.0)
        );
    }
    if arguments.json {
        return print(&format!("{:#}", serde_json::to_value(&importance).unwrap_or_default()));
    }
    print(&tables(&importance))
}

fn tables(importance: &ImportanceView) -> String {
    let mut parameters = table(["parameter", "share of variance", "± over trees"]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for share in &importance.parameters {
        parameters.add_row([share.parameter.clone(), percent(share.share), percent(share.deviation)]);
    }
    let mut pairs = table(["pair", "beyond each alone"]);
    for pair in importance.pairs.iter().take(5) {
        pairs.add_row([format!("{} × {}", pair.first, pair.second), percent(pair.share)]);
    }
    let explained = format!(
        "from {} trials; the model explains {} of held-out results",
        importance.trials,
        percent(importance.explained.max(0.0))
    );
    if importance.pairs.is_empty() {
        format!("{parameters}\n{explained}")
    } else {
        format!("{parameters}\n{pairs}\n{explained}")
    }
}
