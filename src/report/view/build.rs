//! Builds the view of a study.

use std::collections::BTreeMap;

use super::landscape::Learnt;
use super::selection::selection;
use super::summary::summary;
use super::timeline::arrange;
use super::{
    AuditView, ImprovementView, MetricView, ParameterView, Replay, RungView, SegmentOutcome, SegmentView, StudyView,
    TrialView,
};
use crate::report::status::{Outside, State, Status};
use crate::report::terminal::sentences;
use crate::report::{Audit, Leaderboard, LiveState, Row, incumbent};
use crate::space::{Domain, Parameter};
use crate::spec::{ModelSource, ObjectiveSpec, Spec};
use crate::study::{Repeat, Study};
use crate::trials::Status as TrialStatus;
use crate::units::Goal;

impl Replay {
    /// The view of the study; `learnt` has the effects of the parameters.
    pub fn view(&self, outside: Outside, live: Option<LiveState>, learnt: &Learnt) -> StudyView {
        let (study, spec) = (&self.study, &self.spec);
        let settings = study.settings();
        let is_running = outside.holder.0 == State::Running;
        let status = Status::new(study, outside);
        let live = live.filter(|_| is_running).unwrap_or_default();
        let mut segments = self.segments.clone();
        if is_running {
            segments.extend(live.slots.iter().filter_map(|slot| {
                let running = slot.running.as_ref()?;
                Some(SegmentView {
                    trial: running.trial,
                    slot: 0,
                    device: slot.device.clone(),
                    begin: running.begin,
                    end: None,
                    levels: running.levels,
                    outcome: SegmentOutcome::Running,
                })
            }));
        }
        // The journal has no device for interrupted segments.
        let device = self.segments.iter().rev().find(|segment| !segment.device.is_empty());
        let device = device.map_or_else(String::new, |segment| segment.device.clone());
        for segment in segments.iter_mut().filter(|segment| segment.device.is_empty()) {
            segment.device.clone_from(&device);
        }
        arrange(&mut segments);
        let mut view = StudyView {
            name: spec.name.clone(),
            folder: status.folder.clone(),
            state: status.state,
            reason: study.ended(),
            facts: {
                let jobs = live.queue.as_ref().map(|queue| ("jobs".to_owned(), queue.sentence()));
                facts(spec, study).into_iter().chain(jobs).collect()
            },
            metrics: metrics(study),
            has_front: settings.criteria.has_front(),
            elapsed: status.elapsed,
            wall: status.wall,
            max_trials: settings.max_trials,
            max_epochs: settings.max.epochs(settings.epoch),
            has_epochs: study.rungs().len() > 1 || settings.max > settings.epoch,
            rungs: status
                .rungs
                .iter()
                .map(|rung| RungView {
                    epochs: rung.epochs,
                    reached: rung.reached,
                    paused: rung.paused,
                    promoted: rung.promoted,
                })
                .collect(),
            parameters: settings.space.parameters().iter().map(parameter).collect(),
            trials: trials(study),
            best: study.winner().map(|winner| winner.trial.0),
            unfulfilled: sentences::unfulfilled(study),
            incumbent: improvements(study),
            segments,
            slots: live.slots,
            queue: live.queue,
            is_held: live.is_held,
            seconds_left: live.seconds_left,
            events: self.events.iter().cloned().collect(),
            summary: Vec::new(),
            importance: learnt.importance.clone(),
            dependences: learnt.dependences.clone(),
            contours: learnt.contours.clone(),
            audit: audit(study),
            selection: selection(study),
            confusion: None,
            label_errors: None,
        };
        view.summary = summary(&view);
        view
    }
}

fn facts(spec: &Spec, study: &Study) -> Vec<(String, String)> {
    let mut facts: Vec<(&str, String)> = Vec::new();
    match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => {
            facts.push(("task", fine_tune.task.name().to_owned()));
            facts.push((
                "model",
                match &fine_tune.model {
                    ModelSource::Builtin(name) => format!("builtin:{name}"),
                    ModelSource::Directory(path) => path.display().to_string(),
                    ModelSource::Hub(id) => id.clone(),
                },
            ));
            facts.push(("data", fine_tune.data.name()));
        }
        ObjectiveSpec::Function(function) => facts.push(("function", function.name.clone())),
        ObjectiveSpec::Command(_) => facts.push(("objective", "a command".to_owned())),
        ObjectiveSpec::AskTell(_) => facts.push(("objective", "the program that asks".to_owned())),
    }
    let rows = study.inputs().iter();
    let rows: Vec<String> = rows
        .filter_map(|part| Some(format!("{} {}", part.rows?, part.part)))
        .collect();
    if !rows.is_empty() {
        facts.push(("examples", rows.join(", ")));
    }
    facts.push(("method", spec.searcher.name().to_owned()));
    let early = crate::spec::early_terminate_lines(&spec.early_terminate).into_iter();
    let early: Vec<String> = early
        .map(|(key, value)| if key == "type" { value } else { format!("{key} {value}") })
        .collect();
    facts.push(("early termination", early.join(", ")));
    facts.push(("seed", spec.seed.0.to_string()));
    facts.push((
        "order of results",
        if spec.deterministic {
            format!("deterministic, {} logical workers", spec.resources.logical_workers())
        } else {
            "as they arrive".to_owned()
        },
    ));
    if !study.version().is_empty() {
        facts.push(("version", study.version().to_owned()));
    }
    facts
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
}

