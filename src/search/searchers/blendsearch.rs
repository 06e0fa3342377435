//! `BlendSearch`: a global search finds starting points, and local searches descend from them (Wang, Wu, Huang & Saied
//! 2021, "Economical Hyperparameter Optimization With Blended Search Strategy", algorithm 1).
//!
//! The global search is [`Tpe`]; the local searches are threads of FLOW². A good trial of the global search opens a
//! thread. A thread is closed if it comes within a step of a better one or has converged. The open thread with the
//! lowest predicted loss at its recent speed continues. Unlike in the paper, the global search has a fixed share of the
//! trials: by speed alone it is hardly ever chosen once a local search does well.

use super::cfo::LOOKS;
use super::flow2::{self, PACE, Thread, position_of};
use super::folded::Folded;
use super::standing::{is_better, is_judged, rank};
use super::{Entry, Info, Needs, Proposal, Searcher, Several, Tpe};
use crate::space::{Shape, Space};
use crate::trials::{Status, Trial, View};

/// A global search and several local ones.
#[derive(Debug, Default)]
pub struct BlendSearch {
    global: Tpe,
    folded: Folded<Threads>,
}

/// One in this many trials belongs to the global search. Shares from a third to two thirds gave similar results.
const GLOBAL_EVERY: usize = 3;

/// Number of local searches that are kept, the best ones: more would only wait.
const MOST_THREADS: usize = 10;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "blendsearch",
        aliases: &[],
        about: "searches locally from what a global searcher finds: FLAML's BlendSearch",
        needs: Needs::NOTHING,
    },
    build: || Box::new(BlendSearch::default()),
    several: Several::Scalarised,
};

impl Searcher for BlendSearch {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        if let Some(configuration) = flow2::first(view, attempt) {
            return Proposal {
                configuration,
                origin: self.name(),
            };
        }
        let number = view.trials.len();
        if number < LOOKS || number.is_multiple_of(GLOBAL_EVERY) {
            return self.global.propose(view, attempt);
        }
        let threads = self
            .folded
            .state(view, Threads::default, |threads, trial| threads.take(view, trial));
        let step = threads
            .most_promising()
            .and_then(|local| local.thread.propose(view, attempt));
        step.map_or_else(
            || self.global.propose(view, attempt),
            |configuration| Proposal {
                configuration,
                origin: flow2::STEP,
            },
        )
    }
}

/// The open local searches, best first.
#[derive(Clone, Debug, Default)]
struct Threads {
    open: Vec<Local>,
}

#[derive(Clone, Debug)]
struct Local {
    thread: Thread,
    progress: Progress,
}

/// The cost and the improvements of a local search.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// Samples seen by its trials.
    cost: f64,
    /// The latest improvement.
    last: Improvement,
    /// The improvement before it.
    before: Option<Improvement>,
}

/// A loss, and the cost at which it was reached.
#[derive(Clone, Copy, Debug)]
struct Improvement {
    at: f64,
    loss: f64,
}

impl Threads {
    fn take(&mut self, view: &View<'_>, trial: &Trial) {
        let position = position_of(trial, &[]);
        let local = if trial.origin == flow2::STEP {
            self.nearest(view.space, &position)
        } else {
            None
        };
        if let Some(local) = local {
            let improved = local.thread.take(view, trial, true);
            local.progress.take(trial, improved);
        } else if is_judged(trial) && trial.status != Status::Failed && self.is_good(view, trial) {
            self.open.push(Local {
                progress: Progress::new(trial),
                thread: Thread::new(trial, position, PACE.first),
            });
        }
        self.close(view);
    }

    /// The open search that is nearest to a step, to which the step is assigned.
    fn nearest(&mut self, space: &Space, position: &[f64]) -> Option<&mut Local> {
        let away = |local: &Local| distance(space, local.thread.position(), position);
        self.open
            .iter_mut()
            .min_by(|left, right| away(left).total_cmp(&away(right)))
    }

    /// Returns whether a trial beats the median of the open searches (FLAML's condition for a new thread).
    fn is_good(&self, view: &View<'_>, trial: &Trial) -> bool {
        let median = self.open.get(self.open.len().saturating_sub(1) / 2);
        median.is_none_or(|local| is_better(trial, &view.trials[local.thread.best()]))
    }

    /// Sorts the searches, best first, and closes those that have converged or lie within a step of a better one.
    fn close(&mut self, view: &View<'_>) {
        self.open.sort_by_key(|local| rank(&view.trials[local.thread.best()]));
        let mut kept: Vec<Local> = Vec::new();
        for local in self.open.drain(..).filter(|local| !local.thread.is_converged()) {
            let is_apart = |better: &Local| {
                distance(view.space, better.thread.position(), local.thread.position()) > better.thread.scale()
            };
            if kept.len() < MOST_THREADS && kept.iter().all(is_apart) {
                kept.push(local);
            }
        }
        self.open = kept;
    }

    /// The search with the lowest loss predicted for the cost that the slowest search needs for one improvement (the
    /// paper's priority, §3). A search without a speed of its own gets the highest speed of the others.
    fn most_promising(&self) -> Option<&Local> {
        let all = || self.open.iter().map(|local| local.progress);
        let fastest = all().filter_map(Progress::speed).fold(0.0, f64::max);
        let ahead = all().map(Progress::cost_of_improvement).fold(0.0, f64::max);
        let predicted = |local: &Local| {
            let speed = local.progress.speed().unwrap_or(fastest);
            local.progress.last.loss - speed * ahead
        };
        self.open
            .iter()
            .min_by(|left, right| predicted(left).total_cmp(&predicted(right)))
    }
}

