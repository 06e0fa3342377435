//! Details of a trial that decisions do not need: for the leaderboard and the other derived files.

use super::Repeat;
use crate::preference::Scores;
use crate::trials::{Evaluation, Failure, SegmentReport, Usage};
use crate::units::{Samples, TrialId};

/// Details of one trial.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The reason for training it again after the search; `None` for a trial of the search itself.
    pub repeat: Option<Repeat>,
    /// Cost of its only segment on the virtual clock, if it is such a repeat.
    pub cost: Option<f64>,
    /// All delivered evaluations, with every metric.
    pub evaluations: Vec<Evaluation>,
    /// Report of a segment that was interrupted and has not ended yet.
    pub partial: Option<SegmentReport>,
    /// Number of values that its optimizer changes; 0 while unknown.
    pub trainable_parameters: u64,
    /// Number of retries after memory ran out. Each retry splits every step into twice as many parts.
    pub splits: u32,
    /// The failure, if it failed.
    pub failure: Option<Failure>,
    /// The rule that pruned it.
    pub stopped_by: Option<&'static str>,
    /// Total resources that it used.
    pub usage: Usage,
    /// The device of its last segment.
    pub device: String,
    /// Start of its first segment, RFC 3339.
    pub started_at: String,
    /// End of its last segment, RFC 3339.
    pub finished_at: String,
}

/// A new incumbent, or a new result on the front if several metrics count.
#[derive(Clone, Debug, PartialEq)]
pub struct Improvement {
    /// Its trial.
    pub trial: TrialId,
    /// Its scores.
    pub scores: Scores,
    /// Number of trials created until then.
    pub trials: usize,
    /// Number of samples that all trials had seen until then.
    pub samples: u64,
    /// Seconds that the study had run until then.
    pub elapsed: f64,
}

impl Record {
    /// Records the evaluations of an interrupted segment. A killed worker reports only those that it made itself.
    pub(super) fn interrupt(&mut self, report: &SegmentReport) {
        let Some(partial) = &mut self.partial else {
            self.partial = Some(report.clone());
            return;
        };
        partial.reached = partial.reached.max(report.reached);
        partial.trainable_parameters = partial.trainable_parameters.max(report.trainable_parameters);
        // Each report covers the whole segment, as far as its worker knew it.
        let (known, new) = (&mut partial.usage, &report.usage);
        known.train_seconds = known.train_seconds.max(new.train_seconds);
        known.wall_seconds = known.wall_seconds.max(new.wall_seconds);
        known.peak_memory_mb = known.peak_memory_mb.max(new.peak_memory_mb);
        known.cpu_seconds = known.cpu_seconds.max(new.cpu_seconds);
        partial.training.extend(&report.training);
        let last = partial.evaluations.last().map_or(Samples(0), |last| last.at);
        partial.evaluations.extend(
            report
                .evaluations
                .iter()
                .filter(|evaluation| evaluation.at > last)
                .cloned(),
        );
    }

    pub(super) fn take(&mut self, report: SegmentReport) {
        self.evaluations.extend(report.evaluations);
        self.trainable_parameters = self.trainable_parameters.max(report.trainable_parameters);
        let Usage {
            train_seconds,
            wall_seconds,
            peak_memory_mb,
            longest_step,
            cpu_seconds,
        } = report.usage;
        self.usage.cpu_seconds += cpu_seconds;
        self.usage.train_seconds += train_seconds;
        self.usage.wall_seconds += wall_seconds;
        self.usage.peak_memory_mb = self.usage.peak_memory_mb.max(peak_memory_mb);
        self.usage.longest_step = self.usage.longest_step.max(longest_step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::TrainingCurve;

    #[test]
    fn an_interrupted_segment_counts_with_all_that_is_known_of_it() {
        let report = |reached, wall_seconds, peak_memory_mb| SegmentReport {
            reached: Samples(reached),
            evaluations: vec![],
            training: TrainingCurve::default(),
            trainable_parameters: 0,
            usage: Usage {
                train_seconds: wall_seconds,
                wall_seconds,
                peak_memory_mb,
                longest_step: 0.0,
                cpu_seconds: 0.0,
            },
        };
        let mut record = Record::default();
        record.interrupt(&report(10, 2.0, 300.0));
        record.interrupt(&report(20, 5.0, 0.0));
        // A killed worker reports only its own time.
        record.interrupt(&report(15, 1.0, 0.0));
        assert_eq!(record.partial, Some(report(20, 5.0, 300.0)));
    }
}
