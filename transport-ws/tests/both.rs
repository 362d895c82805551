//! What both ends of the link do with an open connection, each against the plain library at the
//! other end.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;
use std::time::{Duration, Instant};

use proto_core::driver::{Park, block_on};
use proto_core::link::{DownReason, Link};
use support::*;
use transport_ws::{ClientOptions, MAX_MESSAGE, ServerOptions, WsClient, WsServer};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Bytes, Error, Message};

/// Sends back every text until the link closes.
fn echo(mut peer: Peer) {
    while let Ok(message) = peer.read() {
        if message.is_text() {
            peer.send(message).unwrap();
        }
    }
}

/// Reads to the end and returns the close frame, if there was one.
fn end_of(peer: &mut Peer) -> Option<CloseFrame> {
    let mut close = None;
    loop {
        match peer.read() {
            Ok(Message::Close(frame)) => close = frame,
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("the socket was left behind")
            }
            Err(_) => return close,
        }
    }
}

/// Text of this many bytes in which every place looks different.
fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        text.push_str(&format!("{}\u{e4}\u{20ac},", text.len()));
    }
    while text.len() > bytes {
        text.pop();
    }
    let rest = bytes - text.len();
    text + &"x".repeat(rest)
}

fn messages_go_both_ways(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    for message in ["hello", "", "gr\u{fc}\u{df} \u{20ac} \u{1f4b3}", "{}"] {
        rig.send(message);
        rig.receive(message);
    }
    rig.close();
    rig.join();
}
both_ends!(echo_both_ways, echo, messages_go_both_ways);

fn the_longest_message_goes_both_ways(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let longest = text(MAX_MESSAGE);
    assert_eq!(longest.len(), MAX_MESSAGE);
    rig.send(&longest);
    rig.receive(&longest);
    rig.close();
    rig.join();
}
both_ends!(longest, echo, the_longest_message_goes_both_ways);

fn a_message_over_the_limit_takes_the_link_down(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let down = rig.down();
    assert_eq!(down.reason, DownReason::TooLarge);
    assert!(down.detail.as_str().contains("4194304"), "{down}");
    rig.join();
}
both_ends!(
    over_the_limit,
    |mut peer: Peer| {
        // It may be cut off while it sends.
        let _ = peer.send(Message::text(text(MAX_MESSAGE + 1)));
        end_of(&mut peer);
    },
    a_message_over_the_limit_takes_the_link_down
);
both_ends!(
    over_the_limit_in_pieces,
    |mut peer: Peer| {
        let half = "x".repeat(MAX_MESSAGE / 2 + 1);
        let piece = |op| Message::Frame(Frame::message(half.clone(), OpCode::Data(op), false));
        let _ = peer.send(piece(Data::Text));
        let _ = peer.send(piece(Data::Continue));
        end_of(&mut peer);
    },
    a_message_over_the_limit_takes_the_link_down
);

fn what_cannot_be_sent_takes_the_link_down(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let long = vec![b'x'; MAX_MESSAGE + 1];
    assert_eq!(rig.step(Some(&long)).down().reason, DownReason::Local);
    rig.join();
}
fn what_is_no_text_takes_the_link_down(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let down = rig.step(Some(b"\xff")).down();
    assert_eq!(down.reason, DownReason::Local);
    assert!(down.detail.as_str().contains("UTF-8"), "{down}");
    rig.join();
}
fn sees_only_a_close(mut peer: Peer) {
    assert!(matches!(peer.read(), Ok(Message::Close(Some(_)))));
}
both_ends!(
    cannot_send_long,
    sees_only_a_close,
    what_cannot_be_sent_takes_the_link_down
);
both_ends!(
    cannot_send_bytes,
    sees_only_a_close,
    what_is_no_text_takes_the_link_down
);

fn a_message_waits_for_room_once(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    // Room is made.
    assert_eq!(rig.step_with(None, 3), Got::NeedsRoom(5));
    assert_eq!(rig.step_with(None, 5), Got::Message(b"first".into()));
    // No room is made.
    assert_eq!(rig.step_with(None, 3), Got::NeedsRoom(6));
    assert_eq!(rig.step_with(None, 4), Got::TooLong(b"seco".into(), 6));
    // There is no room at all.
    assert_eq!(rig.step_with(None, 0), Got::NeedsRoom(5));
    assert_eq!(rig.step_with(None, 0), Got::TooLong(b"".into(), 5));
    // The link goes on, and sends while something waits.
    assert_eq!(rig.step_with(None, 1), Got::NeedsRoom(6));
    assert_eq!(
        rig.step_with(Some(b"out"), 6),
        Got::Message(b"fourth".into())
    );
    assert_eq!(rig.step_with(Some(b"out"), 6), Got::Sent);
    rig.receive("out");
    rig.close();
    rig.join();
}
both_ends!(
    room,
    |mut peer: Peer| {
        for message in ["first", "second", "third", "fourth"] {
            peer.send(message.into()).unwrap();
        }
        echo(peer);
    },
    a_message_waits_for_room_once
);

