//! `automl init [FILE]`: an annotated spec to start from, or with `--data` the one for a file of texts.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use super::CliError;
use super::arguments::Init;
use super::output::print;
use crate::fit::choose;
use crate::spec::TEMPLATE;

/// Writes the spec; for `-` to standard output. An existing file is never overwritten.
pub(super) fn init(arguments: &Init) -> Result<ExitCode, CliError> {
    let path = &arguments.file;
    let text = match &arguments.data {
        Some(data) => choose(&arguments.choices.asked(data)?)?.to_yaml(),
        None if arguments.choices.are_made() => {
            return Err(CliError::Usage(
                "these flags choose for a file: name it with `--data FILE`".to_owned(),
            ));
        }
        None => TEMPLATE.to_owned(),
    };
    if path.as_os_str() == "-" {
        return print(text.trim_end());
    }
    let written = File::create_new(path).and_then(|mut file| {
        file.write_all(text.as_bytes()).inspect_err(|_| {
            let _ = std::fs::remove_file(path);
        })
    });
    written.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => CliError::Usage(format!(
            "`{}` exists already and stays as it is: name another file, as in `automl init other.yaml`",
            path.display()
        )),
        _ => CliError::File {
            action: "write",
            path: path.clone(),
            source,
        },
    })?;
    let _ = writeln!(
        std::io::stderr(),
        "wrote `{}`: edit it, then run `automl search {}`",
        path.display(),
        path.display()
    );
    Ok(ExitCode::SUCCESS)
}
