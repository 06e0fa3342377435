//! Workers on this machine: child processes, reached through their pipes.

use std::io;
use std::path::PathBuf;

use super::{Arrival, Farewell, Inbox, Link, Opened, Seat, Transport, TransportError};
use crate::objective::end_strays;
use crate::trials::FailureKind;
use crate::worker::{Process, ToWorker};

/// Starts child processes of a program.
#[derive(Debug)]
pub struct Local {
    program: PathBuf,
    folder: PathBuf,
    inbox: Option<Inbox>,
}

impl Local {
    /// Workers are `program worker`, for the study in `folder`.
    pub fn new(program: PathBuf, folder: PathBuf) -> Self {
        let inbox = None;
        Self { program, folder, inbox }
    }
}

impl Transport for Local {
    fn open(&mut self, inbox: Inbox) -> Result<(), TransportError> {
        self.inbox = Some(inbox);
        Ok(())
    }

    fn want(&mut self, seat: &Seat<'_>) -> Result<Option<Opened>, TransportError> {
        let not_open = || io::Error::other("the transport is not open");
        let inbox = self.inbox.clone().ok_or_else(not_open)?;
        let id = inbox.number();
        let listen = move |message: Option<_>| {
            let arrival = message.map_or(Arrival::Gone, Arrival::Said);
            inbox.deliver(id, arrival).is_ok()
        };
        let process = Process::spawn(&self.program, &self.folder, seat.slot, &self.log(seat.index), listen)?;
        Ok(Some((id, Box::new(process))))
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
