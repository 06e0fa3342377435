//! What a program has reported of its segment so far.

use std::collections::BTreeMap;
use std::path::Path;

use super::readings::Reading;
use super::{EPOCH, failed};
use crate::objective::RunError;
use crate::trials::{Evaluation, FailureKind, Segment};
use crate::units::Samples;

/// The evaluations of a segment as its program reports them.
#[derive(Debug)]
pub(super) struct Report<'a> {
    from: Samples,
    to: Samples,
    max: Samples,
    /// The metrics that count: an evaluation without one of them is none.
    wanted: &'a [String],
    /// By level, with everything that was reported at it.
    levels: BTreeMap<Samples, BTreeMap<String, f64>>,
    /// The evaluations among them, in order.
    evaluations: Vec<Evaluation>,
    /// What was reported without an epoch: the result of the segment.
    result: BTreeMap<String, f64>,
    is_past_end: bool,
    /// The first and the last epoch that was reported and is not one of this segment.
    elsewhere: Option<(f64, f64)>,
}

impl<'a> Report<'a> {
    /// A report that goes on from what was known before an interruption.
    pub(super) fn new(segment: &Segment, wanted: &'a [String], known: Vec<Evaluation>) -> Self {
        Self {
            from: segment.from,
            to: segment.to,
            max: segment.max,
            wanted,
            levels: known
                .iter()
                .map(|evaluation| (evaluation.at, evaluation.metrics.clone()))
                .collect(),
            evaluations: known,
            result: BTreeMap::new(),
            is_past_end: false,
            elsewhere: None,
        }
    }

    /// The first metric that counts and is no number. What lies beyond the segment counts no more than other epochs there:
    /// whether it is heard at all before the program is stopped is chance.
    pub(super) fn diverged(&self, reading: &Reading) -> Option<String> {
        if self.epoch(reading).is_some_and(|epoch| !self.is_of_segment(epoch)) {
            return None;
        }
        let is_lost = |name: &&String| reading.metrics.get(*name).is_some_and(|value| !value.is_finite());
        self.wanted.iter().find(is_lost).cloned()
    }

    /// Takes in a line; the evaluation that it completes or changes, if it does.
    ///
    /// Only whole epochs of this segment count: a program that began anew repeats what is known already, and between
    /// epochs nothing is compared. Where a whole trial is one epoch, that is one run of the program, whose own epochs mean
    /// nothing here: the last that it reports is its result.
    pub(super) fn take(&mut self, reading: Reading) -> Option<Evaluation> {
        let epoch = self.epoch(&reading);
        let metrics = reading.metrics.into_iter().filter(|(_, value)| value.is_finite());
        let Some(epoch) = epoch else {
            self.result.extend(metrics);
            return None;
        };
        if !self.is_of_segment(epoch) {
            // A complete trial may end as it likes.
            self.is_past_end |= epoch > self.to.epochs(EPOCH) && self.to < self.max;
            let first = self.elsewhere.map_or(epoch, |(first, _)| first);
            self.elsewhere = Some((first, epoch));
            return None;
        }
        let at = Samples::from_epochs(epoch, EPOCH);
        let is_whole = (at.epochs(EPOCH) - epoch).abs() < 1e-6;
        if !is_whole {
            return None;
        }
        self.levels.entry(at).or_default().extend(metrics);
        self.collect();
        self.evaluations.iter().find(|evaluation| evaluation.at == at).cloned()
    }

    /// The epoch of a reading, if it means anything here.
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

