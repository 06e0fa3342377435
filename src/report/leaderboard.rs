//! The leaderboard: all trials, best first, as rows for any output format.

use std::collections::BTreeMap;
use std::io;

use super::Seeds;
use super::table::{Cell, text, write_table};
use crate::preference::Scores;
use crate::space::Value;
use crate::study::{Record, Repeat, Study};
use crate::trials::{Observation, Status, Trial};
use crate::units::{Goal, Loss, Samples, TrialId};
use crate::warm_start::metric_column;

/// The one metric that always has a column.
const TRAINABLE: &str = "trainable_parameters";

/// The leaderboard of a study at one moment.
#[derive(Clone, Debug)]
pub struct Leaderboard {
    metric: String,
    /// The other metrics in goals and constraints, without those that always have a column.
    others: Vec<String>,
    /// Columns that only some studies have.
    extras: Vec<Extra>,
    parameters: Vec<String>,
    rows: Vec<Row>,
}

/// A column that only some studies have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extra {
    /// Trials on the Pareto front of several metrics.
    Front,
    /// Violation of the constraints on metrics.
    Violation,
    /// Trial from which a trial was cloned.
    Parent,
    /// Finalist that a trial repeats with another seed.
    Repeats,
}

/// One trial of the leaderboard.
#[derive(Clone, Debug)]
pub struct Row {
    /// Rank of the trial, 1 for the best; `None` without a metric.
    pub rank: Option<usize>,
    /// The trial.
    pub trial: TrialId,
    /// Status: `running`, `paused`, `completed`, `pruned` or `failed`.
    pub status: TrialStatus,
    /// Best value of the metric; with several metrics, of the first one.
    pub value: Option<f64>,
    /// Values of the other metrics at the same evaluation, by name; empty if there is only one metric.
    pub others: BTreeMap<String, f64>,
    /// `true` if the trial is on the Pareto front of several metrics: no other trial dominates it.
    pub is_on_front: bool,
    /// Amount by which it violates the constraints on metrics; 0 if it satisfies them.
    pub violation: Option<f64>,
    /// Results of all trials with this configuration; for a finalist, the results of its fresh seeds.
    pub seeds: Seeds,
    /// Standard error of the value over the folds of a cross-validation; `None` for a trial without all folds.
    pub fold_error: Option<f64>,
    /// Score by which trials are ranked; larger is better.
    pub score: Option<f64>,
    /// Epoch of the best value.
    pub best_epoch: Option<f64>,
    /// Epochs trained.
    pub epochs: f64,
    /// Epochs of a complete trial.
    pub max_epochs: f64,
    /// Number of rungs that the trial has reached.
    pub rung: u32,
    /// Reason why the trial ended; empty while it may continue.
    pub stop_reason: String,
    /// The searcher that proposed it.
    pub origin: String,
    /// Trial from which this one was cloned.
    pub parent: Option<TrialId>,
    /// Finalist that this trial repeats with another seed; such a row has no rank.
    pub repeats: Option<TrialId>,
    /// Value of its model on the test examples, if it is the winner and was measured.
    pub test: Option<f64>,
    /// Hash of the configuration.
    pub config_hash: String,
    /// Number of trainable parameters.
    pub trainable_parameters: u64,
    /// The configuration.
    pub parameters: BTreeMap<String, Value>,
    /// Cost and device.
    pub timing: Timing,
}

/// The columns of a row that depend on the machine.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// Seconds spent in segments.
    pub wall_seconds: f64,
    /// Training samples per second.
    pub samples_per_second: f64,
    /// Peak resident memory of its workers, in MiB.
    pub peak_memory_mb: f64,
    /// Last device that it ran on.
    pub device: String,
    /// Start time, RFC 3339.
    pub started_at: String,
    /// End time, RFC 3339.
    pub finished_at: String,
}

