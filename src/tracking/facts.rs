//! The facts that every tracker tells about a study. All of them follow from the journal, so that they are the same
//! whenever they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::TrackerError;
use crate::engine::Folder;
use crate::journal::Entry;
use crate::report::TrialStatus;
use crate::spec::Spec;
use crate::study::{Event, Outcome, Study};
use crate::trials::SegmentReport;
use crate::units::{Goal, Loss, Samples, TrialId};

/// Number of hexadecimal digits of a study's id.
const ID_DIGITS: usize = 12;

/// Number of hexadecimal digits of an id that is made from a study's id.
const KEY_DIGITS: usize = 32;

/// The facts about a study that do not change while it runs.
#[derive(Clone, Debug)]
pub(super) struct StudyFacts {
    /// Its id. A copy of a study's folder has the same id, and another study with the same spec has another one.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// The program's version that created it.
    pub(super) version: String,
    /// The machine on which it was created; empty if the study does not tell.
    pub(super) host: String,
    /// The time of its creation, in milliseconds since 1970.
    pub(super) created: i64,
    /// Its spec, as text.
    pub(super) yaml: String,
}

impl StudyFacts {
    /// Reads them from a study's folder.
    pub(super) fn read(folder: &Path, spec: &Spec) -> Result<Self, TrackerError> {
        let path = folder.join("manifest.json");
        let unreadable = |source| TrackerError::Read {
            path: path.clone(),
            source,
        };
        let manifest = std::fs::read(&path).map_err(unreadable)?;
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap_or_default();
        let created_at = manifest["created_at"].as_str().unwrap_or_default();
        let Event::StudyCreated {
            spec: fingerprint,
            seed,
            version,
            ..
        } = Folder::look(folder)?.0
        else {
            return Err(TrackerError::Journal(
                "the journal does not begin with a study".to_owned(),
            ));
        };
        Ok(Self {
            id: digits(&format!("{fingerprint} {} {created_at}", seed.0), ID_DIGITS),
            name: spec.name.clone(),
            version,
            host: manifest["host"].as_str().unwrap_or_default().to_owned(),
            created: milliseconds(created_at).unwrap_or(0),
            yaml: std::fs::read_to_string(folder.join("spec.yaml")).unwrap_or_default(),
        })
    }
}

impl StudyFacts {
    /// An id for a part of the study, the same whenever it is made: 32 hexadecimal digits.
    pub(super) fn key(&self, parts: &[&str]) -> String {
        let parts: Vec<&str> = std::iter::once(self.id.as_str()).chain(parts.iter().copied()).collect();
        digits(&parts.join(" "), KEY_DIGITS)
    }
}

/// The first hexadecimal digits of the SHA-256 of a text.
fn digits(text: &str, count: usize) -> String {
    let mut digits = digest(text.as_bytes());
    digits.truncate(count);
    digits
}

