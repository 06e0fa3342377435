//! Fine-tuning as an objective: turns a configuration into training settings, and a segment into training and
//! evaluations.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::folds::{Crossed, Crossing, over_folds};
use super::lengths::ByLength;
use super::resident::{cpu_seconds, peak_memory_mb};
use super::segment_progress::{SegmentProgress, evaluation_points, unwritable};
use super::{Control, Objective, RunError, TrainingInputs, checkpoints, outputs, training_config};
use crate::finetune::data::{Dataset, Inputs, Targets};
use crate::finetune::{
    Evaluated, FrozenOutputs, PrefixCache, Scores, Step, TrainError, Training, TrainingConfig, TrainingData,
};
use crate::metrics::{self, Measure, Task as TaskKind};
use crate::space::{Space, Value};
use crate::study::Settings;
use crate::trials::{
    CurveRecorder, Evaluation, Failure, FailureKind, Part, Progress, Segment, SegmentReport, TrainingCurve, Usage,
};
use crate::units::{Samples, TrialId};

/// Fine-tunes the model of one worker; all trials share its pretrained weights.
pub struct FineTune {
    inputs: TrainingInputs,
    /// The metrics of every evaluation, beside the loss.
    measures: Vec<Measure>,
    /// The data for each length of texts.
    cuts: ByLength<Cut>,
    /// The settings of the study if validation outputs are kept: they say which evaluation is the best.
    settings: Option<Settings>,
    /// Duration of the latest evaluation.
    evaluation: Cell<Duration>,
    /// The last trained trial in its state after its segment: often it resumes immediately.
    last: Option<(TrialId, Training)>,
}

/// Number of lengths of texts whose data stays in memory. Segments of trials with different lengths take turns.
const LENGTHS_IN_MEMORY: usize = 4;

/// The data with texts of one length.
#[derive(Debug)]
struct Cut {
    data: Arc<Dataset>,
    /// Cached activations of the frozen layers for training and validation examples, if they are cached.
    frozen: Option<[FrozenOutputs; 2]>,
    /// All examples in folds, in a cross-validation.
    crossing: Option<Crossing>,
}

impl Cut {
    fn to_train(&self) -> TrainingData<'_> {
        TrainingData {
            examples: &self.data.train,
            frozen: self.frozen.as_ref().map(|[train, _]| train),
        }
    }

    fn to_validate(&self) -> TrainingData<'_> {
        TrainingData {
            examples: &self.data.validation,
            frozen: self.frozen.as_ref().map(|[_, validation]| validation),
        }
    }
}

impl FineTune {
    /// Fine-tuning on `inputs`, evaluated by `measures`. `cache` stores activations of frozen layers, at the freeze depths that `space` allows.
    pub fn new(inputs: TrainingInputs, measures: Vec<Measure>, cache: Option<PrefixCache>, space: &Space) -> Self {
        let depths = freeze_depths(space, inputs.model.freeze_depths());
        let model = inputs.model.clone();
        let folds = inputs.folds.clone();
        let cuts = inputs.by_length(LENGTHS_IN_MEMORY, move |data| {
            let cached = |inputs: &Inputs| {
                let cache = cache.as_ref()?;
                Some(FrozenOutputs::new(cache.clone(), &model, inputs, &depths))
            };
            let crossing = folds.as_ref().and_then(|folds| Crossing::new(folds, &data, cached));
            let frozen = match &crossing {
                Some(crossing) => crossing.first(),
                None => cached(&data.train.inputs)
                    .zip(cached(&data.validation.inputs))
                    .map(<[_; 2]>::from),
            };
            Cut { data, frozen, crossing }
        });
        Self {
            inputs,
            measures,
            cuts,
            settings: None,
            evaluation: Cell::default(),
            last: None,
        }
    }

    /// Keeps the validation outputs of every trial, if its segments name a file for them.
    #[must_use]
    pub fn keeping_outputs(self, settings: Settings) -> Self {
        let settings = Some(settings);
        Self { settings, ..self }
    }

    fn config(segment: &Segment) -> Result<TrainingConfig, TrainError> {
        Ok(TrainingConfig {
            micro_batches: segment.micro_batches as usize,
            cooldown: segment.cooldown,
            ..training_config(&segment.configuration, segment.max, segment.seed)?
        })
    }

    /// The data for a segment.
    fn cut(&self, segment: &Segment) -> Result<Arc<Cut>, Failure> {
        let config = Self::config(segment).map_err(|error| failure(&error))?;
        self.cuts.at(config.max_length).map_err(|error| Failure {
            kind: FailureKind::Invalid,
            message: error.to_string(),
        })
    }

