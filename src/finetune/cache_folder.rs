//! Where this user's machine keeps what can be made again.

use std::path::PathBuf;

/// `$AUTOML_CACHE_DIR`, else `automl` in the system's folder for caches; `None` where there is no home.
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
