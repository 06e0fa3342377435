//! Results of trials in order of arrival: the smallest loss of each trial up to each rung.

use super::model::Datum;
use crate::trials::{Status, Trial};
use crate::units::Samples;

/// The smallest loss of a trial up to a rung.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Record {
    trial: usize,
    rung: usize,
    /// Infinite if the trial failed before the rung.
    loss: f64,
}

/// All results so far.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    records: Vec<Record>,
    /// Number of recorded rungs of each trial.
    recorded: Vec<usize>,
}

impl History {
    /// Records new results of a trial at the end of a segment.
    pub(super) fn observe(&mut self, trial: &Trial, rungs: &[Samples]) {
        let number = trial.id.index();
        if self.recorded.len() <= number {
            self.recorded.resize(number + 1, 0);
        }
        let reached = match trial.status {
            Status::Running { .. } => return,
            Status::Paused | Status::Stopped => rungs.partition_point(|&rung| rung <= trial.reached),
            Status::Completed => rungs.len(),
            Status::Failed => {
                let rung = rungs.partition_point(|&rung| rung <= trial.reached);
                self.push(number, rung.min(rungs.len() - 1), f64::INFINITY);
                return;
            }
        };
        for (rung, &level) in rungs.iter().enumerate().take(reached).skip(self.recorded[number]) {
            // The last value of a trial that ended early is its final value.
            let is_last = rung + 1 == reached;
            let seen = trial.observations.iter().filter(|seen| is_last || seen.at <= level);
            if let Some(loss) = seen.map(|seen| seen.loss).min() {
                self.push(number, rung, loss.get());
            }
        }
    }

    fn push(&mut self, trial: usize, rung: usize, loss: f64) {
        self.recorded[trial] = rung + 1;
        self.records.push(Record { trial, rung, loss });
    }

    /// Number of values so far.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The first `count` values as data for the model: at most `most`, scaled to mean 0 and variance 1.
    ///
    /// The last value of every trial is kept before any earlier one, and smaller values before larger ones.
    pub(super) fn data(&self, count: usize, most: usize, rungs: &[Samples]) -> Vec<Datum> {
        let records = &self.records[..count.min(self.records.len())];
        let mut last = vec![0; self.recorded.len()];
        for (index, record) in records.iter().enumerate() {
            last[record.trial] = index;
        }
        let mut indices: Vec<usize> = (0..records.len()).collect();
        indices.sort_by(|&left, &right| {
            let is_earlier = |index: usize| last[records[index].trial] != index;
            let losses = records[left].loss.total_cmp(&records[right].loss);
            is_earlier(left).cmp(&is_earlier(right)).then(losses)
        });
        indices.truncate(most);
        indices.sort_unstable();
        let losses: Vec<f64> = indices.iter().map(|&index| records[index].loss).collect();
        let smallest = rungs[0].0.max(1) as f64;
        indices
            .iter()
            .zip(targets(&losses))
            .map(|(&index, target)| Datum {
                trial: records[index].trial,
                level: rungs[records[index].rung].0 as f64 / smallest,
                target,
            })
            .collect()
    }
}

/// Losses as targets of mean 0 and variance 1, on a logarithmic scale above the best one.
///
/// Diverged trials are far away but not out of proportion, and there is resolution near the best. A failed trial counts
/// as the worst.
fn targets(losses: &[f64]) -> Vec<f64> {
    /// End of the linear part of the scale, as a share of the distance from the best loss to the top-fifth quantile.
    /// The search decides among these, and the early values of most trials lie far above.
    const LINEAR: f64 = 0.5;
    /// Divisor for the quantile: the best fifth.
    const TOP: usize = 5;
    let mut sorted: Vec<f64> = losses.iter().copied().filter(|loss| loss.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&best), Some(&worst)) = (sorted.first(), sorted.last()) else {
        return vec![0.0; losses.len()];
    };
    let top = sorted[sorted.len() / TOP] - best;
    let unit = LINEAR * if top > 0.0 { top } else { worst - best };
    if unit <= 0.0 || !unit.is_finite() {
        return losses
            .iter()
            .map(|loss| f64::from(u8::from(!loss.is_finite())))
            .collect();
    }
    let logarithms: Vec<f64> = losses
        .iter()
        .map(|loss| ((loss.min(worst) - best) / unit).ln_1p())
        .collect();
    let count = logarithms.len() as f64;
    let mean = logarithms.iter().sum::<f64>() / count;
    let variance = logarithms.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(1e-12);
    logarithms.iter().map(|value| (value - mean) / deviation).collect()
}