    /// The program has ended well, or was stopped because it went beyond its segment. What it reported last is its result
    /// at the end of the segment, also where it ended early by a rule of its own.
    pub(super) fn conclude(&mut self, log: &Path) -> Result<(), RunError> {
        if !self.result.is_empty() {
            let result = std::mem::take(&mut self.result);
            self.levels.entry(self.to).or_default().extend(result);
            self.collect();
        }
        if self.evaluations.last().is_none_or(|last| last.at < self.to)
            && let Some(last) = self.evaluations.last()
        {
            self.levels.insert(self.to, last.metrics.clone());
            self.collect();
        }
        if !self.evaluations.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.wanted.iter().map(|name| format!("`{name}`")).collect();
        let reported: Vec<&str> = self
            .levels
            .values()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        let instead = match (reported.first(), self.elsewhere) {
            (Some(name), _) => format!("only others such as `{name}`"),
            (None, Some((first, last))) => format!(
                "only epochs {first} to {last}, and it was to train epochs {} to {}, counted from 1",
                self.from.epochs(EPOCH) + 1.0,
                self.to.epochs(EPOCH)
            ),
            (None, None) => "no line of JSON with numbers".to_owned(),
        };
        let log = if log.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            format!("; what it said instead is in `{}`", log.display())
        } else {
            String::new()
        };
        let message = format!(
            "the program ended without reporting {}, {instead}{log}",
            names.join(" and ")
        );
        Err(failed(FailureKind::Invalid, message))
    }

    /// Whether the program has reported the end of its segment and trains on.
    pub(super) fn is_past_end(&self) -> bool {
        self.is_past_end
    }

    pub(super) fn reached(&self) -> Samples {
        self.evaluations.last().map_or(self.from, |last| last.at)
    }

    pub(super) fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// How far the trial is, and the evaluations on the way.
    pub(super) fn into_parts(self) -> (Samples, Vec<Evaluation>) {
        (self.reached(), self.evaluations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::command::readings;
    use crate::space::Configuration;
    use crate::trials::SegmentLimits;
    use crate::units::{Seed, TrialId};

    fn segment(from: Samples, to: Samples, max: Samples) -> Segment {
        Segment {
            trial: TrialId(0),
            configuration: Configuration::default(),
            seed: Seed(0),
            from,
            stops: vec![],
            to,
            max,
            cooldown: None,
            checkpoints: "c".into(),
            log: "trial.log".into(),
            limits: SegmentLimits::default(),
            part: crate::trials::Part::Validation,
            inherited: None,
            is_kept: false,
            micro_batches: 1,
        }
    }

    fn concluded(lines: &[&str]) -> Result<Vec<(u64, f64)>, String> {
        concluded_of(Samples(1), Samples(3), Samples(9), lines)
    }

    fn concluded_of(from: Samples, to: Samples, max: Samples, lines: &[&str]) -> Result<Vec<(u64, f64)>, String> {
        let segment = segment(from, to, max);
        let wanted = ["accuracy".to_owned()];
        let mut report = Report::new(&segment, &wanted, vec![]);
        for line in lines {
            report.take(readings::parse(line).unwrap());
        }
        report
            .conclude(Path::new("trial.log"))
            .map_err(|error| error.to_string())?;
        let (reached, evaluations) = report.into_parts();
        assert_eq!(reached, to);
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
        assert_eq!(
            concluded_of(Samples(0), Samples(1), Samples(1), &lines).unwrap(),
            [(1, 0.8)]
        );
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
        let report = Report::new(&segment(Samples(1), Samples(3), Samples(9)), &wanted, vec![]);
        let diverges = |line: &str| report.diverged(&readings::parse(line).unwrap()).is_some();
        assert!(diverges(r#"{"epoch": 3, "accuracy": NaN}"#) && diverges(r#"{"accuracy": null}"#));
        assert!(!diverges(r#"{"epoch": 4, "accuracy": NaN}"#), "beyond the segment");
        assert!(!diverges(r#"{"epoch": 3, "loss": NaN}"#));
    }

    #[test]
    fn a_program_without_the_metric_is_told_so() {
        insta::assert_snapshot!(concluded(&[r#"{"epoch": 2, "loss": 0.2}"#]).unwrap_err(), @"invalid: the program ended without reporting `accuracy`, only others such as `loss`");
        let counted_from_zero = concluded_of(
            Samples(0),
            Samples(1),
            Samples(9),
            &[r#"{"epoch": 0, "accuracy": 0.2}"#],
        );
        insta::assert_snapshot!(counted_from_zero.unwrap_err(), @"invalid: the program ended without reporting `accuracy`, only epochs 0 to 0, and it was to train epochs 1 to 1, counted from 1");
        insta::assert_snapshot!(concluded(&[]).unwrap_err(), @"invalid: the program ended without reporting `accuracy`, no line of JSON with numbers");
    }
}
