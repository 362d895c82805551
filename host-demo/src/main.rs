//! `host-demo`: see `host-demo --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    host_demo::commands::run(std::env::args_os())
}
