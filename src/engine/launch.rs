//! From a study's folder to its engine: the study is replayed, slots are counted, and the engine is put together.

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
use crate::worker::{Slot, SlotError, slots};

/// A study that was created or opened.
pub struct Launch {
    /// What it is.
    pub spec: Spec,
    /// What is known of its model and data.
    pub facts: Facts,
    /// Its folder.
    pub folder: Folder,
    /// Its journal.
    pub journal: Journal,
    /// What had happened before; of a new study only that it was created.
    pub before: Contents,
    /// Whether it had been begun before.
    pub is_resumed: bool,
    /// How long it has run.
    pub clock: Clock,
    /// Seconds that are added to its wall budget.
    pub added_wall: Option<f64>,
}

/// A study that is ready to run.
pub struct Ready {
    launch: Launch,
    study: Study,
    slots: Vec<Slot>,
}

/// Why a study cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There are no slots as the spec wants them.
    #[error(transparent)]
    Slots(#[from] SlotError),
    /// Its journal cannot be replayed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The engine broke off.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Workers are this program, which cannot be found.
    #[error("cannot find this program, to start workers with: {0}")]
    NoProgram(io::Error),
}

impl Launch {
    /// Replays what happened, and counts the slots of this machine that the study can use.
    ///
    /// # Errors
    /// [`LaunchError`] for a journal that cannot be replayed, and for devices that there are not.
    pub fn prepare(mut self, on_warning: &mut dyn FnMut(&str)) -> Result<Ready, LaunchError> {
        objective::take_in_strays();
        let slots = self.slots(on_warning)?;
        let mut settings = Settings::new(&self.spec, self.facts.identity.epoch);
        if !settings.is_deterministic {
            // Without a virtual clock there is no reason to plan for fewer workers than there are.
            settings.logical_workers = settings.logical_workers.max(slots.len() as u32);
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

    fn slots(&self, on_warning: &mut dyn FnMut(&str)) -> Result<Vec<Slot>, LaunchError> {
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
    /// The study as it stands.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.launch.folder.path()
    }

    /// Why there is nothing left to do, if that is so.
    pub fn over(&self) -> Option<EndReason> {
        let ended = self.study.ended().filter(|_| self.launch.added_wall.is_none());
        // What made the first trials fail may have been mended.
        ended.filter(|reason| *reason != EndReason::Failures)
    }

    /// Lets go of the folder: whoever reads the study finds that nobody works on it.
    pub fn release(self) -> Study {
        self.study
    }

    /// Runs to the end, or to an interruption.
    ///
    /// # Errors
    /// [`LaunchError`] when workers cannot be started or the engine breaks off.
    pub fn run(self, observers: Vec<Box<dyn Observer>>) -> Result<(Study, Ending), LaunchError> {
        let Self { launch, study, slots } = self;
        let resumed = launch.is_resumed.then(|| Event::StudyResumed {
            added_wall: launch.added_wall.unwrap_or(0.0),
        });
        let program = std::env::current_exe().map_err(LaunchError::NoProgram)?;
        // Before there are workers, whose memory is no longer free.
        let admission = Admission::new(available_memory());
        let options = RunOptions {
            wall: launch.spec.budget.wall,
            limits: launch.spec.trial_limits,
            has_clones: study.has_clones(),
            keeps_best: launch.facts.demand == Demand::Program,
            can_split: launch.facts.demand.is_training(),
        };
        let engine = Engine::start(
            study,
            (launch.folder, launch.journal),
            launch.clock,
            options,
            (&program, slots),
            observers,
            resumed,
        )?
        .with_memory(admission, launch.facts.memory);
        Ok(engine.run(launch.is_resumed)?)
    }
}
