//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    hobnob::cli::run(std::env::args_os().collect())
}
