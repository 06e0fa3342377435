//! `automl init [FILE]`: an annotated spec to start from, or with `--data` the one for a file of texts.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::CliError;
use super::arguments::{Example, Init};
use super::output::print;
use crate::finetune::data::builtin;
use crate::fit::choose;
use crate::spec::TEMPLATE;

/// Writes the spec; for `-` to standard output. An existing file is never overwritten.
pub(super) fn init(arguments: &Init) -> Result<ExitCode, CliError> {
    let path = &arguments.file;
    if let Some(Example::Images) = arguments.example {
        return example(path);
    }
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

/// The spec of the example, whose pictures are beside it.
const IMAGES: &str = include_str!("../../search-spaces/images.yaml");

/// The folder inside of the temporary one.
const EXAMPLE: &str = "example";

/// Writes the built-in images as files, with a spec for them. The folder appears only when it is complete.
fn example(folder: &Path) -> Result<ExitCode, CliError> {
    if folder.as_os_str() == "-" || folder == Path::new("space.yaml") {
        return Err(CliError::Usage(
            "name a new folder for the example, as in `automl init --example images pictures`".to_owned(),
        ));
    }
    if folder.exists() {
        return Err(CliError::Usage(format!(
            "`{}` exists already and stays as it is: name a new folder",
            folder.display()
        )));
    }
    let failed = |source| CliError::File {
        action: "write",
        path: folder.to_owned(),
        source,
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(failed)?;
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let written = builtin::write_pictures(&unfinished.path().join(EXAMPLE))
        .map_err(|error| CliError::from(crate::objective::InputError::from(error)))?;
    let spec = IMAGES.replace("train: images ", "train: .      ");
    std::fs::write(unfinished.path().join(EXAMPLE).join("space.yaml"), spec).map_err(failed)?;
    // The temporary folder is private: what is in it is moved into an ordinary one.
    std::fs::rename(unfinished.path().join(EXAMPLE), folder).map_err(failed)?;
    let _ = writeln!(
        std::io::stderr(),
        "wrote {written} pictures into `{0}`: look at them, then run `automl search {0}/space.yaml`",
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}
