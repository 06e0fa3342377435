//! How a study stands, for people and programs that ask from outside while it runs or afterwards.

use serde::Serialize;

use super::terminal::{sentences, words};
use crate::space::Configuration;
use crate::study::{EndReason, Study};
use crate::trials::Status as TrialStatus;
use crate::units::{Samples, TrialId};

/// How a study stands. As JSON its fields are stable: some may be added, none changes or goes.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The study's name.
    pub name: String,
    /// The study's folder.
    pub folder: String,
    /// Whether it goes on.
    pub state: State,
    /// The process that works on it, or that died of it.
    pub pid: Option<u32>,
    /// The machine of that process; empty if its lock does not say.
    pub host: Option<String>,
    /// Why it ended, if it did.
    pub reason: Option<EndReason>,
    /// Seconds that it has run.
    pub elapsed: f64,
    /// The wall budget in seconds, with what resumptions added.
    pub wall: Option<f64>,
    /// What is left of it.
    pub wall_left: Option<f64>,
    /// The budget of trials.
    pub max_trials: Option<u32>,
    /// When its journal was last written, RFC 3339.
    pub last_event_at: Option<String>,
    /// What was wrong with the journal's last line: half-written by now, or torn by a crash.
    pub torn: Option<String>,
    /// Trials by what they do.
    pub trials: Counts,
    /// Where they stand.
    pub rungs: Vec<Rung>,
    /// Segments that are planned or under way.
    pub segments: Vec<Segment>,
    /// The best trial so far.
    pub best: Option<Best>,
    /// The constraints on metrics, where no trial fulfils all of them; not there otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfulfilled: Vec<String>,
    #[serde(skip)]
    sentence: Option<String>,
    #[serde(skip)]
    epoch: Samples,
    #[serde(skip)]
    resumed_by: String,
}

/// Whether a study goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A process works on it.
    Running,
    /// Nobody works on it; it can be resumed.
    Interrupted,
    /// The process that worked on it died without letting go; it can be resumed.
    Died,
    /// It is over.
    Ended,
}

impl State {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Died => "died",
            Self::Ended => "ended",
        }
    }
}

/// Trials by what they do.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// Those with a segment planned or under way.
    pub running: usize,
    /// Those that wait at a rung; once a study has ended, those that it left there.
    pub paused: usize,
    /// Those that have seen all their samples.
    pub completed: usize,
    /// Those that a scheduler has given up.
    pub pruned: usize,
    /// Those that cannot go on.
    pub failed: usize,
}

/// One resource level at which trials are compared.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rung {
    /// The level in samples.
    pub samples: Samples,
    /// The same in epochs.
    pub epochs: f64,
    /// Trials that have reached it.
    pub reached: usize,
    /// Trials that wait there.
    pub paused: usize,
    /// Trials that have gone on from there.
    pub promoted: usize,
}

/// A segment that is planned or under way.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Segment {
    /// Its trial.
    pub trial: TrialId,
    /// Where it begins, in epochs.
    pub from: f64,
    /// Where it ends, in epochs.
    pub to: f64,
    #[serde(skip)]
    levels: (Samples, Samples),
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
    /// The epoch of that value.
    pub epoch: f64,
    /// What it tried.
    pub configuration: Configuration,
}

/// What a study's folder tells beside its events.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The study's name.
    pub name: String,
    /// The study's folder.
    pub folder: String,
    /// Whether a process holds it, and whether one died holding it.
    pub holder: (State, Option<(u32, String)>),
    /// Seconds that it has run.
    pub elapsed: f64,
    /// The wall budget as the spec has it.
    pub wall: Option<f64>,
    /// When its journal was last written.
    pub last_event_at: Option<String>,
    /// What was wrong with the journal's last line.
    pub torn: Option<String>,
    /// The command that goes on with it.
    pub resumed_by: String,
}

impl Status {
    /// The status of `study`. `outside.holder` says [`State::Running`], [`State::Died`] or [`State::Interrupted`]: a study
    /// that nobody holds and that is over is [`State::Ended`].
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
            best,
            unfulfilled: study.unfulfilled().into_iter().map(str::to_owned).collect(),
            sentence: sentences::incumbent(study, settings.epoch),
            epoch: settings.epoch,
            resumed_by: outside.resumed_by,
        }
    }

    /// The status for people, line by line.
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
                format!(", {paused} wait there, {promoted} went on")
            };
            lines.push(format!("{label}  {level:>11}: {reached} reached it{from_there}"));
        }
        for (index, segment) in self.segments.iter().enumerate() {
            let label = if index == 0 { "segments" } else { "        " };
            let [from, to] = [segment.levels.0, segment.levels.1].map(|level| words::epochs(level, self.epoch));
            let to = words::counted(&to, "epoch");
            lines.push(format!("{label}  trial {} from {from} to {to}", segment.trial));
        }
        let best = self.sentence.as_deref().unwrap_or("nothing measured yet");
        lines.push(format!("best      {best}"));
        let warning = self.best.as_ref();
        let warning = warning.and_then(|best| sentences::violates_least(&self.unfulfilled, best.trial));
        lines.extend(warning.map(|warning| format!("but       {warning}")));
        if let Some(at) = &self.last_event_at {
            lines.push(format!("updated   {at}"));
        }
        // While it is written, a line may be half there: no news.
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
                "was interrupted: its process{process} is gone and never said why, killed or crashed; \
                 `{resumed_by}` goes on"
            ),
            (State::Ended, Some(EndReason::Wall)) => format!(
                "has ended: {}; `automl resume {folder} --add-budget 10m` gives it more",
                sentences::reason(EndReason::Wall)
            ),
            (State::Ended, Some(reason)) => format!("has ended: {}", sentences::reason(reason)),
            (State::Interrupted | State::Ended, _) => {
                format!("was interrupted; `{resumed_by}` goes on")
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
    fn a_study_that_nobody_works_on_says_how_to_go_on() {
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
