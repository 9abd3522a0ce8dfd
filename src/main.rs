//! The `glasstunnel` binary: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    glasstunnel::cli::main()
}