impl Row {
    /// The row of one trial, without the facts that depend on other trials: rank, front, seeds and test.
    pub fn of(trial: TrialId, study: &Study) -> Self {
        row(study, &study.trials()[trial.index()]).1
    }
}

impl Leaderboard {
    /// The leaderboard for the current state of `study`.
    pub fn new(study: &Study) -> Self {
        let settings = study.settings();
        let seeds = Seeds::by_configuration(study);
        let mut rows: Vec<(Loss, Row)> = study.trials().iter().map(|trial| row(study, trial)).collect();
        for (_, row) in &mut rows {
            let searched = seeds.get(&row.config_hash).filter(|_| row.repeats.is_none());
            row.seeds = searched.cloned().unwrap_or_default();
        }
        for id in study.front() {
            rows[id.index()].1.is_on_front = true;
        }
        let mut positions = BTreeMap::new();
        for (position, finalist) in study.finalists().into_iter().enumerate() {
            positions.insert(finalist.trial, position);
            if finalist.runs.is_empty() && finalist.failed == 0 {
                continue;
            }
            let fresh = finalist
                .runs
                .iter()
                .map(|run| settings.goal.value(run.scores.losses[0]));
            rows[finalist.trial.index()].1.seeds = Seeds {
                values: fresh.collect(),
                failed: finalist.failed,
            };
        }
        if let Some((winner, test)) = study.tested() {
            let measured = study.record(test).evaluations.last();
            let value = measured.and_then(|measured| measured.metrics.get(&settings.metric));
            rows[winner.trial.index()].1.test = value.copied();
        }
        let classes = classes(study);
        rows.sort_by_key(|(loss, row)| {
            let position = positions.get(&row.trial).copied().unwrap_or(positions.len());
            let class = classes.get(&row.trial).copied().unwrap_or(0);
            let is_lost = (row.repeats.is_some(), row.value.is_none());
            (is_lost, position, class, study.is_partial(row.trial), *loss, row.trial)
        });
        let ranked = rows.into_iter().enumerate().map(|(index, (_, mut row))| {
            let is_ranked = row.value.is_some() && row.repeats.is_none();
            row.rank = is_ranked.then_some(index + 1);
            row
        });
        let others = settings.metrics().into_iter().skip(1);
        Self {
            metric: settings.metric.clone(),
            others: others.filter(|name| *name != TRAINABLE).map(str::to_owned).collect(),
            extras: extras(study),
            parameters: settings
                .space
                .parameters()
                .iter()
                .map(|parameter| parameter.name.clone())
                .collect(),
            rows: ranked.collect(),
        }
    }

    /// The rows, best first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn has(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }

    pub(super) fn retain(&mut self, is_wanted: impl FnMut(&Row) -> bool) {
        self.rows.retain(is_wanted);
    }

    pub(super) fn replace_rows(&mut self, rows: Vec<Row>) {
        self.rows = rows;
    }

    /// Ranks the trials by the values of another metric. The metric so far becomes one of the others.
    pub(super) fn replace_metric(&mut self, metric: &str, goal: Goal, values: &BTreeMap<TrialId, f64>) {
        if metric == self.metric {
            return;
        }
        let before = std::mem::replace(&mut self.metric, metric.to_owned());
        let mut seeds: BTreeMap<String, Seeds> = BTreeMap::new();
        let mut fresh: BTreeMap<TrialId, Vec<f64>> = BTreeMap::new();
        for row in &mut self.rows {
            row.others.extend(row.value.map(|value| (before.clone(), value)));
            row.value = values.get(&row.trial).copied();
            row.score = row.value.map(|value| -goal.loss(value).get());
            row.test = None;
            row.fold_error = None;
            match row.repeats {
                None => {
                    let seeds = seeds.entry(row.config_hash.clone()).or_default();
                    seeds.values.extend(row.value);
                }
                Some(finalist) => fresh.entry(finalist).or_default().extend(row.value),
            }
        }
        for row in self.rows.iter_mut().filter(|row| row.repeats.is_none()) {
            let failed = row.seeds.failed;
            row.seeds = match fresh.remove(&row.trial) {
                Some(values) => Seeds { values, failed },
                None => seeds.get(&row.config_hash).cloned().unwrap_or_default(),
            };
        }
        self.rows.sort_by_key(|row| {
            let loss = row.value.map_or(Loss::WORST, |value| goal.loss(value));
            ((row.repeats.is_some(), row.value.is_none()), loss, row.trial)
        });
        for (index, row) in self.rows.iter_mut().enumerate() {
            let is_ranked = row.value.is_some() && row.repeats.is_none();
            row.rank = is_ranked.then_some(index + 1);
        }
        self.others.retain(|name| name != metric);
        if before != TRAINABLE {
            self.others.insert(0, before);
        }
    }

