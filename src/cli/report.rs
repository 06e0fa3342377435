//! `automl report DIR…`: one file that shows everything about one or several studies.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use super::CliError;
use super::arguments::Report as Arguments;
use super::look::{self, open_all};
use super::output::print;
use crate::files::{self, replace_soon};
use crate::report::page;
use crate::report::view::PageView;

/// Writes `report.html`.
pub(super) fn report(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let view = look::report(&mut open_all(&arguments.folders)?)?;
    if arguments.json {
        return print(&serde_json::to_string(&view).unwrap_or_default());
    }
    let path = arguments.out.clone().unwrap_or_else(|| default_path(arguments));
    let failed = |source| CliError::File {
        action: "write",
        path: path.clone(),
        source,
    };
    match files::special(&path).map_err(failed)? {
        Some(mut device) => device.write_all(page::render(&view, None).as_bytes()).map_err(failed)?,
        None => write_view(&view, &files::beyond_links(&path))?,
    }
    let _ = writeln!(std::io::stderr(), "wrote `{}`", path.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of a study into its folder; returns `false` if it is not ready in `time`. The importance of
/// parameters takes long to compute for a large study, and a deadline must be met.
pub(super) fn write_within(folder: &Path, time: Option<Duration>) -> Result<bool, CliError> {
    let (sender, receiver) = mpsc::channel();
    let studies = vec![folder.to_owned()];
    let render = move || {
        let rendered = open_all(&studies).and_then(|mut studies| look::report(&mut studies));
        let _ = sender.send(rendered.map(|view| page::render(&view, None)));
    };
    if std::thread::Builder::new().spawn(render).is_err() {
        return Ok(false);
    }
    let rendered = match time {
        Some(time) => receiver.recv_timeout(time).ok(),
        None => receiver.recv().ok(),
    };
    match rendered {
        Some(rendered) => write_page(&rendered?, &folder.join("report.html")).map(|()| true),
        None => Ok(false),
    }
}

fn write_view(view: &PageView, path: &Path) -> Result<(), CliError> {
    write_page(&page::render(view, None), path)
}

fn write_page(page: &str, path: &Path) -> Result<(), CliError> {
    replace_soon(path, page.as_bytes()).map_err(|source| CliError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// The default path: in the study's own folder; for several studies in the current one.
fn default_path(arguments: &Arguments) -> PathBuf {
    match arguments.folders.as_slice() {
        [folder] => folder.join("report.html"),
        _ => PathBuf::from("report.html"),
    }
}
