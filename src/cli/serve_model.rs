//! `automl serve-model MODEL`: predictions over HTTP.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use super::CliError;
use super::arguments::ServeModel as Arguments;
use super::output::print;
use crate::engine;
use crate::production::{ModelFolder, Predictor, Trained};
use crate::serve::{About, ModelServer, Secret, stopping};
use crate::spec::Reading;

/// Serves the model until it is interrupted.
pub(super) fn serve_model(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let folder = arguments.model.clone();
    let predictor = Predictor::load(ModelFolder {
        folder: folder.clone(),
        text: arguments.text.clone(),
        label: Vec::new(),
        reading: Reading::default(),
    })?;
    let secret = match (&arguments.token, arguments.no_token) {
        (_, true) => Secret::None,
        (Some(token), false) => Secret::Known(checked(token)?),
        (None, false) => Secret::New,
    };
    let server = ModelServer::bind(arguments.host, arguments.port, secret).map_err(|source| CliError::File {
        action: "serve on",
        path: PathBuf::from(format!("{}:{}", arguments.host, arguments.port)),
        source,
    })?;
    let (stopper, stop) = stopping();
    let (sender, receiver) = mpsc::channel();
    let failed = |source| CliError::File {
        action: "start a thread for",
        path: folder.clone(),
        source,
    };
    engine::forward_signals(sender, || ()).map_err(failed)?;
    let forward = move || {
        if receiver.recv().is_ok() {
            stopper.stop();
        }
    };
    std::thread::Builder::new().spawn(forward).map_err(failed)?;
    say(arguments, &server)?;
    let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let about = About {
        name: name.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        card: Trained::card(&folder),
    };
    server.run(predictor, about, stop).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

/// The address on standard output, and how to use it.
fn say(arguments: &Arguments, server: &ModelServer) -> Result<(), CliError> {
    let url = format!("http://{}/", server.address());
    let token = server.token();
    if arguments.json {
        print(&serde_json::json!({"url": url, "token": token}).to_string())?;
        return Ok(());
    }
    print(&url)?;
    let header = token.map_or_else(String::new, |token| format!(" -H 'Authorization: Bearer {token}'"));
    let _ = writeln!(
        std::io::stderr(),
        "try it: curl{header} -d '{{\"text\": \"…\"}}' {url}predict\nCtrl-C ends it"
    );
    if !server.address().ip().is_loopback() {
        let _ = writeln!(
            std::io::stderr(),
            "warning: the connection is not encrypted, and other machines can reach it: put a proxy with TLS before it"
        );
    }
    Ok(())
}

/// A token that can stand in a header.
fn checked(token: &str) -> Result<String, CliError> {
    if token.len() >= 8 && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(token.to_owned());
    }
    Err(CliError::Usage(
        "`--token` needs at least 8 letters, digits or signs, without blanks".into(),
    ))
}
