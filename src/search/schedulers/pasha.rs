//! PASHA (Bohdal et al. 2023, "PASHA: Efficient HPO and NAS with Progressive Resource Allocation", algorithm 1):
//! asynchronous successive halving that starts with two rungs.
//!
//! The next rung opens only if the two highest rungs disagree about the order of the trials ([`soft_ranking`]). While
//! they agree, more training gives no new information about which trial is best. In the end the best trial is trained
//! to its end (the second phase of the paper), so that a study has a complete trial.

mod soft_ranking;

use std::collections::HashMap;

use soft_ranking::{Curve, is_stable, noise};

use super::options::{ETA, eta};
use super::rung::Rank;
use super::{Asha, Entry, Info, Scheduler, no_conflict};
use crate::trials::{Status, Trial, View};
use crate::units::{Loss, Samples, TrialId};

/// Number of the best trials of a rung that are compared, so that it takes microseconds. Changes of the order below
/// them are ignored.
const MOST_COMPARED: usize = 64;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "pasha",
        about: "like `asha`, but a higher rung opens only while the order of the trials still changes",
        options: &[ETA],
        prunes: true,
        conflict: no_conflict,
    },
    build: |options, lengths| Box::new(Pasha::new(eta(options), lengths.min, lengths.max)),
};

/// Progressive asynchronous successive halving.
#[derive(Clone, Debug)]
pub struct Pasha {
    asha: Asha,
    /// The index of the highest open rung.
    top: usize,
    curves: HashMap<TrialId, Curve>,
    /// The loss of each trial at each rung that it has reached.
    losses: HashMap<TrialId, Vec<(usize, Loss)>>,
    /// Differences up to this are noise, by the latest estimate.
    noise: f64,
}

impl Pasha {
    /// Schedules trials of `min` to `max` samples.
    pub fn new(eta: u32, min: Samples, max: Samples) -> Self {
        let asha = Asha::new(eta, min, max);
        Self {
            top: 1.min(asha.rungs().len() - 1),
            asha,
            curves: HashMap::new(),
            losses: HashMap::new(),
            noise: 0.0,
        }
    }

    fn last(&self) -> usize {
        self.asha.rungs().len() - 1
    }

    /// Records the results of a trial. With several metrics, the trial carries only its latest result.
    fn note(&mut self, trial: &Trial, rung: usize, loss: Loss) {
        let curve = self.curves.entry(trial.id).or_default();
        let known = curve.last().map_or(Samples(0), |(at, _)| *at);
        let new = trial.observations.iter().filter(|observation| observation.at > known);
        curve.extend(new.map(|observation| (observation.at, observation.loss.get())));
        self.losses.entry(trial.id).or_default().push((rung, loss));
    }

    /// Opens the next rung if the two highest ones disagree.
    fn compare(&mut self) {
        let best: Vec<Rank> = self.asha.standings()[self.top].ranking().take(MOST_COMPARED).collect();
        let below = |trial: TrialId| {
            let losses = self.losses.get(&trial)?;
            losses
                .iter()
                .find(|(rung, _)| rung + 1 == self.top)
                .map(|(_, loss)| *loss)
        };
        // A trial that failed on its way has a result only at the lower rung.
        let best = best.into_iter().filter(|(loss, _)| *loss < Loss::WORST);
        let (ranking, before): (Vec<TrialId>, Vec<Rank>) = best
            .filter_map(|(_, trial)| Some((trial, (below(trial)?, trial))))
            .unzip();
        let curves: Vec<&Curve> = ranking.iter().filter_map(|trial| self.curves.get(trial)).collect();
        if let Some(noise) = noise(&curves) {
            self.noise = noise;
        }
        if !is_stable(&before, self.noise) {
            self.top = (self.top + 1).min(self.last());
        }
    }
}

