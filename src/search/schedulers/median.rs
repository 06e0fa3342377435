//! The median stopping rule (Golovin et al. 2017, "Google Vizier", §3.2.2). A trial ends at a level if its best value
//! so far is worse than the median of the running averages that the complete trials had at that level.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::{Entry, INTERVAL, Info, OptionKind, OptionRow, OptionValue, Scheduler, Stop, levels, no_conflict};
use crate::trials::{Status, Trial, View};
use crate::units::{Goal, Loss, Samples, TrialId};

/// The default of Optuna's `MedianPruner(n_startup_trials=5)`.
const MIN_TRIALS: u32 = 5;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "median",
        about: "a trial ends if it is worse than the median of the complete trials at the same level",
        options: &[
            INTERVAL,
            OptionRow {
                name: "min_trials",
                about: "Complete trials before the first trial is judged.",
                kind: OptionKind::Integer(1, 1_000_000),
                default: Some(OptionValue::Integer(MIN_TRIALS)),
            },
        ],
        prunes: true,
        conflict: no_conflict,
    },
    build: |options, lengths| {
        Box::new(Median::new(
            options.integer("min_trials").unwrap_or(MIN_TRIALS),
            lengths.interval(options.number("interval")),
            lengths.min,
            lengths.max,
        ))
    },
};

/// The median stopping rule.
#[derive(Clone, Debug)]
pub struct Median {
    min_trials: usize,
    levels: Vec<Samples>,
    /// The running averages of the complete trials at each level.
    averages: Vec<Halves>,
    /// The running averages of the other trials at the levels that they have reached.
    unfinished: HashMap<TrialId, Vec<(usize, Loss)>>,
    /// Trials that were judged and continue, with the ends of their next segments.
    going: BTreeMap<TrialId, Samples>,
}

/// Numbers with quick access to their median: the smaller and the larger half.
#[derive(Clone, Debug, Default)]
struct Halves {
    smaller: BinaryHeap<Loss>,
    larger: BinaryHeap<Reverse<Loss>>,
}

impl Halves {
    fn len(&self) -> usize {
        self.smaller.len() + self.larger.len()
    }

    fn insert(&mut self, loss: Loss) {
        self.smaller.push(loss);
        self.larger.extend(self.smaller.pop().map(Reverse));
        if self.larger.len() > self.smaller.len() {
            self.smaller.extend(self.larger.pop().map(|Reverse(loss)| loss));
        }
    }

    /// The middle number, or the mean of the two middle numbers.
    fn median(&self) -> Option<Loss> {
        let lower = *self.smaller.peek()?;
        match self.larger.peek() {
            Some(Reverse(upper)) if self.larger.len() == self.smaller.len() && *upper != lower => {
                Some(lower.map(|lower| f64::midpoint(lower, upper.get())))
            }
            _ => Some(lower),
        }
    }
}

impl Median {
    /// Judges every `interval` samples from `min` on, once `min_trials` are complete.
    pub fn new(min_trials: u32, interval: Samples, min: Samples, max: Samples) -> Self {
        let levels = levels::even(interval, min, max);
        Self {
            min_trials: min_trials as usize,
            averages: vec![Halves::default(); levels.len()],
            levels,
            unfinished: HashMap::new(),
            going: BTreeMap::new(),
        }
    }
}

/// The mean of the losses so far.
fn average(trial: &Trial) -> Option<Loss> {
    let count = trial.observations.len();
    let sum: f64 = trial
        .observations
        .iter()
        .map(|observation| observation.loss.get())
        .sum();
    (count > 0).then(|| Goal::Minimize.loss(sum / count as f64))
}

impl Scheduler for Median {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn observe(&mut self, trial: &Trial, _view: &View<'_>) {
        match trial.status {
            Status::Running { .. } => {
                self.going.remove(&trial.id);
            }
            Status::Paused | Status::Completed => {
                let level = self.levels.iter().position(|&level| level == trial.reached);
                let average = level.and_then(|level| Some((level, average(trial)?)));
                let averages = self.unfinished.entry(trial.id).or_default();
                averages.extend(average);
                if trial.status == Status::Paused {
                    self.going.insert(trial.id, self.next(trial));
                } else {
                    for (level, average) in self.unfinished.remove(&trial.id).unwrap_or_default() {
                        self.averages[level].insert(average);
                    }
                }
            }
            Status::Stopped | Status::Failed => {
                self.going.remove(&trial.id);
                self.unfinished.remove(&trial.id);
            }
        }
    }