/// The SHA-256 of a content, in hexadecimal digits.
pub(super) fn digest(content: &[u8]) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(content) {
        // Writing to memory cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Milliseconds since 1970 of a time in RFC 3339.
pub(super) fn milliseconds(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Names of the values of training steps, as users of trackers know them.
const TRAIN_LOSS: &str = "train/loss";
const LEARNING_RATE: &str = "train/learning_rate";

/// Values of a trial at one level: an evaluation, a point of the training curve, or both.
#[derive(Debug, PartialEq)]
pub(super) struct Point<'a> {
    /// Samples seen.
    pub(super) at: Samples,
    /// The same in epochs.
    pub(super) epoch: f64,
    /// Its time in milliseconds since 1970, interpolated by samples between the start and the end of its segment.
    pub(super) time: i64,
    /// Values by name. Those of an evaluation come first.
    pub(super) values: Vec<(&'a str, f64)>,
    /// `true` if the trial was evaluated here.
    pub(super) is_evaluation: bool,
}

/// A segment that ended.
pub(super) struct SegmentFacts<'a> {
    /// Its trial.
    pub(super) trial: TrialId,
    /// Its evaluations and its training curve, in order. A resumed segment reports all of its evaluations again, so those at its end are complete.
    pub(super) points: Vec<Point<'a>>,
    /// Its report; of a segment that failed, the report of its last interruption.
    pub(super) report: Option<&'a SegmentReport>,
    /// Its start and its end, in milliseconds since 1970.
    pub(super) times: (i64, i64),
}

impl<'a> SegmentFacts<'a> {
    /// The segment that ends with this entry, if one does. `study` is the state after the entry.
    pub(super) fn of(entry: &'a Entry, study: &'a Study) -> Option<Self> {
        let Event::SegmentEnded {
            trial,
            outcome,
            started_at,
            finished_at,
            ..
        } = &entry.event
        else {
            return None;
        };
        let report = match outcome {
            Outcome::Reached(report) => Some(report),
            Outcome::Failed(_) => study.record(*trial).partial.as_ref(),
        };
        let begin = milliseconds(started_at).unwrap_or(0);
        let times = (begin, milliseconds(finished_at).unwrap_or(begin));
        let from = study.flights().get(trial).map_or(Samples(0), |flight| flight.from);
        let points = report.map_or_else(Vec::new, |report| points(report, from, times, study.settings().epoch));
        Some(Self {
            trial: *trial,
            points,
            report,
            times,
        })
    }
}

fn points(report: &SegmentReport, from: Samples, (begin, end): (i64, i64), epoch: Samples) -> Vec<Point<'_>> {
    let whole = report.reached.0.saturating_sub(from.0).max(1) as f64;
    let empty = |at: Samples| {
        let share = (at.0.saturating_sub(from.0) as f64 / whole).clamp(0.0, 1.0);
        Point {
            at,
            epoch: at.epochs(epoch),
            time: begin + ((end - begin) as f64 * share) as i64,
            values: Vec::new(),
            is_evaluation: false,
        }
    };
    let mut points: BTreeMap<Samples, Point<'_>> = BTreeMap::new();
    for evaluation in &report.evaluations {
        let point = points.entry(evaluation.at).or_insert_with_key(|at| empty(*at));
        let values = evaluation.metrics.iter();
        point.values.extend(values.map(|(name, value)| (name.as_str(), *value)));
        point.is_evaluation = true;
    }
    for (at, loss, learning_rate) in report.training.points() {
        let point = points.entry(at).or_insert_with_key(|at| empty(*at));
        point
            .values
            .extend([(TRAIN_LOSS, loss), (LEARNING_RATE, learning_rate)]);
    }
    points.into_values().collect()
}

/// A trial that begins with this entry, if one does.
pub(super) fn begun(entry: &Entry) -> Option<TrialId> {
    match &entry.event {
        Event::SegmentPlanned {
            trial,
            created: Some(_),
            ..
        } => Some(*trial),
        _ => None,
    }
}

/// The times of entries. An entry has the seconds that the study had run, and the ends of segments have the time of day.
#[derive(Debug)]
pub(super) struct Times {
    /// The time of day at which the study would have begun without interruptions.
    begin: i64,
}

impl Times {
    /// The times of a study that was created at this time.
    pub(super) fn new(created: i64) -> Self {
        Self { begin: created }
    }

    /// The time of an entry in milliseconds since 1970. The entries must come in order.
    pub(super) fn of(&mut self, entry: &Entry) -> i64 {
        let elapsed = (entry.elapsed * 1e3) as i64;
        if let Event::SegmentEnded { finished_at, .. } = &entry.event {
            self.begin = milliseconds(finished_at).map_or(self.begin, |end| end - elapsed);
        }
        self.begin + elapsed
    }
}

/// The time at which a trial ended, or that of the study's creation if it never ran.
pub(super) fn end_of(trial: TrialId, study: &Study, facts: &StudyFacts) -> i64 {
    milliseconds(&study.record(trial).finished_at).unwrap_or(facts.created)
}

