//! The activity of every slot, one line each.

use crate::engine::EngineEvent;
use crate::study::Study;
use crate::units::{Samples, TrialId};

use super::fit::{Part, bar, fit};
use super::{sentences, words};

/// Width of a segment's progress bar, in columns.
const BAR: usize = 22;

/// The slots and their activities, updated by events.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(Vec<Row>);

/// One slot.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    activity: Activity,
}

#[derive(Clone, Debug)]
enum Activity {
    /// Its worker loads the model and the data.
    Starting,
    /// Its worker has left.
    Empty,
    /// No segment is planned for it.
    Idle,
    Training(TrainingProgress),
}

/// A running segment.
#[derive(Clone, Debug)]
struct TrainingProgress {
    trial: TrialId,
    from: Samples,
    to: Samples,
    at: Samples,
    /// Elapsed seconds of the study, and samples seen, at the start of this run.
    begun: (f64, Samples),
    /// Elapsed seconds of the study at the last progress report.
    told: f64,
    value: Option<f64>,
    train_loss: Option<f64>,
}

impl TrainingProgress {
    /// Estimated seconds until the segment ends, at the speed so far. The estimate counts down between two reports.
    fn seconds_left(&self, elapsed: f64) -> Option<f64> {
        let (since, base) = self.begun;
        let done = self.at.0.checked_sub(base.0).filter(|&done| done > 0)?;
        let left = self.to.0.saturating_sub(self.at.0);
        let predicted = left as f64 / done as f64 * (self.told - since).max(0.0);
        Some((predicted - (elapsed - self.told)).max(0.0))
    }

    /// Completed share of the segment, in [0, 1].
    fn share(&self) -> f64 {
        let length = self.to.0.saturating_sub(self.from.0).max(1);
        self.at.0.saturating_sub(self.from.0) as f64 / length as f64
    }
}

impl Rows {
    /// Updates the rows with an event.
    pub(super) fn take(&mut self, event: &EngineEvent<'_>, study: &Study, elapsed: f64) {
        match event {
            EngineEvent::Started { slots, .. } => {
                let row = |(index, slot)| Row {
                    name: sentences::slot_name(slot, index),
                    activity: Activity::Starting,
                };
                self.0 = slots.iter().enumerate().map(row).collect();
            }
            EngineEvent::SegmentStarted { slot, trial, from, to } => {
                // An interrupted segment resumes where it was interrupted, not at its start.
                let at = study
                    .record(*trial)
                    .partial
                    .as_ref()
                    .map_or(*from, |partial| partial.reached)
                    .clamp(*from, *to);
                let known = &study.trials()[trial.index()];
                let last = known.observations.last();
                let run = TrainingProgress {
                    trial: *trial,
                    from: *from,
                    to: *to,
                    at,
                    begun: (elapsed, at),
                    told: elapsed,
                    value: last.map(|last| study.settings().goal.value(last.loss)),
                    train_loss: None,
                };
                self.set(*slot, Activity::Training(run));
            }
            EngineEvent::Progressed { slot, trial, progress } => {
                if let Some(Row {
                    activity: Activity::Training(run),
                    ..
                }) = self.0.get_mut(*slot)
                    && run.trial == *trial
                {
                    run.at = progress.at;
                    run.told = elapsed;
                    run.train_loss = progress.train_loss.or(run.train_loss);
                    let evaluation = progress.evaluation.as_ref();
                    let value = evaluation.and_then(|evaluation| evaluation.metrics.get(&study.settings().metric));
                    run.value = value.copied().or(run.value);
                }
            }
            EngineEvent::SegmentEnded { slot, .. } | EngineEvent::MemoryRanOut { slot, .. } => {
                self.set(*slot, Activity::Idle);
            }
            EngineEvent::WorkerLost { slot, .. } => self.set(*slot, Activity::Starting),
            EngineEvent::WorkerJoined { slot, at, .. } => {
                let row = Row {
                    name: sentences::slot_name(at, *slot),
                    activity: Activity::Starting,
                };
                match self.0.get_mut(*slot) {
                    Some(known) => *known = row,
                    None => self.0.push(row),
                }
            }
            EngineEvent::WorkerLeft { slot, .. } => self.set(*slot, Activity::Empty),
            _ => {}
        }
    }

    /// Number of slots.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Name of the slot, such as `cpu 0`.
    pub(super) fn name(&self, slot: usize) -> &str {
        self.0.get(slot).map_or("an unknown slot", |row| &row.name)
    }

    /// Number of slots from index `first` on that run a segment.
    pub(super) fn training(&self, first: usize) -> usize {
        let rows = self.0.iter().skip(first);
        rows.filter(|row| matches!(row.activity, Activity::Training(_))).count()
    }

