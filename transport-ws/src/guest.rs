//! A connection to the server before it is a link: reading its HTTP request, judging it, answering.
//!
//! The library's own server handshake answers nothing to a request that is no WebSocket handshake (it
//! gives up before it asks its callback), and a person who opens the terminal's address in a browser
//! must get a word. So the request is read here, with the library's parser and its own rules for the
//! answer.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tungstenite::error::ProtocolError;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::header::{HOST, ORIGIN};
use tungstenite::http::{Method, StatusCode};
use tungstenite::protocol::Role;
use tungstenite::{Error, WebSocket};

use crate::server::ServerOptions;
use crate::socket::{Connection, config};
use crate::stream::Stream;
use crate::url::is_loopback_host;

/// Somebody who has connected, until it is served or turned away.
pub(crate) struct Guest {
    stream: Stream,
    peer: SocketAddr,
    /// When it is sent away, whatever it is about.
    until: Instant,
    stage: Stage,
}

enum Stage {
    /// The request so far.
    Asking(Vec<u8>),
    /// The rest of the answer, and whether it is a welcome.
    Hearing { answer: Vec<u8>, welcome: bool },
    /// It was turned away and has heard why. Its socket stays until it hangs up, as closing it with
    /// something unread in it would take the answer away again.
    Leaving { unread: usize },
}

/// What a guest has become.
pub(crate) enum Visit {
    Waiting(Guest),
    Served(Box<Connection>, SocketAddr),
    Gone,
}

impl Guest {
    pub(crate) fn new(stream: Stream, peer: SocketAddr, limit: Duration) -> Self {
        Self {
            stream,
            peer,
            until: Instant::now() + limit,
            stage: Stage::Asking(Vec::new()),
        }
    }

    /// Whether it is being told that it is served.
    pub(crate) fn is_welcome(&self) -> bool {
        matches!(self.stage, Stage::Hearing { welcome: true, .. })
    }

    /// When it must be polled again at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        self.until
    }

    /// Waits for what the last poll was refused.
    pub(crate) fn arm(&mut self, registry: &mio::Registry) -> std::io::Result<()> {
        self.stream.arm(registry)
    }

    /// Does what can be done without waiting. `taken` says that somebody else is served.
    pub(crate) fn poll(mut self, options: &ServerOptions, taken: bool) -> Visit {
        loop {
            let next = match &mut self.stage {
                Stage::Asking(request) => match ask(&mut self.stream, request, options, taken) {
                    Progress::Done(answer) => Stage::Hearing {
                        welcome: answer.welcome,
                        answer: answer.bytes,
                    },
                    Progress::Blocked => break,
                    Progress::Over => return Visit::Gone,
                },
                Stage::Hearing { answer, welcome } => match hear(&mut self.stream, answer) {
                    Progress::Done(()) if *welcome => {
                        let socket =
                            WebSocket::from_raw_socket(self.stream, Role::Server, Some(config()));
                        return Visit::Served(Connection::new(socket), self.peer);
                    }
                    Progress::Done(()) => match self.stream.finish_writing() {
                        Ok(()) => Stage::Leaving { unread: MAX_UNREAD },
                        Err(_) => return Visit::Gone,
                    },
                    Progress::Blocked => break,
                    Progress::Over => return Visit::Gone,
                },
                Stage::Leaving { unread } => match leave(&mut self.stream, unread) {
                    Progress::Blocked => break,
                    Progress::Done(()) | Progress::Over => return Visit::Gone,
                },
            };
            self.stage = next;
        }
        if Instant::now() < self.until {
            Visit::Waiting(self)
        } else {
            Visit::Gone
        }
    }
}

enum Progress<T> {
    Done(T),
    Blocked,
    /// The guest is gone, or not worth more.
    Over,
}

/// Reads the request; done when there is an answer to it.
fn ask(
    stream: &mut Stream,
    request: &mut Vec<u8>,
    options: &ServerOptions,
    taken: bool,
) -> Progress<Answer> {
    let mut piece = [0; PIECE];
    loop {
        let read = match stream.read(&mut piece) {
            Ok(0) => return Progress::Over,
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Blocked,
            Err(_) => return Progress::Over,
        };
        request.extend(piece.iter().take(read));
        if let Some(answer) = judge(request, options, taken) {
            return Progress::Done(answer);
        }
    }
}

