//! CMA-ES, evolution by covariance matrix adaptation, over mixed spaces.
//!
//! Numbers and ordered choices are coordinates of one normal distribution ([`gaussian`]), and unordered choices have
//! probabilities beside it ([`choices`]). Any λ judged trials in the order of their numbers form a generation, no
//! matter which searcher proposed them. So parallel workers never wait, and results from before the search are used.

mod choices;
mod eigen;
mod gaussian;

use choices::Choices;
use gaussian::{Gaussian, Rates, cumulative, quantile};
use rand::RngExt as _;

use super::flow2::{self, middle, start};
use super::folded::Folded;
use super::standing::{Rank, is_judged, rank};
use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::rng::{self, Rng, normal};
use crate::space::{Shape, Space};
use crate::trials::{Trial, View};

/// CMA-ES with margin, categorical parameters and restarts.
#[derive(Debug, Default)]
pub struct CmaEs {
    folded: Folded<Strategy>,
}

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "cma-es",
        aliases: &[],
        about: "evolves a normal distribution: covariance matrix adaptation",
        needs: Needs::NOTHING,
    },
    build: || Box::new(CmaEs::default()),
    several: Several::Scalarised,
};

impl Searcher for CmaEs {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let strategy = self.folded.state(
            view,
            || Strategy::new(view),
            |strategy, trial| strategy.take(view, trial),
        );
        let mut rng = rng::stream(view.seed, "cma-es", &[view.trials.len() as u64, u64::from(attempt)]);
        let configuration = flow2::first(view, attempt)
            .into_iter()
            .chain((0..DRAWS).map(|_| view.space.decode(&strategy.draw(view.space, &mut rng))))
            .find(|configuration| view.space.is_feasible(configuration));
        Proposal {
            configuration: configuration.unwrap_or_else(|| view.space.sample(&mut rng)),
            origin: self.name(),
        }
    }
}

/// Draws per proposal, because some may violate the constraints.
const DRAWS: usize = 100;

/// The distribution, and the members of the incomplete generation.
#[derive(Clone, Debug)]
struct Strategy {
    axes: Vec<Axis>,
    gaussian: Gaussian,
    size: usize,
    rates: Rates,
    members: Vec<Member>,
    /// Generations since the last restart, and the best rank since then with its generation.
    generation: u32,
    best: Option<(Rank, u32)>,
}

/// The role of a parameter in the strategy.
#[derive(Clone, Debug)]
enum Axis {
    Constant,
    /// The index of its coordinate in the normal distribution.
    Number(usize),
    Choice(Choices),
}

#[derive(Clone, Debug)]
struct Member {
    rank: Rank,
    point: Vec<Option<f64>>,
}

impl Strategy {
    fn new(view: &View<'_>) -> Self {
        let space = view.space;
        Self::around(space, &start(space), default_size(space))
    }

    fn around(space: &Space, position: &[f64], size: usize) -> Self {
        let mut mean = Vec::new();
        let axes = space
            .parameters()
            .iter()
            .zip(position)
            .map(|(parameter, &position)| match parameter.domain.shape() {
                Shape::Constant => Axis::Constant,
                Shape::Continuous | Shape::Ordered { .. } => {
                    mean.push(position);
                    Axis::Number(mean.len() - 1)
                }
                Shape::Unordered { count } => Axis::Choice(Choices::new(count)),
            })
            .collect();
        let rates = Rates::new(mean.len(), size);
        Self {
            axes,
            gaussian: Gaussian::new(mean, FIRST_DEVIATION),
            size,
            rates,
            members: Vec::new(),
            generation: 0,
            best: None,
        }
    }

    fn take(&mut self, view: &View<'_>, trial: &Trial) {
        if !is_judged(trial) {
            return;
        }
        self.members.push(Member {
            rank: rank(trial),
            point: trial.point.clone(),
        });
        if self.members.len() == self.size {
            let mut members = std::mem::take(&mut self.members);
            members.sort_by_key(|member| member.rank);
            self.adapt(view, &members);
            if self.is_spent(view.space) {
                self.restart(view, trial);
            }
        }
    }

    fn adapt(&mut self, view: &View<'_>, ranked: &[Member]) {
        self.generation += 1;
        let best = ranked[0].rank;
        if self.best.is_none_or(|(known, _)| best < known) {
            self.best = Some((best, self.generation));
        }
        let numbers: Vec<Vec<f64>> = ranked.iter().map(|member| self.numbers(view, member)).collect();
        self.gaussian.adapt(&numbers, &self.rates);
        let margin = 1.0 / (self.gaussian.mean.len().max(1) * self.size) as f64;
        let choosing = self.axes.iter().filter(|axis| matches!(axis, Axis::Choice(_))).count();
        for (index, (axis, parameter)) in self.axes.iter_mut().zip(view.space.parameters()).enumerate() {
            let domain = &parameter.domain;
            match axis {
                Axis::Constant => {}
                Axis::Number(number) => {
                    if let Shape::Ordered { count } = domain.shape() {
                        let likeliest = domain.number_at(self.gaussian.mean[*number]);
                        let share = domain.share(likeliest);
                        let low = (likeliest > 0).then_some(share.start);
                        let high = (likeliest + 1 < count).then_some(share.end);
                        self.gaussian.keep_margin(*number, low, high, margin);
                    }
                }
                Axis::Choice(choices) => {
                    let selected = ranked
                        .iter()
                        .zip(&self.rates.weights)
                        .filter(|(_, weight)| **weight > 0.0)
                        .map(|(member, weight)| (member.point[index].map(|at| domain.number_at(at)), *weight));
                    // CatCMA's margin: the unlikely choices of all parameters keep 27 % together.
                    let least = (1.0 - 0.73_f64.powf(1.0 / choosing as f64)) / (choices.count() - 1) as f64;
                    choices.adapt(selected, CHOICE_RATE, least);
                }
            }
        }
    }

