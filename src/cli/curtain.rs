//! `automl search --tui`: the terminal view of a study that this process runs. It hides the log lines until it ends.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustix::process::{Signal, getpid, kill_process};

use super::CliError;
use super::look::Look;
use super::watch::{show, source};
use crate::engine::{Clock, EngineEvent, Folder, Observer};
use crate::report::terminal::{Detail, DisplayFacts, Plain};
use crate::report::tui::{Action, Flow, Screen, Update};
use crate::study::Study;

/// An observer whose lines are shown only after the view has ended.
pub(super) struct Curtain {
    lines: Plain<Muted>,
    is_drawn: Arc<AtomicBool>,
    has_ended: Arc<AtomicBool>,
    view: Option<JoinHandle<()>>,
}

impl Curtain {
    /// Shows the study in `folder`, which this process is about to run.
    pub(super) fn draw(folder: &Path, facts: DisplayFacts) -> Result<Self, CliError> {
        let look = Look::open(folder)?;
        let is_drawn = Arc::new(AtomicBool::new(true));
        let has_ended = Arc::new(AtomicBool::new(false));
        let muted = Muted {
            is_drawn: Arc::clone(&is_drawn),
        };
        let folder = folder.to_owned();
        let (drawn, ended) = (Arc::clone(&is_drawn), Arc::clone(&has_ended));
        let view = std::thread::Builder::new().spawn(move || {
            let _open = Opens(drawn);
            let mut study = source(look);
            let mut source = || {
                if ended.load(Ordering::Acquire) {
                    return Update::End;
                }
                study()
            };
            let mut on_action = |action| act(action, &folder);
            if let Err(error) = show(&mut source, Screen::new(true), &mut on_action) {
                error.show();
            }
        });
        let view = view.map_err(|source| CliError::File {
            action: "start a thread for",
            path: "the view".into(),
            source,
        })?;
        Ok(Self {
            lines: Plain::new(muted, facts, Detail::Events),
            is_drawn,
            has_ended,
            view: Some(view),
        })
    }

    /// Ends the view and restores the terminal.
    fn lift(&mut self) {
        self.has_ended.store(true, Ordering::Release);
        if let Some(view) = self.view.take() {
            let _ = view.join();
        }
        self.is_drawn.store(false, Ordering::Release);
    }
}

fn act(action: Action, folder: &Path) -> Flow {
    match action {
        Action::Quit => return Flow::End,
        Action::Hold(is_held) => {
            // The view shows the result.
            let _ = Folder::hold(folder, is_held);
        }
        Action::Stop => {
            let _ = kill_process(getpid(), Signal::INT);
        }
    }
    Flow::Continue
}

impl Observer for Curtain {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        if matches!(event, EngineEvent::Ended { .. }) {
            self.lift();
        }
        self.lines.observe(event, study, clock)
    }
}

impl Drop for Curtain {
    fn drop(&mut self) {
        self.lift();
    }
}

/// Makes the lines visible when the view ends, even after a panic.
struct Opens(Arc<AtomicBool>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Standard error. It discards output while the view is shown.
struct Muted {
    is_drawn: Arc<AtomicBool>,
}

impl Write for Muted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_drawn.load(Ordering::Acquire) {
            return Ok(bytes.len());
        }
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
