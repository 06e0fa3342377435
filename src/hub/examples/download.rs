//! Downloads the files of a model that match patterns: `download org/name '*.json'`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that talks to a person"
)]

use std::process::ExitCode;

use automl_hub::{Hub, HubError, Pattern, Silent, Snapshot, Wanted, choose_model_files, parse_model_id};

fn main() -> ExitCode {
    match download() {
        Ok(snapshot) => {
            println!("{} {} bytes", snapshot.folder.display(), snapshot.bytes_downloaded);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn download() -> Result<Snapshot, HubError> {
    let mut arguments = std::env::args().skip(1);
    let model = parse_model_id(&arguments.next().unwrap_or_default())?;
    let patterns: Vec<Pattern> = arguments.map(Pattern::new).collect();
    let wanted = if patterns.is_empty() {
        Wanted::Chosen(&choose_model_files)
    } else {
        Wanted::Matching(&patterns)
    };
    Hub::from_environment(false)?.snapshot(&model, wanted, &Silent)
}