impl Progress {
    fn new(trial: &Trial) -> Self {
        let cost = trial.reached.0 as f64;
        Self {
            cost,
            last: Improvement {
                at: cost,
                loss: loss(trial),
            },
            before: None,
        }
    }

    fn take(&mut self, trial: &Trial, improved: bool) {
        self.cost += trial.reached.0 as f64;
        if improved {
            self.before = Some(self.last);
            self.last = Improvement {
                at: self.cost,
                loss: loss(trial),
            };
        }
    }

    /// Loss decrease per sample since the last but one improvement (§3); it falls while there is no improvement.
    fn speed(self) -> Option<f64> {
        let before = self.before?;
        Some((before.loss - self.last.loss) / (self.cost - before.at))
    }

    /// The predicted cost of the next improvement: that of the last one, or the cost since then if that is larger.
    fn cost_of_improvement(self) -> f64 {
        let last = self.last.at - self.before.map_or(0.0, |before| before.at);
        last.max(self.cost - self.last.at)
    }
}

fn loss(trial: &Trial) -> f64 {
    super::standing::loss_at(trial, trial.reached).get()
}

/// The root mean square of the differences, comparable to the step for one parameter. Two different unordered choices
/// have the distance of the step that always changes a choice.
fn distance(space: &Space, left: &[f64], right: &[f64]) -> f64 {
    let squares = space.parameters().iter().zip(left).zip(right);
    let sum: f64 = squares
        .map(|((parameter, left), right)| match parameter.domain.shape() {
            Shape::Constant => 0.0,
            Shape::Continuous | Shape::Ordered { .. } => (left - right).powi(2),
            Shape::Unordered { .. } => {
                let differ = parameter.domain.number_at(*left) != parameter.domain.number_at(*right);
                f64::from(differ) * flow2::CHANGE.powi(2)
            }
        })
        .sum();
    (sum / left.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::Random;
    use crate::searchers::testing::{best, cube, cube_trial, number, run};
    use crate::space::Configuration;
    use crate::trials::testing::view;

    /// Two valleys; the deeper one is far from the middle.
    fn two_valleys(configuration: &Configuration) -> f64 {
        let (x, y) = (number(configuration, 0), number(configuration, 1));
        let valley = |at: f64, depth: f64| (x - at).powi(2) + (y - at).powi(2) - depth;
        valley(0.3, 0.0).min(valley(0.9, 0.05))
    }

    #[test]
    fn both_kinds_of_search_take_part_and_the_deeper_valley_is_found() {
        let mut wins = 0;
        for seed in 0..5 {
            let trials = run(&BlendSearch::default(), &cube(2), seed, 100, &two_valleys);
            let steps = trials.iter().filter(|trial| trial.origin == flow2::STEP).count();
            assert!((40..80).contains(&steps), "{steps} steps");
            wins += usize::from(best(&trials) < best(&run(&Random, &cube(2), seed, 100, &two_valleys)));
        }
        assert!(wins >= 4, "better than chance with {wins} of 5 seeds");
    }

    #[test]
    fn threads_that_meet_become_one_and_the_better_one_stays() {
        let space = cube(2);
        let trials = [
            cube_trial(0, &[0.2, 0.2], 1.0, "tpe"),
            cube_trial(1, &[0.8, 0.8], 0.5, "tpe"),
            cube_trial(2, &[0.82, 0.8], 0.4, "tpe"),
        ];
        let mut threads = Threads::default();
        for trial in &trials {
            threads.take(&view(&space, 1, &trials), trial);
        }
        let best: Vec<usize> = threads.open.iter().map(|local| local.thread.best()).collect();
        assert_eq!(best, [2, 0]);
    }

    #[test]
    fn a_step_belongs_to_the_nearest_thread() {
        let space = cube(2);
        let trials = [
            cube_trial(0, &[0.2, 0.2], 1.0, "tpe"),
            cube_trial(1, &[0.8, 0.8], 0.5, "tpe"),
            cube_trial(2, &[0.3, 0.2], 0.9, flow2::STEP),
        ];
        let mut threads = Threads::default();
        for trial in &trials {
            threads.take(&view(&space, 1, &trials), trial);
        }
        let best: Vec<usize> = threads.open.iter().map(|local| local.thread.best()).collect();
        assert_eq!(best, [1, 2]);
    }

    #[test]
    fn a_thread_that_stopped_winning_gives_way() {
        let local = |loss: f64, before: f64, spent: f64| Local {
            thread: Thread::new(&cube_trial(0, &[0.5], loss, "tpe"), vec![0.5], PACE.first),
            progress: Progress {
                cost: spent,
                last: Improvement { at: 10.0, loss },
                before: Some(Improvement { at: 5.0, loss: before }),
            },
        };
        let choice = |first: Local, second: Local| {
            let threads = Threads {
                open: vec![first, second],
            };
            threads.most_promising().map(|local| local.progress.last.loss)
        };
        assert_eq!(choice(local(1.0, 1.1, 10.0), local(1.2, 1.9, 10.0)), Some(1.2));
        assert_eq!(choice(local(1.0, 1.1, 10.0), local(1.2, 1.9, 500.0)), Some(1.0));
    }
}
