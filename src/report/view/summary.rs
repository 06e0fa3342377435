//! A study in words: the winner, its margin, its certainty, the cost, important parameters, next steps.
//!
//! It depends only on the view, so that it states nothing that the plots do not show.

use std::fmt::Write as _;

use super::{ParagraphView, ParameterView, StudyView, TrialView};
use crate::analysis::accuracy_standard_error;
use crate::report::terminal::words;
use crate::report::{State, TrialStatus};
use crate::space::Value;
use crate::study::EndReason;
use crate::study::fold_error_name;

/// A value is at the bound of its range if it lies within this share of the range from either end.
const EDGE: f64 = 0.05;

/// A parameter with a smaller share of the variance hardly matters.
const NEGLIGIBLE: f64 = 0.01;

/// The paragraphs of the summary, most important first.
pub(super) fn summary(view: &StudyView) -> Vec<ParagraphView> {
    let Some(best) = view.best.and_then(|best| view.trials.get(best as usize)) else {
        return vec![paragraph("What won", "No trial has a result yet.".to_owned())];
    };
    let mut paragraphs = vec![
        paragraph("What won", winner(view, best)),
        paragraph("By how much", margin(view, best)),
        paragraph("How sure", confidence(view, best)),
        paragraph("What it cost", cost(view)),
    ];
    if let Some(text) = importance(view) {
        paragraphs.push(paragraph("What mattered", text));
    }
    paragraphs.push(paragraph("What to try next", next(view, best)));
    paragraphs
}

fn paragraph(title: &str, text: String) -> ParagraphView {
    ParagraphView {
        title: title.to_owned(),
        text,
    }
}

fn winner(view: &StudyView, best: &TrialView) -> String {
    let metric = &view.metrics[0].name;
    let value = best.value.map_or_else(String::new, words::metric);
    let names = view.parameters.iter().filter(|parameter| !parameter.is_constant);
    let values: Vec<String> = names
        .filter_map(|parameter| {
            let value = best.params.get(&parameter.name)?;
            Some(format!("{} {}", parameter.name, words::value(value)))
        })
        .collect();
    let epoch = match best.best_epoch.filter(|_| view.has_epochs) {
        Some(epoch) => format!(" at epoch {}", short(epoch)),
        None => String::new(),
    };
    let verb = if view.state == State::Ended { "won" } else { "is ahead" };
    format!(
        "Trial {} (proposed by {}) {verb} with {metric} {value}{epoch}: {}.",
        best.trial,
        best.origin,
        values.join(", ")
    )
}

fn margin(view: &StudyView, best: &TrialView) -> String {
    let metric = &view.metrics[0].name;
    let mut values: Vec<(f64, u32)> = view
        .searched()
        .filter(|trial| trial.trial != best.trial)
        .filter_map(|trial| Some((trial.value?, trial.trial)))
        .collect();
    let Some(value) = best.value.filter(|_| !values.is_empty()) else {
        return "It is the only trial with a result.".to_owned();
    };
    let sign = if view.metrics[0].goal == "maximize" { 1.0 } else { -1.0 };
    values.sort_by(|one, other| (sign * other.0).total_cmp(&(sign * one.0)));
    let (second, trial) = values[0];
    let median = values[values.len() / 2].0;
    let gap = sign * (value - second);
    let against = if gap > 0.0 {
        format!(
            "{} better than the next best (trial {trial}, {})",
            words::metric(gap),
            words::metric(second)
        )
    } else if gap == 0.0 {
        format!("equal to trial {trial}")
    } else {
        format!(
            "{} behind trial {trial} ({}) in the search, and ahead of it with fresh seeds or by the rule of selection",
            words::metric(-gap),
            words::metric(second)
        )
    };
    let median_gap = words::metric(sign * (value - median));
    format!("Its {metric} is {against}, and {median_gap} better than the median trial's.")
}