/// Writes the answer.
fn hear(stream: &mut Stream, answer: &mut Vec<u8>) -> Progress<()> {
    while !answer.is_empty() {
        match stream.write(answer) {
            Ok(n) => drop(answer.drain(..n.min(answer.len()))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Blocked,
            Err(_) => return Progress::Over,
        }
    }
    if stream.broken.is_some() {
        Progress::Over
    } else {
        Progress::Done(())
    }
}

/// Reads what is left, into nothing.
fn leave(stream: &mut Stream, unread: &mut usize) -> Progress<()> {
    let mut piece = [0; PIECE];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return Progress::Done(()),
            Ok(n) if n < *unread => *unread -= n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Blocked,
            Ok(_) | Err(_) => return Progress::Over,
        }
    }
}

struct Answer {
    bytes: Vec<u8>,
    welcome: bool,
}

/// The answer to a request, if it is complete or wrong already.
fn judge(request: &[u8], options: &ServerOptions, taken: bool) -> Option<Answer> {
    let refused = |status: StatusCode, why: &str| Some(refusal(status, "", why));
    let (length, head) = match Request::try_parse(request) {
        Ok(Some(parsed)) => parsed,
        Ok(None) if request.len() < MAX_REQUEST => return None,
        Ok(None) => {
            return refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request is too long.",
            );
        }
        Err(Error::Protocol(ProtocolError::WrongHttpMethod)) => {
            let why = "Only GET is answered here.";
            return Some(refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "Allow: GET\r\n",
                why,
            ));
        }
        Err(_) => return refused(StatusCode::BAD_REQUEST, "This is no HTTP request."),
    };
    if let Err(why) = admit(&head, options) {
        return refused(StatusCode::FORBIDDEN, why);
    }
    if head.method() != Method::GET || head.uri().path() != options.path {
        return refused(
            StatusCode::NOT_FOUND,
            "There is nothing here. The terminal answers under its own path only, usually /remote_pay.",
        );
    }
    let response = match create_response(&head) {
        Ok(response) => response,
        Err(Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        )) => {
            return Some(refusal(
                StatusCode::UPGRADE_REQUIRED,
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                "A terminal answers here, to WebSocket clients only.",
            ));
        }
        Err(error) => {
            let why = format!("The WebSocket handshake is wrong: {error}.");
            return refused(StatusCode::BAD_REQUEST, &why);
        }
    };
    if length != request.len() {
        return refused(
            StatusCode::BAD_REQUEST,
            "The WebSocket handshake is wrong: there is more after the request.",
        );
    }
    if taken {
        return Some(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("{TAKEN_HEADER}: 1\r\n"),
            "Another point of sale is connected to this terminal. Disconnect it first.",
        ));
    }
    let mut bytes = Vec::new();
    match write_response(&mut bytes, &response) {
        Ok(()) => Some(Answer {
            bytes,
            welcome: true,
        }),
        Err(_) => refused(StatusCode::BAD_REQUEST, "The WebSocket handshake is wrong."),
    }
}

/// Lets in whom the options allow. A web page can make a browser connect to any address, this
/// machine's too: the browser then sends the page's origin, and, if the page's owner pointed a name
/// of his at the address (DNS rebinding), that name as the host.
fn admit(head: &Request, options: &ServerOptions) -> Result<(), &'static str> {
    let mut hosts = head.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err("There must be one Host header.");
    };
    if !options.allow_network && !host.to_str().is_ok_and(is_loopback_host) {
        return Err("Only this machine itself may connect, under its own name.");
    }
    let is_allowed = |origin: &[u8]| {
        let mut allowed = options.allowed_origins.iter();
        allowed.any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin))
    };
    let mut origins = head.headers().get_all(ORIGIN).iter();
    if origins.all(|origin| is_allowed(origin.as_bytes())) {
        Ok(())
    } else {
        Err("Web pages of this origin may not connect.")
    }
}

fn refusal(status: StatusCode, headers: &str, why: &str) -> Answer {
    let mut text = String::new();
    let length = why.len() + 1;
    // Printing into a string does not fail.
    let _ = write!(
        text,
        "HTTP/1.1 {status}\r\n{headers}\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{why}\n"
    );
    Answer {
        bytes: text.into_bytes(),
        welcome: false,
    }
}

/// By this header a client knows a 503 as "another point of sale is connected".
pub(crate) const TAKEN_HEADER: &str = "remote-pay-taken";

