//! Defaults that are settled when a study begins, if its spec leaves them open: the number of logical workers, priors
//! of parameters, and schedules that the wall budget can pay for. All of them go into the study's `spec.yaml`.

use std::time::Duration;

use crate::objective::{Facts, Recipe, seconds_of};
use crate::space::{Configuration, Hints, Space, Value};
use crate::spec::Spec;
use crate::trials::reserve;
use crate::units::Samples;
use crate::worker::Slot;

/// Operations per second of a slot that is slow for its kind. No timing is needed if the budget allows for that speed.
const SLOW_HOST: f64 = 1e10;
const SLOW_GPU: f64 = 2e11;

/// The share of the budget for measuring the speed of this machine.
const LOOKING: f64 = 0.01;

/// A schedule that would become shorter by less than this share stays: it cools down in time.
const NOT_WORTH_IT: f64 = 0.05;

/// Width of the prior for a rate, in orders of magnitude: wide enough to be wrong. The published grids span one, and
/// small data often need rates beyond them.
const SPREAD: f64 = 1.0;

/// Factor on the learning rate of the recipe for a second trial right after it. Of all parameters the rate matters
/// most, and small data often need a higher rate than the one published for large data.
const HIGHER_RATE: f64 = 3.0;

/// A half-frozen model is also tried early if it costs less than this share of the recipe. Most of the gain of
/// fine-tuning comes from the upper layers (Lee et al. 2019, "What Would Elsa Do? Freezing Layers During Transformer
/// Fine-Tuning"). With cached activations it takes only a part of the time.
const CHEAP: f64 = 0.7;

/// Factor on the recipe's learning rate for a half-frozen model, which needs a higher rate; limited by the space.
const CHEAP_RATE: f64 = 10.0;

/// Factor on the recipe's learning rate for adapters. Hu et al. 2022 (`LoRA`, table 9) use 2e-4 to 5e-4 for `RoBERTa`, and
/// the whole model is usually trained with 1e-5 to 5e-5.
const ADAPTER_RATE: f64 = 10.0;

const RATE: &str = "learning_rate";
const DEPTH: &str = "freeze_depth";
const DROPOUT: &str = "dropout";

/// The settled defaults, for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// The recipe that shapes the first proposals.
    pub recipe: Option<Recipe>,
    /// Epochs of the schedules that the spec asked for, if the budget cannot pay for them.
    pub shortened_from: Option<f64>,
}

/// Settles what `spec` leaves open, for a study on `slots` that begins `elapsed` seconds after its command.
pub fn settle(spec: &mut Spec, facts: &mut Facts, slots: &[Slot], elapsed: f64) -> Settled {
    spec.settle_logical_workers(slots.len());
    let recipe = facts.inputs.as_ref().map(|inputs| inputs.model.recipe());
    let recipe = recipe.map(|recipe| suited(recipe, &spec.space));
    let recipe =
        recipe.filter(|_| spec.uses_recipe && !spec.searcher.info().needs.finite_space && spec.repeats.is_none());
    if let Some(recipe) = &recipe {
        let max = Samples::from_epochs(spec.epochs.max, facts.identity.epoch);
        believe(&mut spec.space, recipe, &|configuration| {
            (facts.cost)(configuration, Samples(0), max)
        });
    }
    let shortened_from = shorten(spec, facts, slots, elapsed);
    // Workers load the model and the data themselves.
    facts.inputs = None;
    Settled { recipe, shortened_from }
}

/// The recipe with a higher learning rate if every trial has an adapter.
fn suited(recipe: Recipe, space: &Space) -> Recipe {
    /// Rates are rounded to this part of 1, because people see them.
    const PARTS: f64 = 1e9;
    let whole = Value::Text("none".to_owned());
    let adapter = space.parameter("adapter");
    let is_always =
        adapter.is_some_and(|adapter| adapter.condition.is_none() && adapter.domain.encode(&whole).is_none());
    if !is_always {
        return recipe;
    }
    Recipe {
        learning_rate: (recipe.learning_rate * ADAPTER_RATE * PARTS).round() / PARTS,
        ..recipe
    }
}

