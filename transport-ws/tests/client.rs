//! How the client comes up, or why it does not.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use proto_core::link::{Down, DownReason};
use support::*;
use transport_ws::{ClientOptions, WsClient, parse_address};
use tungstenite::handshake::derive_accept_key;

/// Reads a request and returns its key.
fn request(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let key = head
        .lines()
        .find_map(|l| l.strip_prefix("Sec-WebSocket-Key: "));
    key.unwrap().into()
}

/// What becomes of a client if its request gets this answer.
fn answered(answer: &'static [u8]) -> Down {
    let (addr, thread) = listen(1, move |mut tcp| {
        request(&mut tcp);
        tcp.write_all(answer).unwrap();
        hang_up(&mut tcp);
    });
    let down = client(addr).down();
    thread.join();
    down
}

#[test]
fn a_port_at_which_nobody_listens_is_refused() {
    let dead = DeadPort::new();
    let mut rig = client(dead.addr);
    for _ in 0..3 {
        let down = rig.down();
        assert_eq!(down.reason, DownReason::Refused);
        let addr = dead.addr.to_string();
        assert!(down.detail.as_str().starts_with(&addr), "{down}");
    }
}

#[test]
fn a_web_server_is_no_terminal() {
    let down = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(down.reason, DownReason::NotWebSocket);
    assert_eq!(down.detail.as_str(), "HTTP 200 OK");
    let down = answered(b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\n\r\n");
    assert_eq!(down.reason, DownReason::NotWebSocket);
    let down = answered(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
    assert_eq!(down.reason, DownReason::NotWebSocket);
}

#[test]
fn a_101_that_answers_another_key_is_no_terminal() {
    let down = answered(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
    );
    assert_eq!(down.reason, DownReason::NotWebSocket);
}

#[test]
fn garbage_is_no_terminal() {
    // A TLS alert, which is what a wss:// terminal answers to ws://, and the greeting of SSH.
    for garbage in [&b"\x15\x03\x03\x00\x02\x02\x46"[..], b"SSH-2.0-x\r\n\r\n"] {
        assert_eq!(answered(garbage).reason, DownReason::NotWebSocket);
    }
}

#[test]
fn a_hang_up_during_the_handshake_is_a_loss() {
    assert_eq!(answered(b"").reason, DownReason::Lost);
    assert_eq!(answered(b"HTTP/1.1 101 Swi").reason, DownReason::Lost);
}

#[test]
fn one_that_never_answers_is_given_up_in_time() {
    let (done, wait) = mpsc::channel::<()>();
    let (addr, thread) = listen(1, move |tcp| {
        let _ = wait.recv_timeout(PATIENCE);
        drop(tcp);
    });
    let mut options = ClientOptions::default();
    options.handshake_limit = Duration::from_millis(50);
    let mut rig = Rig::new(WsClient::new(address_of(addr), options).unwrap());
    let start = Instant::now();
    let down = rig.down();
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(down.reason, DownReason::Unreachable);
    assert!(down.detail.as_str().contains("50 ms"), "{down}");
    drop(done);
    thread.join();
}

#[test]
fn what_comes_right_behind_the_answer_is_not_lost() {
    let (addr, thread) = listen(1, |mut tcp| {
        let accept = derive_accept_key(request(&mut tcp).as_bytes());
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        answer.extend(b"\x81\x02hi\x81\x03all");
        tcp.write_all(&answer).unwrap();
        hang_up(&mut tcp);
    });
    let mut rig = client(addr).up();
    rig.receive("hi");
    rig.receive("all");
    assert_eq!(rig.down().reason, DownReason::Lost);
    thread.join();
}

#[test]
fn an_answer_in_single_bytes_is_an_answer() {
    let (addr, thread) = listen(1, |mut tcp| {
        tcp.set_nodelay(true).unwrap();
        let accept = derive_accept_key(request(&mut tcp).as_bytes());
        let answer = format!(
            "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        // The library takes a peer that sends more, and smaller, pieces for an attack.
        for piece in answer.as_bytes().chunks(3) {
            tcp.write_all(piece).unwrap();
        }
        hang_up(&mut tcp);
    });
    client(addr).up();
    thread.join();
}

#[test]
fn the_same_link_connects_again_and_again() {
    let (addr, thread) = listen(3, |tcp| {
        let mut peer = tungstenite::accept(tcp).unwrap();
        let first = peer.read().unwrap();
        peer.send(first).unwrap();
        peer.close(None).unwrap();
        while peer.read().is_ok() {}
    });
    let mut rig = client(addr);
    for round in ["one", "two", "three"] {
        rig = rig.up();
        rig.send(round);
        rig.receive(round);
        assert_eq!(rig.down().reason, DownReason::Closed);
    }
    thread.join();
}

#[test]
fn nothing_leaves_before_the_link_is_up_and_nothing_is_left_over_from_before() {
    let (addr, thread) = listen(2, |tcp| {
        let mut peer = tungstenite::accept(tcp).unwrap();
        assert_eq!(peer.read().unwrap().to_text().unwrap(), "now");
    });
    let mut rig = client(addr);
    assert_eq!(rig.step(Some(b"old")), Got::Up);
    rig.send("now");
    assert_eq!(rig.down().reason, DownReason::Lost);
    assert_eq!(rig.step(Some(b"old")), Got::Up);
    rig.send("now");
    thread.join();
}

#[test]
fn closing_a_link_that_is_down_is_a_close_too() {
    let dead = DeadPort::new();
    let mut rig = client(dead.addr);
    rig.close();
    assert_eq!(rig.down().reason, DownReason::Refused);
}

#[test]
fn localhost_is_this_machine_whatever_answers_there() {
    let (addr, thread) = listen(1, |tcp| {
        tungstenite::accept(tcp).unwrap();
    });
    let address = parse_address(&format!("localhost:{}", addr.port()), false).unwrap();
    let (link, park) = WsClient::new(address, ClientOptions::default()).unwrap();
    assert!(format!("{link:?}").contains("localhost"));
    Rig::new((link, park)).up();
    thread.join();
}