/// The longest HTTP request the server reads, in bytes.
pub const MAX_REQUEST: usize = 8 * 1024;

/// How much is read of a guest that has been turned away.
const MAX_UNREAD: usize = 64 * 1024;

const PIECE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET /remote_pay HTTP/1.1\r\nHost: 127.0.0.1:12345\r\n\
        Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    fn status(head: &str, options: &ServerOptions, taken: bool) -> String {
        let request = format!("{head}\r\n");
        for cut in 0..request.len() {
            assert!(judge(&request.as_bytes()[..cut], options, taken).is_none());
        }
        answer(request.as_bytes(), options, taken)
    }

    fn answer(request: &[u8], options: &ServerOptions, taken: bool) -> String {
        let answer = judge(request, options, taken).unwrap();
        let text = String::from_utf8(answer.bytes).unwrap();
        assert_eq!(answer.welcome, text.starts_with("HTTP/1.1 101 "));
        if !answer.welcome {
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
            assert!(head.contains("text/plain"));
        }
        text["HTTP/1.1 ".len()..][..3].into()
    }

    #[test]
    fn a_till_is_welcome_and_the_second_is_not() {
        let options = ServerOptions::default();
        assert_eq!(status(GOOD, &options, false), "101");
        assert_eq!(status(GOOD, &options, true), "503");
    }

    #[test]
    fn what_is_no_handshake_gets_a_word() {
        let options = ServerOptions::default();
        for (from, to, code) in [
            ("/remote_pay", "/", "404"),
            ("/remote_pay", "/remote_pay/x", "404"),
            ("Connection: Upgrade", "Connection: close", "426"),
            ("Upgrade: websocket", "Upgrade: h2c", "426"),
            ("Version: 13", "Version: 8", "426"),
            ("dGhl", "", "400"),
            ("Sec-WebSocket-Key", "X-Key", "400"),
        ] {
            let head = GOOD.replacen(from, to, 1);
            assert_eq!(status(&head, &options, false), code, "{to}");
        }
        let post = GOOD.replacen("GET", "POST", 1) + "\r\n";
        assert_eq!(answer(post.as_bytes(), &options, false), "405");
        assert_eq!(answer(b"\x16\x03\x01\x02\x00", &options, false), "400");
        let more = format!("{GOOD}\r\n\x01");
        assert_eq!(answer(more.as_bytes(), &options, false), "400");
        let long = format!("{GOOD}X: {}", "x".repeat(MAX_REQUEST));
        assert_eq!(answer(long.as_bytes(), &options, false), "431");
        let query = GOOD.replacen("/remote_pay", "/remote_pay?x=y", 1);
        assert_eq!(status(&query, &options, false), "101");
    }

    #[test]
    fn a_foreign_host_is_refused_unless_the_network_is_allowed() {
        let mut options = ServerOptions::default();
        let rebound = GOOD.replacen("127.0.0.1", "evil.example", 1);
        let twice = format!("{GOOD}Host: localhost\r\n");
        let none = GOOD.replacen("Host", "X-Host", 1);
        assert_eq!(status(&rebound, &options, false), "403");
        assert_eq!(status(&twice, &options, false), "403");
        assert_eq!(status(&none, &options, false), "403");
        options.allow_network = true;
        assert_eq!(status(&rebound, &options, false), "101");
        assert_eq!(status(&none, &options, false), "403");
    }

    #[test]
    fn a_web_page_is_refused_unless_its_origin_is_allowed() {
        let mut options = ServerOptions::default();
        let with = |origin: &str| format!("{GOOD}Origin: {origin}\r\n");
        for allow_network in [false, true] {
            options.allow_network = allow_network;
            for origin in ["https://evil.example", "null", "http://localhost:8080", ""] {
                assert_eq!(status(&with(origin), &options, false), "403");
            }
        }
        options.allowed_origins.push("http://localhost:8080".into());
        let good = with("http://localhost:8080");
        assert_eq!(status(&good, &options, false), "101");
        assert_eq!(status(&with("http://localhost:80"), &options, false), "403");
        let also = format!("{good}Origin: null\r\n");
        assert_eq!(status(&also, &options, false), "403");
    }

    #[test]
    fn who_may_not_connect_does_not_learn_what_is_there() {
        let options = ServerOptions::default();
        let other = GOOD.replacen("/remote_pay", "/", 1) + "Origin: null\r\n";
        assert_eq!(status(&other, &options, true), "403");
    }
}
