//! The current activity of a running study in a small file for other processes: `live.json`.
//!
//! It has details of running segments that the journal records only when they end. No decision depends on it, and no
//! result is lost without it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::view::{RunningView, SlotView};
use crate::engine::{Clock, EngineEvent, Folder, Observer, QueueState};
use crate::files::replace_soon;
use crate::study::Study;
use crate::units::Samples;
use crate::worker::Slot;

/// Name of the file in a study's folder.
const FILE_NAME: &str = "live.json";

/// Shortest time between two versions of the file.
const INTERVAL: Duration = Duration::from_millis(500);

/// Share of the trials that must be done before the remaining time is estimated.
const LEAST_SHARE: f64 = 0.05;

/// Current activity of a running study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveState {
    /// Version of this layout.
    pub format: u32,
    /// Seconds that the study has run.
    pub elapsed: f64,
    /// Activity of each slot.
    pub slots: Vec<SlotView>,
    /// `true` if the study is held: no new segments are started.
    pub is_held: bool,
    /// Estimated seconds until the study ends.
    pub seconds_left: Option<f64>,
    /// The jobs of its workers, if they are submitted as jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueState>,
}

impl LiveState {
    /// Reads the file in `folder`; `None` if there is none or its format is unknown.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(FILE_NAME)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// Keeps `live.json` up to date while a study runs.
pub struct Live {
    folder: PathBuf,
    wall: Option<f64>,
    slots: Vec<SlotView>,
    /// The slots whose worker has left.
    empty: BTreeSet<usize>,
    /// Start of each slot's current segment, and the total seconds of its earlier segments.
    busy: BTreeMap<usize, (Option<Instant>, f64)>,
    begun: Instant,
    due: Instant,
    queue: Option<QueueState>,
}

impl Live {
    /// For the study in `folder`, with a wall budget in seconds.
    pub fn new(folder: PathBuf, wall: Option<f64>) -> Self {
        Self {
            folder,
            wall,
            slots: Vec::new(),
            empty: BTreeSet::new(),
            busy: BTreeMap::new(),
            begun: Instant::now(),
            due: Instant::now(),
            queue: None,
        }
    }

    fn write(&mut self, study: &Study, elapsed: f64) {
        let whole = self.begun.elapsed().as_secs_f64().max(1e-3);
        for slot in &mut self.slots {
            let (since, before) = self.busy.get(&slot.slot).copied().unwrap_or_default();
            let now = since.map_or(0.0, |since| since.elapsed().as_secs_f64());
            slot.busy = ((before + now) / whole).min(1.0);
        }
        let open = self.slots.iter().filter(|slot| !self.empty.contains(&slot.slot));
        let state = LiveState {
            format: 1,
            elapsed,
            slots: open.cloned().collect(),
            is_held: Folder::is_held(&self.folder),
            seconds_left: seconds_left(study, self.wall, elapsed),
            queue: self.queue.clone(),
        };
        // A reader sees either the old or the new version. If a write fails, the next version replaces it.
        let text = serde_json::to_vec(&state).unwrap_or_default();
        let _ = replace_soon(&self.folder.join(FILE_NAME), &text);
    }

    fn set(&mut self, slot: usize, running: Option<RunningView>) {
        let entry = self.busy.entry(slot).or_default();
        if let Some(since) = entry.0.take() {
            entry.1 += since.elapsed().as_secs_f64();
        }
        entry.0 = running.is_some().then(Instant::now);
        if let Some(view) = self.slots.get_mut(slot) {
            view.running = running;
        }
    }
}

fn idle(index: usize, slot: &Slot, job: Option<&str>) -> SlotView {
    SlotView {
        slot: index,
        device: slot.name(),
        node: slot.node.clone(),
        job: job.map(str::to_owned),
        running: None,
        busy: 0.0,
    }
}

/// Estimated by the budget that will be exhausted first.
fn seconds_left(study: &Study, wall: Option<f64>, elapsed: f64) -> Option<f64> {
    let wall = wall.map(|wall| (wall + study.added_wall() - elapsed).max(0.0));
    let trials = study.settings().max_trials.and_then(|max| {
        let under_way = study.flights().len();
        let share = study.trials().len().saturating_sub(under_way) as f64 / f64::from(max.max(1));
        (share > LEAST_SHARE && share < 1.0).then(|| elapsed * (1.0 - share) / share)
    });
    [wall, trials].into_iter().flatten().reduce(f64::min)
}

impl Observer for Live {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        let epochs = |samples: Samples| samples.epochs(study.settings().epoch);
        match event {
            EngineEvent::Started { slots, .. } => {
                let slots = slots.iter().enumerate();
                self.slots = slots.map(|(index, slot)| idle(index, slot, None)).collect();
            }
            EngineEvent::WorkerJoined { slot, at, job } => {
                self.empty.remove(slot);
                match self.slots.get_mut(*slot) {
                    Some(known) => *known = idle(*slot, at, *job),
                    None => self.slots.push(idle(*slot, at, *job)),
                }
            }
            EngineEvent::Queue { queue } => self.queue = Some((*queue).clone()),
            EngineEvent::WorkerLeft { slot, .. } => {
                self.set(*slot, None);
                self.empty.insert(*slot);
            }
            EngineEvent::SegmentStarted { slot, trial, from, to } => {
                let running = RunningView {
                    trial: trial.0,
                    levels: (epochs(*from), epochs(*to)),
                    at: epochs(*from),
                    train_loss: None,
                    curve: Vec::new(),
                    begin: clock.elapsed(),
                };
                self.set(*slot, Some(running));
            }
            EngineEvent::Progressed { slot, progress, .. } => {
                let running = self.slots.get_mut(*slot).and_then(|slot| slot.running.as_mut());
                if let Some(running) = running {
                    running.at = epochs(progress.at);
                    running.train_loss = progress.train_loss.or(running.train_loss);
                    let value = progress.evaluation.as_ref().and_then(|evaluation| {
                        let value = evaluation.metrics.get(&study.settings().metric)?;
                        Some((epochs(evaluation.at), *value))
                    });
                    running.curve.extend(value);
                }
            }
            EngineEvent::SegmentEnded { slot, .. }
            | EngineEvent::WorkerLost { slot, .. }
            | EngineEvent::MemoryRanOut { slot, .. } => {
                self.set(*slot, None);
            }
            EngineEvent::Ended { .. } => {
                let _ = std::fs::remove_file(self.folder.join(FILE_NAME));
                return Ok(());
            }
            _ => {}
        }
        if Instant::now() >= self.due {
            self.due = Instant::now() + INTERVAL;
            self.write(study, clock.elapsed());
        }
        Ok(())
    }
}
