//! The free space of a disk.

use std::path::Path;

/// The bytes that may be written below a folder, which need not exist yet. `None` if the system does not tell.
#[cfg(unix)]
pub(crate) fn free(folder: &Path) -> Option<u64> {
    let existing = folder.ancestors().find(|folder| folder.is_dir())?;
    let facts = rustix::fs::statvfs(existing).ok()?;
    facts.f_bavail.checked_mul(facts.f_frsize)
}

/// The bytes that may be written below a folder: unknown on this system.
#[cfg(not(unix))]
pub(crate) fn free(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_has_the_space_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(&folder.path().join("a/b")).unwrap() > 0);
    }
}
