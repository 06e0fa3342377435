//! A stand-in for the Python package of Weights & Biases, for sweep scripts that read their parameters from it (`wandb:
//! shim`).

use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// The module, in Python.
const WANDB: &str = include_str!("shim/wandb.py");

/// The variable that tells the module which metrics the study uses.
const METRICS: &str = "AUTOML_METRICS";

/// Installs the module in its own folder below `folder`; returns the environment variables that programs need for it.
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

/// The folders that are already on Python's path.
fn known_path() -> Vec<PathBuf> {
    let known = std::env::var_os("PYTHONPATH").filter(|known| !known.is_empty());
    known.map_or_else(Vec::new, |known| std::env::split_paths(&known).collect())
}