fn confidence(view: &StudyView, best: &TrialView) -> String {
    let metric = &view.metrics[0].name;
    let mut text = String::new();
    let finalist = view.selection.as_ref().filter(|selection| selection.chosen.is_some());
    if let Some((selection, chosen)) = finalist.and_then(|selection| Some((selection, selection.finalists.first()?))) {
        let error = chosen.standard_error.map_or_else(String::new, |error| {
            format!(" ± {} (standard error)", words::metric(error))
        });
        let mean = chosen.mean.map_or_else(String::new, words::metric);
        let _ = write!(
            text,
            "Over {} fresh seeds it came to {mean}{error}, {} in the search. {}",
            chosen.values.len(),
            words::metric(chosen.searched),
            selection.why
        );
        let rival = selection.finalists[1..]
            .iter()
            .filter_map(|other| Some((other, other.p_value?)));
        if let Some((other, p)) = rival.min_by(|one, other| other.1.total_cmp(&one.1)) {
            let _ = if p < 0.05 {
                write!(
                    text,
                    " Its lead over every other finalist with a paired test is more than chance (p at most {p:.3})."
                )
            } else {
                write!(
                    text,
                    " It is not told apart from trial {} (paired t-test, p = {p:.2}).",
                    other.trial
                )
            };
        }
        if let Some(test) = &selection.test {
            let error = test
                .standard_error
                .map_or_else(String::new, |error| format!(" ± {}", words::metric(error)));
            let direction = if test.optimism > 0.0 { "worse" } else { "better" };
            let examples = match test.examples {
                0 => "the held-out test".to_owned(),
                examples => format!("{examples} held-out test examples"),
            };
            let _ = write!(
                text,
                " On {examples}, looked at once, its model has {metric} {}{error}: {} {direction} than on the validation examples.",
                words::metric(test.value),
                words::metric(test.optimism.abs())
            );
        }
        return text;
    }
    let fold_error = best.metrics.get(&fold_error_name(metric));
    if let (Some(value), Some(error)) = (best.value, fold_error) {
        let _ = write!(
            text,
            "Over the folds its mean {metric} is {} ± {} (standard error). All trials have the same folds, so their \
             differences are surer than this error. ",
            words::metric(value),
            words::metric(*error)
        );
    }
    let validation = examples(view, "validation").filter(|_| fold_error.is_none());
    if let (Some(value), Some(count)) = (best.value.filter(|_| metric == "accuracy"), validation)
        && let Some(error) = accuracy_standard_error(value, count)
    {
        let alike = view
            .searched()
            .filter(|trial| trial.value.is_some_and(|other| other >= value - error))
            .count();
        let _ = write!(
            text,
            "With {count} validation examples an accuracy of {} has a standard error of {}; {alike} of {} trials are within it. ",
            words::metric(value),
            words::metric(error),
            view.searched().count()
        );
    }
    text + "Each configuration ran with one seed, and the best of many runs is partly a lucky one: `selection` in the spec, or `automl rerun`, trains the best again with fresh seeds."
}

/// Number of examples in a part of the data.
fn examples(view: &StudyView, part: &str) -> Option<u64> {
    let (_, text) = view.facts.iter().find(|(label, _)| label == "examples")?;
    let mut parts = text.split(", ").filter_map(|text| text.split_once(' '));
    parts.find(|(_, name)| *name == part)?.0.parse().ok()
}

fn cost(view: &StudyView) -> String {
    let trials = view.searched().count();
    let epochs: f64 = view.searched().map(|trial| trial.epochs).sum();
    let full = trials as f64 * view.max_epochs;
    let mut text = format!("{trials} trials in {}", words::stopwatch(view.elapsed));
    if view.has_epochs && full > 0.0 {
        let _ = write!(
            text,
            ", {} epochs of training; training every trial to its end would have been {}",
            short(epochs),
            short(full)
        );
    }
    let seconds: f64 = view.trials.iter().map(|trial| trial.wall_seconds).sum();
    if seconds >= 1.0 {
        let _ = write!(text, ". Workers were busy for {}", words::stopwatch(seconds));
    }
    let failed = view
        .searched()
        .filter(|trial| trial.status == TrialStatus::Failed)
        .count();
    if failed > 0 {
        let _ = write!(text, ". {failed} failed");
    }
    text + "."
}