/// Sets wide priors from the recipe, and lists the configurations to try first.
///
/// A prior is set for every parameter that the recipe contains and that the spec leaves open. The list begins with the
/// points of the user, the recipe, and the recipe with a higher learning rate. The last point is a half-frozen model,
/// if that is cheap, with a still higher rate and the least dropout.
pub fn believe(space: &mut Space, recipe: &Recipe, cost: &dyn Fn(&Configuration) -> f64) {
    let [is_rate_open, is_depth_open, is_dropout_open] = [RATE, DEPTH, DROPOUT].map(|name| is_open(space, name));
    let beliefs = [
        (RATE, Value::Float(recipe.learning_rate)),
        ("batch_size", Value::Int(i64::from(recipe.batch_size))),
        ("warmup_ratio", Value::Float(recipe.warmup_ratio)),
        ("weight_decay", Value::Float(recipe.weight_decay)),
        ("dropout", Value::Float(recipe.dropout)),
        (DEPTH, Value::Int(0)),
        ("lr_schedule", Value::Text("linear".to_owned())),
        // The name in earlier versions.
        ("scheduler", Value::Text("linear".to_owned())),
        ("optimizer", Value::Text("adamw".to_owned())),
        ("adapter", Value::Text("none".to_owned())),
        ("reinit_layers", Value::Int(0)),
        ("layer_decay", Value::Float(1.0)),
        ("max_grad_norm", Value::Float(1.0)),
    ];
    for (name, value) in beliefs {
        space.believe(name, &value, SPREAD);
    }
    let listed = space.first_points().iter();
    let mut first: Vec<Configuration> = listed.map(|point| point.configuration.clone()).collect();
    if let Some(recipe) = space.prior_point().filter(|_| is_rate_open) {
        first.extend(with_rate(space, &recipe, HIGHER_RATE));
        let half = half_frozen(space, &recipe, is_dropout_open)
            .filter(|half| is_depth_open && cost(half) < CHEAP * cost(&recipe));
        first.extend(half.and_then(|half| with_rate(space, &half, CHEAP_RATE)));
    }
    for point in &first {
        // A point that violates a constraint is left out.
        let _ = space.add_point(point);
    }
}

/// Returns whether a parameter is searched, and the spec gives no hints where.
fn is_open(space: &Space, name: &str) -> bool {
    space
        .parameter(name)
        .is_some_and(|parameter| parameter.hints == Hints::default())
}

/// A configuration with `times` its learning rate, within the space; `None` if the space has no higher rate.
fn with_rate(space: &Space, configuration: &Configuration, times: f64) -> Option<Configuration> {
    let rate = configuration.get(RATE)?.as_f64()?;
    let higher = space.parameter(RATE)?.domain.nearest(&Value::Float(rate * times))?;
    let is_higher = higher.as_f64()? > rate;
    let mut configuration = configuration.clone();
    configuration.set(RATE, higher);
    is_higher.then_some(configuration)
}

/// A configuration with half of the largest freeze depth, and the least dropout: less training overfits less.
fn half_frozen(space: &Space, configuration: &Configuration, is_dropout_open: bool) -> Option<Configuration> {
    let depths = &space.parameter(DEPTH)?.domain;
    let half = (depths.largest_integer()? + 1) / 2;
    let mut configuration = configuration.clone();
    configuration.set(DEPTH, depths.nearest(&Value::Int(half))?);
    let dropout = space.parameter(DROPOUT).filter(|_| is_dropout_open);
    if let Some(least) = dropout.and_then(|dropout| dropout.domain.nearest(&Value::Float(0.0))) {
        configuration.set(DROPOUT, least);
    }
    Some(configuration)
}

/// Shortens schedules to the number of epochs that the wall budget can pay for on this machine, at least `epochs.min`.
/// Returns the number that the spec asked for, if that was larger.
fn shorten(spec: &mut Spec, facts: &Facts, slots: &[Slot], elapsed: f64) -> Option<f64> {
    // Only if this program sets the schedule.
    facts.inputs.as_ref()?;
    let wall = spec.budget.wall?;
    let first = first(spec)?;
    let max = Samples::from_epochs(spec.epochs.max, facts.identity.epoch);
    let is_host = slots.first().is_none_or(|slot| slot.device.is_host());
    let slow = if is_host { SLOW_HOST } else { SLOW_GPU };
    // A complete trial trains every fold.
    let folds = f64::from(spec.objective.folds());
    let is_plenty = folds * (facts.cost)(&first, Samples(0), max) / slow < wall;
    // The speed of a processor says nothing about a GPU. On a GPU, a trial that is too long cools down.
    if is_plenty || !is_host {
        return None;
    }
    let patience = Duration::try_from_secs_f64(LOOKING * wall).unwrap_or_default();
    let seconds = folds * seconds_of(spec, facts, &first, patience)?;
    // The workers load again what this process has loaded.
    let payable = wall - 2.0 * elapsed - reserve(wall, 0.0);
    let share = (payable / seconds).max(0.0);
    let asked = spec.epochs.max;
    let max = (asked * share * 100.0).floor() / 100.0;
    let max = max.max(spec.epochs.min);
    if !max.is_finite() || max > asked * (1.0 - NOT_WORTH_IT) {
        return None;
    }
    spec.epochs.max = max;
    Some(asked)
}

