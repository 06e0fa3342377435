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

/// Maximum time that a requested stop waits in the background.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows the study until the user quits. Without a terminal, prints one line per event until the study ends.
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
            // The view shows the result.
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

/// Updated views of a study.
pub(super) fn source(mut look: Look) -> impl FnMut() -> Update {
    let mut before: Option<StudyView> = None;
    move || match look.view() {
        Ok(view) if before.as_ref() != Some(&view) => {
            before = Some(view.clone());
            Update::View(Box::new(view))
        }
        // A study that is temporarily unreadable is shown as before.
        Ok(_) | Err(_) => Update::Unchanged,
    }
}

/// Asks the study's process to stop cleanly. The view shows the result.
fn stop(folder: &Path) {
    let folder = folder.to_owned();
    let stop = move || -> Result<(), StopError> { engine::stop(&folder, PATIENCE).map(drop) };
    // If no thread can be started nothing happens, and the user can press the key again.
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
