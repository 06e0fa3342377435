//! The part of a segment that its program has reported so far.

use std::collections::BTreeMap;
use std::path::Path;

use super::readings::{Reading, Slip};
use super::{EPOCH, failed};
use crate::objective::RunError;
use crate::trials::{Evaluation, FailureKind, Segment};
use crate::units::Samples;

/// The evaluations of a segment, reported by one program, or by several one after the other if it was interrupted.
#[derive(Debug)]
pub(super) struct Report<'a> {
    from: Samples,
    to: Samples,
    max: Samples,
    /// The trial's last evaluation before the segment.
    last: Option<&'a Evaluation>,
    /// The metrics that the study uses: an evaluation must have all of them.
    wanted: &'a [String],
    /// All reported metrics, by level.
    levels: BTreeMap<Samples, BTreeMap<String, f64>>,
    /// The levels that are complete evaluations, in order.
    evaluations: Vec<Evaluation>,
    /// Metrics reported without an epoch: the result of the segment.
    result: BTreeMap<String, f64>,
    is_past_end: bool,
    /// The first and the last reported epoch that lie outside this segment.
    elsewhere: Option<(f64, f64)>,
    /// The first reported epoch that is not a whole number.
    fraction: Option<f64>,
}

impl<'a> Report<'a> {
    /// A report that continues from the evaluations known before an interruption.
    pub(super) fn new(segment: &'a Segment, wanted: &'a [String], known: Vec<Evaluation>) -> Self {
        Self {
            from: segment.from,
            to: segment.to,
            max: segment.max,
            last: segment.last.as_ref(),
            wanted,
            levels: known
                .iter()
                .map(|evaluation| (evaluation.at, evaluation.metrics.clone()))
                .collect(),
            evaluations: known,
            result: BTreeMap::new(),
            is_past_end: false,
            elsewhere: None,
            fraction: None,
        }
    }

    /// The first used metric in the reading that is not finite.
    ///
    /// Epochs outside the segment are ignored. Whether they are read at all before the program is stopped is a matter
    /// of timing.
    pub(super) fn diverged(&self, reading: &Reading) -> Option<String> {
        if self.epoch(reading).is_some_and(|epoch| !self.is_of_segment(epoch)) {
            return None;
        }
        let is_lost = |name: &&String| reading.metrics.get(*name).is_some_and(|value| !value.is_finite());
        self.wanted.iter().find(is_lost).cloned()
    }

    /// Returns whether an epoch is missing between the known evaluations and this reading.
    ///
    /// After an interruption a program should not resume from later than its last report.
    pub(super) fn is_ahead_of(&self, reading: &Reading) -> bool {
        let next = self.reached().epochs(EPOCH) + 1.0;
        let is_ahead = |epoch: f64| self.reached() < self.to && whole(epoch).is_some() && epoch > next + 0.5;
        self.epoch(reading).is_some_and(is_ahead)
    }

    /// Adds a reading; returns the evaluation that it completes or changes, if any.
    ///
    /// Only whole epochs of this segment count: a program that restarted repeats known epochs, and nothing is compared
    /// between epochs. If a whole trial is one epoch, that means one run of the program. The program's own epochs are
    /// then ignored, and its last report is the result.
    pub(super) fn take(&mut self, reading: Reading) -> Option<Evaluation> {
        let epoch = self.epoch(&reading);
        let metrics = reading.metrics.into_iter().filter(|(_, value)| value.is_finite());
        let Some(epoch) = epoch else {
            self.result.extend(metrics);
            return None;
        };
        if !self.is_of_segment(epoch) {
            // A complete trial may continue past its end.
            self.is_past_end |= epoch > self.to.epochs(EPOCH) && self.to < self.max;
            let first = self.elsewhere.map_or(epoch, |(first, _)| first);
            self.elsewhere = Some((first, epoch));
            return None;
        }
        let Some(at) = whole(epoch) else {
            self.fraction.get_or_insert(epoch);
            return None;
        };
        self.levels.entry(at).or_default().extend(metrics);
        self.collect();
        self.evaluations.iter().find(|evaluation| evaluation.at == at).cloned()
    }

    /// The epoch of a reading, if epochs matter in this study.
    fn epoch(&self, reading: &Reading) -> Option<f64> {
        reading.epoch.filter(|_| self.max > EPOCH)
    }

    fn is_of_segment(&self, epoch: f64) -> bool {
        epoch > self.from.epochs(EPOCH) && epoch <= self.to.epochs(EPOCH)
    }

    fn collect(&mut self) {
        let is_complete = |metrics: &BTreeMap<String, f64>| self.wanted.iter().all(|name| metrics.contains_key(name));
        let complete = self.levels.iter().filter(|(_, metrics)| is_complete(metrics));
        self.evaluations = complete
            .map(|(&at, metrics)| Evaluation {
                at,
                metrics: metrics.clone(),
            })
            .collect();
    }

