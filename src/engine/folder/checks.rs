//! The checks of a folder before anything in it is used or changed.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead as _};
use std::path::Path;

use super::{FolderError, MANIFEST, SPEC, impossible};
use crate::files;
use crate::journal;
use crate::study::Event;

/// Checks that the first event is that of a study, in a format that this version knows.
pub(super) fn check_beginning(path: &Path, first: &Event) -> Result<(), FolderError> {
    match first {
        Event::StudyCreated { format, version, .. } if *format > journal::FORMAT => Err(FolderError::TooNew {
            path: path.to_owned(),
            version: version.clone(),
        }),
        Event::StudyCreated { .. } => first.check().map_err(|problem| impossible(path, 1, &problem)),
        _ => Err(FolderError::NoStudy(path.to_owned())),
    }
}

/// Refuses a study whose manifest has a later format.
pub(super) fn refuse_future(path: &Path) -> Result<(), FolderError> {
    let text = fs::read_to_string(path.join(MANIFEST)).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let format = manifest["format"].as_u64().unwrap_or(0);
    if format > u64::from(journal::FORMAT) {
        let version = manifest["version"].as_str().unwrap_or("unknown").to_owned();
        let path = path.to_owned();
        return Err(FolderError::TooNew { path, version });
    }
    Ok(())
}

/// Returns whether a journal holds a study. A crash while the folder was created may leave a journal without a complete
/// line. Any other content belongs to the user.
pub(super) fn holds_study(journal: &Path) -> bool {
    let has_line = |journal: &Path| -> io::Result<bool> {
        let mut line = Vec::new();
        io::BufReader::new(fs::File::open(journal)?).read_until(b'\n', &mut line)?;
        Ok(line.ends_with(b"\n"))
    };
    journal.is_file() && has_line(journal).unwrap_or(true)
}

/// Refuses a folder with a link that leads out of it: writing or removing files there would affect files of others.
pub(super) fn refuse_ways_out(path: &Path) -> Result<(), FolderError> {
    let Ok(root) = path.canonicalize() else { return Ok(()) };
    let inside = fs::read_dir(path).into_iter().flatten();
    let of_trials = fs::read_dir(path.join("checkpoints")).into_iter().flatten();
    let of_logs = fs::read_dir(path.join("logs")).into_iter().flatten();
    for entry in inside.chain(of_trials).chain(of_logs).flatten() {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        // A dangling link may lead anywhere later.
        if is_link
            && !entry
                .path()
                .canonicalize()
                .is_ok_and(|target| target.starts_with(&root))
        {
            return Err(FolderError::LeadsOut(entry.path()));
        }
    }
    Ok(())
}

/// Refuses a folder that holds a study, or files of others.
pub(super) fn refuse_occupied(path: &Path, spec_yaml: &str) -> Result<(), FolderError> {
    const OURS: [&str; 6] = ["lock", SPEC, MANIFEST, "checkpoints", "logs", journal::FILE_NAME];
    if holds_study(&path.join(journal::FILE_NAME)) {
        let existing = fs::read_to_string(path.join(SPEC)).unwrap_or_default();
        return Err(if existing == spec_yaml {
            FolderError::SameStudy(path.to_owned())
        } else {
            FolderError::OtherStudy(path.to_owned())
        });
    }
    let is_ours = |name: &OsStr| OURS.iter().any(|ours| name == *ours) || files::is_unfinished(name);
    let is_other = |entry: fs::DirEntry| !is_ours(&entry.file_name());
    let is_occupied = fs::read_dir(path).is_ok_and(|entries| entries.flatten().any(is_other));
    if is_occupied {
        Err(FolderError::NotEmpty(path.to_owned()))
    } else {
        Ok(())
    }
}
