//! The any-time curve: every new best value or, with several metrics, every new result on the Pareto front.

use std::io;

use crate::preference::{Scores, hypervolume};
use crate::study::{Settings, Study};
use crate::units::Goal;
use crate::warm_start::metric_column;

/// Writes `incumbent.csv`: one row per improvement. `seconds`, the only column that depends on the machine, comes last.
///
/// With several metrics, a row has the values of all of them. With a Pareto front it also has `hypervolume`, in [0, 1]:
/// the share of a box that the front dominates so far. The box spans the best and the worst value of each metric over
/// all trials so far. The share only grows from row to row; 1 would be a single trial that is best in every metric.
///
/// # Errors
/// If `output` cannot be written.
pub fn write_csv(study: &Study, output: impl io::Write) -> io::Result<()> {
    let settings = study.settings();
    let goals = goals(settings);
    let mut writer = csv::Writer::from_writer(output);
    let mut header = ["improvement", "trial"].map(str::to_owned).to_vec();
    header.extend(goals.iter().map(|(name, _)| metric_column(name)));
    let has_front = settings.criteria.has_front();
    header.extend(has_front.then(|| "hypervolume".to_owned()));
    header.extend(["trials", "epochs", "seconds"].map(str::to_owned));
    writer.write_record(header)?;
    let shares = has_front.then(|| shares(study));
    for (index, improvement) in study.improvements().iter().enumerate() {
        let epochs = improvement.samples as f64 / settings.epoch.0 as f64;
        let mut row = vec![(index + 1).to_string(), improvement.trial.to_string()];
        let values = improvement.scores.losses.iter().zip(&goals);
        row.extend(values.map(|(loss, (_, goal))| goal.value(*loss).to_string()));
        row.extend(shares.as_ref().map(|shares| shares[index].to_string()));
        row.extend([
            improvement.trials.to_string(),
            epochs.to_string(),
            format!("{:.3}", improvement.elapsed),
        ]);
        writer.write_record(row)?;
    }
    writer.flush()
}

/// The optimized metrics, in order.
fn goals(settings: &Settings) -> Vec<(&str, Goal)> {
    let others = settings.criteria.others.iter();
    let others = others.map(|metric| (metric.name.as_str(), metric.goal));
    std::iter::once((settings.metric.as_str(), settings.goal))
        .chain(others)
        .collect()
}

/// The dominated share of the box after every improvement.
pub(super) fn shares(study: &Study) -> Vec<f64> {
    let results: Vec<Scores> = study
        .searched()
        .filter_map(|trial| study.best_scores(trial.id))
        .collect();
    let improvements = study.improvements();
    let all = results
        .iter()
        .chain(improvements.iter().map(|improvement| &improvement.scores));
    let all: Vec<&Scores> = all.filter(|scores| scores.is_feasible()).collect();
    let metrics = study.settings().criteria.others.len() + 1;
    let bounds: Vec<(f64, f64)> = (0..metrics)
        .map(|metric| {
            let losses = all.iter().map(|scores| scores.losses[metric].get());
            losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
                (low.min(loss), high.max(loss))
            })
        })
        .collect();
    // A metric with a single value does not change the volume.
    let normalised =
        |(loss, (low, high)): (f64, &(f64, f64))| if high > low { (loss - low) / (high - low) } else { 0.0 };
    let mut points: Vec<Vec<f64>> = Vec::new();
    let shares = improvements.iter().map(|improvement| {
        if improvement.scores.is_feasible() {
            let losses = improvement.scores.losses.iter().map(|loss| loss.get());
            points.push(losses.zip(&bounds).map(normalised).collect());
        }
        hypervolume(&points, &vec![1.0; metrics])
    });
    shares.collect()
}
