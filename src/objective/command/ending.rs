//! Describes how a program ended and, as far as its output says so, why.

use std::process::ExitStatus;

use super::log::Log;
use crate::objective::kernel_kills::{is_ended_by, is_killed, kernel_kills};
use crate::trials::{Failure, FailureKind};

/// Messages for exhausted memory: PyTorch, Python, C++, the C library, JAX and TensorFlow.
const OUT_OF_MEMORY: [&str; 6] = [
    "OutOfMemoryError",
    "CUDA out of memory",
    "MemoryError",
    "std::bad_alloc",
    "Cannot allocate memory",
    "RESOURCE_EXHAUSTED",
];

/// The line that Python prints before the stack of an exception.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// Number of last lines in which an exception counts as the reason why a program ended.
const LAST_LINES: usize = 8;

/// Number of last lines that are searched if no exception is found.
const VERY_LAST_LINES: usize = 3;

/// The failure of a program that ended with an error.
///
/// `reported` is the last epoch that it reported. `kills` is the number of processes that the kernel had killed for
/// lack of memory when the program began.
pub(super) fn failure(status: ExitStatus, log: &Log, reported: Option<f64>, kills: u64) -> Failure {
    let words = log.last_words();
    let was_killed_for_it = is_killed(status) && kernel_kills() > kills;
    let kind = if was_killed_for_it || ran_out_of_memory(&words) {
        FailureKind::OutOfMemory
    } else {
        FailureKind::Crashed
    };
    let last = words.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let said = match (last, reported) {
        (Some(line), _) => {
            let line: String = line.chars().take(200).collect();
            format!("its last line was `{line}` (`{}`)", log.path().display())
        }
        (None, Some(epoch)) => format!("it had reported epoch {epoch}, and printed nothing else"),
        (None, None) => "it said nothing".to_owned(),
    };
    Failure {
        kind,
        message: format!("the program ended with {}; {said}", ending(status)),
    }
}

/// Returns whether the program ended because memory ran out. Earlier errors do not count: it may have handled them.
fn ran_out_of_memory(words: &str) -> bool {
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    let names_memory = |line: &&str| OUT_OF_MEMORY.iter().any(|words| line.contains(words));
    let exception = lines
        .iter()
        .rposition(|line| line.contains(TRACEBACK))
        .and_then(|stack| {
            let is_of_stack = |line: &&&str| line.starts_with([' ', '\t']);
            let length = lines[stack + 1..].iter().take_while(is_of_stack).count();
            let index = stack + 1 + length;
            (index < lines.len() && index + LAST_LINES >= lines.len()).then(|| lines[index])
        });
    match exception {
        Some(exception) => names_memory(&exception),
        None => lines.iter().rev().take(VERY_LAST_LINES).any(names_memory),
    }
}

/// Describes how a program ended.
fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// Returns whether a program died of a signal that a terminal or a batch system sends to all processes of a job.
pub(super) fn is_of_a_job(status: ExitStatus) -> bool {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    is_ended_by(status, &[SIGINT, SIGTERM, SIGUSR1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_run_out_where_that_ended_the_program() {
        for words in [
            "Traceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n    main()\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n",
            "Traceback (most recent call last):\n  File \"t.py\", line 3\nMemoryError\n",
            "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory\n--------------------\nFor simplicity, JAX has removed its internal frames\n",
            "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
            "sh: 1: Cannot allocate memory\n",
        ] {
            assert!(ran_out_of_memory(words), "{words}");
        }
    }

    #[test]
    fn an_exception_that_was_dealt_with_ended_nothing() {
        let handled = "Traceback (most recent call last):\n  File \"t.py\", line 3\nMemoryError\n\n\
             During handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n  File \"t.py\", line 5\nValueError: unknown optimizer\n";
        assert!(!ran_out_of_memory(handled));
        let long_ago = format!("MemoryError: going on without a cache\n{}", "epoch done\n".repeat(5));
        assert!(!ran_out_of_memory(&long_ago));
        assert!(!ran_out_of_memory(""));
    }
}