    /// Keeps the first `count` rows.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
    }

    /// The column names, in a stable order. Columns that depend on the machine come last.
    pub fn header(&self, with_timing: bool) -> Vec<String> {
        const TIMING: [&str; 7] = [
            "train_seconds",
            "wall_seconds",
            "samples_per_second",
            "peak_memory_mb",
            "device",
            "started_at",
            "finished_at",
        ];
        let metric = metric_column(&self.metric);
        let others: Vec<String> = self.others.iter().map(|name| metric_column(name)).collect();
        let front = self.has(Extra::Front).then_some("pareto");
        let violation = self.has(Extra::Violation).then_some("violation");
        // The first metric stands near the beginning even if it is `trainable_parameters`, and no name appears twice.
        let trainable = (self.metric != TRAINABLE).then_some(TRAINABLE);
        let mut header: Vec<String> = ["rank", "trial", "status", &metric]
            .into_iter()
            .chain(others.iter().map(String::as_str))
            .chain(front)
            .chain(violation)
            .chain(["score", "best_epoch"])
            .chain([
                "metric_mean",
                "metric_se",
                "seeds",
                "test_metric",
                "epochs",
                "max_epochs",
                "rung",
            ])
            .chain(["stop_reason", "origin"])
            .chain(self.has(Extra::Parent).then_some("parent"))
            .chain(self.has(Extra::Repeats).then_some("repeats"))
            .chain(["config_hash"])
            .chain(trainable)
            .map(str::to_owned)
            .collect();
        header.extend(self.parameters.iter().map(|name| format!("params.{name}")));
        if with_timing {
            header.extend(TIMING.map(str::to_owned));
        }
        header
    }

    /// The cells of one row, in the order of [`Self::header`]. A cell is a number, a text, or null if it is empty.
    pub fn cells(&self, row: &Row, with_timing: bool) -> Vec<Cell> {
        let number = |value: Option<f64>| value.map_or(Cell::Null, Cell::from);
        let mut cells = vec![
            row.rank.map_or(Cell::Null, Cell::from),
            row.trial.0.into(),
            row.status.name().into(),
            number(row.value),
        ];
        cells.extend(self.others.iter().map(|name| number(row.others.get(name).copied())));
        cells.extend(self.has(Extra::Front).then(|| Cell::from(row.is_on_front)));
        cells.extend(self.has(Extra::Violation).then(|| number(row.violation)));
        cells.extend([
            number(row.score),
            number(row.best_epoch),
            number(row.seeds.mean()),
            number(row.seeds.standard_error().or(row.fold_error)),
            row.seeds.values.len().into(),
            number(row.test),
            row.epochs.into(),
            row.max_epochs.into(),
            row.rung.into(),
            text(&row.stop_reason),
            text(&row.origin),
        ]);
        let parent = row.parent.map_or(Cell::Null, |parent| parent.0.into());
        cells.extend(self.has(Extra::Parent).then_some(parent));
        let repeats = row.repeats.map_or(Cell::Null, |finalist| finalist.0.into());
        cells.extend(self.has(Extra::Repeats).then_some(repeats));
        cells.push(text(&row.config_hash));
        cells.extend((self.metric != TRAINABLE).then(|| Cell::from(row.trainable_parameters)));
        let value = |name: &String| {
            row.parameters
                .get(name)
                .map_or(Cell::Null, |value| serde_json::json!(value))
        };
        cells.extend(self.parameters.iter().map(value));
        if with_timing {
            let timing = &row.timing;
            let rounded = |value: f64, unit: f64| Cell::from((value * unit).round() / unit);
            cells.extend([
                rounded(timing.train_seconds, 1e3),
                rounded(timing.wall_seconds, 1e3),
                rounded(timing.samples_per_second, 10.0),
                rounded(timing.peak_memory_mb, 10.0),
                text(&timing.device),
                text(&timing.started_at),
                text(&timing.finished_at),
            ]);
        }
        cells
    }

    /// The leaderboard as CSV. Cells are escaped so that a spreadsheet does not run them as formulas.
    ///
    /// # Errors
    /// If `output` cannot be written.
    pub fn write_csv(&self, output: impl io::Write, with_timing: bool) -> io::Result<()> {
        let rows = self.rows.iter().map(|row| self.cells(row, with_timing));
        write_table(output, self.header(with_timing), rows)
    }
}

