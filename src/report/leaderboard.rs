//! The leaderboard: every trial, best first, as rows that any format can show.

use std::collections::BTreeMap;
use std::io;

use crate::space::Value;
use crate::study::{Record, Study};
use crate::trials::{Observation, Status, Trial};
use crate::units::{Loss, Samples, TrialId};

/// The leaderboard of a study at one moment.
#[derive(Clone, Debug)]
pub struct Leaderboard {
    metric: String,
    parameters: Vec<String>,
    rows: Vec<Row>,
}

/// One trial of the leaderboard.
#[derive(Clone, Debug)]
pub struct Row {
    /// 1 for the best; `None` for a trial without a metric.
    pub rank: Option<usize>,
    /// The trial.
    pub trial: TrialId,
    /// `pending`, `running`, `paused`, `completed`, `pruned` or `failed`.
    pub status: &'static str,
    /// The best value of the metric.
    pub value: Option<f64>,
    /// What the ranking goes by; larger is better.
    pub score: Option<f64>,
    /// The epoch of the best value.
    pub best_epoch: Option<f64>,
    /// Epochs trained.
    pub epochs: f64,
    /// Epochs of a complete trial.
    pub max_epochs: f64,
    /// Rungs that the trial has stood at.
    pub rung: u32,
    /// Why it does not go on; empty while it may.
    pub stop_reason: String,
    /// Who proposed it.
    pub origin: String,
    /// The configuration's name.
    pub config_hash: String,
    /// How many numbers the optimiser changes.
    pub trainable_parameters: u64,
    /// The configuration.
    pub parameters: BTreeMap<String, Value>,
    /// What it cost, and where.
    pub timing: Timing,
}

/// The columns of a row that depend on the machine.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// Seconds in training steps.
    pub train_seconds: f64,
    /// Seconds in segments.
    pub wall_seconds: f64,
    /// Training samples a second.
    pub samples_per_second: f64,
    /// Highest resident memory of its workers, MiB.
    pub peak_memory_mb: f64,
    /// The last device.
    pub device: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: String,
}

impl Leaderboard {
    /// The leaderboard of `study` as it stands.
    pub fn new(study: &Study) -> Self {
        let settings = study.settings();
        let mut rows: Vec<(Loss, Row)> = study.trials().iter().map(|trial| row(study, trial)).collect();
        rows.sort_by_key(|(loss, row)| (row.status == "failed", row.value.is_none(), *loss, row.trial));
        let ranked = rows.into_iter().enumerate().map(|(index, (_, mut row))| {
            row.rank = row.value.is_some().then_some(index + 1);
            row
        });
        Self {
            metric: settings.metric.clone(),
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

    /// Keeps the first `count` rows.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
    }

    /// The names of the columns, in their stable order. Those that depend on the machine come last.
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
        let mut header: Vec<String> = ["rank", "trial", "status", &self.metric, "score", "best_epoch"]
            .into_iter()
            .chain([
                "metric_mean",
                "metric_se",
                "seeds",
                "test_metric",
                "epochs",
                "max_epochs",
                "rung",
            ])
            .chain(["stop_reason", "origin", "config_hash", "trainable_parameters"])
            .map(str::to_owned)
            .collect();
        header.extend(self.parameters.iter().map(|name| format!("params.{name}")));
        if with_timing {
            header.extend(TIMING.map(str::to_owned));
        }
        header
    }

    /// The cells of one row, in the order of [`Self::header`].
    pub fn cells(&self, row: &Row, with_timing: bool) -> Vec<String> {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut cells = vec![
            row.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            row.trial.to_string(),
            row.status.to_owned(),
            number(row.value),
            number(row.score),
            number(row.best_epoch),
            number(row.value),
            String::new(),
            usize::from(row.value.is_some()).to_string(),
            String::new(),
            number(Some(row.epochs)),
            number(Some(row.max_epochs)),
            row.rung.to_string(),
            row.stop_reason.clone(),
            row.origin.clone(),
            row.config_hash.clone(),
            row.trainable_parameters.to_string(),
        ];
        let value = |name: &String| row.parameters.get(name).map(Value::to_string).unwrap_or_default();
        cells.extend(self.parameters.iter().map(value));
        if with_timing {
            let timing = &row.timing;
            cells.extend([
                format!("{:.3}", timing.train_seconds),
                format!("{:.3}", timing.wall_seconds),
                format!("{:.1}", timing.samples_per_second),
                format!("{:.1}", timing.peak_memory_mb),
                timing.device.clone(),
                timing.started_at.clone(),
                timing.finished_at.clone(),
            ]);
        }
        cells
    }

