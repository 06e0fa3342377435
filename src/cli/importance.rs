//! `automl importance DIR`: which parameters matter, and together with which others.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};

use super::CliError;
use super::arguments::Importance as Arguments;
use super::look::Look;
use super::stored::shown;
use crate::analysis::Focus;
use crate::report::view::{ImportanceView, Learnt};

/// A model that explains less than this of results that it has not seen is not to be trusted.
const TRUSTED: f64 = 0.3;

/// Prints the importance of every parameter.
pub(super) fn importance(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let focus = match arguments.best {
        Some(percent) => Focus::Best(f64::from(percent) / 100.0),
        None => Focus::All,
    };
    let look = Look::open(&arguments.folder)?;
    let Some(importance) = Learnt::new(look.replay().study(), focus).importance else {
        return Err(CliError::Usage(format!(
            "the study in `{}` says nothing of its parameters: fewer than 8 trials have a result, or all results are equal",
            arguments.folder.display()
        )));
    };
    if importance.explained < TRUSTED && !arguments.json {
        let _ = writeln!(
            std::io::stderr(),
            "warning: the model behind this explains {:.0} % of results that it has not seen: believe it only with more trials",
            100.0 * importance.explained.max(0.0)
        );
    }
    let mut output = std::io::stdout().lock();
    let text = if arguments.json {
        format!("{:#}", serde_json::to_value(&importance).unwrap_or_default())
    } else {
        table(&importance)
    };
    shown(writeln!(output, "{text}").and_then(|()| output.flush()))
}

fn table(importance: &ImportanceView) -> String {
    let mut parameters = Table::new();
    parameters
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["parameter", "share of variance", "± over trees"]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for share in &importance.parameters {
        parameters.add_row([share.parameter.clone(), percent(share.share), percent(share.deviation)]);
    }
    let mut pairs = Table::new();
    pairs
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["pair", "beyond each alone"]);
    for pair in importance.pairs.iter().take(5) {
        pairs.add_row([format!("{} × {}", pair.first, pair.second), percent(pair.share)]);
    }
    let explained = format!(
        "from {} trials; the model explains {} of results that it has not seen",
        importance.trials,
        percent(importance.explained.max(0.0))
    );
    if importance.pairs.is_empty() {
        format!("{parameters}\n{explained}")
    } else {
        format!("{parameters}\n{pairs}\n{explained}")
    }
}
