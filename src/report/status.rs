//! Status of a study, for people and programs in another process, while it runs or afterwards.

use std::collections::BTreeMap;

use serde::Serialize;

use super::terminal::{sentences, words};
use super::view::SlotView;
use crate::engine::QueueState;
use crate::space::Configuration;
use crate::study::{EndReason, Study};
use crate::trials::Status as TrialStatus;
use crate::units::{Samples, TrialId};

/// Status of a study. The JSON fields are stable: fields may be added, but none is changed or removed.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The study's name.
    pub name: String,
    /// The study's folder.
    pub folder: String,
    /// `running`, `interrupted`, `died` or `ended`.
    pub state: State,
    /// The process that runs the study, or that died while it ran the study.
    pub pid: Option<u32>,
    /// The machine of that process; empty if its lock does not name one.
    pub host: Option<String>,
    /// Reason why it ended, if it has.
    pub reason: Option<EndReason>,
    /// Seconds that the study has run.
    pub elapsed: f64,
    /// The wall budget in seconds, including what resumptions added.
    pub wall: Option<f64>,
    /// The part of it that is left.
    pub wall_left: Option<f64>,
    /// The budget of trials.
    pub max_trials: Option<u32>,
    /// Time of the last write to the journal, RFC 3339.
    pub last_event_at: Option<String>,
    /// Error in the journal's last line: it is half-written, or a crash has cut it short.
    pub torn: Option<String>,
    /// Number of trials by status.
    pub trials: Counts,
    /// The rungs, with the number of trials at each.
    pub rungs: Vec<Rung>,
    /// Segments that are planned or running.
    pub segments: Vec<Segment>,
    /// The machines whose workers have joined; omitted from the JSON if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// The jobs of its workers; omitted from the JSON unless workers are submitted as jobs and the study runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueState>,
    /// The best trial so far.
    pub best: Option<Best>,
    /// The constraints on metrics, if no trial satisfies all of them; omitted from the JSON otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfulfilled: Vec<String>,
    #[serde(skip)]
    sentence: Option<String>,
    #[serde(skip)]
    epoch: Samples,
    #[serde(skip)]
    resumed_by: String,
}

/// State of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A process runs the study.
    Running,
    /// No process runs the study; it can be resumed.
    Interrupted,
    /// The process that ran the study died without releasing its lock; it can be resumed.
    Died,
    /// The study has ended.
    Ended,
}

impl State {
    /// Name of the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Died => "died",
            Self::Ended => "ended",
        }
    }
}

/// Number of trials by status.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// All trials.
    pub all: usize,
    /// Trials with a segment that is planned or running.
    pub running: usize,
    /// Trials that wait at a rung; after the end of the study, trials that it left there.
    pub paused: usize,
    /// Trials that have seen all their samples.
    pub completed: usize,
    /// Trials that a scheduler has pruned.
    pub pruned: usize,
    /// Trials that have failed.
    pub failed: usize,
}

/// A resource level at which trials are compared.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rung {
    /// The level in samples.
    pub samples: Samples,
    /// The level in epochs.
    pub epochs: f64,
    /// Number of trials that have reached it.
    pub reached: usize,
    /// Number of trials that wait there.
    pub paused: usize,
    /// Number of trials that were promoted from there.
    pub promoted: usize,
}

/// A segment that is planned or running.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Segment {
    /// The trial.
    pub trial: TrialId,
    /// Start, in epochs.
    pub from: f64,
    /// End, in epochs.
    pub to: f64,
    #[serde(skip)]
    levels: (Samples, Samples),
}

/// A machine whose workers have joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Number of its workers.
    pub workers: usize,
    /// The trials that they run.
    pub trials: Vec<u32>,
    /// Its workers.
    pub seats: Vec<WorkerSeat>,
}

/// A worker on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerSeat {
    /// The number of its slot.
    pub slot: usize,
    /// Its device.
    pub device: String,
    /// The job of a batch system that runs it.
    pub job: Option<String>,
    /// The trial that it runs.
    pub trial: Option<u32>,
}

