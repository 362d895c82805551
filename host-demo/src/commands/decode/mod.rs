//! `host-demo decode`

mod hex;
mod texts;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write};

use proto_core::run::Room as _;
use proto_core::time::Instant;
use proto_core::wire::json::{Array, Full, Json, Object, Text, Value, WriteJson, Writer};
use proto_core::wire::{Joined, Joiner, Message, OpenError, Unreadable, name_in_head, open};

use crate::cli::DecodeArgs;
use crate::report::status;

pub(super) fn run(args: &DecodeArgs) -> u8 {
    let input = match input(args) {
        Ok(input) => input,
        Err(error) => return cannot_read(args, &error),
    };
    let mut decoder = Decoder::new(io::stdout().lock(), args.show_secrets);
    let read = if args.hex {
        hex::read(input, &mut decoder)
    } else {
        texts::read(input, &mut decoder)
    };
    match read {
        Ok(()) => {}
        Err(Stop::Input(error)) => return cannot_read(args, &error),
        // Who has closed the pipe does not want to know.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(Stop::Output(error)) => {
            complain(&format!("Standard output cannot be written: {error}"));
            return status::UNREADABLE;
        }
    }
    if decoder.failed {
        status::UNREADABLE
    } else {
        status::OK
    }
}

fn input(args: &DecodeArgs) -> io::Result<Box<dyn BufRead>> {
    match &args.file {
        Some(file) if file.as_os_str() != "-" => Ok(Box::new(BufReader::new(File::open(file)?))),
        _ => {
            let input = io::stdin().lock();
            if input.is_terminal() {
                complain("Reading messages from standard input.");
            }
            Ok(Box::new(input))
        }
    }
}

fn cannot_read(args: &DecodeArgs, error: &io::Error) -> u8 {
    match &args.file {
        Some(file) => complain(&format!("{} cannot be read: {error}", file.display())),
        None => complain(&format!("Standard input cannot be read: {error}")),
    }
    status::USAGE
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Why not everything was read.
enum Stop {
    Input(io::Error),
    Output(io::Error),
}

/// Prints a line for each message that it is given. Its memory is bounded: what is joined by
/// [`MAX_JOINED`](proto_core::wire::MAX_JOINED), all else by the length of the messages.
struct Decoder<W> {
    out: W,
    show_secrets: bool,
    /// Something was no message.
    failed: bool,
    joiner: Joiner,
    /// Where fragments are joined.
    joined: Vec<u8>,
    /// A message that is opened, and the line that is made of it.
    opened: Vec<u8>,
    line: Vec<u8>,
}

impl<W: Write> Decoder<W> {
    fn new(out: W, show_secrets: bool) -> Self {
        Self {
            out,
            show_secrets,
            failed: false,
            joiner: Joiner::new(),
            joined: Vec::new(),
            opened: Vec::new(),
            line: Vec::new(),
        }
    }

    /// Takes a message or a fragment. `place` says where in the input its bytes are. What is wrong with a
    /// message in fragments is wrong where that was found out.
    fn message(&mut self, text: &[u8], place: impl Fn(usize) -> u64) -> Result<(), Stop> {
        loop {
            // There is no time in a file.
            match self.joiner.join(Instant::ZERO, text, &mut self.joined) {
                Joined::Other => {
                    let mut opened = std::mem::take(&mut self.opened);
                    opened.clear();
                    opened.extend_from_slice(text);
                    let place = |why: OpenError| place(why.place_in(text));
                    let printed = self.print(open(&mut opened), place);
                    self.opened = opened;
                    return printed;
                }
                Joined::Taken => return Ok(()),
                Joined::NeedsRoom(needed) => self.joined.grow(needed),
                Joined::Overtaken(len) => self.print_joined(len, place(0))?,
                Joined::Whole(len) => return self.print_joined(len, place(0)),
                Joined::Lost(error) => {
                    let unreadable = Unreadable {
                        method: name_in_head(text),
                        why: OpenError::Fragments(error),
                    };
                    return self.fail(place(0), &unreadable.to_string());
                }
            }
        }
    }

    /// The input ends here, at `at`.
    fn end(&mut self, at: u64) -> Result<(), Stop> {
        match self.joiner.end(&mut self.joined) {
            Some(len) => self.print_joined(len, at),
            None => Ok(()),
        }
    }

    fn print_joined(&mut self, len: usize, at: u64) -> Result<(), Stop> {
        let mut joined = std::mem::take(&mut self.joined);
        let message = open(joined.get_mut(..len).unwrap_or_default());
        let printed = self.print(message, |_| at);
        self.joined = joined;
        printed
    }

    fn print(
        &mut self,
        message: Result<Message<'_>, Unreadable<'_>>,
        place: impl Fn(OpenError) -> u64,
    ) -> Result<(), Stop> {
        match message {
            Ok(message) => self.line(|to| write_message(to, &message)),
            Err(unreadable) => self.fail(place(unreadable.why), &unreadable.to_string()),
        }
    }

    /// Prints what is wrong, and where in the input.
    fn fail(&mut self, at: u64, what: &str) -> Result<(), Stop> {
        self.failed = true;
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.line(|to| {
            to.object(|to| {
                to.key("error");
                to.object(|to| {
                    to.member("at", &at);
                    to.member("what", what);
                });
            });
        })
    }

    fn line(&mut self, write: impl Fn(&mut Writer<'_>)) -> Result<(), Stop> {
        let written = |room: &mut [u8]| {
            let mut writer = Writer::new(room);
            write(&mut writer);
            writer.finish()
        };
        let len = written(&mut self.line).or_else(|Full { needed }| {
            self.line.resize(needed, 0);
            written(&mut self.line)
        });
        let json = len
            .ok()
            .and_then(|len| self.line.get(..len))
            .and_then(|line| std::str::from_utf8(line).ok())
            .and_then(Json::parse)
            .ok_or_else(|| Stop::Output(io::Error::other("a line is no JSON")))?;
        let printed = if self.show_secrets {
            writeln!(self.out, "{}", json.expose())
        } else {
            writeln!(self.out, "{}", json.masked())
        };
        printed
            .and_then(|()| self.out.flush())
            .map_err(Stop::Output)
    }
}

fn write_message(to: &mut Writer<'_>, message: &Message<'_>) {
    to.object(|to| {
        to.key("method");
        match message.method {
            Some(method) => method.write(to),
            None => Value::Null.write(to),
        }
        to.member("type", &message.kind);
        to.member("id", &message.id.map_or(Value::Null, Value::String));
        to.member("message", &Plain(Value::Object(message.payload)));
    });
}

/// A value without what the wire puts around it: lists bare, strings with no more escapes than they need.
struct Plain<'m>(Value<'m>);

impl WriteJson for Plain<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        match self.0 {
            Value::List(list) => to.list(list.items().map(Plain)),
            Value::Object(object) => match elements(object) {
                Some(list) => to.list(list.items().map(Plain)),
                None => to.object(|to| {
                    for (name, value) in object.members() {
                        to.key(name);
                        Plain(value).write(to);
                    }
                }),
            },
            Value::String(text) if text.as_str().is_none() => {
                to.string(Text::from(text.to_string().as_str()));
            }
            other => other.write(to),
        }
    }
}

/// The list in `{"elements":[…]}`. With anything beside the list it is another object.
fn elements(object: Object<'_>) -> Option<Array<'_>> {
    let mut members = object.members();
    match (members.next(), members.next()) {
        (Some((name, Value::List(list))), None) if name == "elements" => Some(list),
        _ => None,
    }
}
