//! Reads leaderboards of earlier studies for results that fit this study.
//!
//! Imports `space` and `trials`. A row is used if its parameters are a configuration of this space. Everything else is
//! left out and explained once per file and reason.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::space::{Configuration, Domain, Space, Value};
use crate::trials::{PastResult, PastTrial};

/// Prefix of parameter columns in a leaderboard's header.
const PREFIX: &str = "params.";

/// Prefix of a metric column if the metric has the name of another column.
const METRIC_PREFIX: &str = "metrics.";

/// The columns of result tables that are not metrics.
const COLUMNS: [&str; 34] = [
    "rank",
    "trial",
    "status",
    "pareto",
    "violation",
    "score",
    "best_epoch",
    "metric_mean",
    "metric_se",
    "seeds",
    "test_metric",
    "epochs",
    "max_epochs",
    "rung",
    "stop_reason",
    "origin",
    "parent",
    "repeats",
    "config_hash",
    "train_seconds",
    "wall_seconds",
    "samples_per_second",
    "peak_memory_mb",
    "device",
    "started_at",
    "finished_at",
    "improvement",
    "hypervolume",
    "trials",
    "seconds",
    "metric",
    "metrics",
    "epoch",
    "params",
];

/// The column of a metric in a result table: its own name, unless another column has that name.
pub fn metric_column(metric: &str) -> String {
    let is_taken = COLUMNS.contains(&metric) || metric.starts_with(PREFIX) || metric.starts_with(METRIC_PREFIX);
    if is_taken {
        format!("{METRIC_PREFIX}{metric}")
    } else {
        metric.to_owned()
    }
}

/// The index of a metric's column. Tables of earlier versions use the metric's own name, and its first column counts.
pub fn find_metric(header: &csv::StringRecord, metric: &str) -> Option<usize> {
    let index_of = |name: &str| header.iter().position(|column| column == name);
    index_of(&metric_column(metric)).or_else(|| index_of(metric))
}

/// Results of earlier studies, and warnings about those that do not fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// The trials that fit, in the order of the files and their rows.
    pub trials: Vec<PastTrial>,
    /// Why other rows or files are left out, one sentence each.
    pub warnings: Vec<String>,
}

/// A leaderboard that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`, named by `warm_start`: {source}", path.display())]
pub struct WarmStartError {
    path: PathBuf,
    source: io::Error,
}

/// Reads leaderboards for a study over `space` whose metric is `metric`.
///
/// # Errors
/// If a file cannot be opened. A file that is not a leaderboard is only a warning.
pub fn read(files: &[PathBuf], space: &Space, metric: &str) -> Result<Past, WarmStartError> {
    let mut past = Past::default();
    for path in files {
        let file = File::open(path).map_err(|source| WarmStartError {
            path: path.clone(),
            source,
        })?;
        read_one(path, file, space, metric, &mut past);
    }
    Ok(past)
}

/// Indices of the used columns.
struct Columns {
    status: usize,
    metric: usize,
    epochs: usize,
    best_epoch: Option<usize>,
    repeats: Option<usize>,
    /// Names and column indices of the parameters.
    parameters: Vec<(String, usize)>,
}

impl Columns {
    /// Finds the columns in a header, or returns why it is not a leaderboard for this metric.
    fn find(header: &csv::StringRecord, metric: &str) -> Result<Self, String> {
        let index_of = |name: &str| header.iter().position(|column| column == name);
        let (Some(status), Some(epochs)) = (index_of("status"), index_of("epochs")) else {
            return Err("is not a leaderboard: the columns `status` and `epochs` are missing".to_owned());
        };
        let Some(of_metric) = find_metric(header, metric) else {
            // In a leaderboard the metric follows the status.
            let other = header.get(status + 1).unwrap_or_default();
            return Err(format!("is of a study of another metric, `{other}`, not of `{metric}`"));
        };
        let parameters = header.iter().enumerate();
        let parameters = parameters.filter_map(|(at, column)| Some((column.strip_prefix(PREFIX)?.to_owned(), at)));
        Ok(Self {
            status,
            metric: of_metric,
            epochs,
            best_epoch: index_of("best_epoch"),
            repeats: index_of("repeats"),
            parameters: parameters.collect(),
        })
    }
}

/// Reasons why rows of one file are left out, each with the first such line and the number of rows.
#[derive(Default)]
struct Refusals(Vec<(String, u64, usize)>);

impl Refusals {
    fn add(&mut self, reason: String, line: u64) {
        match self.0.iter_mut().find(|(known, ..)| *known == reason) {
            Some((.., count)) => *count += 1,
            None => self.0.push((reason, line, 1)),
        }
    }