/// The best trial, or the winner of the selection.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    /// The trial.
    pub trial: TrialId,
    /// The metric's name.
    pub metric: String,
    /// Its best value.
    pub value: f64,
    /// Epoch of that value.
    pub epoch: f64,
    /// Its configuration.
    pub configuration: Configuration,
}

/// Facts about a study's folder that are not in its events.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The study's name.
    pub name: String,
    /// The study's folder.
    pub folder: String,
    /// `Running`, `Died` or `Interrupted`, with the id and the machine of the process that holds or held the lock.
    pub holder: (State, Option<(u32, String)>),
    /// Seconds that the study has run.
    pub elapsed: f64,
    /// The wall budget in the spec, in seconds.
    pub wall: Option<f64>,
    /// Time of the last write to the journal.
    pub last_event_at: Option<String>,
    /// Error in the journal's last line.
    pub torn: Option<String>,
    /// The command that resumes the study.
    pub resumed_by: String,
    /// Activity of the slots, if the study runs.
    pub slots: Vec<SlotView>,
    /// The jobs of its workers, if they are submitted as jobs.
    pub queue: Option<QueueState>,
}

impl Status {
    /// The status of `study`. `outside.holder` is [`State::Running`], [`State::Died`] or [`State::Interrupted`]; the
    /// last two become [`State::Ended`] if the study is over.
    pub fn new(study: &Study, outside: Outside) -> Self {
        let settings = study.settings();
        let (held, process) = outside.holder;
        let state = match (held, study.ended()) {
            (State::Interrupted | State::Died, Some(_)) => State::Ended,
            (state, _) => state,
        };
        let process = process.filter(|_| matches!(state, State::Running | State::Died));
        let (pid, host) = process.unzip();
        let wall = outside.wall.map(|wall| wall + study.added_wall());
        let epochs = |samples: Samples| samples.epochs(settings.epoch);
        let segments = study.flights().iter().filter(|(_, flight)| !flight.has_arrived());
        let best = study.winner().and_then(|winner| {
            let id = winner.trial;
            let best = study.best_observation(id)?;
            Some(Best {
                trial: id,
                metric: settings.metric.clone(),
                value: settings.goal.value(best.loss),
                epoch: epochs(best.at),
                configuration: study.trials()[id.index()].configuration.clone(),
            })
        });
        Self {
            name: outside.name,
            folder: outside.folder,
            state,
            pid,
            host,
            reason: study.ended(),
            elapsed: outside.elapsed,
            wall,
            wall_left: wall.map(|wall| (wall - outside.elapsed).max(0.0)),
            max_trials: settings.max_trials,
            last_event_at: outside.last_event_at,
            torn: outside.torn,
            trials: counts(study),
            rungs: study.rungs().iter().map(|&rung| stand(study, rung)).collect(),
            segments: segments
                .map(|(&trial, flight)| Segment {
                    trial,
                    from: epochs(flight.from),
                    to: epochs(flight.to),
                    levels: (flight.from, flight.to),
                })
                .collect(),
            nodes: if state == State::Running {
                nodes(&outside.slots)
            } else {
                Vec::new()
            },
            queue: outside.queue.filter(|_| state == State::Running),
            best,
            unfulfilled: study.unfulfilled().into_iter().map(str::to_owned).collect(),
            sentence: sentences::incumbent(study, settings.epoch),
            epoch: settings.epoch,
            resumed_by: outside.resumed_by,
        }
    }

