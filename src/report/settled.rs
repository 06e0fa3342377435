//! Settings that the spec leaves open and the study chooses at its start, as text.

use super::terminal::words;
use crate::plan::{Recipe, Settled};
use crate::spec::Spec;

/// One line for each setting.
pub fn settled(settled: &Settled, spec: &Spec) -> Vec<String> {
    let recipe = settled.recipe.as_ref().map(recipe);
    let shortened = settled.shortened_from.zip(spec.budget.wall);
    let shortened = shortened.map(|(asked, wall)| shortened_line(asked, spec.epochs.max, wall));
    recipe.into_iter().chain(shortened).collect()
}

fn recipe(recipe: &Recipe) -> String {
    let Recipe {
        model,
        learning_rate,
        batch_size,
        source,
        ..
    } = recipe;
    format!(
        "recipe: {model}, learning rate {learning_rate:e}, batch size {batch_size} ({source}) is tried first; `prior: none` leaves it out"
    )
}

fn shortened_line(asked: f64, max: f64, wall: f64) -> String {
    let wall = words::stopwatch(wall);
    format!(
        "budget: {wall} cannot pay a run of {asked} epochs here, so the learning rate falls to 0 by epoch {max}; for longer runs raise `budget.wall`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_settled_is_told_in_a_line_each() {
        let recipe = recipe(&Recipe {
            model: "a BERT of MiniLM's size",
            learning_rate: 5e-5,
            batch_size: 16,
            epochs: 4.0,
            warmup_ratio: 0.1,
            weight_decay: 0.01,
            dropout: 0.1,
            source: "Wang et al. 2020, appendix B",
        });
        insta::assert_snapshot!(
            [recipe, shortened_line(4.0, 1.85, 20.0)].join("\n"),
            @r"
        recipe: a BERT of MiniLM's size, learning rate 5e-5, batch size 16 (Wang et al. 2020, appendix B) is tried first; `prior: none` leaves it out
        budget: 0:20 cannot pay a run of 4 epochs here, so the learning rate falls to 0 by epoch 1.85; for longer runs raise `budget.wall`
        "
        );
    }
}
