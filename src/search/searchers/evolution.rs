//! Regularized evolution (Real et al. 2019, "Regularized Evolution for Image Classifier Architecture Search", algorithm
//! 1). The best of a few of the youngest trials gets a child that differs in one parameter. Old trials are removed,
//! even good ones.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::{Entry, Info, Needs, Proposal, Random, Searcher, Several};
use crate::rng::{self, Rng};
use crate::space::{Configuration, Domain, Space};
use crate::trials::{Trial, View};

/// Population size: the youngest trials with a result. The paper has 100 for 20,000 trials; a study has fewer.
const POPULATION: usize = 25;

/// Sample size: the best of this many gets a child. This is the paper's quarter of the population.
const SAMPLE: usize = 6;

/// A number moves at most this far along its range.
const REACH: f64 = 0.2;

/// Number of draws in search of a feasible child.
const DRAWS: usize = 50;

/// Evolves single trials by small changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evolution;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "evolution",
        aliases: &["rea"],
        about: "changes one parameter of a good recent trial: regularized evolution",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Evolution),
    several: Several::Scalarised,
};

impl Searcher for Evolution {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let alive: Vec<&Trial> = view
            .trials
            .iter()
            .rev()
            .filter(|trial| is_judged(trial))
            .take(POPULATION)
            .collect();
        // The first generation is random. Running trials belong to it.
        if view.trials.len() < POPULATION || alive.len() < SAMPLE {
            return Random.propose(view, attempt);
        }
        let mut rng = rng::stream(view.seed, "evolution", &[view.trials.len() as u64, u64::from(attempt)]);
        let mut children = (0..DRAWS).filter_map(|_| {
            let parent = alive
                .sample(&mut rng, SAMPLE)
                .min_by_key(|trial| (trial.loss(), trial.id))?;
            Some(child(view.space, &parent.configuration, &mut rng))
        });
        match children.find(|child| view.space.is_feasible(child)) {
            Some(configuration) => Proposal {
                configuration,
                origin: self.name(),
            },
            None => Random.propose(view, attempt),
        }
    }
}

fn is_judged(trial: &Trial) -> bool {
    trial.loss().is_some() && trial.best_observation().is_some()
}

/// The parent with one parameter changed; parameters that become active by that are random.
fn child(space: &Space, parent: &Configuration, rng: &mut Rng) -> Configuration {
    let searched = space
        .parameters()
        .iter()
        .filter(|parameter| parameter.domain.cardinality() != Some(1) && parent.get(&parameter.name).is_some());
    let searched: Vec<&str> = searched.map(|parameter| parameter.name.as_str()).collect();
    let changed = searched.choose(rng).copied();
    let units: Vec<f64> = space
        .parameters()
        .iter()
        .map(|parameter| {
            let inherited = parent
                .get(&parameter.name)
                .and_then(|value| parameter.domain.encode(value));
            match inherited {
                Some(unit) if changed == Some(&parameter.name) => moved(&parameter.domain, unit, rng),
                Some(unit) => unit,
                None => rng.random(),
            }
        })
        .collect();
    space.decode(&units)
}

/// A different position in a domain: a near one on ordered domains, any position on unordered ones.
fn moved(domain: &Domain, unit: f64, rng: &mut Rng) -> f64 {
    let is_unordered = matches!(
        domain,
        Domain::Choice { ordered: false, .. } | Domain::Weighted { ordered: false, .. }
    );
    if is_unordered {
        return rng.random();
    }
    // At least one step on domains with few values.
    let step = domain.cardinality().map_or(0.0, |count| 1.0 / count as f64);
    let distance = (rng.random::<f64>() * REACH).max(step);
    let target = if rng.random() { unit + distance } else { unit - distance };
    // Reflected at the ends, so that the search does not get stuck there.
    let reflected = if target < 0.0 { -target } else { target };
    let reflected = if reflected > 1.0 { 2.0 - reflected } else { reflected };
    reflected.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{mixed_space, run};
    use super::super::{SEARCHERS, build};
    use super::*;
    use crate::space::Value;

    #[test]
    fn a_child_differs_in_one_parameter() {
        let space = mixed_space();
        let mut rng = rng::stream(crate::units::Seed(1), "test", &[]);
        let parent = space.sample(&mut rng);
        let mut changes = 0;
        for _ in 0..200 {
            let child = child(&space, &parent, &mut rng);
            let differing = parent
                .iter()
                .filter(|(name, value)| child.get(name) != Some(value))
                .count();
            assert!(differing <= 1, "{parent:?} {child:?}");
            changes += differing;
        }
        assert!(changes > 120, "{changes}");
    }

    #[test]
    fn it_finds_better_than_chance() {
        let space = mixed_space();
        // The best trial has a rate of 1e-3, a share of 0.3 and the kind `b`.
        let loss = |configuration: &Configuration| {
            let number = |name: &str| configuration.get(name).and_then(Value::as_f64).unwrap();
            let is_b = configuration.get("kind") == Some(&Value::Text("b".into()));
            (number("rate").log10() + 3.0).powi(2) + (number("share") - 0.3).powi(2) * 9.0 + f64::from(u8::from(!is_b))
        };
        let best = |name: &str| -> f64 {
            let entry = SEARCHERS.iter().find(|entry| entry.info.name == name).unwrap();
            let total = (0..5).map(|seed| {
                let trials = run(build(entry, None).as_ref(), &space, seed, 120, &loss);
                trials.iter().filter_map(Trial::loss).min().unwrap().get()
            });
            total.sum()
        };
        let (evolved, random) = (best("evolution"), best("random"));
        assert!(evolved < 0.5 * random, "{evolved} against {random}");
    }
}