    fn explain(self, path: &Path) -> impl Iterator<Item = String> {
        let path = path.display().to_string();
        self.0.into_iter().map(move |(reason, line, count)| match count {
            1 => format!("`{path}`: line {line} is left out: {reason}"),
            _ => format!("`{path}`: {count} rows are left out, the first in line {line}: {reason}"),
        })
    }
}

fn read_one(path: &Path, input: impl io::Read, space: &Space, metric: &str, past: &mut Past) {
    let mut skip = |why: String| {
        past.warnings
            .push(format!("`{}` is left out: it {why}", path.display()));
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return skip(format!("cannot be read as a table: {error}")),
    };
    let columns = match Columns::find(&header, metric) {
        Ok(columns) => columns,
        Err(why) => return skip(why),
    };
    let mut refusals = Refusals::default();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                refusals.add("it cannot be read as a row of the table".to_owned(), line);
                continue;
            }
        };
        match past_trial(&row, &columns, space) {
            Ok(Some(trial)) => past.trials.push(trial),
            Ok(None) => {}
            Err(reason) => refusals.add(reason, row.position().map_or(0, csv::Position::line)),
        }
    }
    past.warnings.extend(refusals.explain(path));
}

/// The trial of a row; `None` if it has no result, or the reason why it does not fit.
fn past_trial(row: &csv::StringRecord, columns: &Columns, space: &Space) -> Result<Option<PastTrial>, String> {
    let cell = |at: usize| row.get(at).unwrap_or_default();
    let number = |at: usize| cell(at).parse::<f64>().ok().filter(|number| number.is_finite());
    if columns.repeats.is_some_and(|at| !cell(at).is_empty()) {
        // The row of a selection that repeats a trial, which has a row of its own.
        return Ok(None);
    }
    let value = number(columns.metric);
    let has_failed = cell(columns.status) == "failed";
    if value.is_none() && !has_failed {
        return Ok(None);
    }
    let epochs = number(columns.epochs).filter(|epochs| *epochs >= 0.0);
    let epochs = epochs.ok_or("`epochs` is not a number")?;
    let best = value.filter(|_| !has_failed).map(|value| PastResult {
        epoch: columns.best_epoch.and_then(number).unwrap_or(epochs),
        value,
    });
    Ok(Some(PastTrial {
        configuration: configuration(row, columns, space)?,
        epochs,
        best,
    }))
}

/// The configuration of a row, or the reason why it does not fit `space`.
fn configuration(row: &csv::StringRecord, columns: &Columns, space: &Space) -> Result<Configuration, String> {
    // An empty cell means that the parameter was not active.
    let given = columns.parameters.iter();
    let given = given.filter_map(|(name, at)| Some((name.as_str(), row.get(*at).filter(|cell| !cell.is_empty())?)));
    let mut cells: Vec<(&str, &str)> = given.collect();
    let mut configuration = Configuration::default();
    for parameter in space.parameters() {
        let name = &parameter.name;
        let cell = cells.iter().position(|(given, _)| given == name);
        match (parameter.is_active(&configuration), cell) {
            (true, Some(index)) => {
                let (_, text) = cells.swap_remove(index);
                let value = value(text, &parameter.domain);
                configuration.set(
                    name,
                    value.ok_or_else(|| format!("`{name}` is outside of its domain here"))?,
                );
            }
            (false, None) => {}
            (true, None) => return Err(format!("it has no value of `{name}`")),
            (false, Some(_)) => return Err(format!("it has a value of `{name}`, which is not active here")),
        }
    }
    match cells.first() {
        None => Ok(configuration),
        Some((name, _)) => Err(format!("this space has no parameter `{name}`")),
    }
}

