//! The summary that stays on the screen when a study has ended.

use std::collections::BTreeMap;

use crate::report::Audit;
use crate::study::{EndReason, Study};
use crate::trials::Status;
use crate::units::Goal;

use super::{DisplayFacts, sentences, words};

/// Largest number of trials of a Pareto front in the summary.
const MOST_SHOWN: usize = 10;

/// The lines of the summary: reason, best result, folder and more. `reason` is `None` after an interruption.
pub(super) fn summary(
    study: &Study,
    facts: &DisplayFacts,
    reason: Option<EndReason>,
    idle_share: f64,
    elapsed: f64,
) -> Vec<String> {
    let after = words::stopwatch(elapsed);
    let folder = facts.folder.display();
    let mut lines = vec![match reason {
        Some(reason) => format!("{} ended after {after}: {}", facts.name, why(study, reason, elapsed)),
        None => format!(
            "{} interrupted after {after}; `automl resume {folder}` continues it",
            facts.name
        ),
    }];
    lines.push(format!("trials   {}", states(study, reason)));
    lines.extend(best(study, facts));
    lines.extend(selection(study));
    lines.extend(front(study));
    lines.extend(audit(study, facts));
    lines.push(format!("slots    idle {} of the time", words::percentage(idle_share)));
    lines.push(format!("results  {folder}"));
    lines
}

/// Reason why a study ended. A study with a wall budget ends early if no remaining work would fit into the time left.
fn why(study: &Study, reason: EndReason, elapsed: f64) -> &'static str {
    /// Smallest unspent share of the budget that is mentioned.
    const UNSPENT: f64 = 0.03;
    let is_early = study.wall().is_some_and(|wall| elapsed < wall * (1.0 - UNSPENT));
    match reason {
        EndReason::Wall if is_early => "nothing more would end within the wall budget",
        EndReason::Wall | EndReason::Target | EndReason::Trials | EndReason::Exhausted | EndReason::Failures => {
            sentences::reason(reason)
        }
    }
}

/// `24: 3 completed, 18 paused, 2 failed (1 diverged, 1 crashed), 1 cut off`.
fn states(study: &Study, reason: Option<EndReason>) -> String {
    let (mut completed, mut paused, mut pruned, mut cut_off) = (0, 0, 0, 0);
    let mut failed: BTreeMap<String, usize> = BTreeMap::new();
    for trial in study.searched() {
        match study.standing(trial.id) {
            Status::Completed => completed += 1,
            Status::Paused => paused += 1,
            Status::Stopped => pruned += 1,
            Status::Running { .. } => cut_off += 1,
            Status::Failed => {
                let failure = study.failure(trial.id);
                let kind = failure.map_or_else(|| "unknown".into(), |failure| failure.kind.to_string());
                *failed.entry(kind).or_default() += 1;
            }
        }
    }
    let kinds: Vec<String> = failed.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let failures = failed.values().sum::<usize>();
    let failures = (failures > 0).then(|| format!("{failures} failed ({})", kinds.join(", ")));
    let count = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let states = [
        count(completed, "completed"),
        count(paused, "paused"),
        count(pruned, "pruned"),
        failures,
        count(cut_off, if reason.is_some() { "cut off" } else { "interrupted" }),
    ];
    let states: Vec<String> = states.into_iter().flatten().collect();
    if states.is_empty() {
        return "none".into();
    }
    format!("{}: {}", study.searched().count(), states.join(", "))
}

fn best(study: &Study, facts: &DisplayFacts) -> Vec<String> {
    let best = study.winner().map(|winner| &study.trials()[winner.trial.index()]);
    let Some((trial, observation)) = best.and_then(|trial| Some((trial, study.best_observation(trial.id)?))) else {
        return vec!["best     none: no trial has a result".into()];
    };
    let epoch = words::epochs(observation.at, facts.epoch);
    let label = if is_selected(study) { "winner" } else { "best" };
    let mut lines: Vec<String> = sentences::unfulfilled(study).into_iter().collect();
    let over_folds = study.fold_error(trial.id).map_or_else(String::new, |error| {
        format!(" ± {} over {} folds", words::metric(error), study.settings().folds)
    });
    lines.push(format!(
        "{label:8} {}{over_folds}{} · trial {} ({}) · epoch {epoch}",
        sentences::measured(study, &observation),
        sentences::others(study, trial.id, &observation),
        trial.id,
        trial.origin
    ));
    let names = study
        .settings()
        .space
        .parameters()
        .iter()
        .map(|parameter| &parameter.name);
    let values: Vec<(&String, String)> = names
        .filter_map(|name| Some((name, words::value(trial.configuration.get(name)?))))
        .collect();
    let widest = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.extend(
        values
            .iter()
            .map(|(name, value)| format!("         {name:widest$}  {value}")),
    );
    lines
}

