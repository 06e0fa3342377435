//! Events as JSON for other programs, one object per line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::engine::{Clock, EngineEvent, Observer, QueueState};
use crate::report::Audit;
use crate::space::Configuration;
use crate::study::{EndReason, Outcome, Study};
use crate::trials::{Evaluation, Failure, Observation, Status};
use crate::units::{Goal, Samples, TrialId};
use crate::worker::Slot;

use super::sentences::BestSeen;
use super::speed::{Fits, Speed};
use super::{DisplayFacts, header};

/// Version of this format, in the first line. Within a version, fields may be added but not changed or removed.
const FORMAT: u32 = 1;

/// Shortest time between two ticks in the output, in seconds.
const TICK: f64 = 1.0;

/// Writes every event as a JSON object on one line: `{"moment": "delivered", "elapsed": 42.1, …}`.
///
/// `elapsed` is the number of seconds that the study has run. Resource levels are objects with `samples` and `epochs`.
/// Numbers that JSON cannot represent are `null`. At most one tick per second is written. An error of the writer does
/// not stop the study, and is reported once.
pub struct Json<W> {
    out: W,
    facts: DisplayFacts,
    best: BestSeen,
    speed: Speed,
    ticked: f64,
    is_broken: bool,
}

/// The fields of each kind of event. The tag has been called `moment` since the first version.
#[derive(Serialize)]
#[serde(tag = "moment", rename_all = "snake_case")]
enum Line<'a> {
    Started {
        elapsed: f64,
        format: u32,
        name: &'a str,
        metric: &'a str,
        goal: Goal,
        wall: Option<f64>,
        max_trials: Option<u32>,
        is_resumed: bool,
        slots: Vec<SlotFields>,
        rungs: Vec<Level>,
    },
    Forecast {
        elapsed: f64,
        full_run_seconds: f64,
        full_runs_left: f64,
    },
    SegmentStarted {
        elapsed: f64,
        slot: usize,
        trial: TrialId,
        from: Level,
        to: Level,
        configuration: &'a Configuration,
        origin: &'a str,
    },
    Progressed {
        elapsed: f64,
        slot: usize,
        trial: TrialId,
        at: Level,
        train_loss: Option<f64>,
        metrics: Option<&'a BTreeMap<String, f64>>,
    },
    SegmentEnded {
        elapsed: f64,
        slot: usize,
        trial: TrialId,
        outcome: &'static str,
        at: Option<Level>,
        metrics: Option<&'a BTreeMap<String, f64>>,
        failure: Option<&'a Failure>,
    },
    Delivered {
        elapsed: f64,
        trial: TrialId,
        status: &'static str,
        reached: Level,
        value: Option<f64>,
        is_best: bool,
        failure: Option<&'a Failure>,
    },
    Listening {
        elapsed: f64,
        how: &'a str,
    },
    WorkerJoined {
        elapsed: f64,
        slot: usize,
        node: &'a str,
        device: String,
        threads: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<&'a str>,
    },
    Queue {
        elapsed: f64,
        queue: &'a QueueState,
    },
    WorkerLeft {
        elapsed: f64,
        slot: usize,
        message: &'a str,
    },
    WorkerLost {
        elapsed: f64,
        slot: usize,
        trial: Option<TrialId>,
        message: &'a str,
        is_tried_again: bool,
    },
    MemoryRanOut {
        elapsed: f64,
        slot: usize,
        trial: TrialId,
        message: &'a str,
    },
    Selecting {
        elapsed: f64,
        finalists: usize,
    },
    Stopping {
        elapsed: f64,
        why: &'a str,
    },
    Tick {
        elapsed: f64,
        counts: Counts,
    },
    Ended {
        elapsed: f64,
        reason: Option<EndReason>,
        idle_share: f64,
        counts: Counts,
        best: Option<Best<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        audit: Option<AuditFields>,
        folder: String,
    },
}

#[derive(Serialize)]
struct SlotFields {
    slot: usize,
    device: String,
    threads: usize,
}

#[derive(Serialize)]
struct Level {
    samples: Samples,
    epochs: f64,
}

#[derive(Serialize)]
struct Best<'a> {
    trial: TrialId,
    value: f64,
    at: Level,
    origin: &'a str,
    configuration: &'a Configuration,
}

/// Results of an audit of pruning.
#[derive(Serialize)]
struct AuditFields {
    audited: usize,
    pruned: usize,
    winners: usize,
    regret: Option<f64>,
    agreements: Vec<AgreementFields>,
}

#[derive(Serialize)]
struct AgreementFields {
    from: Level,
    to: Level,
    trials: usize,
    tau: f64,
}

/// Number of trials by status.
#[derive(Default, Serialize)]
struct Counts {
    trials: usize,
    running: usize,
    paused: usize,
    pruned: usize,
    completed: usize,
    failed: usize,
}

impl<W: Write> Json<W> {
    /// Writes JSON lines to `out`.
    pub fn new(out: W, facts: DisplayFacts) -> Self {
        Self {
            out,
            facts,
            best: BestSeen::default(),
            speed: Speed::default(),
            ticked: f64::NEG_INFINITY,
            is_broken: false,
        }
    }

