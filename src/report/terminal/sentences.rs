//! Events of a study, one line each.

use std::collections::BTreeMap;

use crate::engine::QueueState;
use crate::space::Configuration;
use crate::study::{EndReason, Outcome, Repeat, Study};
use crate::trials::{Observation, Status};
use crate::units::{Samples, TrialId};
use crate::worker::Slot;

use super::words;
use crate::report::leaderboard;

/// Tone of a line. Colours may stress it, but the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    Ordinary,
    Good,
    Bad,
}

/// Detects new incumbents.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::report) struct BestSeen {
    improvements: usize,
}

impl BestSeen {
    /// Returns `true` if the incumbent has improved since the last call.
    pub(in crate::report) fn is_new(&mut self, study: &Study) -> bool {
        let before = std::mem::replace(&mut self.improvements, study.improvements().len());
        self.improvements > before
    }
}

/// Display name of a slot, also used for its worker's log: `cpu 0`.
pub(in crate::report) fn slot_name(slot: &Slot, index: usize) -> String {
    format!("{} {index}", slot.name())
}

/// `started on 2 slots (2 × cpu), 1 thread each`.
pub(in crate::report) fn started(slots: &[Slot], is_resumed: bool, study: &Study) -> String {
    let mut devices: BTreeMap<String, usize> = BTreeMap::new();
    for slot in slots {
        *devices.entry(slot.device_name()).or_default() += 1;
    }
    let devices: Vec<String> = devices
        .iter()
        .map(|(device, count)| format!("{count} × {device}"))
        .collect();
    let verb = if is_resumed {
        let trials = words::counted(&study.trials().len().to_string(), "trial");
        format!("continuing after {trials}")
    } else {
        "started".into()
    };
    if slots.is_empty() {
        return format!("{verb}; workers join from elsewhere");
    }
    let count = words::counted(&slots.len().to_string(), "slot");
    let threads = slots.iter().map(|slot| slot.threads).max().unwrap_or(1);
    let threads = words::counted(&threads.to_string(), "thread");
    format!("{verb} on {count} ({}), {threads} each", devices.join(", "))
}

/// `trial 12 continues from 0.44 to 1.3 epochs on cpu 0`; for a new trial, with its configuration.
pub(in crate::report) fn segment_started(
    study: &Study,
    epoch: Samples,
    trial: TrialId,
    (from, to): (Samples, Samples),
    slot: &str,
) -> String {
    let end = words::counted(&words::epochs(to, epoch), "epoch");
    let known = &study.trials()[trial.index()];
    let again = match study.repeat(trial) {
        Some(Repeat::Reseed { of, number }) => Some(format!("finalist {of} starts with fresh seed {}", number + 1)),
        Some(Repeat::Test { of, .. }) => Some(format!("the winner, trial {of}, is trained for its test")),
        None => None,
    };
    if let Some(again) = again {
        return format!("{again} on {slot}, to {end}");
    }
    let parent = known.parent.filter(|_| known.segments == 0);
    if from == Samples(0) || parent.is_some() {
        let configuration = configuration(study, &known.configuration);
        let parent = parent.map_or_else(String::new, |parent| {
            format!(" as trial {} was at {}", parent.trial, words::epochs(parent.at, epoch))
        });
        return format!("trial {trial} starts on {slot}{parent}, to {end}: {configuration}");
    }
    format!(
        "trial {trial} continues from {} to {end} on {slot}",
        words::epochs(from, epoch)
    )
}

/// `trial 12 has ended its segment on cpu 0`.
pub(in crate::report) fn arrived(trial: TrialId, outcome: Option<&Outcome>, slot: &str) -> String {
    match outcome {
        Some(Outcome::Reached(_)) => format!("trial {trial} has ended its segment on {slot}"),
        Some(Outcome::Failed(failure)) => format!("trial {trial} failed in its segment on {slot} ({})", failure.kind),
        None => format!("trial {trial} stopped on {slot} before its segment's end; it can continue"),
    }
}