    /// Restores a trial from memory, or else from its newest valid checkpoint, with the progress of its unfinished
    /// segment.
    ///
    /// Without a usable checkpoint the trial is trained from the beginning.
    fn restore(
        &mut self,
        segment: &Segment,
        cut: &Cut,
        control: &mut dyn Control,
    ) -> Result<(Training, SegmentProgress), TrainError> {
        let config = Self::config(segment)?;
        let last = self.last.take();
        let last = last.filter(|(trial, last)| *trial == segment.trial && last.seen() == segment.from);
        if let Some((_, last)) = last {
            return Ok((last.with(config)?, SegmentProgress::fresh(segment.from)));
        }
        let known = checkpoints::list(&segment.checkpoints).into_iter();
        for (at, path) in known.filter(|(at, _)| *at <= segment.to) {
            // A checkpoint inside this segment is usable only together with the evaluations made up to it.
            let done = SegmentProgress::load(&segment.checkpoints);
            let done = done.filter(|done| done.from == segment.from && done.reached == at);
            if at > segment.from && done.is_none() {
                continue;
            }
            // A damaged or unrelated checkpoint counts as missing: its content can be trained again.
            let read = if segment.inherited == Some(at) {
                Training::inherit
            } else {
                Training::resume
            };
            let mut training = match read(&self.inputs.model, config.clone(), &path) {
                Ok(training) if training.seen() == at => training,
                Ok(_) => continue,
                Err(error) => {
                    let path = path.display();
                    let _ = writeln!(
                        std::io::stderr(),
                        "warning: `{path}` cannot be used, going back to an earlier checkpoint: {error}"
                    );
                    continue;
                }
            };
            Self::train_again(&mut training, (segment, cut), segment.from, control)?;
            return Ok((training, done.unwrap_or_else(|| SegmentProgress::fresh(segment.from))));
        }
        if let Some(at) = segment.inherited {
            return Err(TrainError::NoInheritance { at });
        }
        let mut training = Training::start(&self.inputs.model, config)?;
        Self::train_again(&mut training, (segment, cut), segment.from, control)?;
        Ok((training, SegmentProgress::fresh(segment.from)))
    }

    /// Repeats the earlier training up to `until`, with the same stops.
    fn train_again(
        training: &mut Training,
        (segment, cut): (&Segment, &Cut),
        until: Samples,
        control: &mut dyn Control,
    ) -> Result<(), TrainError> {
        for &stop in segment.stops.iter().filter(|&&stop| stop <= until) {
            if training.seen() < stop {
                training.train(cut.to_train(), stop, &mut |step| report(control, step))?;
            }
        }
        Ok(())
    }

    /// Evaluates a trial on the test examples, from its final checkpoint or after training it again in the same way.
    fn test(&self, segment: &Segment, cut: &Cut, control: &mut dyn Control) -> Result<SegmentReport, TrainError> {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let config = Self::config(segment)?;
        // The trial itself may have left its final checkpoint.
        let left = checkpoints::list(&segment.checkpoints).into_iter();
        let mut left = left.filter(|(at, _)| *at == segment.to);
        let left = left.find_map(|(_, path)| Training::resume(&self.inputs.model, config.clone(), &path).ok());
        let left = left.filter(|training| training.seen() == segment.to);
        let mut is_whole = true;
        let training = if let Some(crossing) = cut.crossing.as_ref().filter(|_| segment.to >= segment.max) {
            // As `train` makes the model for production: of all examples.
            let config = crossing.config_on_all(config);
            let total = config.total;
            let mut training = Training::start(&self.inputs.model, config)?;
            training.train(crossing.all(), total, &mut |_| unless_stopped(control))?;
            is_whole = training.seen() >= total;
            training
        } else if let Some(training) = left {
            training
        } else {
            let mut training = Training::start(&self.inputs.model, config)?;
            Self::train_again(&mut training, (segment, cut), segment.to, control)?;
            training
        };
        let train_seconds = begun.elapsed().as_secs_f64();
        let mut report = SegmentReport {
            reached: training.seen().min(Samples(segment.to.0 - 1)),
            evaluations: Vec::new(),
            training: TrainingCurve::default(),
            trainable_parameters: training.trainable_parameters(),
            usage: Usage::default(),
        };
        let examples = cut.data.test.as_ref();
        let examples = examples.filter(|_| is_whole && training.seen() >= segment.to);
        if let Some(examples) = examples {
            let data = TrainingData { examples, frozen: None };
            let metrics = match training.evaluate(data, &self.measures, &mut || unless_stopped(control)) {
                Err(TrainError::Stopped) => return Ok(report),
                metrics => metrics?,
            };
            let seconds = begun.elapsed().as_secs_f64() - train_seconds;
            let latency = 1e3 * seconds / examples.len().max(1) as f64;
            report.reached = segment.to;
            report.evaluations.push(Evaluation {
                at: segment.to,
                metrics: by_name(metrics, training.trainable_parameters(), latency),
            });
        }
        report.usage = Usage {
            train_seconds,
            wall_seconds: begun.elapsed().as_secs_f64(),
            peak_memory_mb: peak_memory_mb(),
            cpu_seconds: cpu_seconds() - cpu,
            ..Usage::default()
        };
        Ok(report)
    }