/// Returns `true` if a finalist has a result with a fresh seed.
fn is_selected(study: &Study) -> bool {
    study.finalists().iter().any(|finalist| !finalist.runs.is_empty())
}

/// Results of the fresh seeds, the winner first, and of the test examples; empty without a selection.
fn selection(study: &Study) -> Vec<String> {
    if !is_selected(study) {
        let is_over = study.ended().is_some() && !study.to_select().is_empty();
        let without = "seeds    none: the wall budget left no time to train finalists again with fresh seeds";
        return is_over.then(|| without.to_owned()).into_iter().collect();
    }
    let settings = study.settings();
    let value = |loss: f64| words::metric(settings.goal.value(Goal::Minimize.loss(loss)));
    let finalists = study.finalists().into_iter().enumerate();
    let mut lines: Vec<String> = finalists
        .map(|(position, finalist)| {
            let label = if position == 0 { "seeds" } else { "" };
            let mean = finalist.mean().map_or_else(|| "no result".to_owned(), value);
            let error = finalist.standard_error();
            let error = error.map_or_else(String::new, |error| format!(" ± {}", words::metric(error)));
            let sampling = finalist
                .mean()
                .and_then(|mean| study.sampling_error(settings.goal.value(Goal::Minimize.loss(mean))));
            let sampling = sampling.map_or_else(String::new, |error| {
                format!(", ± {} by the size of the validation set", words::metric(error))
            });
            let seeds = words::counted(&finalist.runs.len().to_string(), "fresh seed");
            let failed = match finalist.failed {
                0 => String::new(),
                failed => format!(", {failed} failed"),
            };
            let searched = value(finalist.searched.losses[0].get());
            let trial = finalist.trial;
            format!("{label:8} trial {trial}: {mean}{error} over {seeds}{failed} (in the search {searched}){sampling}")
        })
        .collect();
    if let Some((winner, test)) = study.tested() {
        lines.push(format!("test     {}", sentences::tested(study, winner.trial, test)));
    }
    lines
}

/// The Pareto front, best in the first metric first; empty if there are fewer than two trials on it.
fn front(study: &Study) -> Vec<String> {
    let front = study.front();
    if !study.settings().criteria.has_front() || front.len() < 2 {
        return Vec::new();
    }
    let count = front.len();
    let mut lines = vec![format!(
        "front    {count} trials, none of which another beats in every metric"
    )];
    let shown = front.into_iter().take(MOST_SHOWN).filter_map(|id| {
        let best = study.best_observation(id)?;
        let others = sentences::others(study, id, &best);
        Some(format!(
            "         trial {id}: {}{others}",
            sentences::measured(study, &best)
        ))
    });
    lines.extend(shown);
    if count > MOST_SHOWN {
        lines.push(format!("         and {} more in leaderboard.csv", count - MOST_SHOWN));
    }
    lines
}

/// Results of the audit of pruning, if there is one.
fn audit(study: &Study, facts: &DisplayFacts) -> Vec<String> {
    let Some(audit) = Audit::new(study) else {
        return Vec::new();
    };
    let audited = words::counted(&audit.audited.to_string(), "trial");
    let mut lines = vec![match audit.regret {
        None => format!("audit    {audited}, none of which would have been pruned"),
        Some(regret) => format!(
            "audit    {audited}, of which {} would have been pruned; estimated regret of pruning {} ({} would have won)",
            audit.pruned,
            words::metric(regret),
            audit.winners,
        ),
    }];
    let level = |samples| words::epochs(samples, facts.epoch);
    let agreements = audit.agreements.iter();
    let agreements: Vec<String> = agreements
        .map(|agreement| {
            let (from, to) = (level(agreement.from), level(agreement.to));
            format!("{from} → {to} ep: {:.2}", agreement.tau)
        })
        .collect();
    if !agreements.is_empty() {
        lines.push(format!(
            "         order from rung to rung (Kendall's tau) {}",
            agreements.join(" · ")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    #[test]
    fn the_summary_says_why_it_ended_what_is_best_and_where_it_is() {
        let study = testing::ended_study();
        let lines = summary(&study, &testing::facts(), study.ended(), 0.118, 72.4);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn an_interrupted_study_says_how_to_resume() {
        let study = testing::study_under_way();
        let lines = summary(&study, &testing::facts(), None, 0.5, 42.0);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn an_audit_says_what_pruning_cost() {
        let study = testing::audited_study();
        let lines = summary(&study, &testing::facts(), study.ended(), 0.1, 60.0);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_study_without_a_result_says_so() {
        let study = testing::study(testing::asha(), Some(3));
        let lines = summary(&study, &testing::facts(), Some(EndReason::Wall), 1.0, 180.0);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        movie-sentiment ended after 3:00: the wall budget is spent
        trials   none
        best     none: no trial has a result
        slots    idle 100 % of the time
        results  results/movie-sentiment
        "#);
    }
}