/// `trial 12 paused at 0.44 epochs: accuracy 0.8123`, and a note if it is the new best.
pub(in crate::report) fn delivered(study: &Study, epoch: Samples, id: TrialId, is_best: bool) -> (Tone, String) {
    let trial = &study.trials()[id.index()];
    let reached = words::counted(&words::epochs(trial.reached, epoch), "epoch");
    let (verb, is_failed) = match trial.status {
        Status::Completed => (format!("completed {reached}"), false),
        Status::Paused | Status::Running { .. } => (format!("paused at {reached}"), false),
        Status::Stopped => {
            let by = study
                .record(id)
                .stopped_by
                .map_or_else(String::new, |by| format!(" by {by}"));
            (format!("pruned at {reached}{by}"), false)
        }
        Status::Failed if trial.reached == Samples(0) => ("failed".into(), true),
        Status::Failed => (format!("failed after {reached}"), true),
    };
    if is_failed {
        let why = study.record(id).failure.as_ref();
        let why = why.map_or_else(String::new, |failure| {
            format!(" ({}): {}", failure.kind, one_line(&failure.message))
        });
        return (Tone::Bad, format!("trial {id} {verb}{why}"));
    }
    if let Some(Repeat::Test { of, .. }) = study.repeat(id) {
        return (Tone::Good, tested(study, of, id));
    }
    let Some(last) = trial.observations.last() else {
        return (Tone::Ordinary, format!("trial {id} {verb}: no evaluation"));
    };
    let others = others(study, id, last);
    if let Some(Repeat::Reseed { of, number }) = study.repeat(id) {
        let line = format!(
            "finalist {of} with fresh seed {}: {}{others}",
            number + 1,
            measured(study, last)
        );
        return (Tone::Ordinary, line);
    }
    let mut line = format!("trial {id} {verb}: {}{others}", measured(study, last));
    if let Some(best) = trial.best_observation().filter(|best| best.loss < last.loss) {
        let value = words::metric(study.settings().goal.value(best.loss));
        line = format!("{line} (was {value} at epoch {})", words::epochs(best.at, epoch));
    }
    if is_best {
        let has_front = study.settings().criteria.has_front();
        line.push_str(if has_front {
            ", new on the front"
        } else {
            ", the best so far"
        });
        return (Tone::Good, line);
    }
    (Tone::Ordinary, line)
}

/// `the winner, trial 12, on the test examples: accuracy 0.8710`.
pub(in crate::report) fn tested(study: &Study, winner: TrialId, test: TrialId) -> String {
    let metric = &study.settings().metric;
    let measured = study.record(test).evaluations.last();
    let value = measured.and_then(|measured| measured.metrics.get(metric));
    let value = value.map_or_else(|| "nothing".to_owned(), |value| words::metric(*value));
    format!("the winner, trial {winner}, on the test examples: {metric} {value}")
}

/// `accuracy 0.8790 · trial 7 (tpe) · epoch 1.3 · learning_rate 0.0031, batch_size 32`; `None` before the first result.
pub(in crate::report) fn incumbent(study: &Study, epoch: Samples) -> Option<String> {
    let id = study.winner()?.trial;
    let trial = &study.trials()[id.index()];
    let best = study.best_observation(id)?;
    Some(format!(
        "{}{} · trial {id} ({}) · epoch {} · {}",
        measured(study, &best),
        others(study, id, &best),
        trial.origin,
        words::epochs(best.at, epoch),
        configuration(study, &trial.configuration)
    ))
}

/// ``no trial fulfils `latency <= 5`: trial 0 violates it least``; `None` if the winner satisfies all constraints.
pub(in crate::report) fn unfulfilled(study: &Study) -> Option<String> {
    violates_least(&study.unfulfilled(), study.winner()?.trial)
}

/// The same sentence for constraints that no trial satisfies; `None` if the list is empty.
pub(in crate::report) fn violates_least<Text: AsRef<str>>(constraints: &[Text], winner: TrialId) -> Option<String> {
    let listed: Vec<String> = constraints.iter().map(|one| format!("`{}`", one.as_ref())).collect();
    let (all, it) = match listed.len() {
        0 => return None,
        1 => ("", "it"),
        _ => ("all of ", "them"),
    };
    Some(format!(
        "no trial fulfils {all}{}: trial {winner} violates {it} least",
        listed.join(", ")
    ))
}

/// `learning_rate 0.0031, batch_size 32`, in the order of the space.
pub(in crate::report) fn configuration(study: &Study, configuration: &Configuration) -> String {
    let settings = study.settings();
    let names = settings.space.parameters().iter().map(|parameter| &parameter.name);
    let values: Vec<String> = names
        .filter_map(|name| Some(format!("{name} {}", words::value(configuration.get(name)?))))
        .collect();
    values.join(", ")
}

/// `lost the worker on cpu 0 with trial 12: killed by signal 9; trial 12 is tried once more`.
///
/// Must be called before the loss is applied to the study.
pub(in crate::report) fn lost(slot: &str, trial: Option<TrialId>, message: &str, is_retried: bool) -> String {
    let message = one_line(message);
    let Some(trial) = trial else {
        return format!("lost the worker on {slot}, which ran nothing: {message}; a new one is started");
    };
    let next = if is_retried {
        format!("trial {trial} is tried once more")
    } else {
        format!("trial {trial} has lost its worker too often and has failed")
    };
    format!("lost the worker on {slot} with trial {trial}: {message}; {next}")
}

