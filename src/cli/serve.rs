//! `automl serve DIR…`: the report as a page that updates itself while the study runs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use super::CliError;
use super::arguments::Serve as Arguments;
use super::look::{Look, open_all, page, pause};
use super::output::print;
use crate::serve::{Publisher, Server};

/// Serves the page until it is interrupted.
pub(super) fn serve(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut studies = open_all(&arguments.folders)?;
    let view = page(&mut studies)?;
    let server = Server::bind(arguments.port).map_err(|source| CliError::File {
        action: "serve on port",
        path: PathBuf::from(arguments.port.to_string()),
        source,
    })?;
    print(&server.url())?;
    let _ = writeln!(
        std::io::stderr(),
        "open this address in a browser on this machine; Ctrl-C ends it"
    );
    let (publisher, feed) = Publisher::start(view);
    let publish = move || publish(&mut studies, &publisher);
    std::thread::Builder::new()
        .spawn(publish)
        .map_err(|source| CliError::File {
            action: "start a thread for",
            path: PathBuf::from("the page"),
            source,
        })?;
    server.run(feed);
    Ok(ExitCode::SUCCESS)
}

/// Publishes new views when the studies change.
fn publish(studies: &mut [Look], publisher: &Publisher) {
    let mut before = Vec::new();
    loop {
        let begun = Instant::now();
        // A study that is temporarily unreadable is shown as before.
        if let Ok(view) = page(studies)
            && view.studies != before
        {
            before.clone_from(&view.studies);
            publisher.publish(view);
        }
        std::thread::sleep(pause(begun.elapsed()));
    }
}