/// The value of `domain` that a cell represents.
fn value(cell: &str, domain: &Domain) -> Option<Value> {
    // Our leaderboard puts a `'` before such cells to protect spreadsheets.
    let text = match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    };
    let readings = [
        text.parse().ok().map(Value::Int),
        text.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Value::Float),
        text.parse().ok().map(Value::Bool),
        Some(Value::Text(text.to_owned())),
    ];
    let (value, unit) = readings
        .into_iter()
        .flatten()
        .find_map(|value| domain.encode(&value).map(|unit| (value, unit)))?;
    Some(match (domain.cardinality(), value.as_f64()) {
        // The value as the domain has it: 1.0 may be written as 1.
        (Some(_), _) => domain.decode(unit),
        (None, Some(number)) => Value::Float(number),
        (None, None) => value,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng;
    use crate::space::{Expression, Parameter};
    use crate::units::Seed;

    fn space() -> Space {
        let rate = Domain::Float {
            min: 1e-6,
            max: 1e-1,
            log: true,
            step: None,
        };
        let size = Domain::Choice {
            values: [8, 16].map(Value::Int).to_vec(),
            ordered: true,
        };
        let kind = Domain::Choice {
            values: ["plain", "=odd", "12"]
                .map(|text| Value::Text(text.to_owned()))
                .to_vec(),
            ordered: false,
        };
        let extra = Domain::Float {
            min: 0.0,
            max: 0.5,
            log: false,
            step: Some(0.05),
        };
        let condition = Expression::parse("kind == 'plain'", &[("kind", &kind)]).unwrap();
        let extra = Parameter {
            condition: Some(condition),
            ..Parameter::new("extra", extra)
        };
        let parameters = vec![
            Parameter::new("rate", rate),
            Parameter::new("size", size),
            Parameter::new("kind", kind),
            extra,
        ];
        Space::new(parameters, vec![]).unwrap()
    }

    fn past(text: &str) -> Past {
        let mut past = Past::default();
        read_one(Path::new("old.csv"), text.as_bytes(), &space(), "accuracy", &mut past);
        past
    }

    const HEADER: &str =
        "rank,trial,status,accuracy,best_epoch,epochs,params.rate,params.size,params.kind,params.extra";

    #[test]
    fn rows_that_fit_are_known_and_failures_too() {
        let text = format!(
            "{HEADER}\n1,0,completed,0.9,2,4,0.001,16,'=odd,\n,1,failed,,,1,0.05,8,12,\n,2,running,,,0,0.05,8,12,\n"
        );
        let past = past(&text);
        assert_eq!(past.warnings, Vec::<String>::new());
        assert_eq!(past.trials.len(), 2);
        let first = &past.trials[0];
        assert_eq!(first.best, Some(PastResult { epoch: 2.0, value: 0.9 }));
        assert_eq!(first.epochs, 4.0);
        assert_eq!(first.configuration.get("kind"), Some(&Value::Text("=odd".into())));
        assert_eq!(past.trials[1].best, None);
        assert_eq!(
            past.trials[1].configuration.get("kind"),
            Some(&Value::Text("12".into()))
        );
    }

    #[test]
    fn what_does_not_fit_is_explained_once_for_each_reason() {
        let header = format!("{HEADER},params.momentum");
        let rows = [
            "1,0,completed,0.9,2,4,0.5,16,=odd,,",
            "2,1,completed,0.9,2,4,0.7,16,=odd,,",
            "3,2,completed,0.9,2,4,0.01,16,plain,,",
            "4,3,completed,0.9,2,4,0.01,16,=odd,0.1,",
            "5,4,completed,0.9,2,4,0.01,16,=odd,,0.9",
            "6,5,completed,0.9,2,many,0.01,16,=odd,,",
            "7,6,completed,0.9,2,4,0.01,16,=odd,,",
        ];
        let past = past(&format!("{header}\n{}\n", rows.join("\n")));
        assert_eq!(past.trials.len(), 1);
        insta::assert_snapshot!(past.warnings.join("\n"), @r"
        `old.csv`: 2 rows are left out, the first in line 2: `rate` is outside of its domain here
        `old.csv`: line 4 is left out: it has no value of `extra`
        `old.csv`: line 5 is left out: it has a value of `extra`, which is not active here
        `old.csv`: line 6 is left out: this space has no parameter `momentum`
        `old.csv`: line 7 is left out: `epochs` is not a number
        ");
    }

    #[test]
    fn a_file_of_something_else_is_left_out_as_a_whole() {
        assert_eq!(
            past("a,b\n1,2\n").warnings,
            ["`old.csv` is left out: it is not a leaderboard: the columns `status` and `epochs` are missing"]
        );
        assert_eq!(
            past("rank,trial,status,loss,epochs\n").warnings,
            ["`old.csv` is left out: it is of a study of another metric, `loss`, not of `accuracy`"]
        );
        assert_eq!(past("").warnings.len(), 1);
        assert_eq!(past("\u{0}\"").warnings.len(), 1);
    }

    proptest! {
        #[test]
        fn every_configuration_comes_back_from_its_cells(seed in any::<u64>()) {
            let space = space();
            let sampled = space.sample(&mut rng::stream(Seed(seed), "test", &[]));
            let cells = ["rate", "size", "kind", "extra"].map(|name| match sampled.get(name) {
                None => String::new(),
                Some(Value::Float(number)) => number.to_string(),
                Some(value) => value.to_string(),
            });
            let past = past(&format!("{HEADER}\n1,0,completed,0.9,2,4,{}\n", cells.join(",")));
            prop_assert_eq!(&past.warnings, &Vec::<String>::new());
            prop_assert_eq!(&past.trials[0].configuration, &sampled);
        }
    }
}
