//! The folders for cached files of this user, which can always be computed again.

use std::fs::File;
use std::path::{Path, PathBuf};

/// `$AUTOML_CACHE_DIR`, else `automl` in the system's cache folder; `None` if there is no home folder.
pub(crate) fn user_cache() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("AUTOML_CACHE_DIR")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("automl")))
        .or_else(|| Some(variable("HOME")?.join(".cache").join("automl")))
}

/// The folder `name` in `cache`. It belongs to this user, and no other user can write to it. In a cache that several users
/// share, each user has such a folder.
pub(crate) fn own_folder(cache: &Path, name: &str) -> PathBuf {
    let folder = cache.join(name);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
        let _ = std::fs::create_dir_all(cache);
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700);
        let mine = rustix::process::geteuid().as_raw();
        let make = |folder: &Path| {
            let _ = builder.create(folder);
            let is_mine = std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && found.uid() == mine);
            if is_mine {
                let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
            }
            is_mine
        };
        if !make(&folder) {
            let own = cache.join(format!("{name}-{mine}"));
            make(&own);
            return own;
        }
    }
    folder
}

/// Sets the modification time of a file to now, by the clock of its file system.
pub(crate) fn touch(file: &File) {
    #[cfg(unix)]
    {
        let now = rustix::fs::Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_NOW,
        };
        let times = rustix::fs::Timestamps {
            last_access: now,
            last_modification: now,
        };
        let _ = rustix::fs::futimens(file, &times);
    }
    #[cfg(not(unix))]
    let _ = file;
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_else_can_write_into_the_folder_and_no_link_is_followed() {
        let cache = tempfile::tempdir().unwrap();
        let mode = |folder: &Path| folder.metadata().unwrap().permissions().mode() & 0o777;
        std::fs::create_dir(cache.path().join("frozen")).unwrap();
        std::fs::set_permissions(cache.path().join("frozen"), std::fs::Permissions::from_mode(0o777)).unwrap();
        let folder = own_folder(cache.path(), "frozen");
        assert_eq!(
            (mode(&folder), folder.file_name().unwrap().to_str()),
            (0o700, Some("frozen"))
        );
        let other = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(cache.path(), other.path().join("frozen")).unwrap();
        assert_ne!(own_folder(other.path(), "frozen"), other.path().join("frozen"));
    }
}