fn row(study: &Study, trial: &Trial) -> (Loss, Row) {
    let settings = study.settings();
    let record = study.record(trial.id);
    let best = study.best_observation(trial.id);
    let cut_off = study.cut_off(trial.id);
    let (status, stop_reason) = status(study, trial, record);
    let reached = trial.reached.max(cut_off.map_or(Samples(0), |report| report.reached));
    let value = best.map(|best| settings.goal.value(best.loss));
    let scores = study.best_scores(trial.id);
    let usage = &record.usage;
    let row = Row {
        rank: None,
        trial: trial.id,
        status,
        value,
        others: best.map(|best| others(study, trial.id, best)).unwrap_or_default(),
        is_on_front: false,
        violation: scores.map(|scores| scores.violation),
        seeds: Seeds::default(),
        fold_error: study.fold_error(trial.id),
        score: best.map(|best| -best.loss.get()),
        best_epoch: best.map(|best| best.at.epochs(settings.epoch)),
        epochs: reached.epochs(settings.epoch),
        max_epochs: settings.max.epochs(settings.epoch),
        rung: trial.segments,
        stop_reason,
        origin: trial.origin.clone(),
        parent: trial.parent.map(|parent| parent.trial),
        repeats: study.repeat(trial.id).map(|repeat| match repeat {
            Repeat::Reseed { of, .. } | Repeat::Test { of, .. } => of,
        }),
        test: None,
        config_hash: trial.configuration.hash(),
        trainable_parameters: record
            .trainable_parameters
            .max(cut_off.map_or(0, |report| report.trainable_parameters)),
        parameters: trial
            .configuration
            .iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect(),
        timing: Timing {
            train_seconds: usage.train_seconds,
            wall_seconds: usage.wall_seconds,
            samples_per_second: trial.spent().0 as f64 / usage.train_seconds.max(1e-9),
            peak_memory_mb: usage.peak_memory_mb,
            device: record.device.clone(),
            started_at: record.started_at.clone(),
            finished_at: record.finished_at.clone(),
        },
    };
    (best.map_or(Loss::WORST, |best| best.loss), row)
}

fn extras(study: &Study) -> Vec<Extra> {
    let criteria = &study.settings().criteria;
    let all = [
        (Extra::Front, criteria.has_front()),
        (Extra::Violation, !criteria.constraints.is_empty()),
        (Extra::Parent, study.has_clones()),
        (Extra::Repeats, study.searched().count() < study.trials().len()),
    ];
    let present = all.into_iter().filter(|(_, is_present)| *is_present);
    present.map(|(extra, _)| extra).collect()
}

