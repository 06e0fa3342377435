//! The files that a spec names: where their paths begin, and whether they must exist.

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostic;
use super::raw::Node;

/// Where relative paths begin and whether files must exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files<'a> {
    pub(super) folder: &'a Path,
    pub(super) check: FileCheck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileCheck {
    MustExist,
    Skip,
}

impl Files<'_> {
    /// The path from the spec's folder, without the `.` inside that joining leaves.
    pub(super) fn join(&self, text: &str) -> PathBuf {
        self.folder.join(text).components().collect()
    }

    /// The error of a `kind` of file that is not at `path`, named by `node`.
    pub(super) fn missing(&self, node: &Node, path: &Path, kind: &str) -> Diagnostic {
        Diagnostic::error(&node.place, format!("there is no {kind} `{}`", path.display())).with_help(format!(
            "paths begin at the folder of the spec, `{}`",
            self.folder.display()
        ))
    }
}
