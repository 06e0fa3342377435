//! Encodes a few texts under a time limit: a regular expression in a hostile file could run forever.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::encode::Input;
use crate::error::TokenizerError;
use crate::pipeline::Pipeline;

/// Number of texts in the first try, and its time limit. Normally it takes milliseconds.
const TRIED: usize = 8;
const LIMIT: Duration = Duration::from_secs(30);

/// Tries the first inputs of a batch.
///
/// # Errors
/// If they take more than half a minute.
pub(crate) fn try_first(pipeline: &Arc<Pipeline>, inputs: &[Input<'_>]) -> Result<(), TokenizerError> {
    let texts: Vec<String> = inputs
        .iter()
        .take(TRIED)
        .flat_map(Input::texts)
        .map(str::to_owned)
        .collect();
    let pipeline = Arc::clone(pipeline);
    let in_time = within(LIMIT, move || {
        for text in texts {
            // Faults of a text are reported later, when all texts are encoded.
            let _ = pipeline.tokens(text, false);
        }
    });
    if in_time {
        return Ok(());
    }
    Err(TokenizerError::Tokenize {
        message: format!("the first {TRIED} texts take more than {} s", LIMIT.as_secs()),
    })
}

/// Runs the work on a thread of its own. False if it takes longer; it then runs on, but nobody waits for it.
fn within(limit: Duration, work: impl FnOnce() + Send + 'static) -> bool {
    let (done, waiting) = mpsc::channel();
    let run = move || {
        work();
        let _ = done.send(());
    };
    // If no thread can start, these texts are encoded without a limit, together with all others.
    if thread::Builder::new()
        .name("tokenizer-trial".to_owned())
        .spawn(run)
        .is_err()
    {
        return true;
    }
    !matches!(waiting.recv_timeout(limit), Err(mpsc::RecvTimeoutError::Timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_without_an_end_is_given_up() {
        let (_never, waiting) = mpsc::channel::<()>();
        assert!(!within(Duration::from_millis(5), move || {
            let _ = waiting.recv();
        }));
        assert!(within(LIMIT, || ()));
    }
}
