//! Replaces this process by another program that dies with its worker. A worker starts this instead of the program
//! itself.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use crate::os;

/// Replaces this process by the program `words[0]` with the arguments after it; returns only if that fails.
///
/// `parent` is the process id of the worker. On Linux the system kills the program as soon as its parent is gone, for
/// whatever reason. So no program outlives a worker that was killed.
pub fn launch(parent: u32, words: &[OsString]) -> io::Error {
    let Some((program, arguments)) = words.split_first() else {
        return io::Error::other("there is no program to start");
    };
    match os::die_with_parent(parent) {
        Ok(true) => os::replace_process(Command::new(program).args(arguments)),
        Ok(false) => io::Error::other("the worker is gone"),
        Err(error) => error,
    }
}