    /// Uses metrics without an epoch as the result at the end of the segment. Returns whether there is one now.
    pub(super) fn settle(&mut self) -> bool {
        if !self.result.is_empty() {
            let result = std::mem::take(&mut self.result);
            self.levels.entry(self.to).or_default().extend(result);
            self.collect();
        }
        self.reached() >= self.to
    }

    /// Completes the segment of a program that ended successfully, or was stopped past its end, without lost output.
    ///
    /// If the program stopped early by a rule of its own, its last report also becomes its result at the end of this
    /// segment and of every later one.
    ///
    /// # Errors
    /// Returns the trial's failure if it never reported anything.
    pub(super) fn conclude(&mut self, slip: Option<Slip>, log: &Path) -> Result<(), RunError> {
        if self.settle() {
            return Ok(());
        }
        match self.evaluations.last().or(self.last).map(|last| last.metrics.clone()) {
            Some(metrics) => {
                self.levels.insert(self.to, metrics);
                self.collect();
                Ok(())
            }
            None => Err(failed(FailureKind::Invalid, self.missing(slip, log))),
        }
    }

    /// Describes what was expected and what was reported instead.
    fn missing(&self, slip: Option<Slip>, log: &Path) -> String {
        let names: Vec<String> = self.wanted.iter().map(|name| format!("`{name}`")).collect();
        let reported = self.levels.values().flat_map(BTreeMap::keys).next();
        let instead = match (reported, self.elsewhere, self.fraction, slip) {
            (Some(name), ..) => format!("only others such as `{name}`"),
            (None, Some((first, last)), ..) => format!(
                "only epochs {first} to {last}, and it was to train epochs {} to {}, counted from 1",
                self.from.epochs(EPOCH) + 1.0,
                self.to.epochs(EPOCH)
            ),
            (None, None, Some(epoch), _) => format!(
                "only fractions of epochs such as {epoch}, and whole ones are compared: round them, as in `round(state.epoch)`"
            ),
            (None, None, None, Some(slip)) => slip.explain().to_owned(),
            (None, None, None, None) => "no line of JSON with numbers".to_owned(),
        };
        let log = if log.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            format!("; its output is in `{}`", log.display())
        } else {
            String::new()
        };
        format!(
            "the program ended without reporting {}, {instead}{log}",
            names.join(" and ")
        )
    }

    /// Returns whether the program has trained past the end of the segment.
    pub(super) fn is_past_end(&self) -> bool {
        self.is_past_end
    }

    /// The last reported epoch of the segment.
    pub(super) fn last_reported(&self) -> Option<f64> {
        self.levels.last_key_value().map(|(at, _)| at.epochs(EPOCH))
    }

    pub(super) fn reached(&self) -> Samples {
        self.evaluations.last().map_or(self.from, |last| last.at)
    }

    pub(super) fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// The samples that the trial has reached, and its evaluations.
    pub(super) fn into_parts(self) -> (Samples, Vec<Evaluation>) {
        (self.reached(), self.evaluations)
    }
}