/// The trials whose end was told.
#[derive(Debug, Default)]
pub(super) struct Closed {
    trials: BTreeSet<TrialId>,
}

impl Closed {
    /// The trial that ends with this entry, if one does.
    pub(super) fn by(&mut self, entry: &Entry, study: &Study) -> Option<(TrialId, TrialStatus)> {
        let Event::SegmentDelivered { trial } = entry.event else {
            return None;
        };
        let status = TrialStatus::of(trial, study);
        let is_over = match status {
            TrialStatus::Running | TrialStatus::Paused => false,
            TrialStatus::Completed | TrialStatus::Failed => true,
            // When the search has ended, more results of pruned trials may arrive.
            TrialStatus::Pruned => study.search_ended().is_none(),
        };
        (is_over && self.trials.insert(trial)).then_some((trial, status))
    }

    /// The trials that the end of the study ends; none while it runs.
    ///
    /// This is no fact of the entry that ends the study: more time may be added to it later, and its trials continue.
    pub(super) fn by_the_end(&mut self, study: &Study) -> Vec<(TrialId, TrialStatus)> {
        if study.ended().is_none() {
            return Vec::new();
        }
        let trials = study.trials().iter().map(|trial| trial.id);
        let open: Vec<TrialId> = trials.filter(|trial| self.trials.insert(*trial)).collect();
        open.into_iter()
            .map(|trial| (trial, TrialStatus::of(trial, study)))
            .collect()
    }
}

/// The best result so far, as a curve over the number of results.
#[derive(Debug, Default)]
pub(super) struct BestSoFar {
    results: u64,
    best: Option<Loss>,
}

impl BestSoFar {
    /// The new best value of the study's metric, with the number of results until then, if this entry brings one.
    pub(super) fn by(&mut self, entry: &Entry, study: &Study) -> Option<(u64, f64)> {
        let Event::SegmentDelivered { trial } = entry.event else {
            return None;
        };
        if study.repeat(trial).is_some() {
            return None;
        }
        self.results += 1;
        let loss = study.best_observation(trial)?.loss;
        if self.best.is_some_and(|best| best <= loss) {
            return None;
        }
        self.best = Some(loss);
        Some((self.results, study.settings().goal.value(loss)))
    }
}

/// A word for a goal.
pub(super) fn goal(goal: Goal) -> &'static str {
    match goal {
        Goal::Minimize => "minimize",
        Goal::Maximize => "maximize",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_first_digits_of_a_hash() {
        // `printf 'abc' | sha256sum`
        assert_eq!(digits("abc", 12), "ba7816bf8f01");
    }

    #[test]
    fn points_lie_between_the_start_and_the_end_of_their_segment() {
        let evaluation = |at| crate::trials::Evaluation {
            at: Samples(at),
            metrics: BTreeMap::from([("accuracy".to_owned(), 0.5)]),
        };
        let report = SegmentReport {
            reached: Samples(40),
            evaluations: vec![evaluation(20), evaluation(30), evaluation(40)],
            training: crate::trials::TrainingCurve {
                at: vec![Samples(25), Samples(40)],
                loss: vec![0.7, 0.6],
                learning_rate: vec![1e-3, 0.0],
            },
            trainable_parameters: 0,
            usage: crate::trials::Usage::default(),
        };
        let points = points(&report, Samples(20), (1_000, 2_000), Samples(10));
        let times: Vec<(i64, f64)> = points.iter().map(|point| (point.time, point.epoch)).collect();
        assert_eq!(times, [(1_000, 2.0), (1_250, 2.5), (1_500, 3.0), (2_000, 4.0)]);
        let evaluated: Vec<bool> = points.iter().map(|point| point.is_evaluation).collect();
        assert_eq!(evaluated, [true, false, true, true]);
        assert_eq!(points[1].values, [(TRAIN_LOSS, 0.7), (LEARNING_RATE, 1e-3)]);
        assert_eq!(points[3].values[0], ("accuracy", 0.5));
        assert_eq!(points[3].values.len(), 3);
    }
}
