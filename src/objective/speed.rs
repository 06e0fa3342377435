//! Measures how fast this machine trains: times a few real steps of the real model before a study begins.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::segment_progress::evaluation_points;
use super::{Facts, InputError, TrainingInputs, training_config};
use crate::finetune::data::{Examples, Inputs};
use crate::finetune::{Device, FrozenOutputs, PrefixCache, Training, TrainingConfig, TrainingData};
use crate::space::Configuration;
use crate::spec::{ObjectiveSpec, Spec};
use crate::units::{Samples, Seed};

/// Limits on timing one configuration: it ends when either is reached. The first step is a warm-up and does not count.
const STEPS: u64 = 8;
const STEPPING: Duration = Duration::from_secs(1);

/// Time after which no further configuration is timed. The remaining ones are predicted from those that were.
const PATIENCE: Duration = Duration::from_secs(4);

/// Maximum number of examples used to time an evaluation.
const EVALUATED: usize = 64;

/// Duration of a trial that sees all its samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FullRun {
    /// Seconds on one worker.
    pub seconds: f64,
    /// `true` if its own steps were timed; `false` if it was predicted from others by their relative cost.
    pub is_measured: bool,
}

/// Predicts how long a full run of each configuration takes on `device`; `None` if that cannot be known beforehand.
///
/// Takes a few seconds, besides the time for loading model and data. The first of `configurations` is always timed.
///
/// # Errors
/// If the model or the data cannot be used.
pub fn full_runs(
    spec: &Spec,
    facts: &Facts,
    device: Device,
    configurations: &[Configuration],
) -> Result<Option<Vec<FullRun>>, InputError> {
    match &spec.objective {
        ObjectiveSpec::Function(function) => {
            let exact = FullRun {
                seconds: function.trial_seconds,
                is_measured: true,
            };
            Ok(Some(vec![exact; configurations.len()]))
        }
        // Timing it would mean running a trial.
        ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => Ok(None),
        ObjectiveSpec::FineTune(fine_tune) => {
            let inputs = TrainingInputs::load(fine_tune, device)?;
            let max = Samples::from_epochs(spec.epochs.max, facts.identity.epoch);
            // A temporary folder, so that nothing remains afterwards.
            let folder = tempfile::tempdir().ok().filter(|_| spec.resources.cache > 0);
            let cache = folder
                .as_ref()
                .map(|folder| PrefixCache::new(folder.path().to_owned(), spec.resources.cache));
            let begun = Instant::now();
            let timed: Vec<Option<f64>> = configurations
                .iter()
                .map(|configuration| {
                    let is_in_time = begun.elapsed() < PATIENCE;
                    is_in_time
                        .then(|| time(&inputs, configuration, max, cache.as_ref()))
                        .flatten()
                })
                .collect();
            let cost = |configuration: &Configuration| (facts.cost)(configuration, Samples(0), max);
            Ok(complete(&timed, &configurations.iter().map(cost).collect::<Vec<_>>()))
        }
    }
}

/// Predicts the seconds of a full run of one configuration, with the model and data loaded in `facts`.
///
/// This is a quick estimate: it times a few steps after a warm-up step, for about `patience` at most. An evaluation is
/// assumed to take a third of the time of a training step. `None` if the time cannot be predicted.
pub fn seconds_of(spec: &Spec, facts: &Facts, configuration: &Configuration, patience: Duration) -> Option<f64> {
    /// An evaluation is one of the three passes of a step (one forward, two backward).
    const EVALUATION: f64 = 1.0 / 3.0;
    let inputs = facts.inputs.as_ref()?;
    let max = Samples::from_epochs(spec.epochs.max, facts.identity.epoch);
    let config = training_config(configuration, max, Seed(0)).ok()?;
    let data = inputs.data_at(config.max_length).ok()?;
    let mut training = Training::start(&inputs.model, config).ok()?;
    let step = time_steps(&mut training, TrainingData::from(&data.train), patience)?;
    let evaluations = evaluation_points(Samples(0), max, inputs.epoch()).len() * inputs.data.validation.len();
    Some(step * (max.0 as f64 + EVALUATION * evaluations as f64))
}

/// Fills in configurations that were not timed, in proportion to their cost; `None` if none was timed.
fn complete(timed: &[Option<f64>], costs: &[f64]) -> Option<Vec<FullRun>> {
    let known = timed
        .iter()
        .zip(costs)
        .filter_map(|(seconds, cost)| Some(((*seconds)?, *cost)));
    let (seconds, cost) = known.fold((0.0, 0.0), |(seconds, cost), known| (seconds + known.0, cost + known.1));
    if cost <= 0.0 {
        return None;
    }
    let runs = timed.iter().zip(costs).map(|(timed, own)| FullRun {
        seconds: timed.unwrap_or(own * seconds / cost),
        is_measured: timed.is_some(),
    });
    Some(runs.collect())
}