/// The configuration that is tried first; without priors, the centre of the space.
fn first(spec: &Spec) -> Option<Configuration> {
    let point = spec.space.first_points().first();
    let point = point.map(|point| point.configuration.clone());
    point.or_else(|| {
        let middle = vec![0.5; spec.space.parameters().len()];
        Some(spec.space.decode(&middle)).filter(|middle| spec.space.is_feasible(middle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Confidence, Parameter, Prior};
    use crate::spec::{self, Spec};

    const RECIPE: Recipe = Recipe {
        model: "a model",
        learning_rate: 3e-4,
        batch_size: 16,
        epochs: 4.0,
        warmup_ratio: 0.1,
        weight_decay: 0.01,
        dropout: 0.1,
        source: "a paper",
    };

    fn space(parameters: &str) -> Space {
        let text = format!(
            "task: text-classification\nmodel: m\ndata: {{train: t.csv}}\nmetric: accuracy\nparameters: {parameters}\n"
        );
        let (spec, _): (Spec, _) = spec::from_text(&text, std::path::Path::new("space.yaml"), &[]).unwrap();
        spec.space
    }

    fn rates(space: &Space) -> Vec<f64> {
        let points = space.first_points().iter();
        points
            .filter_map(|point| point.configuration.get(RATE)?.as_f64())
            .collect()
    }

    #[test]
    fn the_recipe_comes_first_and_then_a_higher_rate() {
        let mut wide = space("{learning_rate: {min: 1e-5, max: 1e-2, log: true}, batch_size: {values: [8, 32]}}");
        believe(&mut wide, &RECIPE, &|_| 1.0);
        let rates = rates(&wide);
        assert_eq!(rates.len(), 2);
        assert!((rates[1] / rates[0] - 3.0).abs() < 1e-9, "{rates:?}");
    }

    #[test]
    fn the_recipe_has_a_higher_rate_if_every_trial_has_an_adapter() {
        let rate = |parameters: &str| suited(RECIPE, &space(parameters)).learning_rate;
        assert_eq!(rate("{adapter: lora}"), 3e-3);
        assert_eq!(rate("{adapter: {values: [lora, bias_only]}}"), 3e-3);
        assert_eq!(rate("{adapter: {values: [none, lora]}}"), 3e-4);
        assert_eq!(rate("{dropout: 0.1}"), 3e-4);
    }

    #[test]
    fn a_rate_is_as_high_as_the_space_has_it_and_never_lower() {
        let mut narrow = space("{learning_rate: {min: 1e-5, max: 5e-4, log: true}}");
        believe(&mut narrow, &RECIPE, &|_| 1.0);
        assert_eq!(rates(&narrow), [3e-4, 5e-4]);
        let mut low = space("{learning_rate: {min: 1e-5, max: 1e-4, log: true}}");
        believe(&mut low, &RECIPE, &|_| 1.0);
        assert_eq!(rates(&low), [1e-4]);
    }

    #[test]
    fn what_the_user_says_of_the_rate_is_kept_and_comes_first() {
        let mut space = space("{learning_rate: {min: 1e-5, max: 1e-2, log: true}}");
        let mut parameters: Vec<Parameter> = space.parameters().to_vec();
        parameters[0].hints.prior = Some(Prior {
            value: Value::Float(1e-3),
            confidence: Confidence::High,
        });
        space = Space::new(parameters, vec![]).unwrap();
        let mine: Configuration = [(RATE, Value::Float(2e-5))].into_iter().collect();
        space.add_point(&mine).unwrap();
        believe(&mut space, &RECIPE, &|_| 1.0);
        assert_eq!(rates(&space), [2e-5, 1e-3]);
    }

    #[test]
    fn what_is_frozen_is_tried_early_only_where_it_is_cheap() {
        let parameters = "{learning_rate: {min: 1e-5, max: 1e-2, log: true}, freeze_depth: {min: 0, max: 6}}";
        let depth = |configuration: &Configuration| configuration.get(DEPTH).and_then(Value::as_f64).unwrap_or(0.0);
        let cached = |configuration: &Configuration| if depth(configuration) > 0.0 { 0.4 } else { 1.0 };
        for (cost, expected) in [
            (&cached as &dyn Fn(&Configuration) -> f64, vec![0.0, 0.0, 3.0]),
            (&|_| 1.0, vec![0.0, 0.0]),
        ] {
            let mut space = space(parameters);
            believe(&mut space, &RECIPE, cost);
            let depths: Vec<f64> = space
                .first_points()
                .iter()
                .map(|point| depth(&point.configuration))
                .collect();
            assert_eq!(depths, expected);
        }
    }
}
