//! `host-demo terminal`

use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use proto_core::pos::RequestKind;

use crate::amount::major;
#[cfg(target_os = "linux")]
use crate::cli::Packets;
use crate::cli::{Pair, TerminalArgs};
use crate::report::status;
use crate::sim::{
    Keyboard, Pairing, Plan, Question, Script, Seen, SimulatorOptions, SimulatorThread, TcpLine,
};

/// How often it is said that anyone in the network can use the simulator.
const WARNING: Duration = Duration::from_secs(60);

enum Note {
    Gone,
    Interrupted,
}

pub(super) fn run(args: &TerminalArgs) -> u8 {
    let listens = args.serial.unwrap_or(args.listen);
    if !listens.ip().is_loopback() && !args.allow_network {
        complain(&format!(
            "{listens} can be reached by other machines. Use --allow-network if that is what you want."
        ));
        return status::USAGE;
    }
    let (notes, received) = channel();
    let gone = notes.clone();
    let started = start(args, move |seen| {
        say(&text(seen));
        if matches!(seen, Seen::Disconnected(_)) {
            let _ = gone.send(Note::Gone);
        }
    });
    let (simulator, place) = match started {
        Ok(started) => started,
        Err(error) => {
            let place = match &args.usb_gadget {
                Some(_) => "be a USB device".to_owned(),
                None => format!("listen at {listens}"),
            };
            complain(&format!("Cannot {place}: {error}"));
            return status::ERROR;
        }
    };
    // First: who reads the address may interrupt at once.
    let _ = ctrlc::set_handler(move || {
        let _ = notes.send(Note::Interrupted);
    });
    say(&format!("SIMULATOR {place}"));
    if args.pair == Pair::Type {
        read_codes(simulator.keyboard());
    }
    loop {
        if args.allow_network {
            complain("Warning: anyone in the network can use this simulator (--allow-network).");
        }
        let note = if args.allow_network {
            received.recv_timeout(WARNING)
        } else {
            received.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match note {
            Ok(Note::Gone) if !args.once => {}
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Note::Gone | Note::Interrupted) | Err(RecvTimeoutError::Disconnected) => {
                return status::OK;
            }
        }
    }
}

/// Starts the simulator, and says where it is: on the network, on USB, or on a serial line.
fn start(
    args: &TerminalArgs,
    look: impl FnMut(&Seen) + Send + 'static,
) -> io::Result<(SimulatorThread, String)> {
    let pairing = match args.pair {
        Pair::Auto => Pairing::Auto,
        Pair::Type => Pairing::Type,
    };
    if let Some(controller) = &args.usb_gadget {
        let simulator = start_usb(controller, args, pairing, look)?;
        return Ok((simulator, "plugged in, in merchant mode".to_owned()));
    }
    if let Some(address) = args.serial {
        let (link, park, address) = TcpLine::listen(address, args.allow_network)?;
        let simulator = SimulatorThread::start_on(link, park, pairing, script(args), look)?;
        return Ok((simulator, format!("on a serial line at tcp:{address}")));
    }
    let options = SimulatorOptions {
        listen: args.listen,
        pairing,
        script: script(args),
        allow_network: args.allow_network,
    };
    let simulator = SimulatorThread::start(options, look)?;
    let place = format!("listening at {}", simulator.url());
    Ok((simulator, place))
}

#[cfg(target_os = "linux")]
fn start_usb(
    controller: &str,
    args: &TerminalArgs,
    pairing: Pairing,
    look: impl FnMut(&Seen) + Send + 'static,
) -> io::Result<SimulatorThread> {
    let mut options = transport_usb::GadgetOptions::default();
    options.controller = (!controller.is_empty()).then(|| controller.to_owned());
    options.style = match args.usb_packets {
        Packets::New => transport_usb::PacketStyle::New,
        Packets::Old => transport_usb::PacketStyle::Old,
        Packets::Tiny => transport_usb::PacketStyle::Tiny,
    };
    let (link, park) = transport_usb::UsbGadget::new(options)?;
    SimulatorThread::start_on(link, park, pairing, script(args), look)
}