    /// The status as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}  {}", self.name, self.state_sentence())];
        lines.push(format!("time      {}", self.time()));
        lines.push(format!("trials    {}", self.states()));
        for (index, rung) in self.rungs.iter().enumerate() {
            let label = if index == 0 { "rungs   " } else { "        " };
            let level = words::counted(&words::epochs(rung.samples, self.epoch), "epoch");
            let Rung {
                reached,
                paused,
                promoted,
                ..
            } = rung;
            let is_last = index + 1 == self.rungs.len();
            let from_there = if is_last {
                String::new()
            } else {
                format!(", {paused} wait there, {promoted} promoted")
            };
            lines.push(format!("{label}  {level:>11}: {reached} reached it{from_there}"));
        }
        for (index, segment) in self.segments.iter().enumerate() {
            let label = if index == 0 { "segments" } else { "        " };
            let [from, to] = [segment.levels.0, segment.levels.1].map(|level| words::epochs(level, self.epoch));
            let to = words::counted(&to, "epoch");
            lines.push(format!("{label}  trial {} from {from} to {to}", segment.trial));
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let label = if index == 0 { "nodes   " } else { "        " };
            let workers = words::counted(&node.workers.to_string(), "worker");
            let seats = node.seats.iter().filter_map(|seat| Some((seat.trial?, seat)));
            let trials = seats.map(|(trial, seat)| match &seat.job {
                Some(job) => format!("trial {trial} on {} (job {job})", seat.device),
                None => format!("trial {trial}"),
            });
            let trials: Vec<String> = trials.collect();
            let doing = if trials.is_empty() {
                "idle".to_owned()
            } else {
                trials.join(", ")
            };
            lines.push(format!("{label}  {}: {workers}, {doing}", node.name));
        }
        lines.extend(self.queue.iter().map(|queue| format!("queue     {}", queue.sentence())));
        let best = self.sentence.as_deref().unwrap_or("nothing measured yet");
        lines.push(format!("best      {best}"));
        let warning = self.best.as_ref();
        let warning = warning.and_then(|best| sentences::violates_least(&self.unfulfilled, best.trial));
        lines.extend(warning.map(|warning| format!("but       {warning}")));
        if let Some(at) = &self.last_event_at {
            lines.push(format!("updated   {at}"));
        }
        // While the study runs, a half-written line is normal.
        if let Some(torn) = self.torn.as_ref().filter(|_| self.state != State::Running) {
            lines.push(format!(
                "journal   a crash has torn its last line, which `automl resume` drops: {torn}"
            ));
        }
        lines
    }

    fn state_sentence(&self) -> String {
        let (folder, resumed_by) = (&self.folder, &self.resumed_by);
        let process = self.pid.map_or_else(String::new, |pid| {
            let host = self.host.as_deref().filter(|host| !host.is_empty());
            format!(
                " (pid {pid}{})",
                host.map(|host| format!(" on {host}")).unwrap_or_default()
            )
        });
        match (self.state, self.reason) {
            (State::Running, _) => format!("is running{process}; `automl stop {folder}` stops it"),
            (State::Died, _) => format!(
                "was interrupted: its process{process} was killed or crashed; \
                 `{resumed_by}` continues it"
            ),
            (State::Ended, Some(EndReason::Wall)) => format!(
                "has ended: {}; `automl resume {folder} --add-budget 10m` gives it more",
                sentences::reason(EndReason::Wall)
            ),
            (State::Ended, Some(reason)) => format!("has ended: {}", sentences::reason(reason)),
            (State::Interrupted | State::Ended, _) => {
                format!("was interrupted; `{resumed_by}` continues it")
            }
        }
    }

    fn time(&self) -> String {
        let elapsed = words::stopwatch(self.elapsed);
        match (self.wall, self.wall_left) {
            (Some(wall), Some(left)) => {
                let left = words::stopwatch(left);
                format!("{elapsed} of {}, {left} left", words::stopwatch(wall))
            }
            _ => format!("{elapsed}, no wall budget"),
        }
    }

    fn states(&self) -> String {
        let Counts {
            all,
            running,
            paused,
            completed,
            pruned,
            failed,
        } = self.trials;
        let cut_off = match self.state {
            State::Running => "under way",
            State::Interrupted | State::Died => "interrupted",
            State::Ended => "cut off",
        };
        let of = self.max_trials.map(|max| format!(" of {max}")).unwrap_or_default();
        let counts = [
            (completed, "completed"),
            (pruned, "pruned"),
            (paused, "paused"),
            (running, cut_off),
            (failed, "failed"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let colon = if counts.is_empty() { "" } else { ": " };
        format!("{all}{of}{colon}{}", counts.join(", "))
    }
}

/// The machines of slots whose workers have joined, by name.
fn nodes(slots: &[SlotView]) -> Vec<Node> {
    let mut nodes: BTreeMap<&str, Vec<&SlotView>> = BTreeMap::new();
    for slot in slots {
        if let Some(node) = &slot.node {
            nodes.entry(node).or_default().push(slot);
        }
    }
    let nodes = nodes.into_iter().map(|(node, slots)| Node {
        name: node.to_owned(),
        workers: slots.len(),
        trials: slots
            .iter()
            .filter_map(|slot| Some(slot.running.as_ref()?.trial))
            .collect(),
        seats: slots
            .iter()
            .map(|slot| WorkerSeat {
                slot: slot.slot,
                device: slot.device.strip_prefix(node).unwrap_or(&slot.device).trim().to_owned(),
                job: slot.job.clone(),
                trial: slot.running.as_ref().map(|running| running.trial),
            })
            .collect(),
    });
    nodes.collect()
}

fn counts(study: &Study) -> Counts {
    let mut counts = Counts {
        all: study.searched().count(),
        ..Counts::default()
    };
    for trial in study.searched() {
        match trial.status {
            TrialStatus::Running { .. } => counts.running += 1,
            TrialStatus::Paused => counts.paused += 1,
            TrialStatus::Completed => counts.completed += 1,
            TrialStatus::Stopped => counts.pruned += 1,
            TrialStatus::Failed => counts.failed += 1,
        }
    }
    counts
}

fn stand(study: &Study, rung: Samples) -> Rung {
    let reached = study.searched().filter(|trial| trial.reached >= rung);
    let (mut all, mut paused, mut promoted) = (0, 0, 0);
    for trial in reached {
        all += 1;
        let is_beyond = trial.reached > rung || matches!(trial.status, TrialStatus::Running { .. });
        if is_beyond {
            promoted += 1;
        } else if trial.status == TrialStatus::Paused {
            paused += 1;
        }
    }
    Rung {
        samples: rung,
        epochs: rung.epochs(study.settings().epoch),
        reached: all,
        paused,
        promoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    fn outside(state: State) -> Outside {
        Outside {
            name: "movie-sentiment".into(),
            folder: "results/movie-sentiment".into(),
            holder: (state, Some((4711, "box".into()))),
            elapsed: 42.3,
            wall: Some(180.0),
            last_event_at: Some("2026-03-01T12:00:00.000Z".into()),
            torn: None,
            resumed_by: "automl resume results/movie-sentiment".into(),
            slots: Vec::new(),
            queue: None,
        }
    }

    fn shown(study: &Study, state: State) -> String {
        Status::new(study, outside(state)).lines().join("\n")
    }

    #[test]
    fn a_running_study_shows_where_its_trials_stand() {
        insta::assert_snapshot!(shown(&testing::study_under_way(), State::Running));
    }

    #[test]
    fn an_ended_study_says_why_whoever_held_it() {
        let study = testing::ended_study();
        let text = shown(&study, State::Interrupted);
        insta::assert_snapshot!(text);
        assert_eq!(text, shown(&study, State::Died));
    }

    #[test]
    fn a_study_without_a_process_says_how_to_resume() {
        let study = testing::study(testing::asha(), None);
        let first = |state| Status::new(&study, outside(state)).lines().remove(0);
        insta::assert_snapshot!([State::Interrupted, State::Died].map(first).join("\n"));
    }

    #[test]
    fn as_json_it_has_stable_fields() {
        let status = Status::new(&testing::study_under_way(), outside(State::Running));
        insta::assert_snapshot!(serde_json::to_string_pretty(&status).unwrap());
    }

    #[test]
    fn who_has_reached_a_rung_waits_there_went_on_or_failed() {
        let study = testing::ended_study();
        for rung in Status::new(&study, outside(State::Interrupted)).rungs {
            assert!(rung.paused + rung.promoted <= rung.reached, "{rung:?}");
        }
    }
}