impl Scheduler for Pasha {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn rungs(&self) -> &[Samples] {
        self.asha.rungs()
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.asha.observe(trial, view);
        match trial.status {
            Status::Paused | Status::Completed => {
                if let (Some(rung), Some(loss)) = (self.asha.rung_of(trial), trial.loss()) {
                    self.note(trial, rung, loss);
                    if rung == self.top && self.top < self.last() {
                        self.compare();
                    }
                }
            }
            // Its results remain in the comparison at the rungs that it has reached.
            Status::Running { .. } | Status::Stopped | Status::Failed => {}
        }
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        let is_over = !view.may_start() && view.running == 0;
        let to = |index: usize| self.asha.rungs()[index + 1];
        let mut open = (0..self.top).rev();
        let promoted = open.find_map(|index| Some((self.asha.promotable(index, is_over)?, to(index))));
        if promoted.is_some() || !is_over {
            return promoted;
        }
        // The second phase: the best trial of the highest rung continues to its end.
        (self.top..self.last()).rev().find_map(|index| {
            let rung = &self.asha.standings()[index];
            let best = rung.best_paused().filter(|best| rung.best() == Some(*best))?;
            Some((best.1, to(index)))
        })
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::testing::Stand;

    fn pasha(max: u64) -> Stand<Pasha> {
        Stand::new(Pasha::new(3, Samples(1), Samples(max)))
    }

    /// Runs trials one after the other, and all that are promoted; `loss` is the loss of a trial at a level.
    fn run(stand: &mut Stand<Pasha>, count: u32, loss: &dyn Fn(u32, u64) -> f64) {
        for number in 0..count {
            stand.trials_left = Some(count - number);
            let id = stand.start();
            stand.trials_left = Some(count - number - 1);
            stand.end_with(id, &|at| loss(id, at));
            while let Some((id, _)) = stand.go_on() {
                stand.end_with(id, &|at| loss(id, at));
            }
        }
    }

    fn furthest(stand: &Stand<Pasha>, level: u64) -> usize {
        stand.trials.iter().filter(|trial| trial.reached.0 >= level).count()
    }

    #[test]
    fn while_the_order_is_stable_nobody_goes_beyond_the_second_rung_but_the_best_in_the_end() {
        let mut stand = pasha(81);
        run(&mut stand, 60, &|id, at| f64::from(id * 7 % 60) + 1.0 / at as f64);
        assert_eq!(stand.scheduler.top, 1);
        assert!(furthest(&stand, 3) >= 20);
        assert_eq!(furthest(&stand, 9), 1);
        let complete = stand.trials.iter().find(|trial| trial.status == Status::Completed);
        assert_eq!(complete.map(|trial| trial.id), Some(TrialId(0)), "the best of all");
    }

    #[test]
    fn when_the_order_changes_the_next_rung_opens() {
        let mut stand = pasha(81);
        // Trials that are good at a later level were worse before; any two swap once.
        run(&mut stand, 240, &|id, at| {
            let prime = 4.0 * (f64::from(id) * 0.618_034).fract();
            prime.powi(2) - 2.0 * prime * (at as f64).ln() / 3_f64.ln()
        });
        assert!(stand.scheduler.top >= 3, "{}", stand.scheduler.top);
        assert!(furthest(&stand, 27) > 1);
    }

    /// Three promoted trials among nine, with their values at each step up to the second rung.
    fn top_rung_after(curves: [[f64; 3]; 3]) -> (usize, f64) {
        let mut stand = pasha(27);
        stand.epoch = Some(1);
        for number in 0..9 {
            let id = stand.start();
            let known = curves.get(number);
            stand.end_with(id, &|at| known.map_or(9.0, |curve| curve[at as usize - 1]));
        }
        while let Some((id, _)) = stand.go_on().filter(|(_, to)| *to == 3) {
            stand.end_with(id, &|at| curves[id as usize][at as usize - 1]);
        }
        (stand.scheduler.top, stand.scheduler.noise)
    }

    #[test]
    fn an_order_that_changes_by_noise_alone_opens_nothing() {
        let best = [0.0; 3];
        let (top, noise) = top_rung_after([best, [0.9, 0.9, 0.88], [1.0, 0.8, 1.0]]);
        assert!((noise - 0.12).abs() < 1e-12, "{noise}: the two cross and cross back");
        assert_eq!(top, 1, "they have swapped ranks, but were only 0.1 apart");
        let (top, noise) = top_rung_after([best, [0.9, 0.9, 0.95], [1.0, 0.8, 0.85]]);
        assert_eq!((top, noise), (2, 0.0), "they cross once, and stay so");
    }

    #[test]
    fn with_one_rung_every_trial_is_complete() {
        let mut stand = Stand::new(Pasha::new(3, Samples(5), Samples(5)));
        run(&mut stand, 4, &|id, _| f64::from(id));
        assert_eq!(furthest(&stand, 5), 4);
    }
}
