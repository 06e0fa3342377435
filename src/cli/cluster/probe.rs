//! The job of `automl cluster check`: it looks around on a node and calls back.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::CliError;
use crate::finetune;
use crate::os;
use crate::transports::{Answer, tcp};

/// Time within which the search must be reached.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes into the folder of the check what this node has, and whether it reaches the search.
pub(in crate::cli) fn probe(folder: &Path, job: Option<&str>) -> Result<ExitCode, CliError> {
    let unreachable = tcp::call(folder, job, PATIENCE).err();
    let answer = Answer {
        node: os::node(),
        gpus: gpus(),
        unreachable,
    };
    answer.write(folder).map_err(|source| CliError::File {
        action: "write into",
        path: folder.to_owned(),
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The GPUs that this job may use, with the names that NVIDIA's driver gives them, if it does.
fn gpus() -> Vec<String> {
    let cards = std::fs::read_dir("/proc/driver/nvidia/gpus")
        .into_iter()
        .flatten()
        .flatten();
    let models = cards.filter_map(|card| {
        let text = std::fs::read_to_string(card.path().join("information")).ok()?;
        let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
        Some(model.trim().to_owned())
    });
    let models: Vec<String> = models.collect();
    match finetune::shown_gpus() {
        None => models,
        Some(shown) => shown
            .into_iter()
            .map(|name| {
                let model = name.parse().ok().and_then(|index: usize| models.get(index));
                model.map_or_else(|| name.clone(), |model| format!("{name} ({model})"))
            })
            .collect(),
    }
}
