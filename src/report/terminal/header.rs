//! The header of the live display in three lines: progress, best result, and trials by state.

use crate::study::Study;
use crate::trials::Status;

use super::fit::{Part, bar, cut, fit};
use super::{DisplayFacts, sentences, words};

/// Width of the study's progress bar, in columns.
const BAR: usize = 22;

/// The header after `elapsed` seconds, for a terminal of `width` columns.
pub(super) fn header(study: &Study, facts: &DisplayFacts, elapsed: f64, width: usize) -> [String; 3] {
    [
        budgets(study, facts, elapsed, width),
        best(study, facts, width),
        trials_by_state(study, facts, width),
    ]
}

/// The wall budget in seconds, including what resumptions added.
pub(super) fn wall(study: &Study, facts: &DisplayFacts) -> Option<f64> {
    facts.wall.map(|wall| wall + study.added_wall())
}

/// `movie-sentiment  0:42 of 3:00 · 12 of 24 trials  [=====>    ] 50 %`.
fn budgets(study: &Study, facts: &DisplayFacts, elapsed: f64, width: usize) -> String {
    let wall = wall(study, facts);
    let spent = match wall {
        Some(wall) => format!("{} of {}", words::stopwatch(elapsed), words::stopwatch(wall)),
        None => words::stopwatch(elapsed),
    };
    let trials = match study.settings().max_trials {
        Some(max) => format!(
            "{} of {}",
            study.searched().count(),
            words::counted(&max.to_string(), "trial")
        ),
        None => words::counted(&study.searched().count().to_string(), "trial"),
    };
    let progress = match share(study, wall, elapsed) {
        Some(share) => format!("{} {}", bar(share, BAR), words::percentage(share)),
        None => String::new(),
    };
    fit(
        vec![
            Part::optional(2, facts.name.clone()),
            Part::always(format!("{spent} · {trials}")),
            Part::optional(1, progress),
        ],
        width,
    )
}

/// Spent share, in [0, 1], of the budget that will be exhausted first; `None` without a budget.
fn share(study: &Study, wall: Option<f64>, elapsed: f64) -> Option<f64> {
    let under_way = study.flights().keys().filter(|id| study.repeat(**id).is_none());
    let settled = study.searched().count() - under_way.count();
    let trials = study
        .settings()
        .max_trials
        .map(|max| settled as f64 / f64::from(max.max(1)));
    let time = wall.map(|wall| elapsed / wall.max(f64::MIN_POSITIVE));
    [trials, time]
        .into_iter()
        .flatten()
        .reduce(f64::max)
        .map(|share| share.min(1.0))
}

fn best(study: &Study, facts: &DisplayFacts, width: usize) -> String {
    let best = sentences::incumbent(study, facts.epoch).unwrap_or_else(|| "nothing measured yet".into());
    cut(&format!("best {best}"), width).into_owned()
}

/// `rungs 0.44 ep: 12 · 1.3 ep: 4 · 4 ep: 1  3 under way · 8 paused · 2 failed`.
fn trials_by_state(study: &Study, facts: &DisplayFacts, width: usize) -> String {
    let rungs: Vec<String> = study
        .rungs()
        .iter()
        .map(|&rung| {
            let there = study.searched().filter(|trial| trial.reached >= rung).count();
            format!("{} ep: {there}", words::epochs(rung, facts.epoch))
        })
        .collect();
    let (mut paused, mut pruned, mut failed) = (0, 0, 0);
    for trial in study.searched() {
        match trial.status {
            Status::Paused => paused += 1,
            Status::Stopped => pruned += 1,
            Status::Failed => failed += 1,
            Status::Running { .. } | Status::Completed => {}
        }
    }
    let label = if rungs.len() == 1 { "rung" } else { "rungs" };
    let counts = [
        (study.flights().len(), "under way"),
        (paused, "paused"),
        (pruned, "pruned"),
        (failed, "failed"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    fit(
        vec![
            Part::always(format!("{label} {}", rungs.join(" · "))),
            Part::optional(1, counts.join(" · ")),
        ],
        width,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    fn shown(study: &Study, facts: &DisplayFacts, elapsed: f64, width: usize) -> String {
        header(study, facts, elapsed, width).join("\n")
    }

    #[test]
    fn the_header_says_how_far_the_study_is_and_what_is_best() {
        let (study, facts) = (testing::study_under_way(), testing::facts());
        insta::assert_snapshot!(shown(&study, &facts, 42.3, 120));
    }

    #[test]
    fn a_narrow_header_says_what_matters_most() {
        let (study, facts) = (testing::study_under_way(), testing::facts());
        insta::assert_snapshot!(shown(&study, &facts, 42.3, 40));
    }

    #[test]
    fn a_study_without_budget_or_result_has_a_header_too() {
        let mut study = testing::study(testing::asha(), None);
        let facts = DisplayFacts {
            wall: None,
            ..testing::facts()
        };
        insta::assert_snapshot!(shown(&study, &facts, 0.0, 80), @r#"
        movie-sentiment  0:00 · 0 trials
        best nothing measured yet
        rungs 0.44 ep: 0 · 1.3 ep: 0 · 4 ep: 0
        "#);
        study.apply(&crate::study::Event::StudyResumed { added_wall: 60.0 }, 0.0);
        let line = budgets(&study, &testing::facts(), 200.0, 80);
        assert!(line.contains("3:20 of 4:00"), "{line}");
    }
}