    pub(super) fn take(&mut self, event: &EngineEvent<'_>, study: &Study, elapsed: f64) {
        if matches!(event, EngineEvent::Tick) {
            if elapsed - self.ticked < TICK {
                return;
            }
            self.ticked = elapsed;
        }
        let is_best = match event {
            EngineEvent::Started { .. } | EngineEvent::Delivered { .. } => self.best.is_new(study),
            _ => false,
        };
        let elapsed = (elapsed * 1000.0).round() / 1000.0;
        let fits = self.speed.take(event, study, &self.facts, elapsed);
        let line = line(event, study, &self.facts, (elapsed, is_best));
        let mut written = write(&mut self.out, &line);
        if let Some(Fits { full_run, runs, .. }) = fits {
            let forecast = Line::Forecast {
                elapsed,
                full_run_seconds: full_run,
                full_runs_left: runs,
            };
            written = written.and_then(|()| write(&mut self.out, &forecast));
        }
        match written {
            // The reader has closed the pipe, or the error has been reported.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe && !self.is_broken => {
                self.is_broken = true;
                let _ = writeln!(
                    io::stderr(),
                    "warning: cannot write to standard output: {error}; the study continues without it"
                );
            }
            Ok(()) | Err(_) => {}
        }
    }
}

impl<W: Write> Observer for Json<W> {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        self.take(event, study, clock.elapsed());
        Ok(())
    }
}

/// Writes a line in a single call.
fn write(out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn started<'a>(
    elapsed: f64,
    (study, facts): (&'a Study, &'a DisplayFacts),
    slots: &[Slot],
    is_resumed: bool,
) -> Line<'a> {
    let settings = study.settings();
    let rungs = study.rungs().iter().map(|&samples| Level {
        samples,
        epochs: samples.epochs(facts.epoch),
    });
    let slots = slots.iter().enumerate().map(|(slot, at)| SlotFields {
        slot,
        device: at.device_name(),
        threads: at.threads,
    });
    Line::Started {
        elapsed,
        format: FORMAT,
        name: &facts.name,
        metric: &settings.metric,
        goal: settings.goal,
        wall: header::wall(study, facts),
        max_trials: settings.max_trials,
        is_resumed,
        slots: slots.collect(),
        rungs: rungs.collect(),
    }
}

fn line<'a>(
    event: &'a EngineEvent<'_>,
    study: &'a Study,
    facts: &'a DisplayFacts,
    (elapsed, is_best): (f64, bool),
) -> Line<'a> {
    let level = |samples: Samples| Level {
        samples,
        epochs: samples.epochs(facts.epoch),
    };
    match event {
        EngineEvent::Started { slots, is_resumed } => started(elapsed, (study, facts), slots, *is_resumed),
        EngineEvent::SegmentStarted { slot, trial, from, to } => Line::SegmentStarted {
            elapsed,
            slot: *slot,
            trial: *trial,
            from: level(*from),
            to: level(*to),
            configuration: &study.trials()[trial.index()].configuration,
            origin: &study.trials()[trial.index()].origin,
        },
        EngineEvent::Progressed { slot, trial, progress } => Line::Progressed {
            elapsed,
            slot: *slot,
            trial: *trial,
            at: level(progress.at),
            train_loss: progress.train_loss,
            metrics: progress.evaluation.as_ref().map(|evaluation| &evaluation.metrics),
        },
        EngineEvent::SegmentEnded { slot, trial, outcome } => segment_ended(elapsed, (*slot, *trial), *outcome, &level),
        EngineEvent::Delivered { trial } => {
            let known = &study.trials()[trial.index()];
            Line::Delivered {
                elapsed,
                trial: *trial,
                status: status(known.status),
                reached: level(known.reached),
                value: known.observations.last().map(|last| value(study, last)),
                is_best,
                failure: study.record(*trial).failure.as_ref(),
            }
        }
        EngineEvent::Inviting { how } => Line::Listening { elapsed, how },
        EngineEvent::Queue { queue } => Line::Queue { elapsed, queue },
        EngineEvent::WorkerJoined { slot, at, job } => Line::WorkerJoined {
            elapsed,
            slot: *slot,
            node: at.node.as_deref().unwrap_or_default(),
            device: at.device_name(),
            threads: at.threads,
            job: *job,
        },
        EngineEvent::WorkerLeft { slot, message } => Line::WorkerLeft {
            elapsed,
            slot: *slot,
            message,
        },
        EngineEvent::WorkerLost {
            slot,
            trial,
            message,
            is_retried,
        } => Line::WorkerLost {
            elapsed,
            slot: *slot,
            trial: *trial,
            message,
            is_tried_again: *is_retried,
        },
        EngineEvent::MemoryRanOut { slot, trial, message } => Line::MemoryRanOut {
            elapsed,
            slot: *slot,
            trial: *trial,
            message,
        },
        EngineEvent::Selecting { finalists } => Line::Selecting {
            elapsed,
            finalists: *finalists,
        },
        EngineEvent::Stopping { why } => Line::Stopping { elapsed, why },
        EngineEvent::Tick => Line::Tick {
            elapsed,
            counts: counts(study),
        },
        EngineEvent::Ended { reason, idle_share } => Line::Ended {
            elapsed,
            reason: *reason,
            idle_share: *idle_share,
            counts: counts(study),
            best: study.winner().and_then(|winner| {
                let id = winner.trial;
                let trial = &study.trials()[id.index()];
                let best = study.best_observation(id)?;
                Some(Best {
                    trial: id,
                    value: value(study, &best),
                    at: level(best.at),
                    origin: &trial.origin,
                    configuration: &trial.configuration,
                })
            }),
            audit: Audit::new(study).map(|audit| audit_fields(audit, &level)),
            folder: facts.folder.display().to_string(),
        },
    }
}