    fn train(
        &self,
        training: &mut Training,
        done: &mut SegmentProgress,
        (segment, cut): (&Segment, &Cut),
        control: &mut dyn Control,
    ) -> Result<(), TrainError> {
        let mut recorder = CurveRecorder::new(training.seen(), segment.max);
        for point in evaluation_points(segment.from, segment.to, self.inputs.epoch()) {
            if training.seen() < point {
                let begun = Instant::now();
                let curve = &mut done.training;
                let reached = training.train(cut.to_train(), point, &mut |step| {
                    recorder.step(curve, step.seen, step.loss, step.learning_rate);
                    report(control, step)
                })?;
                done.usage.train_seconds += begun.elapsed().as_secs_f64();
                done.reached = reached.seen;
            }
            if training.seen() < point {
                return self.evaluate_cut_off(training, done, (segment, cut), control);
            }
            if done.evaluations.last().is_none_or(|last| last.at < point) {
                let begun = Instant::now();
                let evaluated = training.validate(cut.to_validate(), &self.measures, &mut || unless_stopped(control));
                let took = begun.elapsed();
                let Evaluated { scores, outputs } = match evaluated {
                    Err(TrainError::Stopped) => return Ok(()),
                    evaluated => evaluated?,
                };
                let loss = loss_of(&scores);
                if !loss.is_finite() {
                    return Err(TrainError::Diverged {
                        seen: point,
                        loss,
                        gradient_norm: f64::NAN,
                    });
                }
                let evaluation = if let Some(crossing) = cut.crossing.as_ref().filter(|_| point >= segment.max) {
                    let first = Evaluated { scores, outputs };
                    match self.cross((&*training, took), crossing, first, (segment, &mut *done), control)? {
                        Some(evaluation) => evaluation,
                        None => return Ok(()),
                    }
                } else {
                    let evaluation = self.measured(point, scores, training, took);
                    if cut.crossing.is_none() {
                        self.keep(outputs, &evaluation, (segment, &self.inputs.data.validation.targets));
                    }
                    evaluation
                };
                control.progress(Progress {
                    at: point,
                    train_loss: None,
                    evaluation: Some(evaluation.clone()),
                });
                done.evaluations.push(evaluation);
            }
        }
        Ok(())
    }
}