/// A trial ran out of memory; also says what happens next.
pub(in crate::report) fn split(slot: &str, trial: TrialId, message: &str) -> String {
    let message = one_line(message);
    format!(
        "trial {trial} ran out of memory on {slot}: {message}; it is tried again with half as many examples at a time"
    )
}

/// A worker has joined: `node7 joined as cpu 3`.
pub(in crate::report) fn joined(at: &Slot, slot: usize) -> String {
    let node = at.node.as_deref().unwrap_or("this machine");
    format!("a worker joined: {node}, {} {slot}", at.device_name())
}

/// The jobs of the study.
pub(in crate::report) fn queue(queue: &QueueState) -> String {
    one_line(&queue.sentence())
}

/// A worker that had joined has gone.
pub(in crate::report) fn left(slot: &str, message: &str) -> String {
    format!("the worker on {slot} has gone: {}", one_line(message))
}

/// Returns `true` if a segment gets another worker on the same machine. Must be called before the loss is applied to the study.
pub(in crate::report) fn is_tried_again(study: &Study, trial: TrialId) -> bool {
    study.flights().get(&trial).is_some_and(|flight| flight.lost == 0)
}

/// `the search is over (all trials of the budget have run): training 3 finalists again, each with 2 fresh seeds`.
pub(in crate::report) fn selecting(study: &Study, finalists: usize) -> String {
    let why = match study.search_ended() {
        Some(EndReason::Wall) => "the rest of the wall budget is kept for the finalists",
        Some(ended) => reason(ended),
        None => "it was stopped",
    };
    let Some(selection) = study.settings().selection else {
        return format!("the search is over ({why})");
    };
    let finalists = words::counted(&finalists.to_string(), "finalist");
    let seeds = words::counted(&selection.reseeds.to_string(), "fresh seed");
    let test = if selection.holdout {
        ", then the winner is measured on the test examples"
    } else {
        ""
    };
    format!("the search is over ({why}): training {finalists} again, each with {seeds}{test}")
}

/// Reason why a study ended, to follow "because" or a colon.
pub(in crate::report) fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Target => "the target is met",
        EndReason::Wall => "the wall budget is spent",
        EndReason::Trials => "all trials of the budget have run",
        EndReason::Exhausted => "every configuration of the space has been tried",
        EndReason::Failures => "the first trials all failed alike, and none has a result",
    }
}

/// `accuracy 0.8123`.
pub(in crate::report) fn measured(study: &Study, observation: &Observation) -> String {
    let settings = study.settings();
    let value = settings.goal.value(observation.loss);
    format!("{} {}", settings.metric, words::metric(value))
}

/// ` · cost 0.12`: the other metrics at the same evaluation; empty if there is only one metric.
pub(in crate::report) fn others(study: &Study, trial: TrialId, observation: &Observation) -> String {
    let mut text = String::new();
    for (name, value) in leaderboard::others(study, trial, *observation) {
        text += " · ";
        text += &name;
        text += " ";
        text += &words::metric(value);
    }
    text
}

fn one_line(message: &str) -> String {
    message.trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;
    use crate::study::Event;

    #[test]
    fn a_lost_worker_says_what_happens_next() {
        let mut study = testing::study_under_way();
        let trial = *study.flights().keys().next().unwrap();
        let again = |study: &Study| is_tried_again(study, trial);
        let first = lost("cpu 0", Some(trial), "killed by signal 9\n", again(&study));
        let message = String::new();
        study.apply(
            &Event::SegmentLost {
                trial,
                message,
                kind: None,
            },
            0.0,
        );
        let second = lost("cpu 0", Some(trial), "killed by signal 9", again(&study));
        let idle = lost("cpu 1", None, "exit status 1", false);
        insta::assert_snapshot!([first, second, idle].join("\n"), @r#"
        lost the worker on cpu 0 with trial 7: killed by signal 9; trial 7 is tried once more
        lost the worker on cpu 0 with trial 7: killed by signal 9; trial 7 has lost its worker too often and has failed
        lost the worker on cpu 1, which ran nothing: exit status 1; a new one is started
        "#);
    }

    #[test]
    fn a_trial_that_was_better_before_says_so() {
        let mut study = testing::study(testing::asha(), Some(1));
        let planned = study.decide().unwrap();
        study.apply(&planned, 0.0);
        let trial = TrialId(0);
        testing::arrive(
            &mut study,
            trial,
            vec![testing::evaluation(200, 0.9), testing::evaluation(444, 0.8)],
        );
        study.apply(&Event::SegmentDelivered { trial }, 1.0);
        let (tone, line) = delivered(&study, Samples(1000), trial, true);
        assert_eq!(tone, Tone::Good);
        insta::assert_snapshot!(line, @"trial 0 paused at 0.44 epochs: accuracy 0.8000 (was 0.9000 at epoch 0.2), the best so far");
    }
}