    fn promote(&self, _view: &View<'_>) -> Option<(TrialId, Samples)> {
        self.going.first_key_value().map(|(&trial, &to)| (trial, to))
    }

    fn prunes(&self, trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        let level = self.levels.iter().position(|&level| level == trial.reached);
        let averages = level.map(|level| &self.averages[level]);
        let averages = averages.filter(|averages| averages.len() >= self.min_trials);
        let (Status::Paused, Some(median)) = (trial.status, averages.and_then(Halves::median)) else {
            return Vec::new();
        };
        let is_worse = trial.loss().is_some_and(|best| best > median);
        let stop = Stop {
            trial: trial.id,
            by: self.name(),
        };
        is_worse.then_some(stop).into_iter().collect()
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedulers::testing::Stand;

    fn median(min_trials: u32, max: u64) -> Stand<Median> {
        let mut stand = Stand::new(Median::new(min_trials, Samples(2), Samples(2), Samples(max)));
        stand.epoch = Some(1);
        stand
    }

    /// Runs a trial to its end; returns the level that it reached.
    fn run(stand: &mut Stand<Median>, loss: &dyn Fn(u64) -> f64) -> u64 {
        let id = stand.start();
        stand.end_with(id, loss);
        while stand.go_on().is_some() {
            stand.end_with(id, loss);
        }
        stand.trials[id as usize].reached.0
    }

    #[test]
    fn what_is_worse_than_the_median_of_the_running_averages_ends() {
        let mut stand = median(3, 6);
        // Falling curves, whose running averages after two steps are 3, 4 and 5 above their end.
        for end in [0.0, 1.0, 2.0] {
            assert_eq!(
                run(&mut stand, &|at| end + 6.0 / at as f64),
                6,
                "three must be complete"
            );
        }
        // The averages after steps 1 and 2 are 4.5, 5.5 and 6.5.
        assert_eq!(
            run(&mut stand, &|_| 5.5),
            4,
            "as good as the median at the first level, worse at the second"
        );
        assert_eq!(run(&mut stand, &|_| 5.6), 2);
        // The best value counts, not the last.
        assert_eq!(run(&mut stand, &|at| if at == 1 { 0.0 } else { 99.0 }), 6);
        let stopped = stand.trials.iter().filter(|trial| trial.status == Status::Stopped);
        assert_eq!(stopped.map(|trial| trial.id.0).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn the_first_trials_are_judged_by_nobody() {
        let mut stand = median(5, 4);
        for number in 0..5 {
            assert_eq!(run(&mut stand, &|_| f64::from(number)), 4);
        }
        assert_eq!(run(&mut stand, &|_| 3.0), 2);
    }

    #[test]
    fn several_go_on_at_once_each_from_where_it_is() {
        let mut stand = median(5, 6);
        let (one, other) = (stand.start(), stand.start());
        stand.end(other, 1.0);
        assert_eq!(stand.go_on(), Some((other, 4)));
        stand.end(one, 1.0);
        stand.end(other, 1.0);
        assert_eq!((stand.go_on(), stand.go_on()), (Some((one, 4)), Some((other, 6))));
    }

    proptest! {
        #[test]
        fn the_halves_know_the_median(numbers in prop::collection::vec(-50..50_i32, 1..40)) {
            let mut halves = Halves::default();
            let mut sorted: Vec<f64> = Vec::new();
            for number in numbers {
                halves.insert(Goal::Minimize.loss(f64::from(number)));
                sorted.push(f64::from(number));
                sorted.sort_by(f64::total_cmp);
                let middle = sorted.len() / 2;
                let expected = if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
                prop_assert!((halves.median().unwrap().get() - expected).abs() < 1e-12);
            }
        }
    }
}
