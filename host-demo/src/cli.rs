//! The command line. It is a contract: `tests/contract.json` and the tests of the command line hold it.

pub mod journal;
pub mod sale;
pub mod undo;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use transport_usb::Identity;

pub use self::sale::{AuthArgs, ManualRefundArgs, PayArgs, PreauthArgs, SaleArgs};
pub use self::undo::{RefundArgs, VoidArgs};
use crate::sim::{Plan, Script};

/// Takes payments on a Clover terminal, or on a simulated one, from the command line.
#[derive(Debug, Parser)]
#[command(name = "host-demo", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a payment
    #[command(after_help = SALE_HELP)]
    Sale(Box<SaleArgs>),
    /// See to it that an invoice is paid, once, however often this is run
    #[command(after_help = PAY_HELP)]
    Pay(Box<PayArgs>),
    /// Take a payment now, to which a tip is added later
    #[command(after_help = AUTH_HELP)]
    Auth(Box<AuthArgs>),
    /// Reserve an amount, to be captured later
    #[command(after_help = PREAUTH_HELP)]
    Preauth(Box<PreauthArgs>),
    /// Void a payment
    #[command(after_help = undo::VOID_HELP)]
    Void(Box<VoidArgs>),
    /// Give a payment back, or a part of it
    #[command(after_help = undo::REFUND_HELP)]
    Refund(Box<RefundArgs>),
    /// Give money to a card without a payment
    #[command(after_help = MANUAL_REFUND_HELP)]
    ManualRefund(Box<ManualRefundArgs>),
    /// Ask the terminal what it is doing
    #[command(after_help = STATUS_HELP)]
    Status(StatusArgs),
    /// Look a payment up at the terminal
    #[command(after_help = PAYMENT_HELP)]
    Payment(PaymentArgs),
    /// List the payments that the terminal has taken offline and not sent to the bank yet
    #[command(after_help = PENDING_HELP)]
    Pending(PendingArgs),
    /// Show a line of text on the terminal
    #[command(after_help = MESSAGE_HELP)]
    Message(MessageArgs),
    /// Look into the journal of requests, and put on record what a person has found out
    #[command(after_help = journal::HELP)]
    Journal(journal::JournalArgs),
    /// Be a simulated terminal
    #[command(after_help = terminal_help())]
    Terminal(TerminalArgs),
    /// Say in JSON what messages hold
    #[command(after_help = DECODE_HELP)]
    Decode(DecodeArgs),
    /// List the terminals on USB, and what is missing to use them
    #[command(after_help = DEVICES_HELP)]
    Devices(DevicesArgs),
    /// Print the udev rules that let users open terminals on USB (Linux)
    #[command(after_help = UDEV_HELP)]
    Udev,
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// How the terminal is reached, and who the point of sale is.
#[derive(Debug, Clone, Args)]
pub struct Till {
    /// The terminal: `sim`, `usb`, `usb:SERIAL`, an address like ws://HOST:PORT/remote_pay, or a bare HOST or
    /// HOST:PORT
    #[arg(
        long,
        value_name = "TERMINAL",
        default_value = "sim",
        help_heading = "Terminal"
    )]
    pub to: String,
    /// Allow an unencrypted connection to another machine
    #[arg(long, help_heading = "Terminal")]
    pub insecure: bool,
    /// Take a simulator for a terminal; on this machine it always is
    #[arg(long, help_heading = "Terminal")]
    pub simulator: bool,
    /// Keep trying for this long if the terminal cannot be reached at first
    #[arg(long, value_name = "SECONDS", help_heading = "Terminal")]
    pub wait: Option<u64>,
    /// Which devices on USB are terminals.
    #[command(flatten)]
    pub usb: UsbArgs,
    /// The application id that the vendor issued for the point of sale
    #[arg(
        long,
        value_name = "ID",
        default_value = "com.example.host-demo:0.1.0",
        help_heading = "Point of sale"
    )]
    pub app_id: String,
    /// The name of the point of sale, shown on the terminal
    #[arg(
        long,
        value_name = "NAME",
        default_value = "Aisle 2",
        help_heading = "Point of sale"
    )]
    pub pos_name: String,
    /// The serial number of the point of sale
    #[arg(
        long,
        value_name = "SERIAL",
        default_value = "ABC123",
        help_heading = "Point of sale"
    )]
    pub serial: String,
    /// Where pairing tokens are kept (by default in the user's state folder; not at all for `sim`)
    #[arg(long, value_name = "FILE", help_heading = "Point of sale")]
    pub token_file: Option<PathBuf>,
    /// Where requests are put on record before they are sent (by default in the user's state folder; in memory
    /// for `sim`)
    #[arg(long, value_name = "FILE", help_heading = "Point of sale")]
    pub journal: Option<PathBuf>,
    /// Print one JSON object a line on standard output; what people read goes to standard error
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Which devices on USB are terminals.
#[derive(Debug, Clone, Args)]
pub struct UsbArgs {
    /// Take this USB device for a terminal too: VENDOR:PRODUCT=merchant or =accessory, then its name
    #[arg(long, value_name = "ID", help_heading = "USB")]
    pub usb_id: Vec<Identity>,
    /// The same, one a line in a file
    #[arg(long, value_name = "FILE", help_heading = "USB")]
    pub usb_ids: Option<PathBuf>,
    /// Take unknown products of the vendor for terminals by the last digit of their product id
    #[arg(long, help_heading = "USB")]
    pub usb_low_digit: bool,
}