/// The level of an epoch, if it is a whole number.
fn whole(epoch: f64) -> Option<Samples> {
    let at = Samples::from_epochs(epoch, EPOCH);
    ((at.epochs(EPOCH) - epoch).abs() < 1e-6).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::command::readings::{self, Line};

    fn segment((from, to, max): (u64, u64, u64)) -> Segment {
        Segment::example(Path::new("c"), (from, to, max))
    }

    fn reading(line: &str) -> Reading {
        match readings::parse(line.as_bytes()) {
            Line::Report(reading) => reading,
            Line::Other(slip) => panic!("{line} is no report: {slip:?}"),
        }
    }

    fn concluded(lines: &[&str]) -> Result<Vec<(u64, f64)>, String> {
        concluded_of(&segment((1, 3, 9)), lines)
    }

    fn concluded_of(segment: &Segment, lines: &[&str]) -> Result<Vec<(u64, f64)>, String> {
        let wanted = ["accuracy".to_owned()];
        let mut report = Report::new(segment, &wanted, vec![]);
        for line in lines {
            report.take(reading(line));
        }
        report
            .conclude(None, Path::new("trial.log"))
            .map_err(|error| error.to_string())?;
        let (reached, evaluations) = report.into_parts();
        assert_eq!(reached, segment.to);
        Ok(evaluations
            .iter()
            .map(|evaluation| (evaluation.at.0, evaluation.metrics["accuracy"]))
            .collect())
    }

    #[test]
    fn whole_epochs_of_the_segment_count() {
        let lines = [
            r#"{"epoch": 1, "accuracy": 0.1}"#,
            r#"{"epoch": 1.5, "accuracy": 0.15}"#,
            r#"{"epoch": 2.0, "loss": 3}"#,
            r#"{"epoch": 2, "accuracy": 0.2}"#,
            r#"{"epoch": 3, "accuracy": 0.3}"#,
            r#"{"epoch": 4, "accuracy": 0.4}"#,
        ];
        assert_eq!(concluded(&lines).unwrap(), [(2, 0.2), (3, 0.3)]);
    }

    #[test]
    fn a_line_without_an_epoch_is_the_result() {
        assert_eq!(
            concluded(&[r#"{"accuracy": 0.1}"#, r#"{"accuracy": 0.7}"#]).unwrap(),
            [(3, 0.7)]
        );
    }

    #[test]
    fn a_single_run_has_epochs_of_its_own() {
        let lines = [r#"{"epoch": 1, "accuracy": 0.1}"#, r#"{"epoch": 27, "accuracy": 0.8}"#];
        assert_eq!(concluded_of(&segment((0, 1, 1)), &lines).unwrap(), [(1, 0.8)]);
    }

    #[test]
    fn a_program_that_reports_every_second_epoch_is_cut_at_its_rung() {
        let lines = [r#"{"epoch": 2, "accuracy": 0.2}"#, r#"{"epoch": 4, "accuracy": 0.4}"#];
        assert_eq!(concluded(&lines).unwrap(), [(2, 0.2), (3, 0.2)]);
    }

    #[test]
    fn a_program_that_stops_early_by_itself_stays_at_its_last_result() {
        assert_eq!(
            concluded(&[r#"{"epoch": 2, "accuracy": 0.2}"#]).unwrap(),
            [(2, 0.2), (3, 0.2)]
        );
    }

    #[test]
    fn only_what_counts_can_diverge() {
        let wanted = ["accuracy".to_owned()];
        let segment = segment((1, 3, 9));
        let report = Report::new(&segment, &wanted, vec![]);
        let diverges = |line: &str| report.diverged(&reading(line)).is_some();
        assert!(diverges(r#"{"epoch": 3, "accuracy": NaN}"#) && diverges(r#"{"accuracy": null}"#));
        assert!(!diverges(r#"{"epoch": 4, "accuracy": NaN}"#), "beyond the segment");
        assert!(!diverges(r#"{"epoch": 3, "loss": NaN}"#));
    }

    #[test]
    fn a_program_without_the_metric_is_told_so() {
        insta::assert_snapshot!(concluded(&[r#"{"epoch": 2, "loss": 0.2}"#]).unwrap_err(), @"invalid: the program ended without reporting `accuracy`, only others such as `loss`");
        let counted_from_zero = concluded_of(&segment((0, 1, 9)), &[r#"{"epoch": 0, "accuracy": 0.2}"#]);
        insta::assert_snapshot!(counted_from_zero.unwrap_err(), @"invalid: the program ended without reporting `accuracy`, only epochs 0 to 0, and it was to train epochs 1 to 1, counted from 1");
        insta::assert_snapshot!(concluded(&[]).unwrap_err(), @"invalid: the program ended without reporting `accuracy`, no line of JSON with numbers");
        let fractions = concluded(&[r#"{"epoch": 1.99, "accuracy": 0.2}"#]);
        insta::assert_snapshot!(fractions.unwrap_err(), @"invalid: the program ended without reporting `accuracy`, only fractions of epochs such as 1.99, and whole ones are compared: round them, as in `round(state.epoch)`");
    }

    #[test]
    fn a_trial_that_ended_by_itself_stays_what_it_was_worth() {
        let mut segment = segment((3, 9, 27));
        segment.last = Some(Evaluation {
            at: Samples(3),
            metrics: [("accuracy".to_owned(), 0.7)].into(),
        });
        assert_eq!(concluded_of(&segment, &[]).unwrap(), [(9, 0.7)]);
        // It may also restart and repeat known reports.
        assert_eq!(
            concluded_of(&segment, &[r#"{"epoch": 2, "accuracy": 0.6}"#]).unwrap(),
            [(9, 0.7)]
        );
    }

    #[test]
    fn a_resumed_program_must_not_be_ahead_of_the_known_epochs() {
        let wanted = ["accuracy".to_owned()];
        let segment = segment((1, 4, 9));
        let mut report = Report::new(&segment, &wanted, vec![]);
        let is_ahead = |report: &Report<'_>, epoch: f64| {
            report.is_ahead_of(&reading(&format!("{{\"epoch\": {epoch}, \"accuracy\": 0.1}}")))
        };
        assert!(!is_ahead(&report, 2.0) && is_ahead(&report, 3.0) && is_ahead(&report, 5.0));
        assert!(!is_ahead(&report, 3.5), "between epochs nothing is compared");
        report.take(reading(r#"{"epoch": 2, "loss": 3}"#));
        assert!(is_ahead(&report, 3.0), "without its metric the epoch is not known");
        for epoch in [2, 3, 4] {
            report.take(reading(&format!("{{\"epoch\": {epoch}, \"accuracy\": 0.1}}")));
        }
        assert!(!is_ahead(&report, 9.0), "everything is known");
    }
}
