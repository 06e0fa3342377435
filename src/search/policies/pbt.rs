//! Population-based training (Jaderberg et al. 2017, "Population Based Training of Neural Networks").
//!
//! Trials are trained side by side, interval by interval. A trial that is among the worst at the end of an interval is
//! replaced. The new trial begins as a clone of one of the best (exploit, by truncation selection), with a changed
//! configuration (explore).
//!
//! Every clone is a trial of its own, with its parent on record, and counts in `budget.trials`. The training that it
//! inherits costs nothing. When no trial is left to create, no trial is replaced. A population is trained to its end
//! and followed by others, which the searcher proposes from the results so far. The next population begins when the
//! last members of one leave slots free.

mod explore;
mod population;

use std::collections::{BTreeSet, VecDeque};

use rand::RngExt as _;

use population::Population;

use super::untried::Untried;
use super::{Decision, Policy, RuleEntry};
use crate::preference::Preference;
use crate::rng;
use crate::schedulers::{
    INTERVAL, Info, Lengths, OptionKind, OptionRow, OptionValue, Options, Stop, levels, no_conflict,
};
use crate::searchers::Searcher;
use crate::trials::{Parent, Status, Trial, View};
use crate::units::{Samples, TrialId};

/// The origin of clones, and the reason recorded for the trials that they replace.
const NAME: &str = "pbt";

/// A size that a small machine can train, between the 10 and the 80 members of Jaderberg et al. 2017, §4.
const POPULATION: u32 = 16;

/// Truncation selection takes the top and the bottom fifth (Jaderberg et al. 2017, §4.1.1).
const QUANTILE: f64 = 0.2;

/// Ray Tune's `resample_probability`.
const RESAMPLE: f64 = 0.25;

/// The registry entry of population-based training.
pub(super) const ENTRY: RuleEntry = RuleEntry {
    info: Info {
        name: NAME,
        about: "the worst trials are replaced by changed clones of the best: population-based training",
        options: &[
            OptionRow {
                name: "population",
                about: "Number of trials that are trained side by side.",
                kind: OptionKind::Integer(2, 100_000),
                default: Some(OptionValue::Integer(POPULATION)),
            },
            INTERVAL,
            OptionRow {
                name: "quantile",
                about: "The share of the worst trials, which are replaced by clones of an equal share of the best trials.",
                kind: OptionKind::Number(0.01, 0.5),
                default: Some(OptionValue::Number(QUANTILE)),
            },
            OptionRow {
                name: "resample",
                about: "The probability that a clone draws a new value of a parameter instead of changing the old one.",
                kind: OptionKind::Number(0.0, 1.0),
                default: Some(OptionValue::Number(RESAMPLE)),
            },
        ],
        prunes: true,
        conflict: no_conflict,
    },
    build: |options, searcher, preference, lengths| {
        let settings = PbtSettings::of(options);
        Box::new(Pbt::new(settings, searcher, preference.cloned(), lengths))
    },
    members: |options| PbtSettings::of(options).population,
};

/// Settings of population-based training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PbtSettings {
    /// Number of trials that are trained side by side; at least 2.
    pub population: u32,
    /// Epochs between comparisons; by default a tenth of a complete trial, at least `epochs.min`.
    pub interval: Option<f64>,
    /// The share of the worst, which are replaced, and of the best, which are cloned; in (0, 0.5].
    pub quantile: f64,
    /// Probability that a clone draws a new value of a parameter instead of a changed one; in [0, 1].
    pub resample: f64,
}

impl PbtSettings {
    fn of(options: Options) -> Self {
        Self {
            population: options.integer("population").unwrap_or(POPULATION),
            interval: options.number("interval"),
            quantile: options.number("quantile").unwrap_or(QUANTILE),
            resample: options.number("resample").unwrap_or(RESAMPLE),
        }
    }
}

/// The policy of population-based training.
pub struct Pbt {
    spec: PbtSettings,
    levels: Vec<Samples>,
    searcher: Box<dyn Searcher>,
    untried: Untried,
    /// Ranks results with several metrics.
    preference: Option<Preference>,
    populations: Vec<Population>,
    /// The population of every trial, indexed by trial number.
    members: Vec<usize>,
    /// The trials that wait for their next interval: the oldest population first, then the least training first.
    paused: BTreeSet<(usize, Samples, TrialId)>,
    /// Trials that have left: the next new trials take their slots in the population.
    vacant: VecDeque<TrialId>,
}

impl Pbt {
    /// Trains populations of configurations that a searcher proposes.
    pub fn new(
        spec: PbtSettings,
        searcher: Box<dyn Searcher>,
        preference: Option<Preference>,
        lengths: Lengths,
    ) -> Self {
        Self {
            levels: levels::even(lengths.interval(spec.interval), lengths.min, lengths.max),
            spec,
            searcher,
            untried: Untried::default(),
            preference,
            populations: Vec::new(),
            members: Vec::new(),
            paused: BTreeSet::new(),
            vacant: VecDeque::new(),
        }
    }

