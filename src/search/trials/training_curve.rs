//! The training loss and the learning rate of a trial, thinned to few points.

use serde::{Deserialize, Serialize};

use crate::units::Samples;

/// Points of a whole trial. Charts show no more, and a journal keeps a few kilobytes for a trial.
const POINTS: u64 = 200;

/// Digits of a value after its first one.
const DIGITS: usize = 4;

/// The training loss and the learning rate of a segment. The lists have the same length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingCurve {
    /// Samples seen at each point, rising.
    pub at: Vec<Samples>,
    /// Mean loss of the training batches since the point before, with five digits.
    pub loss: Vec<f64>,
    /// The learning rate of the last of these batches, with five digits.
    pub learning_rate: Vec<f64>,
}

impl TrainingCurve {
    /// `true` without a point.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Its points: samples, loss and learning rate.
    pub fn points(&self) -> impl Iterator<Item = (Samples, f64, f64)> {
        let values = self.loss.iter().zip(&self.learning_rate);
        self.at.iter().zip(values).map(|(at, (loss, rate))| (*at, *loss, *rate))
    }

    /// Adds the points of a longer curve of the same segment that are behind its own.
    pub fn extend(&mut self, other: &Self) {
        let last = self.at.last().copied();
        for (at, loss, rate) in other.points().filter(|(at, ..)| last.is_none_or(|last| *at > last)) {
            self.push(at, loss, rate);
        }
    }

    fn push(&mut self, at: Samples, loss: f64, learning_rate: f64) {
        self.at.push(at);
        self.loss.push(loss);
        self.learning_rate.push(learning_rate);
    }
}

/// Makes a [`TrainingCurve`] of the steps of a segment.
///
/// A trial has at most 200 points, which are equally far apart. Where they lie does not depend on the segments.
#[derive(Clone, Copy, Debug)]
pub struct CurveRecorder {
    max: Samples,
    /// Number of points that lie behind.
    passed: u64,
    sum: f64,
    steps: u32,
}

impl CurveRecorder {
    /// For a trial that has seen `seen` samples and ends at `max`.
    pub fn new(seen: Samples, max: Samples) -> Self {
        let mut recorder = Self {
            max,
            passed: 0,
            sum: 0.0,
            steps: 0,
        };
        recorder.passed = recorder.points_until(seen);
        recorder
    }

    fn points_until(&self, at: Samples) -> u64 {
        at.0.saturating_mul(POINTS) / self.max.0.max(1)
    }

    /// Adds a step to the curve: the samples seen with it, its loss and its learning rate.
    pub fn step(&mut self, curve: &mut TrainingCurve, at: Samples, loss: f64, learning_rate: f64) {
        self.sum += loss;
        self.steps += 1;
        let passed = self.points_until(at);
        if passed == self.passed {
            return;
        }
        self.passed = passed;
        let mean = self.sum / f64::from(self.steps);
        (self.sum, self.steps) = (0.0, 0);
        // JSON has no other numbers. A loss that is none of them ends the trial anyway.
        if mean.is_finite() && learning_rate.is_finite() {
            curve.push(at, short(mean), short(learning_rate));
        }
    }
}

/// A number with few digits.
fn short(value: f64) -> f64 {
    format!("{value:.DIGITS$e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The curve of a trial whose segments end at `ends`, with steps of `batch` samples.
    fn recorded(ends: &[u64], batch: u64, loss: impl Fn(u64) -> f64) -> Vec<TrainingCurve> {
        let max = Samples(ends[ends.len() - 1]);
        let mut seen = 0;
        let segment = |end: &u64| {
            let mut curve = TrainingCurve::default();
            let mut recorder = CurveRecorder::new(Samples(seen), max);
            while seen < *end {
                seen = (seen + batch).min(*end);
                recorder.step(&mut curve, Samples(seen), loss(seen), 1.0 / 3.0);
            }
            curve
        };
        ends.iter().map(segment).collect()
    }

    proptest! {
        #[test]
        fn a_trial_has_at_most_200_points_wherever_it_is_cut(
            max in 1..100_000_u64,
            batch in 1..300_u64,
            cuts in prop::collection::btree_set(1..100_000_u64, 0..6),
        ) {
            let ends: Vec<u64> = cuts.into_iter().filter(|cut| *cut < max).chain([max]).collect();
            let curves = recorded(&ends, batch, |seen| seen as f64);
            let points: Vec<_> = curves.iter().flat_map(TrainingCurve::points).collect();
            prop_assert!(points.len() as u64 <= POINTS);
            prop_assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
            // Nothing before its end is missing from a trial with few steps.
            prop_assert_eq!(points.last().map(|last| last.0), Some(Samples(max)));
        }
    }

    #[test]
    fn a_point_has_the_mean_since_the_one_before() {
        let curves = recorded(&[800], 2, |seen| if seen % 4 == 0 { 1.0 } else { 2.0 });
        assert_eq!(curves[0].at.len(), 200);
        assert!(curves[0].points().all(|point| point.1 == 1.5 && point.2 == 0.33333));
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        let curves = recorded(&[4], 1, |seen| if seen == 2 { f64::NAN } else { 1.0 });
        assert_eq!(curves[0].at, [1, 3, 4].map(Samples));
        let text = serde_json::to_string(&curves[0]).unwrap();
        assert_eq!(
            text,
            r#"{"at":[1,3,4],"loss":[1.0,1.0,1.0],"learning_rate":[0.33333,0.33333,0.33333]}"#
        );
    }

    #[test]
    fn a_longer_curve_of_the_same_segment_adds_its_end() {
        let mut short = recorded(&[4], 1, |_| 1.0).remove(0);
        let long = recorded(&[4], 1, |_| 1.0).remove(0);
        short.at.truncate(2);
        short.loss.truncate(2);
        short.learning_rate.truncate(2);
        short.extend(&long);
        assert_eq!(short, long);
    }
}