/// `host-demo devices`
#[derive(Debug, Clone, Args)]
pub struct DevicesArgs {
    /// Which devices on USB are terminals.
    #[command(flatten)]
    pub usb: UsbArgs,
    /// Print one JSON object a line on standard output; what people read goes to standard error
    #[arg(long)]
    pub json: bool,
}

/// `host-demo status`
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// `host-demo payment`
#[derive(Debug, Clone, Args)]
pub struct PaymentArgs {
    /// The external id that it was made under
    #[arg(long, value_name = "ID")]
    pub external_id: String,
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// `host-demo pending`
#[derive(Debug, Clone, Args)]
pub struct PendingArgs {
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// `host-demo message`
#[derive(Debug, Clone, Args)]
pub struct MessageArgs {
    /// The text
    pub text: String,
    /// The terminal and the point of sale.
    #[command(flatten)]
    pub till: Till,
}

/// `host-demo terminal`
#[derive(Debug, Clone, Args)]
pub struct TerminalArgs {
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:12345")]
    pub listen: SocketAddr,
    /// Be a USB device instead, on a Linux machine with a device controller; needs root
    #[arg(long, value_name = "CONTROLLER", num_args = 0..=1, default_missing_value = "", conflicts_with = "listen")]
    pub usb_gadget: Option<String>,
    /// Be at the end of a serial line instead, which is a TCP connection that is made to this address: from an
    /// emulator, or a device that puts a line on the network. Packets have checks, as those of `proto-core` have
    #[arg(long, value_name = "tcp:ADDRESS:PORT", value_parser = serial_place, conflicts_with_all = ["listen", "usb_gadget"])]
    pub serial: Option<SocketAddr>,
    /// How it cuts what it sends over USB
    #[arg(long, value_enum, default_value = "new", requires = "usb_gadget")]
    pub usb_packets: Packets,
    /// What becomes of a sale (see below); several apply to one sale after the other, the last one to all that
    /// follow
    #[arg(long, value_name = "OUTCOME", default_value = "approve")]
    pub outcome: Vec<Plan>,
    /// What becomes of the sales and what goes wrong on the link: a file, or the name of a ready one (see below)
    #[arg(long, value_name = "NAME|FILE", value_parser = Script::load, conflicts_with_all = ["outcome", "step"])]
    pub script: Option<Script>,
    /// How long each step takes, e.g. a screen: with a second or more there is time to press a key
    #[arg(long, value_name = "MILLISECONDS", default_value_t = Plan::STEP.as_millis())]
    pub step: u64,
    /// Who types the pairing code on the terminal
    #[arg(long, value_enum, default_value = "auto")]
    pub pair: Pair,
    /// End when the first point of sale is gone
    #[arg(long)]
    pub once: bool,
    /// Listen for other machines too: anyone in the network can then use this simulator
    #[arg(long)]
    pub allow_network: bool,
}

/// `host-demo decode`
#[derive(Debug, Clone, Args)]
pub struct DecodeArgs {
    /// What to read (standard input by default)
    pub file: Option<PathBuf>,
    /// The input is a packet stream of USB or a serial line, as hexadecimal text; `#` begins a comment
    #[arg(long)]
    pub hex: bool,
    /// Print tokens, card data and authorisation codes as they are
    #[arg(long)]
    pub show_secrets: bool,
}

fn serial_place(place: &str) -> Result<SocketAddr, String> {
    let address = place
        .strip_prefix("tcp:")
        .ok_or("it must begin with tcp:")?;
    address.parse().map_err(|error| format!("{error}"))
}

/// How a simulated terminal cuts what it sends over USB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Packets {
    /// As new terminals do: a transfer that fills its last packet ends with an empty one
    New,
    /// As old ones do: it does not
    Old,
    /// One byte a packet
    Tiny,
}

/// Who types the pairing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pair {
    /// The simulator by itself
    Auto,
    /// A person, on standard input
    Type,
}

