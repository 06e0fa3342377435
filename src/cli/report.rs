//! `automl report DIR…`: one file that shows everything about a study, or about several.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::CliError;
use super::arguments::Report as Arguments;
use super::look::{self, open_all};
use super::output::print;
use crate::files::replace;
use crate::report::page;
use crate::report::view::PageView;

/// Writes `report.html`.
pub(super) fn report(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let view = look::page(&mut open_all(&arguments.folders)?)?;
    if arguments.json {
        return print(&serde_json::to_string(&view).unwrap_or_default());
    }
    let path = arguments.out.clone().unwrap_or_else(|| default_path(arguments));
    write_view(&view, &path)?;
    let _ = writeln!(std::io::stderr(), "wrote `{}`", path.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of studies into a file.
pub(super) fn write(folders: &[PathBuf], path: &Path) -> Result<(), CliError> {
    write_view(&look::page(&mut open_all(folders)?)?, path)
}

fn write_view(view: &PageView, path: &Path) -> Result<(), CliError> {
    replace(path, page::render(view, None).as_bytes()).map_err(|source| CliError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// In the study's own folder; of several studies here.
fn default_path(arguments: &Arguments) -> PathBuf {
    match arguments.folders.as_slice() {
        [folder] => folder.join("report.html"),
        _ => PathBuf::from("report.html"),
    }
}
