//! Selection of the winner, as shown to the user.

use super::{FinalistView, SelectionView, TestView};
use crate::analysis::{accuracy_standard_error, paired_t_test};
use crate::spec::SelectionRule;
use crate::study::{Finalist, Study};
use crate::units::Goal;

/// The selection of a study so far; `None` if the spec has no selection or there is no finalist yet.
pub(super) fn selection(study: &Study) -> Option<SelectionView> {
    let settings = study.settings();
    let rule = settings.selection?;
    let finalists = study.finalists();
    let chosen = finalists.first()?;
    let is_decided = finalists.iter().any(|finalist| !finalist.runs.is_empty());
    let best = finalists.iter().filter(|finalist| finalist.failed == 0);
    let best = best.min_by(|one, other| mean(one).total_cmp(&mean(other)));
    let dearest = finalists.iter().map(|finalist| finalist.cost).fold(0.0, f64::max);
    let value = |loss: f64| settings.goal.value(Goal::Minimize.loss(loss));
    let views = finalists.iter().map(|finalist| FinalistView {
        trial: finalist.trial.0,
        searched: value(finalist.searched.losses[0].get()),
        values: finalist
            .runs
            .iter()
            .map(|run| value(run.scores.losses[0].get()))
            .collect(),
        failed: finalist.failed,
        mean: finalist.mean().map(value),
        standard_error: finalist.standard_error(),
        cost: if dearest > 0.0 { finalist.cost / dearest } else { 1.0 },
        p_value: best.and_then(|best| p_value(finalist, best)),
    });
    Some(SelectionView {
        rule: rule.rule.name(),
        reseeds: rule.reseeds,
        finalists: views.collect(),
        chosen: is_decided.then_some(chosen.trial.0),
        why: if is_decided || study.ended().is_none() {
            why(rule.rule, chosen, best, is_decided)
        } else {
            "No finalist was trained again: the wall budget left no time for fresh seeds.".to_owned()
        },
        test: test(study),
    })
}

fn mean(finalist: &Finalist) -> f64 {
    finalist.mean().unwrap_or(f64::INFINITY)
}

/// Paired test of a finalist against the best one: all finalists have the same fresh seeds.
fn p_value(finalist: &Finalist, best: &Finalist) -> Option<f64> {
    if finalist.trial == best.trial {
        return None;
    }
    let pairs = finalist.runs.iter().filter_map(|run| {
        let other = best.runs.iter().find(|other| other.number == run.number)?;
        Some((run.scores.losses[0].get(), other.scores.losses[0].get()))
    });
    let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.unzip();
    paired_t_test(&ours, &theirs).map(|test| test.p)
}

fn why(rule: SelectionRule, chosen: &Finalist, best: Option<&Finalist>, is_decided: bool) -> String {
    let is_best = best.is_some_and(|best| best.trial == chosen.trial);
    match rule {
        _ if !is_decided => "No finalist has a result with a fresh seed yet.".to_owned(),
        SelectionRule::Best => format!("Trial {} has the best mean over the fresh seeds.", chosen.trial),
        SelectionRule::OneSe if is_best => format!(
            "Trial {} has the best mean over the fresh seeds, and none within one standard error of it is cheaper to train.",
            chosen.trial
        ),
        SelectionRule::OneSe => format!(
            "Trial {} is the cheapest to train of those within one standard error of the best mean{}.",
            chosen.trial,
            best.map_or_else(String::new, |best| format!(", that of trial {}", best.trial))
        ),
        SelectionRule::Pareto => format!(
            "Trial {} is best in the first metric of those whose means no other finalist beats in everything.",
            chosen.trial
        ),
    }
}

fn test(study: &Study) -> Option<TestView> {
    let settings = study.settings();
    let (winner, test) = study.tested()?;
    let measured = study.record(test).evaluations.last()?;
    let value = *measured.metrics.get(&settings.metric)?;
    let rows = study.inputs().iter().find(|part| part.part == "test");
    let examples = rows.and_then(|part| part.rows).unwrap_or(0);
    let run = study.best_observation(winner.run)?;
    let validation = settings.goal.value(run.loss);
    // Positive if the test result is worse, whatever the goal.
    let optimism = settings.goal.loss(value).get() - run.loss.get();
    Some(TestView {
        value,
        standard_error: (settings.metric == "accuracy")
            .then(|| accuracy_standard_error(value, examples))
            .flatten(),
        examples: examples as usize,
        validation,
        optimism,
    })
}