    /// The leaderboard as CSV, with cells guarded against being run as spreadsheet formulas.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn write_csv(&self, output: impl io::Write, with_timing: bool) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(output);
        let mut write = |cells: Vec<String>| {
            let written = writer.write_record(cells.iter().map(|cell| guarded(cell)));
            written.map_err(of_output)
        };
        write(self.header(with_timing))?;
        for row in &self.rows {
            write(self.cells(row, with_timing))?;
        }
        writer.flush()
    }
}

/// The output's own error, whose kind says whether a reader has left.
fn of_output(error: csv::Error) -> io::Error {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(message),
    }
}

/// A text that a spreadsheet would run as a formula is kept a text by a leading apostrophe.
fn guarded(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn row(study: &Study, trial: &Trial) -> (Loss, Row) {
    let settings = study.settings();
    let record = study.record(trial.id);
    let best = best(study, trial, record);
    let (status, stop_reason) = status(study, trial, record);
    let reached = trial.reached.max(if record.partial.is_empty() {
        Samples(0)
    } else {
        record.partial_reached
    });
    let value = best.map(|best| settings.goal.value(best.loss));
    let usage = &record.usage;
    let row = Row {
        rank: None,
        trial: trial.id,
        status,
        value,
        score: best.map(|best| -best.loss.get()),
        best_epoch: best.map(|best| best.at.epochs(settings.epoch)),
        epochs: reached.epochs(settings.epoch),
        max_epochs: settings.max.epochs(settings.epoch),
        rung: trial.segments,
        stop_reason,
        origin: trial.origin.clone(),
        config_hash: trial.configuration.hash(),
        trainable_parameters: record.trainable_parameters,
        parameters: trial
            .configuration
            .iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect(),
        timing: Timing {
            train_seconds: usage.train_seconds,
            wall_seconds: usage.wall_seconds,
            samples_per_second: trial.reached.0 as f64 / usage.train_seconds.max(1e-9),
            peak_memory_mb: usage.peak_memory_mb,
            device: record.device.clone(),
            started_at: record.started_at.clone(),
            finished_at: record.finished_at.clone(),
        },
    };
    (best.map_or(Loss::WORST, |best| best.loss), row)
}

/// The best observation of a trial. What an interrupted segment measured counts too: it is real, though no decision used it.
pub(super) fn best(study: &Study, trial: &Trial, record: &Record) -> Option<Observation> {
    let settings = study.settings();
    let partial = record.partial.iter().filter_map(|evaluation| {
        let loss = settings.goal.loss(*evaluation.metrics.get(&settings.metric)?);
        Some(Observation {
            at: evaluation.at,
            loss,
        })
    });
    let observations = trial.observations.iter().copied().chain(partial);
    observations
        .filter(|observation| observation.loss < Loss::WORST)
        .min_by_key(|best| (best.loss, best.at))
}

fn status(study: &Study, trial: &Trial, record: &Record) -> (&'static str, String) {
    match (trial.status, study.ended()) {
        (Status::Completed, _) => ("completed", "max_epochs".into()),
        (Status::Failed, _) => (
            "failed",
            record
                .failure
                .as_ref()
                .map(|failure| failure.kind.to_string())
                .unwrap_or_default(),
        ),
        (Status::Running { .. } | Status::Paused, Some(reason)) => ("pruned", reason.name().into()),
        (Status::Running { .. }, None) => ("running", String::new()),
        (Status::Paused, None) => ("paused", String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_a_spreadsheet_would_run_are_guarded() {
        let cells = ["=1+1", "+x", "-0.5", "-cmd", "@sum", "linear", "-1e-3"];
        assert_eq!(
            cells.map(guarded),
            ["'=1+1", "'+x", "-0.5", "'-cmd", "'@sum", "linear", "-1e-3"]
        );
    }
}
