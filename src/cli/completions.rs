//! `automl completions SHELL` and `automl man`: shell completions and manual pages, generated from the arguments.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;

use super::CliError;
use super::arguments::{Arguments, Completions, Man};
use super::output::shown;

/// Prints the completions of a shell.
pub(super) fn completions(arguments: &Completions) -> Result<ExitCode, CliError> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "automl", &mut text);
    let mut output = std::io::stdout().lock();
    shown(output.write_all(&text).and_then(|()| output.flush()))
}

/// Prints the manual page, or writes one for every command into a folder.
pub(super) fn man(arguments: &Man) -> Result<ExitCode, CliError> {
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        let mut output = std::io::stdout().lock();
        return shown(
            rendered
                .and_then(|()| output.write_all(&page))
                .and_then(|()| output.flush()),
        );
    };
    let failed = |source| CliError::File {
        action: "write manual pages to",
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    write_page(&command, "automl", folder).map_err(failed)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write_page(verb, &format!("automl-{}", verb.get_name()), folder).map_err(failed)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_page(command: &clap::Command, name: &str, folder: &Path) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    crate::files::replace(&folder.join(format!("{name}.1")), &page)
}
