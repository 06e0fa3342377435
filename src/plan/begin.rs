//! What a study begins with that its spec leaves open: how many logical workers, what is believed of its parameters, and
//! schedules that its wall budget can pay. All of it goes into the study's `spec.yaml`.

use std::time::Duration;

use crate::objective::{Facts, Recipe, seconds_of};
use crate::space::{Configuration, Value};
use crate::spec::{SearcherSpec, Spec};
use crate::trials::reserve;
use crate::units::Samples;
use crate::worker::Slot;

/// Operations a second of a slot that is slow for its kind: a budget that pays a schedule even so needs no timing.
const SLOW_HOST: f64 = 1e10;
const SLOW_GPU: f64 = 2e11;

/// The share of the budget that a look at this machine's speed may take.
const LOOKING: f64 = 0.01;

/// A schedule that would become shorter by less than this share stays: it cools down in time.
const NOT_WORTH_IT: f64 = 0.05;

/// The width of a belief about a rate, in orders of magnitude: wide enough to be wrong. The published grids span one, and small data
/// often want rates beyond them.
const SPREAD: f64 = 1.0;

/// What was settled, for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// The recipe that shapes the first proposals.
    pub recipe: Option<Recipe>,
    /// Epochs of the schedules that the spec asked for, if the budget cannot pay them.
    pub shortened_from: Option<f64>,
}

/// Settles what `spec` leaves open for a study that begins on `slots`, `elapsed` seconds after its command.
pub fn settle(spec: &mut Spec, facts: &mut Facts, slots: &[Slot], elapsed: f64) -> Settled {
    spec.settle_logical_workers(slots.len());
    let recipe = facts.inputs.as_ref().map(|inputs| inputs.model.recipe());
    let recipe = recipe.filter(|_| spec.uses_recipe && spec.searcher != SearcherSpec::Grid && spec.repeats.is_none());
    if let Some(recipe) = &recipe {
        believe(spec, recipe);
    }
    let shortened_from = shorten(spec, facts, slots, elapsed);
    // Workers load the model and the data for themselves.
    facts.inputs = None;
    Settled { recipe, shortened_from }
}

/// Gives every parameter that the recipe knows, and of which the spec says nothing, a wide belief.
fn believe(spec: &mut Spec, recipe: &Recipe) {
    let beliefs = [
        ("learning_rate", Value::Float(recipe.learning_rate)),
        ("batch_size", Value::Int(i64::from(recipe.batch_size))),
        ("warmup_ratio", Value::Float(recipe.warmup_ratio)),
        ("weight_decay", Value::Float(recipe.weight_decay)),
        ("dropout", Value::Float(recipe.dropout)),
        ("freeze_depth", Value::Int(0)),
        ("scheduler", Value::Text("linear".to_owned())),
        ("max_grad_norm", Value::Float(1.0)),
    ];
    for (name, value) in beliefs {
        spec.space.believe(name, &value, SPREAD);
    }
}

/// Lays schedules out over what the wall budget can pay on this machine, at least `epochs.min`; what the spec asked for, if that
/// was more.
fn shorten(spec: &mut Spec, facts: &Facts, slots: &[Slot], elapsed: f64) -> Option<f64> {
    // Only where this program lays out the schedule.
    facts.inputs.as_ref()?;
    let wall = spec.budget.wall?;
    let first = first(spec)?;
    let max = Samples::from_epochs(spec.epochs.max, facts.identity.epoch);
    let is_host = slots.first().is_none_or(|slot| slot.device.is_host());
    let slow = if is_host { SLOW_HOST } else { SLOW_GPU };
    let is_plenty = (facts.cost)(&first, Samples(0), max) / slow < wall;
    // A processor says nothing of a GPU's speed; there a trial that is too long cools down.
    if is_plenty || !is_host {
        return None;
    }
    let patience = Duration::try_from_secs_f64(LOOKING * wall).unwrap_or_default();
    let seconds = seconds_of(spec, facts, &first, patience)?;
    // The workers load what this process has loaded.
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

/// The configuration that is tried first, or where nothing is believed one of the space.
fn first(spec: &Spec) -> Option<Configuration> {
    let point = spec.space.first_points().first();
    let point = point.map(|point| point.configuration.clone());
    point.or_else(|| {
        let middle = vec![0.5; spec.space.parameters().len()];
        Some(spec.space.decode(&middle)).filter(|middle| spec.space.is_feasible(middle))
    })
}
