//! `automl data STUDY`: validation labels that are likely wrong.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::super::CliError;
use super::super::arguments::Data;
use super::super::look::Look;
use super::super::output::{print, table};
use super::show::store;
use crate::report::view::LabelErrorsView;

/// Suspects that are listed.
const SHOWN: usize = 20;

/// Characters of a text in the list.
const TEXT: usize = 60;

pub(super) fn data(folder: &Path, arguments: &Data) -> Result<ExitCode, CliError> {
    if !arguments.set.is_empty() {
        let message = "`--set` changes a spec, and the spec of a study is fixed";
        return Err(CliError::Usage(message.to_owned()));
    }
    let Some(found) = Look::open(folder)?.label_errors() else {
        return Err(CliError::Usage(format!(
            "the labels of `{}` cannot be judged: the study has no completed evaluation, no kept outputs or no classes, or its data has changed since",
            folder.display()
        )));
    };
    if let Some(out) = &arguments.out {
        store(out, rows(&found))?;
        let _ = writeln!(
            io::stderr(),
            "wrote {} rows to `{}`",
            found.suspects.len(),
            out.display()
        );
    }
    if arguments.json {
        return print(&serde_json::to_string_pretty(&found).unwrap_or_default());
    }
    print(&shown(&found))
}

fn shown(found: &LabelErrorsView) -> String {
    let LabelErrorsView {
        trial,
        examples,
        estimated_share,
        number,
        ..
    } = found;
    if *number == 0 {
        return format!("none of the {examples} validation labels looks wrong to trial {trial}");
    }
    let labels = if *number == 1 {
        "1 label looks".to_owned()
    } else {
        format!("{number} labels look")
    };
    let mut table = table(["row", "label", "more likely", "confidence", "margin", "text"]);
    for suspect in found.suspects.iter().take(SHOWN) {
        let place = suspect.row.map_or_else(String::new, |row| format!(":{row}"));
        let text: String = suspect.text.chars().take(TEXT).collect();
        table.add_row([
            format!("{}{place}", suspect.file),
            suspect.given.clone(),
            suspect.suggested.clone(),
            format!("{:.3}", suspect.self_confidence),
            format!("{:.3}", suspect.margin),
            text,
        ]);
    }
    let more = match number.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\nand {more} more (`--out FILE.csv` writes all)"),
    };
    format!(
        "{labels} wrong to trial {trial}, of {examples} validation labels; about {:.1} % are wrong in all (confident learning)\n{table}{more}\nlook at each of them: a model is wrong as well at times",
        100.0 * estimated_share
    )
}

fn rows(found: &LabelErrorsView) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["file", "row", "label", "suggested", "self_confidence", "margin", "text"])?;
    for suspect in &found.suspects {
        writer.write_record([
            suspect.file.clone(),
            suspect.row.map_or_else(String::new, |row| row.to_string()),
            suspect.given.clone(),
            suspect.suggested.clone(),
            suspect.self_confidence.to_string(),
            suspect.margin.to_string(),
            suspect.text.clone(),
        ])?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
