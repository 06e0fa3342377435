//! `automl convert --from PROGRAM FILE`: converts another program's search space into a spec, and notes what is lost.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::CliError;
use super::arguments::Convert;
use super::output::shown;
use crate::convert::{self, Converted};

/// Maximum file size: a search space has one or two pages, so a larger file was given by mistake.
const MAX_BYTES: u64 = 1 << 20;

/// Converts a file. The spec goes to standard output or a new file, the notes to standard error.
pub(super) fn convert(arguments: &Convert) -> Result<ExitCode, CliError> {
    let text = read(&arguments.file).map_err(|source| CliError::File {
        action: "read",
        path: arguments.file.clone(),
        source,
    })?;
    let folder = arguments.file.parent().unwrap_or(Path::new(""));
    let beside = |name: &str| read(&folder.join(name)).ok();
    let name = arguments.file.display().to_string();
    let Converted {
        yaml,
        notes,
        has_program,
    } = convert::convert(arguments.from, &name, &text, &beside)?;
    let mut stderr = std::io::stderr().lock();
    for note in notes {
        let _ = writeln!(stderr, "note: {note}");
    }
    let Some(out) = &arguments.out else {
        return shown(std::io::stdout().write_all(yaml.as_bytes()));
    };
    let written = File::create_new(out).and_then(|mut file| file.write_all(yaml.as_bytes()));
    written.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => CliError::Usage(format!(
            "`{}` exists already and stays as it is: name another file with `--out`",
            out.display()
        )),
        _ => CliError::File {
            action: "write",
            path: out.clone(),
            source,
        },
    })?;
    let shown = out.display();
    let first = if has_program {
        "check it with"
    } else {
        "fill in what a trial runs, then"
    };
    let _ = writeln!(stderr, "wrote `{shown}`: {first} `automl validate {shown}`");
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than 1 MiB, so it is not a search space",
        ));
    }
    Ok(text)
}