/// Class of every trial in the order of several metrics, the best class first; empty if there is only one metric.
fn classes(study: &Study) -> BTreeMap<TrialId, usize> {
    let criteria = &study.settings().criteria;
    if criteria.is_plain() {
        return BTreeMap::new();
    }
    let results = study.searched();
    let results = results.filter_map(|trial| Some((trial.id, study.best_scores(trial.id)?)));
    let (ids, scores): (Vec<TrialId>, Vec<Scores>) = results.unzip();
    let ranks = criteria.preference.ranks(&scores.iter().collect::<Vec<_>>());
    ids.into_iter().zip(ranks).collect()
}

/// Values of the metrics after the first at one evaluation.
pub(super) fn others(study: &Study, trial: TrialId, best: Observation) -> BTreeMap<String, f64> {
    let delivered = &study.record(trial).evaluations;
    let cut_off = study.cut_off(trial).into_iter().flat_map(|report| &report.evaluations);
    let evaluation = delivered
        .iter()
        .chain(cut_off)
        .find(|evaluation| evaluation.at == best.at);
    let value = |name: &str| Some((name.to_owned(), *evaluation?.metrics.get(name)?));
    study
        .settings()
        .metrics()
        .into_iter()
        .skip(1)
        .filter_map(value)
        .collect()
}

/// Status of a trial, as named in the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialStatus {
    /// A segment of the trial is planned or running.
    Running,
    /// The trial waits at a rung.
    Paused,
    /// The trial has seen all its samples.
    Completed,
    /// The trial was pruned, or the study ended before it completed.
    Pruned,
    /// The trial has failed and cannot continue.
    Failed,
}

impl TrialStatus {
    /// All statuses, in the order of a trial's life.
    pub const ALL: [Self; 5] = [Self::Running, Self::Paused, Self::Completed, Self::Pruned, Self::Failed];

    /// The current status of a trial.
    pub fn of(trial: TrialId, study: &Study) -> Self {
        status(study, &study.trials()[trial.index()], study.record(trial)).0
    }

    /// Name of the status.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Pruned => "pruned",
            Self::Failed => "failed",
        }
    }
}

fn status(study: &Study, trial: &Trial, record: &Record) -> (TrialStatus, String) {
    let over = if record.repeat.is_some() {
        study.ended()
    } else {
        study.search_ended()
    };
    match (study.standing(trial.id), over) {
        (Status::Completed, _) if record.repeat.is_some() => (TrialStatus::Completed, "best_epoch".into()),
        (Status::Completed, _) if trial.cooldown.is_some() => (TrialStatus::Completed, "cooldown".into()),
        (Status::Completed, _) => (TrialStatus::Completed, "max_epochs".into()),
        (Status::Failed, _) => {
            let failure = study.failure(trial.id);
            (
                TrialStatus::Failed,
                failure.map(|failure| failure.kind.to_string()).unwrap_or_default(),
            )
        }
        (Status::Stopped, _) => (TrialStatus::Pruned, record.stopped_by.unwrap_or_default().into()),
        (Status::Running { .. } | Status::Paused, Some(reason)) => (TrialStatus::Pruned, reason.name().into()),
        (Status::Running { .. }, None) => (TrialStatus::Running, String::new()),
        (Status::Paused, None) => (TrialStatus::Paused, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    #[test]
    fn no_metric_can_be_called_like_a_column() {
        let leaderboard = Leaderboard {
            extras: vec![Extra::Front, Extra::Violation, Extra::Parent, Extra::Repeats],
            ..Leaderboard::new(&testing::ended_study())
        };
        let header = leaderboard.header(true);
        let columns = header
            .iter()
            .filter(|name| **name != leaderboard.metric && *name != TRAINABLE);
        for column in columns {
            assert_ne!(metric_column(column), *column);
        }
    }
}
