//! The launch of a study from its folder: replays the study, counts the slots, and assembles the engine.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{
    Admission, Clock, Ending, Engine, EngineError, Folder, FolderError, Observer, RunOptions, available_memory,
};
use crate::journal::{Contents, Journal};
use crate::objective::{self, Demand, Facts};
use crate::spec::Spec;
use crate::study::{self, EndReason, Event, Settings, Study};
use crate::transports::{Place, transport};
use crate::worker::{Slot, SlotError, slots};

/// A study that was created or opened.
pub struct Launch {
    /// The spec.
    pub spec: Spec,
    /// Facts about its model and data.
    pub facts: Facts,
    /// Its folder.
    pub folder: Folder,
    /// Its journal.
    pub journal: Journal,
    /// The events so far; for a new study only its creation.
    pub before: Contents,
    /// True if the study had been started before.
    pub is_resumed: bool,
    /// The clock that counts how long it has run.
    pub clock: Clock,
    /// Seconds to add to its wall budget.
    pub added_wall: Option<f64>,
}

/// A study that is ready to run.
pub struct Ready {
    launch: Launch,
    study: Study,
    slots: Vec<Slot>,
}

/// The reasons why a study cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The slots that the spec asks for are not available.
    #[error(transparent)]
    Slots(#[from] SlotError),
    /// Its journal cannot be replayed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The engine stopped with an error.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The executable of this program was not found, so workers cannot be started.
    #[error("cannot find this program, to start workers with: {0}")]
    NoProgram(io::Error),
}

impl Launch {
    /// Replays the events so far, and counts the slots of this machine that the study can use.
    ///
    /// # Errors
    /// [`LaunchError`] if the journal cannot be replayed, or if devices are missing.
    pub fn prepare(mut self, on_warning: &mut dyn FnMut(&str)) -> Result<Ready, LaunchError> {
        objective::take_in_strays();
        let slots = self.slots(on_warning)?;
        let mut settings = Settings::new(&self.spec, self.facts.identity.epoch);
        if !settings.is_deterministic {
            // Without a virtual clock there is no reason to plan for fewer workers than exist.
            let workers = slots.len().max(self.expected());
            settings.logical_workers = settings.logical_workers.max(workers as u32);
        }
        let policy = study::policy(&self.spec, settings.lengths());
        let memory = Arc::clone(&self.facts.memory);
        let cost = std::mem::replace(&mut self.facts.cost, Box::new(|_, _, _| 0.0));
        let mut study = Study::new(settings, policy, cost).with_memory(memory);
        Folder::replay(self.folder.path(), &self.before, &mut study)?;
        Ok(Ready {
            launch: self,
            study,
            slots,
        })
    }

    /// Number of workers that are expected to join from elsewhere.
    fn expected(&self) -> usize {
        let cluster = &self.spec.cluster;
        if cluster.is_used() { cluster.workers } else { 0 }
    }

    fn slots(&self, on_warning: &mut dyn FnMut(&str)) -> Result<Vec<Slot>, LaunchError> {
        if self.spec.cluster.is_used() {
            return Ok(Vec::new());
        }
        let mut slots = slots(&self.spec.resources, self.facts.demand)?;
        let most = self.spec.resources.logical_workers();
        if self.spec.deterministic && slots.len() > most {
            on_warning(&format!(
                "{most} of {} slots are used; a deterministic study uses `resources.logical_workers`: raise it, or set `deterministic: false`",
                slots.len()
            ));
            slots.truncate(most);
        }
        Ok(slots)
    }
}

impl Ready {
    /// The study in its current state.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// The folder of the study.
    pub fn folder(&self) -> &Path {
        self.launch.folder.path()
    }

    /// The reason why nothing is left to do, if that is the case.
    pub fn over(&self) -> Option<EndReason> {
        let ended = self.study.ended().filter(|_| self.launch.added_wall.is_none());
        // The cause of the first failures may have been fixed.
        ended.filter(|reason| *reason != EndReason::Failures)
    }

    /// Releases the folder: readers of the study then see that no process works on it.
    pub fn release(self) -> Study {
        self.study
    }

    /// Runs the study to its end, or until it is interrupted.
    ///
    /// # Errors
    /// [`LaunchError`] if workers cannot be started or the engine stops with an error.
    pub fn run(self, observers: Vec<Box<dyn Observer>>) -> Result<(Study, Ending), LaunchError> {
        let Self { launch, study, slots } = self;
        let resumed = launch.is_resumed.then(|| Event::StudyResumed {
            added_wall: launch.added_wall.unwrap_or(0.0),
        });
        let program = std::env::current_exe().map_err(LaunchError::NoProgram)?;
        let workers = launch.expected();
        let transport = transport(Place {
            program,
            folder: launch.folder.path().to_owned(),
            cluster: launch.spec.cluster.clone(),
            is_probe: false,
        });
        // Measured before workers start and take memory.
        let admission = Admission::new(available_memory());
        let options = RunOptions {
            wall: launch.spec.budget.wall,
            workers,
            limits: launch.spec.trial_limits,
            has_clones: study.has_clones(),
            keeps_best: launch.facts.demand == Demand::Program,
            can_split: launch.facts.demand.is_training(),
        };
        let clock = if launch.spec.waits_for_worker() {
            launch.clock.wait()
        } else {
            launch.clock
        };
        let engine = Engine::start(
            study,
            (launch.folder, launch.journal),
            clock,
            options,
            (transport, slots),
            observers,
            resumed,
        )?
        .with_memory(admission, launch.facts.memory);
        Ok(engine.run(launch.is_resumed)?)
    }
}
