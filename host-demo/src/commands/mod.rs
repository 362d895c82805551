//! The commands.

mod decode;
mod devices;
mod journal;
mod kept;
mod message;
mod pay;
mod questions;
mod request;
mod retrieve;
mod sale;
mod terminal;
mod till;
mod udev;
mod undo;
mod usb;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use proto_core::pos::{RequestKind, ResultCode};

use crate::cli::{Cli, Command};
use crate::report::{NotStarted, Report, Standing, status};

/// Runs the program with these arguments, the first being its name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&args, &error),
    };
    ExitCode::from(match cli.command {
        Command::Sale(args) => sale::run(RequestKind::Sale, &args),
        Command::Auth(args) => sale::run(RequestKind::Auth, &args.sale),
        Command::Preauth(args) => sale::run(RequestKind::PreAuth, &args.sale),
        Command::ManualRefund(args) => sale::run(RequestKind::ManualRefund, &args.sale),
        Command::Void(args) => undo::void(&args),
        Command::Refund(args) => undo::refund(&args),
        Command::Pay(args) => pay::run(&args),
        Command::Status(args) => retrieve::device_status(&args.till),
        Command::Payment(args) => retrieve::payment(&args),
        Command::Pending(args) => retrieve::pending(&args.till),
        Command::Message(args) => message::run(&args),
        Command::Journal(args) => journal::run(&args),
        Command::Terminal(args) => terminal::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Udev => udev::run(),
        Command::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "host-demo", &mut std::io::stdout());
            status::OK
        }
    })
}

/// Tells what is wrong with the arguments; what moves money has its last line all the same.
fn usage(args: &[OsString], error: &clap::Error) -> ExitCode {
    let asked_for_help = !error.use_stderr();
    let _ = error.print();
    if asked_for_help {
        return ExitCode::from(status::OK);
    }
    // No option stands before the command.
    let command = args.get(1).and_then(|command| command.to_str());
    if let Some((command, request)) = command.and_then(|command| Some((command, kind(command)?))) {
        // Up to how it is used right; which arguments are missing stands below the first line.
        let message = error.to_string();
        let lines = message.lines().map(str::trim);
        let lines: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        let message = lines.join(" ");
        let report = Report::new(args.iter().any(|arg| arg == "--json"));
        let line = NotStarted {
            request,
            external_id: external_id(args),
            ..NotStarted::not_made(
                ResultCode::Fail,
                "refused",
                "Request Validation Error",
                message.trim_start_matches("error: "),
            )
        };
        report.line(&match command {
            "pay" => Standing::not_started(&line, status::USAGE).line(),
            _ => line.line(),
        });
    }
    ExitCode::from(status::USAGE)
}

/// What a command asks for, if it moves money.
fn kind(command: &str) -> Option<RequestKind> {
    Some(match command {
        "sale" | "pay" => RequestKind::Sale,
        "auth" => RequestKind::Auth,
        "preauth" => RequestKind::PreAuth,
        "manual-refund" => RequestKind::ManualRefund,
        "refund" => RequestKind::Refund,
        "void" => RequestKind::Void,
        _ => return None,
    })
}

/// The external id among arguments that are wrong as a whole.
fn external_id(args: &[OsString]) -> Option<&str> {
    const NAME: &str = "--external-id";
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == NAME {
            return args.next();
        }
        if let Some(id) = arg
            .strip_prefix(NAME)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(id);
        }
    }
    None
}
