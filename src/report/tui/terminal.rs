//! The real terminal: takes it over, reads keys, draws, and always restores it.

use std::io::{self, BufWriter, Stderr, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::report::view::StudyView;

use super::draw::{draw, draw_waiting};
use super::state::{Action, Screen};

/// Time to wait for a key.
const KEYS: Duration = Duration::from_millis(100);

/// Time between two polls for a newer view.
const NEWS: Duration = Duration::from_millis(300);

/// Next step after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Keep showing the study.
    Continue,
    /// Restore the terminal and return.
    End,
}

/// Change of the study since the last poll.
#[derive(Clone, Debug)]
pub enum Update {
    /// No change.
    Unchanged,
    /// The new view.
    View(Box<StudyView>),
    /// There is nothing left to show: restore the terminal and return.
    End,
}

/// Shows a study on stderr's terminal until the source, an action or a signal ends it.
///
/// The terminal is restored before this returns, also after a panic. Other output to stderr meanwhile disturbs the
/// display.
///
/// # Errors
///
/// If the terminal cannot be taken over, read or written, or if another thread panicked. After such a panic the
/// terminal is already restored, so that its message is visible.
pub fn run(
    source: &mut dyn FnMut() -> Update,
    mut screen: Screen,
    on_action: &mut dyn FnMut(Action) -> Flow,
    is_coloured: bool,
) -> io::Result<()> {
    let guard = Guard::new()?;
    // Every character of a frame is written separately; without a buffer that would be thousands of system calls.
    let output: BufWriter<Stderr> = BufWriter::with_capacity(1 << 16, io::stderr());
    let mut terminal = Terminal::new(CrosstermBackend::new(output))?;
    let mut view: Option<Box<StudyView>> = None;
    let (mut due, mut is_stale) = (Instant::now(), true);
    loop {
        if Instant::now() >= due {
            match source() {
                Update::Unchanged => {}
                Update::View(newer) => (view, is_stale) = (Some(newer), true),
                Update::End => return Ok(()),
            }
            due = Instant::now() + NEWS;
        }
        if !IS_TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("a thread panicked"));
        }
        match guard.signal.load(Ordering::SeqCst) {
            0 => {}
            signal if signal == SIGQUIT as usize => {
                drop(guard);
                return signal_hook::low_level::emulate_default_handler(SIGQUIT);
            }
            _ => return Ok(()),
        }
        if is_stale {
            terminal.draw(|frame| match &view {
                Some(view) => {
                    screen.see(view, frame.area());
                    draw(frame, view, &screen, is_coloured);
                }
                None => draw_waiting(frame),
            })?;
            is_stale = false;
        }
        // One key at a time: the effect of the next key depends on what this one shows.
        if event::poll(KEYS)? {
            match event::read()? {
                Event::Key(key) => {
                    is_stale = true;
                    if let Some(action) = screen.key(key)
                        && on_action(action) == Flow::End
                    {
                        return Ok(());
                    }
                }
                Event::Resize(..) => is_stale = true,
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => {}
            }
        }
    }
}

/// `true` while the terminal is taken over.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal. It is restored when the guard is dropped, or by a panic before its message is printed.
struct Guard {
    /// The last signal, 0 for none. Without a handler it would end the process without restoring the terminal.
    signal: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
}

impl Guard {
    fn new() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let next = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                next(info);
            }));
        });
        IS_TAKEN.store(true, Ordering::SeqCst);
        let mut guard = Self {
            signal: Arc::default(),
            handlers: Vec::new(),
        };
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let handler = signal_hook::flag::register_usize(signal, Arc::clone(&guard.signal), signal as usize);
            guard.handlers.push(handler?);
        }
        enable_raw_mode()?;
        // `Terminal::clear` would query the cursor position on stdout, which may be a file.
        execute!(io::stderr(), EnterAlternateScreen, Clear(ClearType::All))?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            signal_hook::low_level::unregister(handler);
        }
        give_back();
    }
}

/// Restores the terminal once, even if several threads call it. Errors are ignored: the terminal may be gone.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let mut stderr = io::stderr();
        let _ = execute!(stderr, LeaveAlternateScreen, Show);
        let _ = stderr.flush();
        let _ = disable_raw_mode();
    }
}