    /// A member's coordinates in the normal distribution. The coordinate of an inactive parameter is drawn, with the
    /// trial's number as part of the seed, so that it neither shifts nor narrows the distribution.
    fn numbers(&self, view: &View<'_>, member: &Member) -> Vec<f64> {
        let mut rng = rng::stream(view.seed, "cma-es member", &[u64::from(member.rank.3.0)]);
        let mut numbers = Vec::with_capacity(self.gaussian.mean.len());
        for (axis, coordinate) in self.axes.iter().zip(&member.point) {
            let Axis::Number(number) = axis else { continue };
            let (mean, deviation) = (self.gaussian.mean[*number], self.gaussian.deviation(*number));
            let chance: f64 = rng.random();
            numbers.push(coordinate.unwrap_or_else(|| {
                let (below, above) = (cumulative(-mean / deviation), cumulative((1.0 - mean) / deviation));
                (mean + deviation * quantile(below + chance * (above - below))).clamp(0.0, 1.0)
            }));
        }
        numbers
    }

    fn draw(&self, space: &Space, rng: &mut Rng) -> Vec<f64> {
        /// Number of redraws of a point outside the cube; after that it is reflected at the border.
        const REDRAWS: usize = 20;
        let mut numbers = Vec::new();
        for _ in 0..REDRAWS {
            let vector: Vec<f64> = self.gaussian.mean.iter().map(|_| normal(rng)).collect();
            numbers = self.gaussian.at(&vector);
            if numbers.iter().all(|number| (0.0..=1.0).contains(number)) {
                break;
            }
        }
        self.axes
            .iter()
            .zip(space.parameters())
            .map(|(axis, parameter)| match axis {
                Axis::Constant => 0.5,
                Axis::Number(number) => folded_back(numbers[*number]),
                Axis::Choice(choices) => middle(&parameter.domain, choices.at(rng.random())),
            })
            .collect()
    }

    /// Returns whether no further improvement is to be expected. Either no generation has improved the best for long,
    /// or every continuous coordinate has become narrow (the margin keeps discrete ones wide).
    fn is_spent(&self, space: &Space) -> bool {
        let patience = 10.0 + 30.0 * self.axes.len() as f64 / self.size as f64;
        let is_stalled = self
            .best
            .is_some_and(|(_, at)| f64::from(self.generation - at) > patience);
        let continuous = self
            .axes
            .iter()
            .zip(space.parameters())
            .filter_map(|(axis, parameter)| {
                let Axis::Number(number) = axis else { return None };
                (parameter.domain.shape() == Shape::Continuous).then_some(*number)
            });
        let widest = continuous
            .map(|number| self.gaussian.deviation(number))
            .reduce(f64::max);
        is_stalled || self.gaussian.is_degenerate() || widest.is_some_and(|widest| widest < LAST_DEVIATION)
    }

    /// Restarts at a random point with generations twice as large (IPOP, Auger & Hansen 2005), up to a limit. With
    /// larger ones, a study would end before it has completed many generations.
    fn restart(&mut self, view: &View<'_>, trial: &Trial) {
        let mut rng = rng::stream(view.seed, "cma-es restart", &[u64::from(trial.id.0)]);
        let position: Vec<f64> = self.axes.iter().map(|_| rng.random()).collect();
        let size = (self.size * 2).min(LARGEST * default_size(view.space));
        *self = Self::around(view.space, &position, size);
    }
}

/// λ: seven tenths of 4 + 3·ln d (Hansen 2016, equation 48). Studies are short, and small generations allow more of
/// them. Restarts double their size in case that was too greedy.
fn default_size(space: &Space) -> usize {
    let moving = space
        .parameters()
        .iter()
        .filter(|parameter| parameter.domain.shape() != Shape::Constant);
    let size = 4.0 + 3.0 * (moving.count().max(1) as f64).ln();
    ((0.7 * size) as usize).max(4)
}

/// The first standard deviation: a quarter of the cube, so that the optimum lies within one or two standard deviations
/// of the middle (Hansen 2016, appendix A: the optimum should lie within m ± 3σ).
const FIRST_DEVIATION: f64 = 0.25;

/// If every coordinate is narrower than this, a restart finds more.
const LAST_DEVIATION: f64 = 0.005;

/// Generations grow up to this many times their first size.
const LARGEST: usize = 16;

/// Learning rate of the probabilities of choices. Values from 0.15 to 0.5 make little difference.
const CHOICE_RATE: f64 = 0.3;

/// A number reflected at 0 and 1 until it lies between them.
fn folded_back(number: f64) -> f64 {
    let folded = number.rem_euclid(2.0);
    if folded > 1.0 { 2.0 - folded } else { folded }
}

#[cfg(test)]
mod tests;