/// Predicts the seconds of a full run from some of its steps; `None` if it cannot be trained.
///
/// If trials cache the activations of the frozen layers, they are assumed to be in `cache` already: only the first of
/// many trials computes them.
fn time(
    inputs: &TrainingInputs,
    configuration: &Configuration,
    max: Samples,
    cache: Option<&PrefixCache>,
) -> Option<f64> {
    let config = training_config(configuration, max, Seed(0)).ok()?;
    let data = inputs.data_at(config.max_length).ok()?;
    let some = some(&data.validation);
    let cache = cache.filter(|_| config.freeze_depth > 0);
    let frozen = |examples: &Examples| {
        let depths = &[config.freeze_depth];
        cache.map(|cache| FrozenOutputs::new(cache.clone(), &inputs.model, &examples.inputs, depths))
    };
    let frozen = [&data.train, &some].map(frozen);
    let [train, validation] = [(&data.train, &frozen[0]), (&some, &frozen[1])].map(|(examples, frozen)| TrainingData {
        examples,
        frozen: frozen.as_ref(),
    });
    if cache.is_some() {
        time_once(inputs, config.clone(), train, validation)?;
    }
    let (step, evaluation) = time_once(inputs, config, train, validation)?;
    let evaluations = evaluation_points(Samples(0), max, inputs.epoch()).len() * inputs.data.validation.len();
    Some(step * max.0 as f64 + evaluation * evaluations as f64)
}

/// Seconds per training example and per evaluated example.
fn time_once(
    inputs: &TrainingInputs,
    config: TrainingConfig,
    train: TrainingData<'_>,
    validation: TrainingData<'_>,
) -> Option<(f64, f64)> {
    let mut training = Training::start(&inputs.model, config).ok()?;
    let step = time_steps(&mut training, train, STEPPING)?;
    let begun = Instant::now();
    training
        .evaluate(validation, &[], &mut || ControlFlow::Continue(()))
        .ok()?;
    let evaluation = begun.elapsed().as_secs_f64() / validation.examples.len().max(1) as f64;
    Some((step, evaluation))
}

/// Seconds per training example: times some steps after a warm-up step, for `patience` at most.
fn time_steps(training: &mut Training, data: TrainingData<'_>, patience: Duration) -> Option<f64> {
    let batch = training.config().batch_size as u64;
    training
        .train(data, Samples(batch), &mut |_| ControlFlow::Continue(()))
        .ok()?;
    let (begun, from) = (Instant::now(), training.seen());
    let mut unless_late = |_: &_| {
        if begun.elapsed() < patience {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let to = Samples(from.0 + batch * STEPS);
    let seen = training.train(data, to, &mut unless_late).ok()?.seen;
    Some(begun.elapsed().as_secs_f64() / (seen.0 - from.0).max(1) as f64)
}

/// Every n-th example, at most [`EVALUATED`] of them.
fn some(examples: &Examples) -> Examples {
    let indices = (0..examples.len()).step_by(examples.len().div_ceil(EVALUATED).max(1));
    let inputs = match &examples.inputs {
        Inputs::Texts(texts) => Inputs::Texts(indices.clone().map(|index| texts[index].clone()).collect()),
        Inputs::Images { size, pixels } => Inputs::Images {
            size: *size,
            pixels: pixels.pick(*size, indices.clone()),
        },
    };
    Examples {
        inputs,
        targets: examples
            .targets
            .pick(&indices.map(|index| index as u32).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::data::Targets;

    #[test]
    fn what_was_not_timed_is_told_by_its_cost() {
        let runs = complete(&[Some(10.0), None, Some(2.0)], &[100.0, 50.0, 20.0]).unwrap();
        assert_eq!(
            runs.iter()
                .map(|run| (run.seconds, run.is_measured))
                .collect::<Vec<_>>(),
            [(10.0, true), (5.0, false), (2.0, true)]
        );
        assert_eq!(complete(&[None, None], &[1.0, 2.0]), None);
    }

    #[test]
    fn some_examples_are_spread_over_all() {
        let examples = Examples {
            inputs: Inputs::of_ids((0..200).map(|number| vec![number])),
            targets: Targets::Classes((0..200).collect()),
        };
        let some = some(&examples);
        assert!(some.len() <= EVALUATED && some.len() > EVALUATED / 2, "{}", some.len());
        assert_eq!(some.targets.classes()[..2], [0, 4]);
        assert_eq!(some.inputs.len(), some.len());
    }
}
