//! Whom the server serves, and what it tells everybody else.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use proto_core::link::DownReason;
use support::*;
use transport_ws::{ClientOptions, MAX_GUESTS, ServerOptions, WsClient, WsServer, parse_address};

/// A terminal that sends back what it gets, until the point of sale that says "last" is gone.
fn terminal(mut rig: Rig<WsServer>) -> (SocketAddr, Worker) {
    let addr = rig.link.local_addr();
    let thread = spawn(move || {
        let mut out: Option<Vec<u8>> = None;
        let mut last = false;
        loop {
            match rig.step(out.as_deref()) {
                Got::Sent => out = None,
                Got::Message(message) => {
                    last |= message == b"last";
                    out = Some(message);
                }
                Got::Down(_) if last => return,
                Got::Down(_) => out = None,
                Got::Up => {}
                other => panic!("{other:?}"),
            }
        }
    });
    (addr, thread)
}

fn stop(addr: SocketAddr, thread: Worker) {
    let mut rig = client(addr);
    // The one before may not be gone yet.
    let until = Instant::now() + PATIENCE;
    while rig.step(None) != Got::Up {
        assert!(Instant::now() < until, "it hangs");
    }
    rig.send("last");
    rig.receive("last");
    rig.close();
    thread.join();
}

/// The answer to a request, to the end.
fn ask(addr: SocketAddr, head: &str) -> String {
    let mut tcp = connect(addr);
    tcp.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    answer
}

const HANDSHAKE: &str = "GET /remote_pay HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn is_gone(mut tcp: &TcpStream) -> bool {
    match tcp.read(&mut [0; 64]) {
        Ok(n) => n == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn a_second_point_of_sale_is_told_and_the_first_goes_on() {
    let (addr, thread) = terminal(server());
    let mut first = client(addr).up();
    let mut second = client(addr);
    for round in ["one", "two", "three"] {
        let down = second.down();
        assert_eq!(down.reason, DownReason::Taken);
        assert_eq!(down.detail.as_str(), "HTTP 503 Service Unavailable");
        first.send(round);
        first.receive(round);
    }
    let answer = ask(addr, HANDSHAKE);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.contains("Another point of sale is connected"),
        "{answer}"
    );
    first.close();
    stop(addr, thread);
}

#[test]
fn who_hangs_up_and_calls_again_at_once_is_served() {
    let (addr, thread) = terminal(server());
    for round in 0..20 {
        let mut rig = client(addr).up();
        rig.send("x");
        rig.receive("x");
        if round % 2 == 0 {
            rig.close();
        }
    }
    stop(addr, thread);
}

#[test]
fn everybody_else_gets_a_word() {
    let (addr, thread) = terminal(server());
    for (from, to, status, word) in [
        ("/remote_pay", "/", "404", "path"),
        ("Upgrade: websocket\r\n", "", "426", "WebSocket"),
        ("Version: 13", "Version: 12", "426", "WebSocket"),
        ("dGhl", "", "400", "handshake"),
        ("GET /remote_pay HTTP", "POST / HTTP", "405", "GET"),
        ("GET", "\x16\x03\x01\x02", "400", "HTTP"),
        (
            "Host: localhost",
            "Host: evil.example",
            "403",
            "this machine",
        ),
        (
            "Host",
            "Origin: https://evil.example\r\nHost",
            "403",
            "origin",
        ),
    ] {
        let answer = ask(addr, &HANDSHAKE.replacen(from, to, 1));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(body.contains(word), "{answer}");
    }
    stop(addr, thread);
}

#[test]
fn a_body_nobody_wants_does_not_take_the_answer_away() {
    let (addr, thread) = terminal(server());
    let post = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n\r\n{}",
        "x".repeat(30_000)
    );
    assert!(ask(addr, &post).starts_with("HTTP/1.1 405 "));
    stop(addr, thread);
}

