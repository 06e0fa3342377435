//! `automl watch DIR`: a study on the whole terminal, while another process works on it or afterwards.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::CliError;
use super::arguments::Watch as Arguments;
use super::error::is_coloured;
use super::look::{Look, pause};
use crate::engine::{self, Folder, StopError};
use crate::report::State;
use crate::report::tui::{self, Action, Flow, Screen, Update};
use crate::report::view::StudyView;

/// How long a stop from here waits in the background.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows the study until the person has seen enough; without a terminal, one line for everything that happens until it ends.
pub(super) fn watch(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut look = Look::open(&arguments.folder)?;
    if !std::io::stderr().is_terminal() || !std::io::stdin().is_terminal() {
        return follow(&mut look);
    }
    let folder = arguments.folder.clone();
    let mut source = source(look);
    let mut on_action = |action| match action {
        Action::Quit => Flow::End,
        Action::Hold(is_held) => {
            // Whether it worked is seen in the view.
            let _ = Folder::hold(&folder, is_held);
            Flow::Continue
        }
        Action::Stop => {
            stop(&folder);
            Flow::Continue
        }
    };
    show(&mut source, Screen::new(false), &mut on_action)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes over the terminal.
pub(super) fn show(
    source: &mut dyn FnMut() -> Update,
    screen: Screen,
    on_action: &mut dyn FnMut(Action) -> Flow,
) -> Result<(), CliError> {
    tui::run(source, screen, on_action, is_coloured()).map_err(|source| CliError::File {
        action: "draw on",
        path: "the terminal".into(),
        source,
    })
}

/// Views of a study, as it changes.
pub(super) fn source(mut look: Look) -> impl FnMut() -> Update {
    let mut before: Option<StudyView> = None;
    move || match look.view() {
        Ok(view) if before.as_ref() != Some(&view) => {
            before = Some(view.clone());
            Update::View(Box::new(view))
        }
        // A study that cannot be read for a moment is shown as it was.
        Ok(_) | Err(_) => Update::Unchanged,
    }
}

/// Asks the study's process to end in good order; what comes of it is seen in the view.
fn stop(folder: &Path) {
    let folder = folder.to_owned();
    let stop = move || -> Result<(), StopError> { engine::stop(&folder, PATIENCE).map(drop) };
    // Without a thread nothing happens, and the key can be pressed again.
    let _ = std::thread::Builder::new().spawn(stop);
}

fn follow(look: &mut Look) -> Result<ExitCode, CliError> {
    let mut told: Option<f64> = None;
    loop {
        let begun = Instant::now();
        let view = look.view()?;
        let is_over = view.state != State::Running;
        let is_new = |seconds: f64| told.is_none_or(|told| seconds > told);
        let news = view.events.iter().filter(|event| is_new(event.seconds));
        let mut stderr = std::io::stderr().lock();
        for event in news {
            // If standard error is closed, the message is lost.
            let _ = writeln!(stderr, "[{:>8.1}] {}", event.seconds, event.text);
        }
        told = view.events.last().map(|event| event.seconds).or(told);
        if is_over {
            let _ = writeln!(stderr, "{}", last_words(&view));
            return Ok(ExitCode::SUCCESS);
        }
        drop(stderr);
        std::thread::sleep(pause(begun.elapsed()));
    }
}

fn last_words(view: &StudyView) -> String {
    let best = view.best.and_then(|best| view.trials.get(best as usize));
    let best = best.and_then(|best| Some((best.trial, best.value?)));
    let best = best.map_or_else(
        || "nothing measured".to_owned(),
        |(trial, value)| format!("best {} {value} (trial {trial})", view.metrics[0].name),
    );
    format!("{} ({}): {best}", view.name, view.state.name())
}
