//! A stand-in for Weights & Biases' package, for scripts of sweeps that ask it for their parameters (`wandb: shim`).

use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// The module, in Python.
const WANDB: &str = include_str!("shim/wandb.py");

/// The variable that tells the module which metrics count.
const METRICS: &str = "AUTOML_METRICS";

/// Puts the module into a folder of its own below `folder`; returns what a program must find in its environment to use it.
pub(super) fn install(folder: &Path, metrics: &[String]) -> io::Result<Vec<(&'static str, String)>> {
    let path = folder.join("python");
    std::fs::create_dir_all(&path)?;
    files::replace_soon(&path.join("wandb.py"), WANDB.as_bytes())?;
    let all: Vec<PathBuf> = std::iter::once(path).chain(known_path()).collect();
    let path = std::env::join_paths(all).map_err(io::Error::other)?;
    Ok(vec![
        ("PYTHONPATH", path.to_string_lossy().into_owned()),
        (METRICS, serde_json::to_string(metrics)?),
    ])
}

/// What is on Python's path already.
fn known_path() -> Vec<PathBuf> {
    let known = std::env::var_os("PYTHONPATH").filter(|known| !known.is_empty());
    known.map_or_else(Vec::new, |known| std::env::split_paths(&known).collect())
}
