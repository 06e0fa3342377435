//! The best configurations of a study, compared with their results for other seeds.

use std::collections::BTreeMap;
use std::io;

use super::seeds::Seeds;
use super::{Cell, Leaderboard, write_table};
use crate::space::Value;
use crate::study::Study;
use crate::units::TrialId;

/// Results of running the best configurations of a study again, best mean first.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// The metric's name.
    pub metric: String,
    parameters: Vec<String>,
    /// One row per configuration.
    pub rows: Vec<RerunRow>,
}

/// One configuration.
#[derive(Clone, Debug)]
pub struct RerunRow {
    /// Rank, 1 for the best mean; `None` without a result.
    pub rank: Option<usize>,
    /// The trial of the original study.
    pub trial: TrialId,
    /// Hash of the configuration.
    pub config_hash: String,
    /// Best value of that trial.
    pub original: Option<f64>,
    /// Best values of the other seeds.
    pub seeds: Seeds,
    parameters: BTreeMap<String, Value>,
}

impl Rerun {
    /// Compares configurations of the study `original` with their results in the study `rerun`.
    pub fn new(original: &Study, rerun: &Study) -> Self {
        let goal = original.settings().goal;
        let mut seeds = Seeds::by_configuration(rerun);
        let known = Leaderboard::new(original);
        let rows = known.rows().iter().filter_map(|row| {
            Some(RerunRow {
                rank: None,
                trial: row.trial,
                config_hash: row.config_hash.clone(),
                original: row.value,
                seeds: seeds.remove(&row.config_hash)?,
                parameters: row.parameters.clone(),
            })
        });
        let mut rows: Vec<RerunRow> = rows.collect();
        // Rows without a result come last. Equal rows keep the order of the original study.
        rows.sort_by_key(|row| {
            let mean = row.seeds.mean();
            (mean.is_none(), mean.map(|mean| goal.loss(mean)))
        });
        for (index, row) in rows.iter_mut().enumerate() {
            row.rank = row.seeds.mean().map(|_| index + 1);
        }
        let parameters = original.settings().space.parameters().iter();
        Self {
            metric: original.settings().metric.clone(),
            parameters: parameters.map(|parameter| parameter.name.clone()).collect(),
            rows,
        }
    }

    /// The column names.
    pub fn header(&self) -> Vec<String> {
        let fixed = [
            "rank",
            "trial",
            "config_hash",
            "original",
            "mean",
            "standard_error",
            "min",
            "max",
            "seeds",
            "failed",
        ];
        let parameters = self.parameters.iter().map(|name| format!("params.{name}"));
        fixed.map(str::to_owned).into_iter().chain(parameters).collect()
    }

    /// The cells of one row, in the order of [`Self::header`].
    pub fn cells(&self, row: &RerunRow) -> Vec<Cell> {
        let number = |value: Option<f64>| value.map_or(Cell::Null, Cell::from);
        let range = row.seeds.range();
        let mut cells = vec![
            row.rank.map_or(Cell::Null, Cell::from),
            row.trial.0.into(),
            row.config_hash.as_str().into(),
            number(row.original),
            number(row.seeds.mean()),
            number(row.seeds.standard_error()),
            number(range.map(|range| range.0)),
            number(range.map(|range| range.1)),
            row.seeds.values.len().into(),
            row.seeds.failed.into(),
        ];
        let value = |name: &String| {
            row.parameters
                .get(name)
                .map_or(Cell::Null, |value| serde_json::json!(value))
        };
        cells.extend(self.parameters.iter().map(value));
        cells
    }

    /// Writes `rerun.csv`.
    ///
    /// # Errors
    /// If `output` cannot be written.
    pub fn write_csv(&self, output: impl io::Write) -> io::Result<()> {
        let rows = self.rows.iter().map(|row| self.cells(row));
        write_table(output, self.header(), rows)
    }
}