impl FineTune {
    /// Evaluates a trial after a stop request, if there is time, so that its last training steps are not lost.
    fn evaluate_cut_off(
        &self,
        training: &Training,
        done: &mut SegmentProgress,
        (segment, cut): (&Segment, &Cut),
        control: &mut dyn Control,
    ) -> Result<(), TrainError> {
        let (at, begun, time) = (training.seen(), Instant::now(), control.time_to_evaluate());
        let known = done.evaluations.last().map_or(done.from, |last| last.at);
        if at <= known || time < self.evaluation.get() {
            return Ok(());
        }
        let mut unless_late = || {
            if begun.elapsed() < time {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let evaluated = training.validate(cut.to_validate(), &self.measures, &mut unless_late);
        let Evaluated { scores, outputs } = match evaluated {
            Err(TrainError::Stopped) => return Ok(()),
            evaluated => evaluated?,
        };
        if loss_of(&scores).is_finite() {
            let evaluation = self.measured(at, scores, training, begun.elapsed());
            if cut.crossing.is_none() {
                self.keep(outputs, &evaluation, (segment, &self.inputs.data.validation.targets));
            }
            control.progress(Progress {
                at,
                train_loss: None,
                evaluation: Some(evaluation.clone()),
            });
            done.evaluations.push(evaluation);
        }
        Ok(())
    }

    /// Trains the other folds, if `first` is the result of the first one. Returns the mean over all folds; `None` after a
    /// stop.
    fn cross(
        &self,
        (training, took): (&Training, Duration),
        crossing: &Crossing,
        first: Evaluated,
        (segment, done): (&Segment, &mut SegmentProgress),
        control: &mut dyn Control,
    ) -> Result<Option<Evaluation>, TrainError> {
        let begun = Instant::now();
        // If this process dies, the first fold need not be trained again. Nothing depends on it.
        let _ = Self::save(training, done, segment);
        let crossed = Crossed {
            crossing,
            model: &self.inputs.model,
            config: training.config(),
            measures: &self.measures,
            folder: &segment.checkpoints,
        };
        let control = RefCell::new(control);
        let results = crossed.results(
            first,
            &mut |step| {
                let control = &mut **control.borrow_mut();
                control.progress(Progress {
                    at: segment.to,
                    train_loss: Some(step.loss),
                    evaluation: None,
                });
                unless_stopped(control)
            },
            &mut || unless_stopped(&**control.borrow()),
        )?;
        let control = control.into_inner();
        done.usage.train_seconds += begun.elapsed().as_secs_f64();
        let is_whole = results.len() == self.inputs.folds.as_ref().map_or(1, |folds| folds.count());
        if is_whole {
            let evaluation = self.measured(segment.to, over_folds(&results), training, took);
            let outputs = crossed.outputs(&results);
            self.keep(outputs, &evaluation, (segment, &crossing.all().targets));
            crossed.clear();
            return Ok(Some(evaluation));
        }
        // The time is up: the folds that are done count, but not as much as all of them would.
        let at = Samples(segment.to.0 - 1);
        let known = done.evaluations.last().map_or(done.from, |last| last.at);
        if at > known && !control.time_to_evaluate().is_zero() {
            let evaluation = self.measured(at, over_folds(&results), training, took);
            control.progress(Progress {
                at,
                train_loss: None,
                evaluation: Some(evaluation.clone()),
            });
            done.evaluations.push(evaluation);
        }
        Ok(None)
    }

    fn keep(&self, outputs: Vec<f32>, evaluation: &Evaluation, (segment, targets): (&Segment, &Targets)) {
        if let (Some(settings), Some(path)) = (&self.settings, &segment.outputs) {
            outputs::keep(path, evaluation, outputs, (&self.inputs.data, targets, settings));
        }
    }

    fn measured(&self, at: Samples, metrics: Scores, training: &Training, took: Duration) -> Evaluation {
        self.evaluation.set(took);
        let latency = 1e3 * took.as_secs_f64() / self.inputs.data.validation.len().max(1) as f64;
        Evaluation {
            at,
            metrics: by_name(metrics, training.trainable_parameters(), latency),
        }
    }
}

impl Objective for FineTune {
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError> {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let cut = self.cut(segment)?;
        if segment.part == Part::Test {
            self.last = None;
            return self
                .test(segment, &cut, control)
                .map_err(|error| failure(&error).into());
        }
        let (mut training, mut done) = self.restore(segment, &cut, control).map_err(|error| failure(&error))?;
        if training.seen() < segment.from {
            // Stopped while it repeated the training of a lost checkpoint: there is nothing new.
            let trainable_parameters = training.trainable_parameters();
            let (reached, usage) = (segment.from, Usage::default());
            return Ok(SegmentReport {
                reached,
                evaluations: Vec::new(),
                training: TrainingCurve::default(),
                trainable_parameters,
                usage,
            });
        }
        self.train(&mut training, &mut done, (segment, &cut), control)
            .map_err(|error| failure(&error))?;
        let before = done.usage.wall_seconds;
        done.usage.wall_seconds = before + begun.elapsed().as_secs_f64();
        done.usage.peak_memory_mb = peak_memory_mb();
        done.usage.cpu_seconds += cpu_seconds() - cpu;
        // A complete trial never resumes, so it needs no checkpoint unless another trial does.
        let is_complete =
            done.reached >= segment.end() && done.evaluations.last().is_some_and(|last| last.at >= segment.end());
        if !is_complete || segment.is_kept {
            Self::save(&training, &done, segment)?;
            done.usage.wall_seconds = before + begun.elapsed().as_secs_f64();
        }
        let trainable_parameters = training.trainable_parameters();
        self.last = (!is_complete).then_some((segment.trial, training));
        let is_evaluated = done.evaluations.last().is_some_and(|last| last.at >= segment.to);
        Ok(SegmentReport {
            // If its last evaluation was interrupted, the segment has not reached its end.
            reached: if is_evaluated {
                done.reached
            } else {
                done.reached.min(Samples(segment.to.0 - 1))
            },
            evaluations: done.evaluations,
            training: done.training,
            trainable_parameters,
            usage: done.usage,
        })
    }
}

impl FineTune {
    fn save(training: &Training, done: &SegmentProgress, segment: &Segment) -> Result<(), RunError> {
        let failed = |error: String| RunError::Machine(unwritable(&segment.checkpoints, error));
        std::fs::create_dir_all(&segment.checkpoints).map_err(|error| failed(error.to_string()))?;
        // Evaluations are saved first: without a matching checkpoint they are ignored.
        done.save_soon(&segment.checkpoints)
            .map_err(|error| failed(error.to_string()))?;
        training
            .save_checkpoint(&checkpoints::path(&segment.checkpoints, done.reached))
            .map_err(|error| failed(error.to_string()))?;
        // A clone cannot be trained again from its beginning.
        if segment.inherited.is_some() {
            checkpoints::sync(&checkpoints::path(&segment.checkpoints, done.reached))
                .map_err(|error| failed(error.to_string()))?;
        }
        checkpoints::keep(&segment.checkpoints, &[done.reached, segment.from]);
        Ok(())
    }
}

/// The possible freeze depths above 0 in a space, up to `deepest`.
fn freeze_depths(space: &Space, deepest: usize) -> Vec<usize> {
    let Some(parameter) = space.parameter("freeze_depth") else {
        return Vec::new();
    };
    let is_possible = |depth: &usize| parameter.domain.encode(&Value::Int(*depth as i64)).is_some();
    (1..=deepest).filter(is_possible).collect()
}

/// Reports the progress after a step; returns whether to continue.
fn report(control: &mut dyn Control, step: &Step) -> ControlFlow<()> {
    control.progress(Progress {
        at: step.seen,
        train_loss: Some(step.loss),
        evaluation: None,
    });
    unless_stopped(control)
}

fn unless_stopped(control: &dyn Control) -> ControlFlow<()> {
    if control.is_stop_requested() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// The metrics by their names in specs. Only `latency_ms` depends on the machine; deterministic studies ignore it.
fn by_name(metrics: Scores, trainable_parameters: u64, latency_ms: f64) -> BTreeMap<String, f64> {
    let of_training = [
        ("trainable_parameters", trainable_parameters as f64),
        ("latency_ms", latency_ms),
    ];
    let of_training = of_training.map(|(name, value)| (name.to_owned(), value));
    // A metric without a value, such as the area under the curve of one class, is not reported.
    let metrics = metrics
        .into_iter()
        .filter(|(name, value)| name == "loss" || !value.is_nan());
    metrics.chain(of_training).collect()
}

fn loss_of(metrics: &Scores) -> f64 {
    metrics.get("loss").copied().unwrap_or(f64::NAN)
}

/// The metrics that are always measured for outcomes of a kind, beside the loss.
pub fn usual_metrics(kind: TaskKind) -> &'static [&'static str] {
    match kind {
        TaskKind::Classification | TaskKind::MultiLabel => &["accuracy", "f1"],
        TaskKind::Regression => &["rmse", "mae", "r2"],
        TaskKind::TokenClassification => &["f1", "precision", "recall", "accuracy"],
        TaskKind::QuestionAnswering => &["exact_match", "f1"],
    }
}

/// The metrics to measure for outcomes of a kind: the usual ones, and those of these names that measure it.
pub fn measures(kind: TaskKind, names: Vec<&str>) -> Vec<Measure> {
    let mut measures: Vec<Measure> = Vec::new();
    for name in usual_metrics(kind).iter().copied().chain(names) {
        let Ok(measure) = metrics::metric(name) else { continue };
        let is_known = measures.iter().any(|known| known.to_string() == measure.to_string());
        if !is_known && measure.metric.tasks().any(|task| task == kind) && measure.metric.name != "loss" {
            measures.push(measure);
        }
    }
    measures
}

fn failure(error: &TrainError) -> Failure {
    let kind = match error {
        TrainError::Diverged { .. } => FailureKind::Diverged,
        TrainError::Setting { .. }
        | TrainError::Word { .. }
        | TrainError::Label { .. }
        | TrainError::NoClasses { .. }
        | TrainError::NotForTexts { .. }
        | TrainError::NoDropPath
        | TrainError::Adapter(_)
        | TrainError::Input(_)
        | TrainError::Metric(_)
        | TrainError::NoInheritance { .. } => FailureKind::Invalid,
        TrainError::Checkpoint(_) | TrainError::Stopped => FailureKind::Crashed,
    };
    Failure {
        kind,
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