#[cfg(not(target_os = "linux"))]
fn start_usb(
    _: &str,
    _: &TerminalArgs,
    _: Pairing,
    _: impl FnMut(&Seen) + Send + 'static,
) -> io::Result<SimulatorThread> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "only Linux can be a USB device",
    ))
}

/// The script, or what becomes of the sales at the pace that was asked for.
fn script(args: &TerminalArgs) -> Script {
    if let Some(script) = &args.script {
        return script.clone();
    }
    let at_pace = |plan: &Plan| Plan {
        step: proto_core::time::Duration::from_millis(args.step),
        ..plan.clone()
    };
    args.outcome.iter().map(at_pace).collect::<Vec<_>>().into()
}

/// Reads codes from standard input until it ends. The thread ends with the program.
fn read_codes(keyboard: Keyboard) {
    let read = move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            keyboard.type_code(&line);
        }
    };
    if let Err(error) = std::thread::Builder::new().spawn(read) {
        complain(&format!("Standard input cannot be read: {error}"));
    }
}

fn text(seen: &Seen) -> String {
    match seen {
        Seen::Connected(peer) => format!("A point of sale is connected: {peer}"),
        Seen::Disconnected(why) => format!("The point of sale is gone: {why}"),
        Seen::Code(code, Pairing::Auto) => format!("Pairing code: {code} (typed by itself)"),
        Seen::Code(code, Pairing::Type) => format!("Pairing code: {code}. Type it here:"),
        Seen::Paired {
            name,
            with_code: true,
        } => format!("Paired with {name}"),
        Seen::Paired {
            name,
            with_code: false,
        } => format!("Paired with {name} again, no code needed"),
        Seen::WrongCode => "That is not the code.".to_owned(),
        Seen::Message(text) => format!("[ {text} ]"),
        Seen::Welcome => "[ Welcome ]".to_owned(),
        Seen::ThankYou => "[ Thank you ]".to_owned(),
        Seen::Begun {
            kind,
            amount: 0,
            id,
        } => format!("{} ({id})", called(*kind)),
        Seen::Begun { kind, amount, id } => {
            format!("{} of {} ({id})", called(*kind), major(*amount))
        }
        Seen::NotStarted(why) => format!("It was not started: {why}"),
        Seen::Screen { state, text } => format!("[ {text} ]  {state}"),
        Seen::Tip(tip) => format!("Tip: {}", major(*tip)),
        Seen::Cashback(amount) => format!("Cash back: {}", major(*amount)),
        Seen::Partial(amount) => format!("The bank approves no more than {}", major(*amount)),
        Seen::Asked(_, words) => format!("The point of sale is asked: {words}"),
        Seen::Answered(question, accepted) => {
            let verb = if *accepted { "accepts" } else { "rejects" };
            let what = match question {
                Question::Payment => "payment",
                Question::Signature => "signature",
            };
            format!("The point of sale {verb} the {what}")
        }
        Seen::Printed(what) => format!("To be printed by the point of sale: {what}"),
        Seen::Voided(reason) => format!("The payment was voided: {reason}"),
        Seen::Paid { payment, amount } => format!("Paid {}: payment {payment}", major(*amount)),
        Seen::GivenBack { id, amount } => format!("Given back {}: {id}", major(*amount)),
        Seen::Sent(payment, true) => format!("Sent to the bank: payment {payment}"),
        Seen::Sent(payment, false) => format!("Sent to the bank, and declined: payment {payment}"),
        Seen::NotDone(RequestKind::ManualRefund | RequestKind::Refund) => {
            "Not given back".to_owned()
        }
        Seen::NotDone(RequestKind::Void) => "Not voided".to_owned(),
        Seen::NotDone(_) => "Not paid".to_owned(),
        Seen::Key { key, offered: true } => format!("Key pressed: {key}"),
        Seen::Key { key, .. } => format!("Key pressed that is not on the screen: {key}"),
        Seen::Reset => "Reset by the point of sale".to_owned(),
        Seen::Trouble(what) => format!("Trouble: {what}"),
    }
}

fn called(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Auth => "Auth",
        RequestKind::PreAuth => "Pre-auth",
        RequestKind::ManualRefund => "Manual refund",
        RequestKind::Refund => "Refund",
        RequestKind::Void => "Void",
        _ => "Sale",
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Who has closed the pipe does not want to know.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