fn importance(view: &StudyView) -> Option<String> {
    let importance = view.importance.as_ref()?;
    let shares: Vec<String> = importance
        .parameters
        .iter()
        .take(3)
        .filter(|share| share.share >= NEGLIGIBLE)
        .map(|share| {
            format!(
                "{} ({} of the variance)",
                share.parameter,
                words::percentage(share.share)
            )
        })
        .collect();
    if shares.is_empty() || !importance.is_trusted() {
        return Some(format!(
            "Too little is known to say: a model of the {} results explains {} of what it has not seen.",
            importance.trials,
            words::percentage(importance.explained.max(0.0))
        ));
    }
    Some(format!(
        "{}. The model behind this explains {} of results that it has not seen.",
        shares.join(", "),
        words::percentage(importance.explained)
    ))
}

fn next(view: &StudyView, best: &TrialView) -> String {
    let mut advice = Vec::new();
    for parameter in &view.parameters {
        if let Some(side) = edge(parameter, best.params.get(&parameter.name)) {
            let change = if side == "lower" { "lower `min`" } else { "raise `max`" };
            advice.push(format!(
                "the best {} lies at the {side} end of its range: {change}",
                parameter.name
            ));
        }
    }
    if let Some(last) = view.incumbent.last()
        && view.reason == Some(EndReason::Wall)
        && last.seconds > 0.8 * view.elapsed
    {
        advice.push("the best value was still improving when time was up: give it more".to_owned());
    }
    if view.has_epochs && best.best_epoch.is_some_and(|epoch| epoch >= view.max_epochs) {
        advice.push("the best trial was best at its last epoch: try more `epochs`".to_owned());
    }
    if let Some(importance) = view.importance.as_ref().filter(|importance| importance.is_trusted()) {
        let idle: Vec<&str> = importance
            .parameters
            .iter()
            .filter(|share| share.share < NEGLIGIBLE)
            .map(|share| share.parameter.as_str())
            .collect();
        if !idle.is_empty() {
            advice.push(format!(
                "{} hardly mattered: fix it at the best trial's value",
                idle.join(", ")
            ));
        }
    }
    let failed = view
        .searched()
        .filter(|trial| trial.status == TrialStatus::Failed)
        .count();
    if failed * 5 > view.searched().count() {
        advice.push(
            "more than one trial in five failed: see which configurations, and bar them with `constraints`".to_owned(),
        );
    }
    if view.selection.is_none() {
        advice.push("let fresh seeds decide among the best: `selection: {rule: one_se}`".to_owned());
    }
    if advice.is_empty() {
        return "Nothing stands out: the winner is inside its ranges and the search had stopped improving.".to_owned();
    }
    let mut text = advice.join("; ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text + "."
}

/// The end of the range at which a value lies, if it lies at one.
fn edge(parameter: &ParameterView, value: Option<&Value>) -> Option<&'static str> {
    if parameter.is_constant || parameter.kind != "number" {
        return None;
    }
    let ((low, high), value) = (parameter.bounds?, value?.as_f64()?);
    let share = if parameter.is_log {
        (value.ln() - low.ln()) / (high.ln() - low.ln())
    } else {
        (value - low) / (high - low)
    };
    // A lower bound of zero cannot be lowered: no dropout, no frozen layers.
    match share {
        share if share <= EDGE && low != 0.0 => Some("lower"),
        share if share >= 1.0 - EDGE => Some("upper"),
        _ => None,
    }
}

/// A number of epochs with at most two decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