fn audit_fields(audit: Audit, level: &dyn Fn(Samples) -> Level) -> AuditFields {
    let Audit {
        audited,
        pruned,
        winners,
        regret,
        agreements,
    } = audit;
    let agreements = agreements.into_iter().map(|agreement| AgreementFields {
        from: level(agreement.from),
        to: level(agreement.to),
        trials: agreement.trials,
        tau: agreement.tau,
    });
    AuditFields {
        audited,
        pruned,
        winners,
        regret,
        agreements: agreements.collect(),
    }
}

fn segment_ended<'a>(
    elapsed: f64,
    (slot, trial): (usize, TrialId),
    outcome: Option<&'a Outcome>,
    level: &dyn Fn(Samples) -> Level,
) -> Line<'a> {
    let (name, at, last, failure): (_, _, Option<&Evaluation>, _) = match outcome {
        Some(Outcome::Reached(report)) => ("reached", Some(level(report.reached)), report.evaluations.last(), None),
        Some(Outcome::Failed(failure)) => ("failed", None, None, Some(failure)),
        None => ("interrupted", None, None, None),
    };
    Line::SegmentEnded {
        elapsed,
        slot,
        trial,
        outcome: name,
        at,
        metrics: last.map(|evaluation| &evaluation.metrics),
        failure,
    }
}

fn value(study: &Study, observation: &Observation) -> f64 {
    study.settings().goal.value(observation.loss)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Running { .. } => "running",
        Status::Paused => "paused",
        Status::Stopped => "pruned",
        Status::Completed => "completed",
        Status::Failed => "failed",
    }
}

fn counts(study: &Study) -> Counts {
    let mut counts = Counts {
        trials: study.searched().count(),
        ..Counts::default()
    };
    for trial in study.searched() {
        match trial.status {
            Status::Running { .. } => counts.running += 1,
            Status::Paused => counts.paused += 1,
            Status::Stopped => counts.pruned += 1,
            Status::Completed => counts.completed += 1,
            Status::Failed => counts.failed += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::terminal::testing;

    fn lines() -> Vec<String> {
        let mut json = Json::new(Vec::new(), testing::facts());
        testing::story(&mut |event, study, elapsed| json.take(event, study, elapsed));
        let text = String::from_utf8(json.out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_event_has_stable_fields() {
        // The first line of every kind of event.
        let mut seen = std::collections::BTreeSet::new();
        let mut lines = lines();
        lines.retain(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            seen.insert(value["moment"].as_str().unwrap().to_owned())
        });
        assert_eq!(seen.len(), 10, "all kinds are in the story: {seen:?}");
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn the_best_value_never_gets_worse_from_one_best_line_to_the_next() {
        let best: Vec<f64> = lines()
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["is_best"] == true)
            .map(|line| line["value"].as_f64().unwrap())
            .collect();
        assert!(!best.is_empty() && best.is_sorted(), "{best:?}");
    }

    #[test]
    fn the_end_of_an_audited_study_says_what_pruning_cost() {
        let study = testing::audited_study();
        let mut json = Json::new(Vec::new(), testing::facts());
        let (reason, idle_share) = (study.ended(), 0.0);
        json.take(&EngineEvent::Ended { reason, idle_share }, &study, 1.0);
        let line: Value = serde_json::from_slice(&json.out).unwrap();
        let audit = &line["audit"];
        assert!(audit["audited"].as_u64() > Some(3), "{audit}");
        assert!(audit["pruned"].as_u64() > Some(0), "{audit}");
        assert_eq!(audit["agreements"].as_array().unwrap().len(), 2, "{audit}");
        assert!(lines().iter().all(|line| !line.contains("audit")));
    }

    #[test]
    fn one_tick_a_second_is_written() {
        let study = testing::study_under_way();
        let mut json = Json::new(Vec::new(), testing::facts());
        for tenth in 0..30 {
            json.take(&EngineEvent::Tick, &study, f64::from(tenth) / 10.0);
        }
        assert_eq!(String::from_utf8(json.out).unwrap().lines().count(), 3);
    }
}
