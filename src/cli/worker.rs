//! `automl worker`: the other end of the engine's pipes.

use std::process::ExitCode;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::arguments::Worker;
use crate::worker::Hello;
use crate::{objective, spec, worker as workers};

/// Serves segments of the study in a folder until its engine is gone.
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

/// Signals that reach every process of a job are for the engine, which tells its workers what to do; when it is gone,
/// their input closes.
fn ignore_signals() {
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
}