const CROSSING: usize = 4;

/// The longest messages there are, each different.
fn big(at: usize) -> String {
    text(MAX_MESSAGE - 1) + &at.to_string()
}

/// Both sides send more than all buffers between them hold before either reads a message to its end.
fn full_windows_do_not_deadlock(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    exchange(&mut rig);
    rig.close();
    rig.join();
}

fn exchange(rig: &mut Rig<impl Link>) {
    let (mut sent, mut received) = (0, 0);
    while sent < CROSSING || received < CROSSING {
        let out = big(sent);
        match rig.step((sent < CROSSING).then_some(out.as_bytes())) {
            Got::Sent => sent += 1,
            Got::Message(message) => {
                assert!(message == big(received).as_bytes());
                received += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}
both_ends!(
    crossing,
    |mut peer: Peer| {
        for at in 0..CROSSING {
            peer.send(Message::text(big(at))).unwrap();
        }
        for at in 0..CROSSING {
            assert!(peer.read().unwrap().to_text().unwrap() == big(at));
        }
        // Nothing came twice.
        assert!(peer.read().unwrap().is_close());
    },
    full_windows_do_not_deadlock
);

#[test]
fn full_windows_of_our_own_two_ends_do_not_deadlock() {
    let mut terminal = server();
    let mut pos = client(terminal.link.local_addr());
    pos.peer = Some(spawn(move || {
        terminal = terminal.up();
        exchange(&mut terminal);
        assert_eq!(terminal.down().reason, DownReason::Closed);
    }));
    let mut pos = pos.up();
    exchange(&mut pos);
    pos.close();
    pos.join();
}

const CHOPPED: usize = 24;

fn chopped(at: usize) -> String {
    let bytes = [0, 1, 125, 126, 70_000, 4_000_000][at % 6];
    text(bytes) + &at.to_string()
}

/// The future of every step is dropped after every single poll, from connecting on.
fn dropped_futures_lose_nothing(mut rig: Rig<impl Link>) {
    assert_eq!(rig.chopped_step(Some(chopped(0).as_bytes())), Got::Up);
    let (mut sent, mut received) = (0, 0);
    while sent < CHOPPED || received < CHOPPED {
        let out = chopped(sent);
        match rig.chopped_step((sent < CHOPPED).then_some(out.as_bytes())) {
            Got::Sent => sent += 1,
            Got::Message(message) => {
                assert!(message == chopped(received).into_bytes(), "at {received}");
                received += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rig.down().reason, DownReason::Closed);
    rig.join();
}
both_ends!(
    cancel_safety,
    |mut peer: Peer| {
        // First all out, then all in: the link has to keep both in the air.
        for at in 0..CHOPPED {
            peer.send(Message::text(chopped(at))).unwrap();
        }
        for at in 0..CHOPPED {
            assert!(
                peer.read().unwrap().to_text().unwrap() == chopped(at),
                "at {at}"
            );
        }
        peer.close(None).unwrap();
        // Nothing came twice.
        assert!(matches!(peer.read(), Ok(Message::Close(None))));
        assert!(peer.read().is_err());
    },
    dropped_futures_lose_nothing
);

fn a_ping_is_answered_while_nothing_is_sent(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.receive("the pong came");
    assert_eq!(rig.down().reason, DownReason::Closed);
    rig.join();
}
both_ends!(
    ping,
    |mut peer: Peer| {
        peer.send(Message::Ping("are you there".into())).unwrap();
        assert_eq!(peer.read().unwrap(), Message::Pong("are you there".into()));
        peer.send("the pong came".into()).unwrap();
        peer.close(None).unwrap();
        end_of(&mut peer);
    },
    a_ping_is_answered_while_nothing_is_sent
);

fn what_is_no_text_is_ignored(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.receive("text");
    rig.close();
    rig.join();
}
both_ends!(
    ignored,
    |mut peer: Peer| {
        for at in 0..1000 {
            peer.send(Message::Ping(Bytes::from(format!("{at}"))))
                .unwrap();
            peer.send(Message::binary(&b"{\"method\":\"TX_START\"}"[..]))
                .unwrap();
            peer.send(Message::Pong(Bytes::new())).unwrap();
        }
        peer.send("text".into()).unwrap();
        end_of(&mut peer);
    },
    what_is_no_text_is_ignored
);

fn the_peers_close_is_reported_after_its_messages(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.receive("one");
    rig.receive("two");
    let down = rig.down();
    assert_eq!(down.reason, DownReason::Closed);
    assert_eq!(down.detail.as_str(), "code 4001: no pong");
    rig.join();
}
both_ends!(
    peer_closes,
    |mut peer: Peer| {
        peer.send("one".into()).unwrap();
        peer.send("two".into()).unwrap();
        let frame = CloseFrame {
            code: CloseCode::Library(4001),
            reason: "no pong".into(),
        };
        peer.close(Some(frame.clone())).unwrap();
        // The answer comes although nothing else is sent.
        assert_eq!(end_of(&mut peer), Some(frame));
    },
    the_peers_close_is_reported_after_its_messages
);

fn our_close_is_told_and_reported(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.close();
    rig.join();
}
both_ends!(
    we_close,
    |mut peer: Peer| {
        let frame = end_of(&mut peer).unwrap();
        assert_eq!(frame.code, CloseCode::Normal);
    },
    our_close_is_told_and_reported
);

/// The peer neither reads nor answers, and the way to it is full.
fn closing_is_bounded(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.fill(&[b'x'; MAX_MESSAGE]);
    let start = Instant::now();
    rig.close();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn closing_is_bounded_at_the_client() {
    let (tell, peer) = told(|_| ());
    let (addr, thread) = listen(1, move |tcp| peer(tungstenite::accept(tcp).unwrap()));
    let mut options = ClientOptions::default();
    options.close_limit = Duration::from_millis(50);
    closing_is_bounded(Rig::new(WsClient::new(address_of(addr), options).unwrap()));
    tell.send(()).unwrap();
    thread.join();
}

#[test]
fn closing_is_bounded_at_the_server() {
    let (tell, peer) = told(|_| ());
    let mut options = ServerOptions::default();
    options.close_limit = Duration::from_millis(50);
    let rig = Rig::new(WsServer::bind(loopback(), options).unwrap());
    let addr = rig.link.local_addr();
    let thread = spawn(move || peer(dial(addr)));
    closing_is_bounded(rig);
    tell.send(()).unwrap();
    thread.join();
}

/// A peer that does nothing until it is told to, and then this.
fn told(then: impl Fn(&mut Peer) + Send + 'static) -> (Sender<()>, impl Fn(Peer) + Send + 'static) {
    let (tell, wait) = channel();
    let peer = move |mut peer: Peer| {
        wait.recv_timeout(PATIENCE).unwrap();
        then(&mut peer);
    };
    (tell, peer)
}

/// Nothing but room to write ends the wait: the peer reads, and says nothing.
fn room_is_waited_for(rig: Rig<impl Link>, tell: Sender<()>) {
    let mut rig = rig.up();
    let big = text(MAX_MESSAGE);
    rig.fill(big.as_bytes());
    tell.send(()).unwrap();
    for _ in 0..4 {
        rig.send(&big);
    }
    rig.close();
    rig.join();
}

#[test]
fn the_client_waits_for_room() {
    let (tell, peer) = told(|peer| drop(end_of(peer)));
    room_is_waited_for(client_with(peer), tell);
}

#[test]
fn the_server_waits_for_room() {
    let (tell, peer) = told(|peer| drop(end_of(peer)));
    room_is_waited_for(server_with(peer), tell);
}

/// The peer says goodbye, and does not take ours.
fn a_goodbye_nobody_takes_is_given_up(rig: Rig<impl Link>, tell: Sender<()>) {
    let mut rig = rig.up();
    let big = text(MAX_MESSAGE);
    rig.fill(big.as_bytes());
    tell.send(()).unwrap();
    let start = Instant::now();
    // What the peer sends may bring news of some more room.
    let down = loop {
        match rig.step(Some(big.as_bytes())) {
            Got::Sent => {}
            other => break other.down(),
        }
    };
    assert_eq!(down.reason, DownReason::Closed);
    assert!(start.elapsed() < Duration::from_secs(10));
    tell.send(()).unwrap();
    rig.join();
}

fn goodbye_without_ears() -> (Sender<()>, impl Fn(Peer) + Send + 'static) {
    let (tell, wait) = channel();
    let peer = move |mut peer: Peer| {
        wait.recv_timeout(PATIENCE).unwrap();
        peer.close(None).unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
    };
    (tell, peer)
}

#[test]
fn the_client_gives_up_a_goodbye() {
    let (tell, peer) = goodbye_without_ears();
    a_goodbye_nobody_takes_is_given_up(client_with(peer), tell);
}

#[test]
fn the_server_gives_up_a_goodbye() {
    let (tell, peer) = goodbye_without_ears();
    a_goodbye_nobody_takes_is_given_up(server_with(peer), tell);
}

fn a_close_that_is_broken_off_is_still_a_close(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    {
        let mut close = std::pin::pin!(rig.link.close());
        let once = std::future::poll_fn(|context| Poll::Ready(close.as_mut().poll(context)));
        let _ = block_on(&mut rig.park, || None, once).unwrap();
    }
    assert_eq!(rig.down().reason, DownReason::Local);
    rig.join();
}
both_ends!(
    broken_close,
    |mut peer: Peer| {
        end_of(&mut peer);
    },
    a_close_that_is_broken_off_is_still_a_close
);

fn a_peer_that_vanishes_is_lost(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.receive("still here");
    assert_eq!(rig.down().reason, DownReason::Lost);
    rig.join();
}
both_ends!(
    vanishes,
    |mut peer: Peer| peer.send("still here".into()).unwrap(),
    a_peer_that_vanishes_is_lost
);

/// The peer hangs up with something unread, which resets the connection.
fn a_reset_connection_is_lost(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let big = "x".repeat(MAX_MESSAGE);
    let down = loop {
        match rig.step(Some(big.as_bytes())) {
            Got::Sent => {}
            other => break other.down(),
        }
    };
    assert_eq!(down.reason, DownReason::Lost);
    rig.join();
}
both_ends!(
    reset,
    |mut peer: Peer| {
        peer.get_mut().peek(&mut [0]).unwrap();
    },
    a_reset_connection_is_lost
);

fn a_breach_of_the_rules_is_reported(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    let down = rig.down();
    assert_eq!(down.reason, DownReason::Protocol);
    assert!(!down.detail.as_str().contains("secret"), "{down}");
    rig.join();
}
both_ends!(
    not_utf8,
    |mut peer: Peer| {
        let frame = Frame::message(&b"secret \xff"[..], OpCode::Data(Data::Text), true);
        peer.send(Message::Frame(frame)).unwrap();
        assert_eq!(end_of(&mut peer).unwrap().code, CloseCode::Invalid);
    },
    a_breach_of_the_rules_is_reported
);
both_ends!(
    bad_frame,
    |mut peer: Peer| {
        let mut frame = Frame::message(&b"secret"[..], OpCode::Data(Data::Text), true);
        frame.header_mut().rsv2 = true;
        peer.send(Message::Frame(frame)).unwrap();
        assert_eq!(end_of(&mut peer).unwrap().code, CloseCode::Protocol);
    },
    a_breach_of_the_rules_is_reported
);

/// What a select over link and inbox does: the wake ends the wait, and the link goes on as before.
fn a_wake_from_another_thread_ends_the_wait(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    for _ in 0..10 {
        let flag = Arc::new(AtomicBool::new(false));
        let waker = rig.park.waker();
        let other = spawn({
            let flag = Arc::clone(&flag);
            move || {
                flag.store(true, Ordering::Release);
                waker.wake();
            }
        });
        {
            let mut step = std::pin::pin!(rig.link.step(None, &mut rig.buf));
            let either = std::future::poll_fn(|context| {
                assert!(step.as_mut().poll(context).is_pending());
                match flag.load(Ordering::Acquire) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            run(&mut rig.park, either);
        }
        other.join();
    }
    rig.send("x");
    rig.receive("x");
    rig.close();
    rig.join();
}
both_ends!(wake, echo, a_wake_from_another_thread_ends_the_wait);

/// Waiting is waiting: an idle link is polled a handful of times, not again and again.
fn an_idle_link_does_not_spin(rig: Rig<impl Link>) {
    let mut rig = rig.up();
    rig.send("x");
    rig.receive("x");
    let until = Instant::now() + Duration::from_millis(50);
    let mut polls = 0;
    {
        let mut step = std::pin::pin!(rig.link.step(None, &mut rig.buf));
        let idle = std::future::poll_fn(|context| {
            polls += 1;
            assert!(step.as_mut().poll(context).is_pending());
            match Instant::now() < until {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        });
        block_on(&mut rig.park, || Some(until), idle).unwrap();
    }
    assert!(polls < 10, "{polls} polls");
    rig.close();
    rig.join();
}
both_ends!(idle, echo, an_idle_link_does_not_spin);

fn a_dropped_link_leaves_no_socket_behind(rig: Rig<impl Link>) {
    // `join` drops the link first.
    rig.up().join();
}
both_ends!(
    dropped,
    |mut peer: Peer| {
        assert_eq!(end_of(&mut peer), None);
    },
    a_dropped_link_leaves_no_socket_behind
);

#[test]
fn link_and_park_can_go_to_a_thread() {
    fn is_send<T: Send>() {}
    is_send::<(WsClient, transport_ws::WsPark)>();
    is_send::<(WsServer, transport_ws::WsPark)>();
}