fn goal_name(goal: Goal) -> &'static str {
    match goal {
        Goal::Maximize => "maximize",
        Goal::Minimize => "minimize",
    }
}

fn metrics(study: &Study) -> Vec<MetricView> {
    let settings = study.settings();
    let first = MetricView {
        name: settings.metric.clone(),
        goal: goal_name(settings.goal),
        target: settings.target,
    };
    let others = settings.criteria.others.iter().map(|metric| MetricView {
        name: metric.name.clone(),
        goal: goal_name(metric.goal),
        target: metric.target,
    });
    std::iter::once(first).chain(others).collect()
}

fn parameter(parameter: &Parameter) -> ParameterView {
    let values = match &parameter.domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => values.clone(),
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => Vec::new(),
    };
    let range = match &parameter.domain {
        Domain::Normal { range, .. } => range,
        domain => domain,
    };
    ParameterView {
        name: parameter.name.clone(),
        kind: if values.is_empty() { "number" } else { "choice" },
        is_log: matches!(range, Domain::Float { log: true, .. } | Domain::Int { log: true, .. }),
        bounds: parameter.domain.bounds(),
        values,
        is_conditional: parameter.condition.is_some(),
        is_constant: parameter.domain.cardinality() == Some(1),
    }
}

fn trials(study: &Study) -> Vec<TrialView> {
    let leaderboard = Leaderboard::new(study);
    let mut trials: Vec<TrialView> = leaderboard.rows().iter().map(|row| trial(study, row)).collect();
    trials.sort_by_key(|trial| trial.trial);
    trials
}

fn trial(study: &Study, row: &Row) -> TrialView {
    let settings = study.settings();
    let record = study.record(row.trial);
    let cut_off = study
        .cut_off(row.trial)
        .into_iter()
        .flat_map(|report| &report.evaluations);
    let partial = record.partial.iter().flat_map(|report| &report.evaluations);
    let is_test = matches!(study.repeat(row.trial), Some(Repeat::Test { .. }));
    let evaluations = record.evaluations.iter().filter(|_| !is_test);
    let mut curve: Vec<(f64, f64)> = evaluations
        .chain(cut_off)
        .chain(partial)
        .filter_map(|evaluation| {
            let value = *evaluation.metrics.get(&settings.metric)?;
            Some((evaluation.at.epochs(settings.epoch), value))
        })
        .collect();
    curve.dedup();
    let mut metrics: BTreeMap<String, f64> = row.others.clone();
    metrics.extend(row.value.map(|value| (settings.metric.clone(), value)));
    TrialView {
        trial: row.trial.0,
        rank: row.rank,
        status: row.status,
        value: row.value,
        metrics,
        best_epoch: row.best_epoch,
        epochs: row.epochs,
        rung: row.rung,
        stop_reason: row.stop_reason.clone(),
        failure: study
            .failure(row.trial)
            .filter(|_| study.standing(row.trial) == TrialStatus::Failed)
            .map(|failure| failure.message.clone()),
        origin: row.origin.clone(),
        parent: row.parent.map(|parent| parent.0),
        repeats: row.repeats.map(|finalist| finalist.0),
        config_hash: row.config_hash.clone(),
        is_on_front: row.is_on_front,
        params: row.parameters.clone(),
        curve,
        trainable_parameters: (row.trainable_parameters > 0).then_some(row.trainable_parameters),
        train_seconds: row.timing.train_seconds,
        wall_seconds: row.timing.wall_seconds,
        peak_memory_mb: row.timing.peak_memory_mb,
        device: row.timing.device.clone(),
    }
}

fn improvements(study: &Study) -> Vec<ImprovementView> {
    let settings = study.settings();
    let shares = settings.criteria.has_front().then(|| incumbent::shares(study));
    let improvements = study.improvements().iter().enumerate();
    improvements
        .map(|(index, improvement)| ImprovementView {
            trial: improvement.trial.0,
            value: settings.goal.value(improvement.scores.losses[0]),
            seconds: improvement.elapsed,
            epochs: improvement.samples as f64 / settings.epoch.0 as f64,
            hypervolume: shares.as_ref().map(|shares| shares[index]),
        })
        .collect()
}

fn audit(study: &Study) -> Option<AuditView> {
    let settings = study.settings();
    let Audit {
        audited,
        pruned,
        winners,
        regret,
        agreements,
    } = Audit::new(study)?;
    let agreements = agreements.into_iter().map(|agreement| {
        let [from, to] = [agreement.from, agreement.to].map(|level| level.epochs(settings.epoch));
        (from, to, agreement.trials, agreement.tau)
    });
    Some(AuditView {
        audited,
        pruned,
        winners,
        regret,
        agreements: agreements.collect(),
    })
}
