//! A trial's checkpoints by level: the newest one, and the one before it as a fallback if the newest is damaged.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::os;
use crate::units::Samples;

const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".safetensors";

/// Path of the checkpoint of a trial that has seen `at` samples.
pub(super) fn path(folder: &Path, at: Samples) -> PathBuf {
    folder.join(format!("{PREFIX}{at}{SUFFIX}"))
}

/// All checkpoints in a trial's folder with the samples that the trial had seen, newest first.
pub fn list(folder: &Path) -> Vec<(Samples, PathBuf)> {
    let level = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(PREFIX)?
            .strip_suffix(SUFFIX)?
            .parse()
            .ok()
            .map(Samples)
    };
    let paths = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut list: Vec<_> = paths.filter_map(|path| Some((level(&path)?, path))).collect();
    list.sort_by(|left, right| right.cmp(left));
    list
}

/// Removes all checkpoints except those at `levels`. Failures are ignored: a leftover checkpoint does no harm.
pub(super) fn keep(folder: &Path, levels: &[Samples]) {
    for (_, path) in list(folder).into_iter().filter(|(at, _)| !levels.contains(at)) {
        let _ = std::fs::remove_file(path);
    }
}

/// Path of the saved copy of an external program's checkpoint folder, taken when its trial had seen `at` samples.
fn snapshot(folder: &Path, at: Samples) -> PathBuf {
    folder.join(format!("{PREFIX}{at}"))
}

/// Saves a copy of an external program's current checkpoint, for trials that may start from it.
///
/// Of the older copies only the one at `before` is kept.
///
/// # Errors
/// If the checkpoint cannot be copied.
pub(super) fn keep_snapshot(folder: &Path, before: Samples, at: Samples) -> io::Result<()> {
    let whole = snapshot(folder, at);
    replace_folder(&folder.join("checkpoint"), &whole)?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        let is_snapshot = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_snapshot && entry.path().is_dir() && entry.path() != whole && entry.path() != snapshot(folder, before) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Lets the trial in `child` start from the checkpoint that the trial in `parent` had after `at` samples.
///
/// When this returns, the copy is durable: the new trial is about to be recorded, and its parent to continue.
///
/// # Errors
/// If the checkpoint cannot be copied. A missing checkpoint is not an error: the trial may not need one to continue.
pub fn inherit(parent: &Path, child: &Path, at: Samples) -> io::Result<()> {
    // Leftovers of an earlier attempt that crashed.
    let _ = std::fs::remove_dir_all(child);
    std::fs::create_dir_all(child)?;
    let file = path(parent, at);
    if file.is_file() {
        let own = path(child, at);
        // Checkpoints are only ever replaced, never modified, so both trials can share one file.
        std::fs::hard_link(&file, &own).or_else(|_| std::fs::copy(&file, &own).map(|_| ()))?;
        sync(&own)?;
    }
    let folder = snapshot(parent, at);
    if folder.is_dir() {
        copy_folder(&folder, &child.join("checkpoint"))?;
    }
    sync_folder(child);
    if let Some(folder) = child.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Replaces the folder `to` with a copy of its sibling `from`. A crash leaves the old one, the new one or neither.
///
/// # Errors
/// If the folder cannot be copied.
pub(super) fn replace_folder(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_file_name("unfinished");
    let _ = std::fs::remove_dir_all(&unfinished);
    copy_folder(from, &unfinished)?;
    let _ = std::fs::remove_dir_all(to);
    std::fs::rename(&unfinished, to)?;
    if let Some(folder) = to.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Copies files, folders and relative links. Absolute links are left out: the copies would point back into this folder.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            copy_link(&entry.path(), &target)?;
        }
    }
    sync_folder(to);
    Ok(())
}

fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    let leads_to = std::fs::read_link(from)?;
    if leads_to.is_relative() {
        os::link(&leads_to, to)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to)?;
    sync(to)
}

/// Flushes a file's content to disk.
///
/// # Errors
/// If the system cannot write it.
pub(super) fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

/// Flushes a folder's entries to disk, where the system supports it.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_listed_newest_first_and_only_the_wanted_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for level in [900, 30, 1_000] {
            std::fs::write(path(folder.path(), Samples(level)), b"").unwrap();
        }
        std::fs::write(folder.path().join("segment.json"), b"").unwrap();
        let levels = || list(folder.path()).into_iter().map(|(at, _)| at.0).collect::<Vec<_>>();
        assert_eq!(levels(), [1_000, 900, 30]);
        keep(folder.path(), &[Samples(900), Samples(1_000)]);
        assert_eq!(levels(), [1_000, 900]);
        assert!(folder.path().join("segment.json").exists());
    }

    #[test]
    fn a_child_begins_where_its_parent_stood() {
        let folder = tempfile::tempdir().unwrap();
        let (parent, child) = (folder.path().join("0"), folder.path().join("1"));
        std::fs::create_dir_all(parent.join("checkpoint/deep")).unwrap();
        std::fs::write(parent.join("checkpoint/deep/state"), b"at 3").unwrap();
        std::fs::write(path(&parent, Samples(3)), b"weights at 3").unwrap();
        keep_snapshot(&parent, Samples(0), Samples(3)).unwrap();
        // The parent continues before its child begins.
        std::fs::write(parent.join("checkpoint/deep/state"), b"at 6").unwrap();
        keep_snapshot(&parent, Samples(3), Samples(6)).unwrap();
        inherit(&parent, &child, Samples(3)).unwrap();
        assert_eq!(std::fs::read(child.join("checkpoint/deep/state")).unwrap(), b"at 3");
        assert_eq!(list(&child), [(Samples(3), path(&child, Samples(3)))]);
        // The copy before the last one is no longer needed.
        keep_snapshot(&parent, Samples(6), Samples(9)).unwrap();
        assert!(!snapshot(&parent, Samples(3)).exists() && snapshot(&parent, Samples(6)).exists());
        assert!(path(&parent, Samples(3)).exists(), "a file is none of a program's");
    }
}
