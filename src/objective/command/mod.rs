//! An external program as an objective: started once a segment, told what to try, read for lines of metrics.
//!
//! The program learns from its arguments, from `AUTOML_…` variables and from a JSON file what to train and how far; it
//! reports metrics as lines of JSON on standard output, and keeps what it needs to go on in the folder `AUTOML_CHECKPOINT`.
//! Everything it says goes to the trial's log. Begin reading at [`Command`].

mod arguments;
mod launch;
mod program;
mod readings;
mod report;
mod silence;

pub use launch::launch;
pub use program::end_group;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::arguments::Told;
use self::program::{Heard, Program, find};
use self::readings::Reading;
use self::report::Report;
use self::silence::Silence;
use super::resident::resident_mb;
use super::segment_progress::{SegmentProgress, unwritable};
use super::{Control, InputError, Objective, RunError, checkpoints};
use crate::spec::{CommandLine, CommandSpec, Meaning, Piece};
use crate::trials::{Failure, FailureKind, Progress, Segment, SegmentReport, Usage};
use crate::units::Samples;

/// The resource of a program is whole epochs: it can be stopped nowhere else.
pub(super) const EPOCH: Samples = Samples(1);

/// How often the outside is asked for news while a program says nothing.
const TICK: Duration = Duration::from_millis(20);

/// How often a program's memory is measured.
const MEASURE: Duration = Duration::from_secs(1);

/// A program that dies of a signal that reached the whole job is told so by its engine within this time.
const WORD_OF_THE_ENGINE: Duration = Duration::from_millis(500);

/// Checks that the program of a command is there.
pub(super) fn check(command: &CommandSpec) -> Result<(), InputError> {
    let CommandLine::Words(words) = &command.line else {
        return Ok(());
    };
    // A program that depends on the trial is looked for when it is known.
    let Some(Meaning::Argument(pieces)) = words.first().map(|word| &word.meaning) else {
        return Ok(());
    };
    let [Piece::Text(program)] = &pieces[..] else {
        return Ok(());
    };
    if find(program, &command.folder).is_some() {
        return Ok(());
    }
    Err(InputError::NoProgram {
        program: program.clone(),
        folder: command.folder.clone(),
    })
}

/// An external program.
#[derive(Clone, Debug)]
pub struct Command {
    spec: CommandSpec,
    /// The metrics that count.
    metrics: Vec<String>,
    /// This program, through which others are started so that none outlives its worker.
    launcher: Option<PathBuf>,
}

impl Command {
    /// The program that a spec names, in a study in which `metrics` count; started through `launcher`, where there is one.
    pub fn new(spec: CommandSpec, metrics: Vec<String>, launcher: Option<PathBuf>) -> Self {
        Self {
            spec,
            metrics,
            launcher,
        }
    }
}

/// How a program came to its end.
enum End {
    /// By itself.
    Exited(std::process::ExitStatus),
    /// It was told to stop.
    Stopped,
    /// It had reported all of its segment and went on.
    Overrun,
}

impl Objective for Command {
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError> {
        let begun = Instant::now();
        let machine = |error: std::io::Error| RunError::Machine(unwritable(&segment.checkpoints, error));
        let told = Told::prepare(segment).map_err(machine)?;
        let known = SegmentProgress::load(&segment.checkpoints).filter(|saved| saved.from == segment.from);
        let mut done = known.unwrap_or_else(|| SegmentProgress::fresh(segment.from));
        let mut report = Report::new(segment, &self.metrics, std::mem::take(&mut done.evaluations));
        let mut program = Program::start(&self.spec, &told, segment, self.launcher.as_deref())?;
        control.program(Some(program.group()));
        let end = watch(&mut program, &mut report, segment, control, &mut done);
        control.program(None);
        let before = done.usage.wall_seconds;
        done.usage.wall_seconds = before + begun.elapsed().as_secs_f64();
        done.usage.train_seconds = done.usage.wall_seconds;
        match end? {
            End::Exited(status) if !status.success() => return Err(program.failure(status).into()),
            End::Exited(_) | End::Overrun => report.conclude(&segment.log)?,
            End::Stopped => {}
        }
        (done.reached, done.evaluations) = report.into_parts();
        done.save(&segment.checkpoints).map_err(machine)?;
        if segment.is_kept && done.reached >= segment.to {
            checkpoints::keep_snapshot(&segment.checkpoints, segment.from, segment.to).map_err(machine)?;
        }
        Ok(SegmentReport {
            reached: done.reached,
            evaluations: done.evaluations,
            trainable_parameters: 0,
            usage: done.usage,
        })
    }
}

/// Follows a program to its end.
fn watch(
    program: &mut Program,
    report: &mut Report<'_>,
    segment: &Segment,
    control: &mut dyn Control,
    done: &mut SegmentProgress,
) -> Result<End, RunError> {
    let mut silence = Silence::begin(program, segment);
    let mut last_measure = Instant::now();
    let end = loop {
        match program.hear(TICK) {
            Heard::Report(reading) => {
                silence.is_broken();
                take(reading, report, segment, control, &done.usage)?;
            }
            Heard::Nothing => {}
            Heard::End(status) => break End::Exited(status),
        }
        if control.is_stop_requested() {
            break End::Stopped;
        }
        if report.is_past_end() {
            break End::Overrun;
        }
        silence.check(program, segment)?;
        if last_measure.elapsed() >= MEASURE {
            last_measure = Instant::now();
            done.usage.peak_memory_mb = done.usage.peak_memory_mb.max(resident_mb(program.group()));
        }
    };
    match end {
        End::Exited(status) if program::is_of_a_job(status) => {
            // A batch system signals every process of a job. Then the engine is about to say so.
            let patience = Instant::now() + WORD_OF_THE_ENGINE;
            while Instant::now() < patience {
                if control.is_stop_requested() {
                    return Ok(End::Stopped);
                }
                std::thread::sleep(TICK);
            }
            Ok(end)
        }
        End::Exited(_) => Ok(end),
        End::Stopped | End::Overrun => {
            // The worker itself is alive all the while, and says so when it asks.
            let beat = || {
                control.is_stop_requested();
            };
            for reading in program.stop(&beat) {
                take(reading, report, segment, control, &done.usage)?;
            }
            Ok(end)
        }
    }
}

/// Takes note of a report, so that it lasts.
fn take(
    reading: Reading,
    report: &mut Report<'_>,
    segment: &Segment,
    control: &mut dyn Control,
    usage: &Usage,
) -> Result<(), RunError> {
    if let Some(name) = report.diverged(&reading) {
        let message = format!("the program reported a `{name}` that is no finite number");
        return Err(failed(FailureKind::Diverged, message));
    }
    let Some(evaluation) = report.take(reading) else {
        return Ok(());
    };
    let progress = SegmentProgress {
        from: segment.from,
        reached: report.reached(),
        evaluations: report.evaluations().to_vec(),
        usage: usage.clone(),
    };
    progress
        .save(&segment.checkpoints)
        .map_err(|error| RunError::Machine(unwritable(&segment.checkpoints, error)))?;
    control.progress(Progress {
        at: evaluation.at,
        train_loss: None,
        evaluation: Some(evaluation),
    });
    Ok(())
}

fn failed(kind: FailureKind, message: String) -> RunError {
    RunError::Trial(Failure { kind, message })
}
