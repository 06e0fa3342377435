//! Runs a command of Slurm, for a limited time.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::NAME;
use crate::transports::jobs::JobError;

/// Wait between two looks whether a command has ended.
const POLL: Duration = Duration::from_millis(5);

/// Words in the messages of commands that did not reach the controller. Any other message is a refusal.
const UNREACHABLE: [&str; 6] = [
    "Unable to contact slurm controller",
    "Socket timed out",
    "Connection refused",
    "Zero Bytes were transmitted",
    "controller not responding",
    "Transport endpoint is not connected",
];

/// Runs a command, and returns what it prints.
///
/// # Errors
/// [`JobError::NoCommand`] if it is missing, [`JobError::Silent`] if Slurm does not answer, and [`JobError::Refused`] if
/// it refuses.
pub(super) fn run(
    command: &str,
    arguments: &[OsString],
    input: Option<&str>,
    patience: Duration,
) -> Result<String, JobError> {
    let no_command = |source| JobError::NoCommand {
        command: command.to_owned(),
        source,
    };
    let mut process = Command::new(command);
    process.args(arguments);
    // A search may itself run in a job: what its own job got must not become options of the new ones.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_of_job = ["SLURM_", "SRUN_"].iter().any(|prefix| text.starts_with(prefix));
        if is_of_job && text != "SLURM_CONF" {
            process.env_remove(&name);
        }
    }
    process
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = process.spawn().map_err(no_command)?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A command that ended early says why on its standard error.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = collect(&mut child);
    let (is_success, message) = match wait(&mut child, patience).map_err(no_command)? {
        Some(is_success) => (is_success, None),
        None => (
            false,
            Some(format!("`{command}` took longer than {} s", patience.as_secs())),
        ),
    };
    let (printed, complaints) = output
        .map(|thread| thread.join().unwrap_or_default())
        .unwrap_or_default();
    if is_success {
        return Ok(printed);
    }
    let is_late = message.is_some();
    let message = message.unwrap_or_else(|| words(command, &complaints));
    if is_late || UNREACHABLE.iter().any(|known| message.contains(known)) {
        return Err(JobError::Silent { system: NAME, message });
    }
    Err(JobError::Refused { system: NAME, message })
}

type Output = std::thread::JoinHandle<(String, String)>;

/// Reads both outputs of a command on a thread, so that a full pipe does not stop it.
fn collect(child: &mut Child) -> Option<Output> {
    let (mut output, mut errors) = (child.stdout.take()?, child.stderr.take()?);
    let read = move || {
        let second = std::thread::Builder::new().spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut text = Vec::new();
        let _ = output.read_to_end(&mut text);
        let errors = second.ok().and_then(|thread| thread.join().ok()).unwrap_or_default();
        (String::from_utf8_lossy(&text).into_owned(), errors)
    };
    std::thread::Builder::new().spawn(read).ok()
}

/// Waits for a command; returns whether it succeeded, and `None` if it was killed because it took too long.
fn wait(child: &mut Child, patience: Duration) -> std::io::Result<Option<bool>> {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

/// The complaints of a command on one line, without its name before each.
fn words(command: &str, complaints: &str) -> String {
    let lines = complaints.lines().map(|line| {
        let line = line.trim();
        let line = line
            .strip_prefix(command)
            .and_then(|rest| rest.strip_prefix(": "))
            .unwrap_or(line);
        line.strip_prefix("error: ").unwrap_or(line)
    });
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return format!("`{command}` failed without a message");
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str, patience: Duration) -> Result<String, JobError> {
        run("sh", &["-c".into(), line.into()], Some("in"), patience)
    }

    #[test]
    fn a_command_prints_fails_or_is_too_slow() {
        let minute = Duration::from_mins(1);
        assert_eq!(shell("cat; echo out", minute).unwrap(), "inout\n");
        let refused = shell(
            "echo 'sh: error: invalid partition specified: none' >&2; exit 1",
            minute,
        );
        assert!(
            matches!(&refused, Err(JobError::Refused { message, .. }) if message == "invalid partition specified: none"),
            "{refused:?}"
        );
        let silent = shell(
            "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1",
            minute,
        );
        assert!(matches!(silent, Err(JobError::Silent { .. })), "{silent:?}");
        let late = shell("exec sleep 60", Duration::from_millis(20));
        assert!(matches!(late, Err(JobError::Silent { .. })), "{late:?}");
        let missing = run("no-such-command-of-slurm", &[], None, minute);
        assert!(matches!(missing, Err(JobError::NoCommand { .. })), "{missing:?}");
    }
}
