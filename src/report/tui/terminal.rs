//! The terminal itself: taken over, read and drawn on, and given back whatever happens.

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

/// How long to wait for a key.
const KEYS: Duration = Duration::from_millis(100);

/// Time between two questions for something newer.
const NEWS: Duration = Duration::from_millis(300);

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Show the study further on.
    Continue,
    /// Give the terminal back.
    End,
}

/// What has become of the study since it was last asked for.
#[derive(Clone, Debug)]
pub enum Update {
    /// Nothing.
    Unchanged,
    /// It is like this now.
    View(Box<StudyView>),
    /// There is nothing to show any more: give the terminal back.
    End,
}

/// Shows a study on stderr's terminal until the source, an action or a signal ends it. The terminal is given back before this
/// returns, and also when it panics. Whoever else writes to stderr meanwhile spoils the picture.
///
/// # Errors
///
/// The terminal cannot be taken over, read or written, or another thread panicked and the terminal was given back to show that.
pub fn run(
    source: &mut dyn FnMut() -> Update,
    mut screen: Screen,
    on_action: &mut dyn FnMut(Action) -> Flow,
    is_coloured: bool,
) -> io::Result<()> {
    let guard = Guard::new()?;
    // Every sign of a picture is written by itself: without a buffer that would be thousands of writes.
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
        // One key at a time: what the next one does depends on what this one shows.
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

/// Whether the terminal is taken over now.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; dropping it gives it back, and so does a panic before its message is written.
struct Guard {
    /// The signal that came last, 0 for none: by itself it would end the process and leave the terminal as it is.
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
        // `Terminal::clear` would ask on stdout where the cursor is, and stdout may be a file.
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

/// Once, whoever comes first. A terminal that is gone needs no restoring.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let mut stderr = io::stderr();
        let _ = execute!(stderr, LeaveAlternateScreen, Show);
        let _ = stderr.flush();
        let _ = disable_raw_mode();
    }
}
