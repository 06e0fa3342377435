//! The `automl` program. Everything is in the library; begin reading at `automl::cli::main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    automl::cli::main()
}
