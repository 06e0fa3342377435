//! An external program as an objective: started once per segment, given a configuration, and read for lines of metrics.
//!
//! The program receives the configuration and the epochs to train in its arguments, in `AUTOML_…` variables and in a
//! JSON file. It reports metrics as lines of JSON on standard output. It keeps the state that it needs to resume in the
//! folder `AUTOML_CHECKPOINT`. All other output goes to the trial's log. Begin reading at [`CommandObjective`].

mod arguments;
mod attempt;
mod ending;
mod launch;
mod log;
mod output;
mod patterns;
mod program;
mod python;
mod readings;
mod report;
mod shim;
mod silence;

pub use launch::launch;
pub use program::end_group;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::arguments::Told;
use self::attempt::Attempt;
use self::log::Log;
use self::output::Output;
use self::patterns::Patterns;
use self::program::{Heard, Hearing, Program, find, interpreter};
use self::readings::Reading;
use self::report::Report;
use self::silence::Silence;
use super::kernel_kills::kernel_kills;
use super::resident::{cpu_seconds, resident_mb};
use super::segment_progress::{SegmentProgress, unwritable};
use super::{Control, InputError, Objective, RunError, checkpoints};
use crate::spec::{CommandLine, CommandSpec, Fact, Meaning, Piece, Word};
use crate::trials::{Failure, FailureKind, Progress, Segment, SegmentReport, TrainingCurve};
use crate::units::Samples;

/// The resource of a program is whole epochs: it cannot be stopped anywhere else.
pub(super) const EPOCH: Samples = Samples(1);

/// Interval between checks for a stop request while a program reports nothing.
const TICK: Duration = Duration::from_millis(20);

/// Interval between measurements of a program's memory.
const MEASURE: Duration = Duration::from_secs(1);

/// Time within which the engine requests a stop after a signal to the whole job has killed a program.
const WORD_OF_THE_ENGINE: Duration = Duration::from_millis(500);

