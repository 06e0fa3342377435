//! `automl worker`: the worker's end of the engine's pipes, or a pilot that joins a study over TCP.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use super::arguments::Worker;
use super::duration::seconds;
use super::error::CliError;
use crate::engine::{self, available_memory};
use crate::finetune::Device;
use crate::spec::{Resources, Spec};
use crate::transports::tcp::{self, Crew, PilotEvent};
use crate::worker::{Hello, Slot};
use crate::{objective, spec, worker as workers};

/// Joins the study that `--connect` names, or serves the engine at the other end of the pipes.
pub(super) fn worker(arguments: &Worker) -> Result<ExitCode, CliError> {
    if let Some(folder) = &arguments.probe {
        return super::cluster::probe(folder, arguments.job.as_deref());
    }
    match (&arguments.connect, &arguments.study) {
        (Some(folder), _) => join(folder, arguments),
        (None, Some(study)) => Ok(serve(study.clone(), arguments.device.unwrap_or(Device::Cpu))),
        (None, None) => Err(CliError::Usage(
            "`--connect DIR` is missing: which study should it join?".into(),
        )),
    }
}

/// Serves segments of the study in a folder until its engine has exited.
fn serve(study: PathBuf, device: Device) -> ExitCode {
    ignore_signals();
    objective::take_in_strays();
    let hello = Hello::here(&device.to_string());
    let load = move || {
        let (spec, _) = spec::load_begun(&study.join("spec.yaml")).map_err(|errors| errors.render(false))?;
        objective::load(&spec, device).map_err(|error| error.to_string())
    };
    ExitCode::from(workers::serve(std::io::stdin(), std::io::stdout(), hello, load))
}

/// Runs a worker for a study elsewhere until the study has ended.
fn join(folder: &Path, arguments: &Worker) -> Result<ExitCode, CliError> {
    let wait = seconds("--wait", &arguments.wait)?;
    // The path of the endpoint itself names the folder too.
    let folder = if folder.file_name().is_some_and(|name| name == "endpoint.json") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    let (spec, _) = spec::load_begun(&folder.join("spec.yaml")).map_err(CliError::Spec)?;
    let crew = Crew {
        program: std::env::current_exe()
            .map_err(|error| CliError::Usage(format!("cannot find this program: {error}")))?,
        folder: folder.to_owned(),
        slot: slot(&spec, arguments.device)?,
        memory: available_memory(),
        wait: Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX),
        job: arguments.job.clone(),
    };
    objective::take_in_strays();
    let name = spec.name;
    tcp::fly(crew, forward_signals, &mut |event| say(&name, event))?;
    Ok(ExitCode::SUCCESS)
}

/// The slot of a worker on this machine.
fn slot(spec: &Spec, device: Option<Device>) -> Result<Slot, CliError> {
    let resources = Resources {
        workers: Some(1),
        ..spec.resources.clone()
    };
    let slot = workers::slots(&resources, objective::demand(spec))?.into_iter().next();
    let threads = resources.threads_per_worker;
    let given = device.map(|device| Slot {
        device,
        threads,
        gpu: None,
        node: None,
    });
    let cpu = || Slot {
        device: Device::Cpu,
        threads,
        gpu: None,
        node: None,
    };
    Ok(given.or(slot).unwrap_or_else(cpu))
}

/// Calls `leave` at every signal that asks this process to end.
fn forward_signals(leave: Box<dyn Fn() + Send>) -> std::io::Result<()> {
    let (sender, signals) = mpsc::channel();
    engine::forward_signals(sender.clone(), || ())?;
    // A batch system sends it before a time limit.
    let mut signals_of_jobs = Signals::new([SIGUSR1])?;
    std::thread::Builder::new().spawn(move || {
        signals_of_jobs
            .forever()
            .for_each(|_| sender.send(()).unwrap_or_default());
    })?;
    std::thread::Builder::new().spawn(move || signals.into_iter().for_each(|()| leave()))?;
    Ok(())
}

fn say(study: &str, event: &PilotEvent<'_>) {
    let line = match event {
        PilotEvent::Waiting => format!("waiting for the study `{study}` to listen"),
        PilotEvent::Joined => format!("joined the study `{study}`"),
        PilotEvent::Restarting(how) => format!("the worker died ({how}); another one starts"),
        PilotEvent::Stopped => {
            "the study is out of reach, so its trial was stopped here; trying to join again".to_owned()
        }
        PilotEvent::Leaving => "leaving after the current step; a second signal leaves at once".to_owned(),
        PilotEvent::Dismissed => format!("the study `{study}` does not need this worker any more"),
    };
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Ignores signals that reach every process of a job. They are meant for the engine, which instructs its workers. When
/// the engine exits, their input closes.
fn ignore_signals() {
    for signal in [SIGINT, SIGTERM, SIGUSR1] {
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
}