#[test]
fn path_and_origins_can_be_chosen() {
    let mut options = ServerOptions::default();
    options.path = "/elsewhere".into();
    options.allowed_origins.push("https://till.example".into());
    let mut rig = Rig::new(WsServer::bind(loopback(), options).unwrap());
    let addr = rig.link.local_addr();
    let caller = spawn(move || {
        assert_eq!(client(addr).down().detail.as_str(), "HTTP 404 Not Found");
        let page = HANDSHAKE.replacen("/remote_pay", "/elsewhere", 1).replacen(
            "Host",
            "Origin: https://till.example\r\nHost",
            1,
        );
        let mut tcp = connect(addr);
        tcp.write_all(page.as_bytes()).unwrap();
        let mut status = [0; 12];
        tcp.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 101");
        drop(tcp);
        let address = parse_address(&format!("ws://{addr}/elsewhere"), false).unwrap();
        let mut rig = Rig::new(WsClient::new(address, ClientOptions::default()).unwrap()).up();
        rig.close();
    });
    rig = rig.up();
    assert_eq!(rig.down().reason, DownReason::Lost);
    rig = rig.up();
    assert_eq!(rig.down().reason, DownReason::Closed);
    caller.join();
}

#[test]
fn the_network_must_be_allowed_by_name() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = WsServer::bind(everywhere, ServerOptions::default()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let mut options = ServerOptions::default();
    options.allow_network = true;
    let mut rig = Rig::new(WsServer::bind(everywhere, options).unwrap());
    let addr = SocketAddr::from(([127, 0, 0, 1], rig.link.local_addr().port()));
    let caller = spawn(move || {
        let mut tcp = connect(addr);
        let head = HANDSHAKE.replacen("localhost", "terminal.lan:12345", 1);
        tcp.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        tcp.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 101");
    });
    rig = rig.up();
    assert_eq!(rig.down().reason, DownReason::Lost);
    caller.join();
}

#[test]
fn those_who_say_nothing_keep_nobody_out() {
    let (addr, thread) = terminal(server());
    let silent: Vec<_> = (0..MAX_GUESTS * 3).map(|_| connect(addr)).collect();
    // Each finishes its handshake although all places were occupied.
    for _ in 0..3 {
        let mut rig = client(addr).up();
        rig.send("x");
        rig.receive("x");
        rig.close();
    }
    // The oldest had to go.
    assert!(is_gone(&silent[0]));
    stop(addr, thread);
}

#[test]
fn those_who_say_nothing_are_sent_away_in_time() {
    let mut options = ServerOptions::default();
    options.handshake_limit = Duration::from_millis(50);
    let (addr, thread) = terminal(Rig::new(WsServer::bind(loopback(), options).unwrap()));
    let mut served = client(addr).up();
    let silent = connect(addr);
    let mut half = connect(addr);
    half.write_all(b"GET /remote_pay HTTP/1.1\r\n").unwrap();
    assert!(is_gone(&silent));
    assert!(is_gone(&half));
    served.send("last");
    served.receive("last");
    served.close();
    thread.join();
}

#[test]
fn a_request_in_single_bytes_is_a_request() {
    let rig = server();
    let addr = rig.link.local_addr();
    let caller = spawn(move || {
        let mut tcp = connect(addr);
        tcp.set_nodelay(true).unwrap();
        for byte in HANDSHAKE.as_bytes().chunks(1) {
            tcp.write_all(byte).unwrap();
        }
        let mut status = [0; 12];
        tcp.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 101");
    });
    rig.up();
    caller.join();
}

#[test]
fn a_dropped_server_frees_its_port() {
    let mut rig = server();
    let addr = rig.link.local_addr();
    let caller = spawn(move || dial(addr));
    rig = rig.up();
    let peer = caller.join();
    drop(rig);
    assert!(is_gone(peer.get_ref()));
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn the_server_goes_on_after_its_own_close() {
    let mut rig = server();
    let addr = rig.link.local_addr();
    rig.close();
    for _ in 0..2 {
        let caller = spawn(move || {
            let mut peer = dial(addr);
            while peer.read().is_ok() {}
        });
        rig = rig.up();
        rig.close();
        caller.join();
    }
    assert!(format!("{:?}", rig.link).contains("serving: false"));
}

#[test]
fn an_address_in_use_is_an_error() {
    let rig = server();
    let taken = WsServer::bind(rig.link.local_addr(), ServerOptions::default()).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}
