//! A trial's checkpoints by level: the newest, and the one before it to fall back to if that is damaged.

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
}