/// What stands below the options of `terminal`.
fn terminal_help() -> String {
    let outcomes: String = Plan::OUTCOMES
        .iter()
        .map(|(form, meaning)| format!("  {form:<17} {meaning}\n"))
        .collect();
    let scripts: String = Script::READY
        .iter()
        .filter_map(|(name, text)| Some((name, Script::parse(text).ok()?.about)))
        .map(|(name, about)| format!("  {name:<22} {about}\n"))
        .collect();
    format!(
        "Outcomes, joined with `+`:\n{outcomes}\nScripts that are ready, and what they teach:\n{scripts}\n{TERMINAL_HELP}"
    )
}

const AFTER_HELP: &str = "\
Examples:
  host-demo sale --amount 10.00              take a payment on a simulated terminal
  host-demo terminal                         be a simulated terminal
  host-demo devices                          list the terminals on USB
  host-demo sale --amount 10.00 --to usb     take a payment on the one that is there
  host-demo sale --amount 10.00 --to ws://127.0.0.1:12345/remote_pay";

const SALE_HELP: &str = "\
Examples:
  host-demo sale --amount 10.00
  host-demo sale --minor 1000 --external-id INV-2026-0001
  host-demo sale --amount 10.00 --to ws://127.0.0.1:12345/remote_pay --json
  host-demo sale --amount 10.00 --to ws://192.168.0.112:12345/remote_pay --insecure --deadline 120
  host-demo sale --amount 10.00 --tip-mode on-screen --tip-suggestion 15%=Good --tip-suggestion 2.00=Great
  host-demo sale --amount 10.00 --tip 1.50 --tip-mode provided --tax 0.80 --reference-id INV-77
  host-demo sale --amount 10.00 --card-entry chip,contactless --partial refuse --offline forbid
  host-demo sale --amount 10.00 --signature-threshold 0.00 --signature-file signature.svg
  host-demo sale --amount 10.00 --vaulted-card card.json --extra till=2

The terminal may ask to confirm the payment (a possible duplicate, no network) or to check a signature. A person at
the keyboard is asked; --yes or --no answers for all. With neither, and standard input no terminal, nobody can be
asked: the question is rejected when its time is up.

