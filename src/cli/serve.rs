//! `automl serve DIR…`: the report as a page that updates itself while the study runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::CliError;
use super::arguments::Serve as Arguments;
use super::look::Look;
use super::stored::shown;
use crate::report::view::{Learnt, PageView, StudyView};
use crate::serve::{Publisher, Server};

/// Time between two looks at the studies.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looking may take this share of the time, and no more.
const COSTLIER: u32 = 10;

/// Serves the page until it is interrupted.
pub(super) fn serve(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut studies = arguments
        .folders
        .iter()
        .map(|folder| Watched::open(folder))
        .collect::<Result<Vec<Watched>, CliError>>()?;
    let view = page_of(&mut studies)?;
    let server = Server::bind(arguments.port).map_err(|source| CliError::File {
        action: "serve on port",
        path: PathBuf::from(arguments.port.to_string()),
        source,
    })?;
    let mut output = std::io::stdout();
    shown(writeln!(output, "{}", server.url()).and_then(|()| output.flush()))?;
    let _ = writeln!(
        std::io::stderr(),
        "open this address in a browser on this machine; Ctrl-C ends it"
    );
    let (publisher, feed) = Publisher::start(view);
    std::thread::spawn(move || publish(&mut studies, &publisher));
    server.run(feed).map_err(|source| CliError::File {
        action: "serve",
        path: PathBuf::from("the page"),
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Publishes views as the studies change.
fn publish(studies: &mut [Watched], publisher: &Publisher) {
    let mut before = String::new();
    loop {
        let begun = Instant::now();
        // A study that cannot be read for a moment is shown as it was.
        if let Ok(view) = page_of(studies) {
            let now = serde_json::to_string(&view.studies).unwrap_or_default();
            if now != before {
                before = now;
                publisher.publish(view);
            }
        }
        std::thread::sleep(INTERVAL.max(begun.elapsed() * COSTLIER));
    }
}

fn page_of(studies: &mut [Watched]) -> Result<PageView, CliError> {
    let studies = studies
        .iter_mut()
        .map(Watched::view)
        .collect::<Result<Vec<StudyView>, CliError>>()?;
    Ok(PageView::new(studies)?)
}

/// A study that is looked at again and again.
pub(super) struct Watched {
    look: Look,
    learnt: Learnt,
    /// Whether something was delivered since it was learnt from.
    is_stale: bool,
    /// When it is learnt from again at the earliest.
    due: Instant,
}

impl Watched {
    /// Reads the study in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CliError> {
        Ok(Self {
            look: Look::open(folder)?,
            learnt: Learnt::default(),
            is_stale: true,
            due: Instant::now(),
        })
    }

    /// The study as it stands now.
    pub(super) fn view(&mut self) -> Result<StudyView, CliError> {
        self.is_stale |= self.look.catch_up()?;
        let begun = Instant::now();
        if self.is_stale && begun >= self.due {
            self.learnt = self.look.learn();
            self.is_stale = false;
            self.due = Instant::now() + begun.elapsed() * COSTLIER;
        }
        self.look.view(&self.learnt)
    }
}