    /// `cpu 0  trial 12  [=====>    ]  epoch 0.31 of 0.44  accuracy 0.8123  train loss 0.61  ETA 4 s`.
    pub(super) fn line(&self, slot: usize, study: &Study, epoch: Samples, elapsed: f64, width: usize) -> String {
        let Some(row) = self.0.get(slot) else {
            return String::new();
        };
        let widest = self.0.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let mut parts = vec![Part::always(format!("{:widest$}", row.name))];
        match &row.activity {
            Activity::Empty => parts.push(Part::always("no worker")),
            Activity::Starting => parts.push(Part::always("starting")),
            Activity::Idle => parts.push(Part::always("idle")),
            Activity::Training(run) => {
                let (at, to) = (words::epochs(run.at, epoch), words::epochs(run.to, epoch));
                let metric = &study.settings().metric;
                let value = run.value.map(|value| format!("{metric} {}", words::metric(value)));
                let loss = run
                    .train_loss
                    .map(|loss| format!("train loss {:<4}", words::loss(loss)));
                let eta = run.seconds_left(elapsed);
                let eta = eta.map(|seconds| format!("ETA {}", words::duration(seconds)));
                parts.extend([
                    Part::always(format!("trial {:<3}", run.trial.0)),
                    Part::optional(3, bar(run.share(), BAR)),
                    Part::always(format!("{:18}", format!("epoch {at} of {to}"))),
                    Part::optional(1, value.unwrap_or_default()),
                    Part::optional(4, loss.unwrap_or_default()),
                    Part::optional(2, eta.unwrap_or_default()),
                ]);
            }
        }
        fit(parts, width)
    }

    fn set(&mut self, slot: usize, activity: Activity) {
        if let Some(row) = self.0.get_mut(slot) {
            row.activity = activity;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;
    use crate::trials::Progress;

    fn rows() -> (Rows, Study) {
        let study = testing::study_under_way();
        let mut rows = Rows::default();
        let slots = testing::slots();
        let event = EngineEvent::Started {
            slots: &slots,
            is_resumed: false,
        };
        rows.take(&event, &study, 0.0);
        (rows, study)
    }

    fn train(rows: &mut Rows, study: &Study, at: u64) {
        let trial = TrialId(2);
        let (from, to) = (Samples(0), Samples(444));
        rows.take(
            &EngineEvent::SegmentStarted {
                slot: 0,
                trial,
                from,
                to,
            },
            study,
            10.0,
        );
        let progress = Progress {
            at: Samples(at),
            train_loss: Some(0.612),
            evaluation: Some(testing::evaluation(at, 0.8123)),
        };
        let event = EngineEvent::Progressed {
            slot: 0,
            trial,
            progress: &progress,
        };
        rows.take(&event, study, 20.0);
    }

    fn shown(rows: &Rows, study: &Study, width: usize) -> String {
        let lines = (0..rows.len()).map(|slot| rows.line(slot, study, testing::facts().epoch, 20.0, width));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_slot_shows_its_trial_and_when_the_segment_will_end() {
        let (mut rows, study) = rows();
        train(&mut rows, &study, 311);
        insta::assert_snapshot!(shown(&rows, &study, 120), @r#"
        cpu 0  trial 2    [==============>     ]  epoch 0.31 of 0.44  accuracy 0.8123  train loss 0.61  ETA 5 s
        cpu 1  starting
        "#);
    }

    #[test]
    fn a_narrow_row_keeps_trial_and_epoch() {
        let (mut rows, study) = rows();
        train(&mut rows, &study, 311);
        insta::assert_snapshot!([75, 60, 45, 20].map(|width| shown(&rows, &study, width)).join("\n"), @r#"
        cpu 0  trial 2    epoch 0.31 of 0.44  accuracy 0.8123  ETA 5 s
        cpu 1  starting
        cpu 0  trial 2    epoch 0.31 of 0.44  accuracy 0.8123
        cpu 1  starting
        cpu 0  trial 2    epoch 0.31 of 0.44
        cpu 1  starting
        cpu 0  trial 2    e…
        cpu 1  starting
        "#);
    }

    #[test]
    fn a_slot_starts_trains_waits_and_starts_again_when_its_worker_is_lost() {
        let (mut rows, study) = rows();
        assert_eq!(rows.line(0, &study, Samples(1000), 0.0, 80), "cpu 0  starting");
        train(&mut rows, &study, 311);
        assert_eq!(rows.training(0), 1);
        let (slot, trial) = (0, TrialId(2));
        let event = EngineEvent::SegmentEnded {
            slot,
            trial,
            outcome: None,
        };
        rows.take(&event, &study, 0.0);
        assert_eq!(rows.line(0, &study, Samples(1000), 0.0, 80), "cpu 0  idle");
        let event = EngineEvent::WorkerLost {
            slot,
            trial: None,
            message: "",
            is_retried: true,
        };
        rows.take(&event, &study, 0.0);
        assert_eq!(rows.line(0, &study, Samples(1000), 0.0, 80), "cpu 0  starting");
    }

    #[test]
    fn the_prediction_counts_down_between_two_reports() {
        let (mut rows, study) = rows();
        train(&mut rows, &study, 222);
        let shown = [20.0, 24.0, 40.0].map(|elapsed| rows.line(0, &study, Samples(1000), elapsed, 120));
        assert!(shown[0].ends_with("ETA 10 s"), "{shown:?}");
        assert!(shown[1].ends_with("ETA 6 s"), "{shown:?}");
        assert!(shown[2].ends_with("ETA 0 s"), "{shown:?}");
    }

    #[test]
    fn nothing_is_predicted_before_the_first_step() {
        let (mut rows, study) = rows();
        train(&mut rows, &study, 0);
        assert!(!rows.line(0, &study, Samples(1000), 20.0, 120).contains("ETA"));
    }
}
