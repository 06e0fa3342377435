//! A trial's checkpoints by level: the newest, and the one before it to fall back to if that is damaged.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::units::Samples;

const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".safetensors";

/// The checkpoint of a trial that has seen so many samples.
pub(super) fn path(folder: &Path, at: Samples) -> PathBuf {
    folder.join(format!("{PREFIX}{at}{SUFFIX}"))
}

/// All checkpoints in a trial's folder, the newest first.
pub(super) fn list(folder: &Path) -> Vec<(Samples, PathBuf)> {
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

/// Removes all checkpoints but those at these levels. One that cannot be removed does no harm.
pub(super) fn keep(folder: &Path, levels: &[Samples]) {
    for (_, path) in list(folder).into_iter().filter(|(at, _)| !levels.contains(at)) {
        let _ = std::fs::remove_file(path);
    }
}

/// The checkpoint of an external program, a folder, as it was when its trial had seen so many samples.
fn snapshot(folder: &Path, at: Samples) -> PathBuf {
    folder.join(format!("{PREFIX}{at}"))
}

/// Keeps what an external program has in its checkpoint now, for trials that may begin from there; of older ones only
/// that at `before`.
///
/// # Errors
/// When it cannot be copied.
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

/// Lets the trial in the folder `child` begin where that in `parent` stood when it had seen so many samples. When this
/// returns it lasts: the trial is about to exist, and its parent to go on.
///
/// # Errors
/// When the checkpoint cannot be copied. That there is none is no error here: nothing may be needed to go on.
pub fn inherit(parent: &Path, child: &Path, at: Samples) -> io::Result<()> {
    // What a crash left of an earlier attempt.
    let _ = std::fs::remove_dir_all(child);
    std::fs::create_dir_all(child)?;
    let file = path(parent, at);
    if file.is_file() {
        let own = path(child, at);
        // A checkpoint is never written into, only replaced: both may have the same one.
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

/// Puts a copy of a folder in the place of another one beside it. A crash leaves the old one, the new one, or neither.
///
/// # Errors
/// When it cannot be copied.
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

/// Copies files, folders and links that are relative. Others are left out: in another folder they would lead back to this one.
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
    #[cfg(unix)]
    if leads_to.is_relative() {
        std::os::unix::fs::symlink(&leads_to, to)?;
    }
    #[cfg(not(unix))]
    let _ = (leads_to, to);
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to)?;
    sync(to)
}

/// What is in a file lasts from now on.
///
/// # Errors
/// When the system cannot write it.
pub(super) fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

/// The names in a folder last from now on, where the system can promise that.
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
        // The parent goes on before its child begins.
        std::fs::write(parent.join("checkpoint/deep/state"), b"at 6").unwrap();
        keep_snapshot(&parent, Samples(3), Samples(6)).unwrap();
        inherit(&parent, &child, Samples(3)).unwrap();
        assert_eq!(std::fs::read(child.join("checkpoint/deep/state")).unwrap(), b"at 3");
        assert_eq!(list(&child), [(Samples(3), path(&child, Samples(3)))]);
        // The one before the last is not needed any more.
        keep_snapshot(&parent, Samples(6), Samples(9)).unwrap();
        assert!(!snapshot(&parent, Samples(3)).exists() && snapshot(&parent, Samples(6)).exists());
        assert!(path(&parent, Samples(3)).exists(), "a file is none of a program's");
    }
}