/// Checks that the program of a command exists.
pub(super) fn check(command: &CommandSpec) -> Result<(), InputError> {
    let CommandLine::Words(words) = &command.line else {
        return Ok(());
    };
    // If the program depends on the trial, it is looked up when the trial is known.
    let Some(program) = words.first().and_then(literal) else {
        return Ok(());
    };
    let missing = |program: &str| InputError::NoProgram {
        program: program.to_owned(),
        folder: command.folder.clone(),
    };
    if find(program, &command.folder).is_none() {
        return Err(missing(program));
    }
    let words: Vec<&str> = words.iter().map_while(literal).collect();
    let words = behind_env(&words);
    match words.first() {
        // An option of `env` itself or a variable is not a program.
        Some(program) if !program.contains(['-', '=']) && find(program, &command.folder).is_none() => {
            return Err(missing(program));
        }
        Some(_) | None => {}
    }
    match script(words) {
        Some((interpreter, script)) if !command.folder.join(script).exists() => Err(InputError::NoScript {
            script: script.to_owned(),
            interpreter: interpreter.to_owned(),
            folder: command.folder.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// The words of a command without a leading `env`.
fn behind_env<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    match words {
        [first, rest @ ..] if *first == "env" || first.ends_with("/env") => rest,
        all => all,
    }
}

/// The interpreter and the script that it runs: `[python3, train.py, …]`.
fn script<'a>(words: &[&'a str]) -> Option<(&'a str, &'a str)> {
    const INTERPRETERS: [&str; 10] = [
        "python", "pypy", "sh", "bash", "zsh", "Rscript", "julia", "node", "perl", "ruby",
    ];
    const EXTENSIONS: [&str; 8] = ["py", "sh", "R", "r", "jl", "js", "pl", "rb"];
    let [program, script, ..] = words else { return None };
    let name = program.rsplit('/').next()?;
    let name = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let extension = std::path::Path::new(script).extension()?.to_str()?;
    (INTERPRETERS.contains(&name) && EXTENSIONS.contains(&extension)).then_some((*program, *script))
}

/// The text of a word that is the same for every trial.
fn literal(word: &Word) -> Option<&str> {
    match &word.meaning {
        Meaning::Argument(pieces) => match &pieces[..] {
            [Piece::Text(text)] => Some(text),
            [Piece::Fact(Fact::Interpreter)] => Some(interpreter()),
            _ => None,
        },
        Meaning::Arguments(_) => None,
    }
}

/// An external program.
#[derive(Clone, Debug)]
pub struct CommandObjective {
    spec: CommandSpec,
    /// The metrics that the study uses.
    metrics: Vec<String>,
    /// This executable. Programs are started through it so that none outlives its worker.
    launcher: Option<PathBuf>,
}

impl CommandObjective {
    /// The program of a spec, in a study that uses `metrics`. It is started through `launcher`, if there is one.
    pub fn new(spec: CommandSpec, metrics: Vec<String>, launcher: Option<PathBuf>) -> Self {
        Self {
            spec,
            metrics,
            launcher,
        }
    }
}

/// How a program ended.
enum End {
    /// It exited.
    Exited(std::process::ExitStatus),
    /// A stop was requested.
    Stopped,
    /// It had reported its whole segment and continued.
    Overrun,
    /// It resumed with a state that was ahead of its reports: an epoch is missing.
    Skipped,
}

impl Objective for CommandObjective {
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError> {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let mut told = Told::prepare(segment).map_err(|error| machine(segment, error))?;
        if self.spec.has_shim {
            let of_shim = shim::install(told.folder(), &self.metrics);
            told.tell_too(of_shim.map_err(|error| machine(segment, error))?);
        }
        let mut attempt = Attempt::begin(segment).map_err(|error| machine(segment, error))?;
        if attempt.done.reached < segment.to {
            let log = Log::open(&segment.log).map_err(|error| machine(segment, error))?;
            let done = self.complete(&mut attempt, &log, &told, segment, control);
            log.remove_if_empty();
            done?;
            let before = attempt.done.usage.wall_seconds;
            attempt.done.usage.wall_seconds = before + begun.elapsed().as_secs_f64();
            attempt.done.usage.train_seconds = attempt.done.usage.wall_seconds;
            attempt.done.usage.cpu_seconds += cpu_seconds() - cpu;
            if segment.is_kept && attempt.done.reached >= segment.to {
                checkpoints::keep_snapshot(&segment.checkpoints, segment.from, segment.to)
                    .map_err(|error| machine(segment, error))?;
            }
            attempt
                .done
                .save(&segment.checkpoints)
                .map_err(|error| machine(segment, error))?;
        }
        let done = &attempt.done;
        if done.reached >= segment.to {
            attempt.end();
        }
        Ok(SegmentReport {
            reached: done.reached,
            evaluations: done.evaluations.clone(),
            training: TrainingCurve::default(),
            trainable_parameters: 0,
            usage: done.usage.clone(),
        })
    }
}

impl CommandObjective {
    /// Runs the segment until its result is certain, or until a stop is requested.
    ///
    /// If a program resumes after an interruption and then fails, reports too little or skips an epoch, the segment
    /// restarts from its initial state. The restarted segment counts as uninterrupted.
    fn complete(
        &self,
        attempt: &mut Attempt,
        log: &Log,
        told: &Told<'_>,
        segment: &Segment,
        control: &mut dyn Control,
    ) -> Result<(), RunError> {
        loop {
            let known = std::mem::take(&mut attempt.done.evaluations);
            let mut report = Report::new(segment, &self.metrics, known);
            let output = Output::follow(&segment.checkpoints, attempt.done.heard);
            let heard = Hearing {
                output: output.map_err(|error| machine(segment, error))?,
                log: log.clone(),
                slip: None,
                patterns: Patterns::new(&self.spec.patterns),
            };
            let kills = kernel_kills();
            let (end, heard) = self.attempt(attempt, &mut report, heard, told, segment, control)?;
            let is_certain = match end {
                End::Stopped => true,
                End::Skipped => false,
                End::Exited(status) if !status.success() => {
                    if !attempt.is_retry {
                        return Err(ending::failure(status, log, report.last_reported(), kills).into());
                    }
                    false
                }
                End::Exited(_) | End::Overrun if attempt.is_retry => report.settle(),
                End::Exited(_) | End::Overrun => {
                    report.conclude(heard.slip(), &segment.log)?;
                    true
                }
            };
            if is_certain {
                attempt.done.heard = heard.output.heard();
                (attempt.done.reached, attempt.done.evaluations) = report.into_parts();
                return Ok(());
            }
            attempt
                .put_back(heard.output.heard())
                .map_err(|error| machine(segment, error))?;
        }
    }

    /// Runs one program for a segment, after reading the output that an earlier one left.
    fn attempt(
        &self,
        attempt: &mut Attempt,
        report: &mut Report<'_>,
        mut heard: Hearing,
        told: &Told<'_>,
        segment: &Segment,
        control: &mut dyn Control,
    ) -> Result<(End, Hearing), RunError> {
        if attempt.is_retry {
            while let Some(reading) = heard.rest() {
                if report.is_ahead_of(&reading) {
                    return Ok((End::Skipped, heard));
                }
                take(reading, report, control)?;
            }
            if report.is_past_end() {
                return Ok((End::Overrun, heard));
            }
        }
        let mut program = Program::start(&self.spec, told, heard, self.launcher.as_deref())?;
        control.program(Some(program.group()));
        let end = watch(&mut program, report, segment, control, attempt);
        control.program(None);
        Ok((end?, program.end()))
    }
}

/// Follows a program until it ends.
fn watch(
    program: &mut Program,
    report: &mut Report<'_>,
    segment: &Segment,
    control: &mut dyn Control,
    attempt: &mut Attempt,
) -> Result<End, RunError> {
    let mut silence = Silence::begin(program, segment);
    let mut last_measure = Instant::now();
    let end = loop {
        match program.hear(TICK) {
            Heard::Report(reading) if attempt.is_retry && report.is_ahead_of(&reading) => break End::Skipped,
            Heard::Report(reading) => {
                silence.is_broken();
                take(reading, report, control)?;
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
        forget(program, report, segment, attempt)?;
        if last_measure.elapsed() >= MEASURE {
            last_measure = Instant::now();
            let usage = &mut attempt.done.usage;
            usage.peak_memory_mb = usage.peak_memory_mb.max(resident_mb(program.group()));
        }
    };
    match end {
        End::Exited(status) if ending::is_of_a_job(status) => {
            // A batch system signals every process of a job. Then the engine is about to request a stop.
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
        End::Stopped | End::Overrun | End::Skipped => {
            // The worker is alive meanwhile; asking for a stop request signals that.
            let beat = || {
                control.is_stop_requested();
            };
            let said = program.stop(&beat);
            for reading in said {
                // Epochs after a missing one and epochs beyond the segment will be reported again.
                let is_of_use = !attempt.is_retry || !report.is_ahead_of(&reading);
                if matches!(end, End::Stopped) && is_of_use {
                    take(reading, report, control)?;
                }
            }
            Ok(end)
        }
    }
}

/// Processes a report. The report is durable, because its line is in the output file.
fn take(reading: Reading, report: &mut Report<'_>, control: &mut dyn Control) -> Result<(), RunError> {
    if let Some(name) = report.diverged(&reading) {
        let message = format!("the program reported a `{name}` that is not finite");
        return Err(failed(FailureKind::Diverged, message));
    }
    if let Some(evaluation) = report.take(reading) {
        control.progress(Progress {
            at: evaluation.at,
            train_loss: None,
            evaluation: Some(evaluation),
        });
    }
    Ok(())
}

/// Reserves disk space for further output; when the output is long, saves the progress and frees the space read so far.
fn forget(
    program: &mut Program,
    report: &Report<'_>,
    segment: &Segment,
    attempt: &mut Attempt,
) -> Result<(), RunError> {
    let output = &mut program.heard().output;
    output.reserve().map_err(|error| machine(segment, error))?;
    if output.is_long() {
        let progress = SegmentProgress {
            // The segment counts as reached only once the program has been seen to end.
            reached: segment.from,
            evaluations: report.evaluations().to_vec(),
            heard: output.heard(),
            ..attempt.done.clone()
        };
        progress
            .save(&segment.checkpoints)
            .map_err(|error| machine(segment, error))?;
        output.forget();
    }
    Ok(())
}

fn machine(segment: &Segment, error: std::io::Error) -> RunError {
    RunError::Machine(unwritable(&segment.checkpoints, error))
}

fn failed(kind: FailureKind, message: String) -> RunError {
    RunError::Trial(Failure { kind, message })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
