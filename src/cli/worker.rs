//! `automl worker`: the worker's end of the engine's pipes.

use std::process::ExitCode;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::arguments::Worker;
use crate::worker::Hello;
use crate::{objective, spec, worker as workers};

/// Serves segments of the study in a folder until its engine has exited.
pub(super) fn worker(arguments: Worker) -> ExitCode {
    ignore_signals();
    objective::take_in_strays();
    let hello = Hello::here(&arguments.device.to_string());
    let load = move || {
        let (spec, _) = spec::load_begun(&arguments.study.join("spec.yaml")).map_err(|errors| errors.render(false))?;
        objective::load(&spec, arguments.device).map_err(|error| error.to_string())
    };
    ExitCode::from(workers::serve(std::io::stdin(), std::io::stdout(), hello, load))
}

/// Ignores signals that reach every process of a job. They are meant for the engine, which instructs its workers. When
/// the engine exits, their input closes.
fn ignore_signals() {
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
}