A vaulted card is the JSON object of VAULT_CARD_RESPONSE:
  {\"first6\":\"...\",\"last4\":\"...\",\"cardholderName\":\"...\",\"expirationDate\":\"MMYY\",\"token\":\"...\"}

Exit status:
   0  paid
   2  the request was wrong, nothing was sent
  10  the card was declined, or the terminal refused (busy with something else)
  11  the merchant's settings do not allow it
  12  cancelled, or a question of the terminal rejected
  13  the terminal was not reached
  14  it is not known whether the customer has paid: ask the terminal for the external id
  15  paid, but for less than was asked

The first interrupt (Ctrl-C) cancels the sale and waits up to 10 seconds for the outcome, the second ends the program.";

const AUTH_HELP: &str = "\
Examples:
  host-demo auth --amount 10.00 --to ws://127.0.0.1:12345/remote_pay
  host-demo auth --amount 10.00 --external-id TABLE-7 --to usb --json

Exit status: as for `sale`.";

const PREAUTH_HELP: &str = "\
Examples:
  host-demo preauth --amount 100.00 --to ws://127.0.0.1:12345/remote_pay
  host-demo preauth --amount 100.00 --external-id ROOM-12 --to usb --json

What is reserved is no payment yet: `host-demo void` releases it.

Exit status: as for `sale`; 0 is reserved.";

const MANUAL_REFUND_HELP: &str = "\
Examples:
  host-demo manual-refund --amount 10.00 --to ws://127.0.0.1:12345/remote_pay
  host-demo manual-refund --amount 10.00 --external-id CREDIT-1 --to usb --json

A terminal cannot be asked for it afterwards: after `unknown` look at its own list before you ask for it again. If
there is a payment to give back, use `host-demo refund`.

Exit status: as for `sale`; 0 is given back.";

const PAY_HELP: &str = "\
Examples:
  host-demo pay --amount 10.00 --external-id INV-2026-0001 --to ws://127.0.0.1:12345/remote_pay
  host-demo pay --amount 10.00 --external-id INV-2026-0001 --to usb --retry

Run it as often as you like, after a crash too. What is on record under the external id is the answer, and nothing is
sent. What is not known is found out first. Only then the terminal is asked. (`--to sim` keeps its record in memory,
unless --journal names a file.)

The last line with --json is `paid`: its `standing` is full, partial, not_made, unknown or conflict.

Exit status: as for `sale`, and
  16  something else is known under the external id (`differs`: amount, kind or terminal); a person must look";

const STATUS_HELP: &str = "\
Examples:
  host-demo status --to ws://127.0.0.1:12345/remote_pay
  host-demo status --to usb --json

What earlier runs have left open is found out first. Exit status: 0 if it has answered, 13 if not.";

const PAYMENT_HELP: &str = "\
Examples:
  host-demo payment --external-id INV-2026-0001 --to ws://127.0.0.1:12345/remote_pay
  host-demo payment --external-id INV-2026-0001 --to usb --json

A terminal knows the payments of the last 24 hours. That it finds none is no proof that there is none: `host-demo pay`
finds that out.

Exit status: 0 if there is one, whatever became of it; 14 if none is found, 13 if there was no answer.";

const PENDING_HELP: &str = "\
Examples:
  host-demo pending --to ws://127.0.0.1:12345/remote_pay
  host-demo pending --to usb --json

Exit status: 0 if it has answered, 13 if not.";

const MESSAGE_HELP: &str = "\
Examples:
  host-demo message \"Welcome to Clover Connector!\"
  host-demo message \"Back in 5 minutes\" --to ws://127.0.0.1:12345/remote_pay";

const TERMINAL_HELP: &str = "\
Examples:
  host-demo terminal
  host-demo terminal --listen 127.0.0.1:0 --outcome approve --outcome decline --outcome cancel
  host-demo terminal --outcome tip:1.50+signature+duplicate --outcome partial:6.00
  host-demo terminal --outcome late --step 2000
  host-demo terminal --script answer-after-reconnect
  host-demo terminal --pair type
  host-demo terminal --serial tcp:127.0.0.1:0
  host-demo terminal --usb-gadget            on a board with a USB device port, e.g. a Raspberry Pi Zero

What a sale does not want does not happen: no question about a duplicate if it switches that off, no signature
below its threshold.

A script is a TOML file:

  about = \"What an integrator learns from it.\"
  step-ms = 10                      # how long each step takes

  [[transaction]]                   # one after the other; the last one goes for all that follow
  outcome = \"tip:1.50+signature\"    # also: step-ms, bank-ms, upload-ms

  [[fault]]                         # once each
  method = \"FINISH_OK\"              # at the first message of it (`nth = 2`: the second); or `message = 12`, or
  what = \"cut\"                      # `byte = 4000`, counted in both directions
  ms = 1000

A fault is one of: cut (`arrives = true`: the message still does), stall, delay, reorder (it arrives first thing on the
next connection), restart, other-terminal, all with `ms`; duplicate, lose, garble; unasked, with `send`, a method, and
`payload`, its JSON as text.

It says that it is a simulator in the protocol: merchant and model are SIMULATOR.";

const DECODE_HELP: &str = "\
Examples:
  host-demo decode messages.jsonl
  host-demo decode --hex capture.hex | jq -c 'select(.method == \"FINISH_OK\").message.payment'
  echo '{\"method\":\"TIP_ADDED\",\"payload\":\"{\\\"tipAmount\\\":150}\"}' | host-demo decode

It reads JSON envelopes, one a line or pretty-printed, and prints a line for each message: its fields opened where
they are JSON in a string, its lists without {\"elements\":[]}, its fragments joined:

  {\"method\":...,\"type\":...,\"id\":...,\"message\":{...}}

What cannot be read gets a line too, with the byte of the input where the trouble is. With --hex that is the byte
of the stream where the message begins:

  {\"error\":{\"at\":...,\"what\":...}}

Exit status:
   0  everything was read
   2  there is no such file, or it cannot be read
   3  something in it was no message";

const DEVICES_HELP: &str = "\
Examples:
  host-demo devices
  host-demo devices --usb-id \"28f3:9003=merchant Clover Next\"

Each is opened for a moment; nothing is sent to it. Exit status: 0 if one can be used, 13 if not.";

const UDEV_HELP: &str = "\
Examples:
  host-demo udev | sudo tee /etc/udev/rules.d/70-remote-pay.rules && sudo udevadm control --reload

Then plug the terminal in again.";

const COMPLETIONS_HELP: &str = "\
Examples:
  host-demo completions bash > ~/.local/share/bash-completion/completions/host-demo
  host-demo completions zsh > ~/.zfunc/_host-demo";
