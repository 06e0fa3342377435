//! The files that a spec names: the base of relative paths, and if the files must exist.

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostic;
use super::raw::{Content, Node, SourceKind};
use super::reader::{self, Fields, Problems};

/// The base of relative paths, and if files must exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files<'a> {
    /// The spec's folder.
    pub(super) folder: &'a Path,
    /// The current folder, for paths in overrides.
    pub(super) here: &'a Path,
    pub(super) check: FileCheck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileCheck {
    MustExist,
    /// For a study that has begun: files that were needed only at its beginning may be missing.
    MustExistForTrials,
    Skip,
}

impl Files<'_> {
    /// The path that `node` gives, joined to the spec's folder (in an override, the current folder), without `.` parts.
    pub(super) fn join(&self, node: &Node, text: &str) -> PathBuf {
        let begin = match node.location.source.kind {
            SourceKind::File => self.folder,
            SourceKind::Override => self.here,
        };
        begin.join(text).components().collect()
    }

    /// The spec's folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.components().collect()
    }

    /// The error for a missing file of a `kind` at `path`, which `node` names.
    pub(super) fn missing(&self, node: &Node, path: &Path, kind: &str) -> Diagnostic {
        let help = match node.location.source.kind {
            SourceKind::File => format!("paths begin at the folder of the spec, `{}`", self.folder.display()),
            SourceKind::Override => format!(
                "paths in `--set` begin at the current folder, `{}`",
                self.here.display()
            ),
        };
        Diagnostic::error(&node.location, format!("there is no {kind} `{}`", path.display())).with_help(help)
    }
}

/// Reads `warm_start`: a file, or a list of them.
pub(super) fn warm_start(spec: &Fields<'_>, files: Files<'_>, problems: &mut Problems) -> Option<Vec<PathBuf>> {
    let Some(node) = spec.get("warm_start") else {
        return Some(Vec::new());
    };
    let nodes = match &node.content {
        Content::Sequence(items) => items.iter().collect(),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
    };
    let mut leaderboard = |node: &Node| {
        let path = files.join(node, &reader::text(node, "warm_start", problems)?);
        if path.extension().is_none_or(|extension| extension != "csv") {
            problems.error(
                Diagnostic::error(&node.location, "not a leaderboard")
                    .with_help("name the `leaderboard.csv` of an earlier study"),
            );
            return None;
        }
        if files.check == FileCheck::MustExist && !path.is_file() {
            problems.error(files.missing(node, &path, "file"));
            return None;
        }
        Some(path)
    };
    // Read all of them before returning, so that every error is reported.
    let read: Vec<Option<PathBuf>> = nodes.into_iter().map(&mut leaderboard).collect();
    read.into_iter().collect()
}
