//! The program in the virtual machine of the stage `usb`: the simulated terminal and the point of sale, with the
//! kernel's USB stack between them. `tests/usb/stage` starts it.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod access;
#[cfg(target_os = "linux")]
mod application;
#[cfg(target_os = "linux")]
mod bench;
#[cfg(target_os = "linux")]
mod cable;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod pulled;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod rig;
#[cfg(target_os = "linux")]
mod user;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let mut number = |default| {
        let text = args.next();
        text.and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    // The application itself, as a process of its own.
    if command.as_deref() == Some("host-demo") {
        return host_demo::commands::run(std::env::args_os().skip(1));
    }
    let passed = match command.as_deref() {
        Some("cases") => cases::run(),
        Some("pulled") => pulled::run(number(200), number(1)),
        Some("no-udevd") => cases::run_without_udevd(),
        Some("bench") => bench::run(),
        Some("sale-as-user") => user::sale(),
        Some("wait-as-user") => user::wait(),
        Some("hold") => user::hold(),
        _ => {
            eprintln!("usage: usb-machine cases | pulled [MOMENTS [SEED]] | no-udevd | bench");
            return ExitCode::from(2);
        }
    };
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The kernel must be Linux.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::from(2)
}
