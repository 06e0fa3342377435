//! Data files as people have them, read through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_collect,
    reason = "tests may fail, and make small contents"
)]

#[cfg(feature = "columnar")]
mod columnar;
mod compression;
mod encodings;
mod files;
mod hostile;
mod real_files;
mod round_trips;
mod support;