    /// Number of the best among `count` trials, which is also the number of the worst.
    fn share(&self, count: usize) -> usize {
        (count as f64 * self.spec.quantile) as usize
    }

    /// The best of a population that can still be trained. Members without a replacement count for its size.
    fn donors(&self, population: usize, view: &View<'_>) -> Vec<TrialId> {
        let ranking = self.populations[population].ranking(view, view.max, self.preference.as_ref());
        let left = self
            .vacant
            .iter()
            .filter(|left| self.members[left.index()] == population);
        let best = ranking.iter().take(self.share(ranking.len() + left.count())).copied();
        best.filter(|id| view.trials[id.index()].reached < view.max).collect()
    }

    /// Replaces a trial with a clone of one of the best, or with a new proposal while there are no best ones.
    fn replace(&self, vacant: TrialId, view: &View<'_>) -> Option<Decision> {
        let donors = self.donors(self.members[vacant.index()], view);
        if donors.is_empty() {
            return self.begin(view);
        }
        let mut rng = rng::stream(view.seed, NAME, &[view.trials.len() as u64]);
        let donor = &view.trials[donors[rng.random_range(0..donors.len())].index()];
        Some(Decision::Start {
            configuration: explore::explore(view.space, &donor.configuration, self.spec.resample, &mut rng),
            origin: NAME.to_owned(),
            to: levels::above(&self.levels, donor.reached),
            parent: Some(Parent {
                trial: donor.id,
                at: donor.reached,
            }),
        })
    }

    /// Starts a new proposal; `None` once every configuration was tried.
    fn begin(&self, view: &View<'_>) -> Option<Decision> {
        let proposal = self.untried.propose(self.searcher.as_ref(), view)?;
        Some(Decision::Start {
            configuration: proposal.configuration,
            origin: proposal.origin.to_owned(),
            to: self.levels[0],
            parent: None,
        })
    }

    /// Adds a new trial to a population.
    fn join(&mut self, id: TrialId) {
        let population = match (self.vacant.pop_front(), self.unfilled()) {
            (Some(vacant), _) => self.members[vacant.index()],
            (None, Some(unfilled)) => {
                self.populations[unfilled].begun += 1;
                unfilled
            }
            (None, None) => {
                self.populations.push(Population::first());
                self.populations.len() - 1
            }
        };
        self.members.push(population);
        self.populations[population].members.insert(id);
    }

    /// The newest population, if it has not reached its full size yet.
    fn unfilled(&self) -> Option<usize> {
        let last = self.populations.len().checked_sub(1)?;
        (self.populations[last].begun < self.spec.population).then_some(last)
    }
}

impl Policy for Pbt {
    fn decide(&self, view: &View<'_>) -> Decision {
        if view.may_start()
            && let Some(&vacant) = self.vacant.front()
            && let Some(start) = self.replace(vacant, view)
        {
            return start;
        }
        // A population stays in step: the trial with the least training goes first, so new members go before all
        // others.
        let paused = self.paused.first();
        let unfilled = self.unfilled().filter(|_| view.may_start());
        if unfilled.is_some_and(|unfilled| paused.is_none_or(|(population, ..)| unfilled <= *population))
            && let Some(start) = self.begin(view)
        {
            return start;
        }
        if let Some(&(_, reached, trial)) = paused {
            let to = levels::above(&self.levels, reached);
            return Decision::Continue { trial, to };
        }
        if view.may_start()
            && let Some(start) = self.begin(view)
        {
            return start;
        }
        if view.running > 0 {
            Decision::Wait
        } else {
            Decision::Finish
        }
    }

    fn observe(&mut self, trial: &Trial, _view: &View<'_>) {
        self.untried.observe(trial);
        self.searcher.observe(trial);
        if trial.id.index() >= self.members.len() {
            self.join(trial.id);
        }
        let population = self.members[trial.id.index()];
        let position = (population, trial.reached, trial.id);
        match trial.status {
            Status::Paused => {
                self.paused.insert(position);
            }
            Status::Running { .. } => {
                self.paused.remove(&position);
            }
            Status::Stopped | Status::Failed => {
                self.paused.remove(&position);
                self.populations[population].members.remove(&trial.id);
                self.vacant.push_back(trial.id);
            }
            Status::Completed => {}
        }
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        let has_successor = view.trials_left.is_none_or(|left| left as usize > self.vacant.len());
        if trial.status != Status::Paused || !has_successor {
            return Vec::new();
        }
        let population = self.members[trial.id.index()];
        // Trials that are further count with their result at this level.
        let ranking = self.populations[population].ranking(view, trial.reached, self.preference.as_ref());
        let worst = &ranking[ranking.len() - self.share(ranking.len())..];
        let donors = self.donors(population, view);
        let is_replaced = worst.contains(&trial.id) && donors.iter().any(|donor| *donor != trial.id);
        let stop = Stop {
            trial: trial.id,
            by: NAME,
        };
        is_replaced.then_some(stop).into_iter().collect()
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn clones(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
