//! Workers on this machine: child processes, reached through their pipes.

use std::path::PathBuf;

use super::{Arrival, Farewell, Inbox, Link, Seat, Transport, TransportError};
use crate::objective::end_strays;
use crate::trials::FailureKind;
use crate::worker::{Process, ToWorker};

/// Starts child processes of a program.
#[derive(Debug)]
pub struct Local {
    program: PathBuf,
    folder: PathBuf,
}

impl Local {
    /// Workers are `program worker`, for the study in `folder`.
    pub fn new(program: PathBuf, folder: PathBuf) -> Self {
        Self { program, folder }
    }
}

impl Transport for Local {
    fn connect(&mut self, seat: &Seat<'_>, inbox: Inbox) -> Result<Box<dyn Link>, TransportError> {
        let listen = move |message: Option<_>| inbox(message.map_or(Arrival::Gone, Arrival::Said)).is_ok();
        let process = Process::spawn(&self.program, &self.folder, seat.slot, &self.log(seat.index), listen)?;
        Ok(Box::new(process))
    }

    fn end_strays(&self, alive: &[&dyn Link]) {
        let workers: Vec<u32> = alive.iter().filter_map(|link| link.process()).collect();
        end_strays(&workers);
    }

    fn log(&self, seat: usize) -> PathBuf {
        self.folder.join("logs").join(format!("worker-{seat}.log"))
    }
}

impl Link for Process {
    fn send(&mut self, message: &ToWorker) {
        Self::send(self, message);
    }

    fn kill(&mut self) {
        Self::kill(self);
    }

    fn reap(&mut self) -> Farewell {
        let how = Self::reap(self);
        if self.is_out_of_memory() {
            return Farewell {
                how: format!("{how}, out of memory"),
                kind: Some(FailureKind::OutOfMemory),
            };
        }
        Farewell { how, kind: None }
    }

    fn note_program(&mut self, group: Option<u32>) {
        Self::note_program(self, group);
    }

    fn process(&self) -> Option<u32> {
        Some(self.id())
    }
}
