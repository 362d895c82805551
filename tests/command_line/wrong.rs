//! What can go wrong with a terminal: addresses, garbage, silence, cancels, partial approvals.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use proto_core::message::{MessageDraft, TxStateMessageDraft};
use proto_core::terminal::Event;
use proto_core::wire::json::{Json, Writer};
use proto_core::wire::names::{KeyPress, Method, TxState};

use crate::scripted::{ScriptedTerminal, begin, paid};
use crate::support::{Running, Tokens, run, sale_args};

#[test]
fn a_token_file_that_cannot_be_read_is_no_lost_connection() {
    let tokens = Tokens::new();
    std::fs::write(tokens.path(), "a token SECRETTOKEN and no JSON").unwrap();
    let ran = run(&sale_args("sim", &tokens.path(), &[]));
    assert_eq!(ran.status, Some(13), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["cause"], "failed");
    assert_eq!(outcome["certainty"], "not_made");
    assert!(
        outcome["message"].as_str().unwrap().contains("tokens.json"),
        "{ran:?}"
    );
    assert!(!format!("{ran:?}").contains("SECRETTOKEN"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_token_that_cannot_be_kept_is_told_and_the_sale_is_made() {
    let tokens = Tokens::new();
    // A link that leads nowhere: there is nothing to read, and not even root can write there.
    std::os::unix::fs::symlink("nowhere/deeper", tokens.path()).unwrap();
    let ran = run(&sale_args("sim", &tokens.path().join("tokens.json"), &[]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let told = ran
        .lines()
        .into_iter()
        .find(|line| line["code"] == "token_not_kept")
        .unwrap();
    assert!(told["remedy"].as_str().unwrap().contains("--token-file"));
}

#[test]
fn an_address_where_nothing_listens_is_told_with_a_remedy() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/remote_pay", free.local_addr().unwrap());
    drop(free);
    let tokens = Tokens::new();
    let ran = run(&sale_args(&url, &tokens.path(), &[]));
    assert_eq!(ran.status, Some(13), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["result"], "ERROR");
    assert_eq!(outcome["certainty"], "not_made");
    assert_eq!(outcome["reason"], "Device Connection Error");
    let told = ran
        .lines()
        .into_iter()
        .find(|line| line["event"] == "disconnected")
        .unwrap();
    assert!(told["reason"].as_str().unwrap().contains("nothing listens"));
    assert!(
        told["remedy"]
            .as_str()
            .unwrap()
            .contains("Network Pay Display")
    );
}

#[test]
fn an_address_that_is_no_websocket_is_told_with_a_remedy() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/remote_pay", server.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut guest, _) = server.accept().unwrap();
        let _ = guest.read(&mut [0; 1_024]);
        let _ = guest.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(&url, &tokens.path(), &[]));
    thread.join().unwrap();
    assert_eq!(ran.status, Some(13), "{ran:?}");
    let told = ran
        .lines()
        .into_iter()
        .find(|line| line["event"] == "disconnected")
        .unwrap();
    assert!(
        told["reason"].as_str().unwrap().contains("WebSocket"),
        "{told}"
    );
    assert!(told["remedy"].as_str().unwrap().contains("port"), "{told}");
}

#[test]
fn an_approval_for_less_is_told_with_15_and_what_remains() {
    let terminal = ScriptedTerminal::start(|terminal, event| {
        if let Event::Started(_) = event {
            begin(terminal);
            terminal.finish_ok(&paid(600)).unwrap();
        }
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
    assert_eq!(ran.status, Some(15), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["cause"], "partial");
    assert_eq!(
        (&outcome["approved"], &outcome["remaining"]),
        (&600.into(), &400.into())
    );
}

/// A message whose payload is this text.
struct Odd(&'static str, &'static str);

impl MessageDraft for Odd {
    fn method(&self) -> Method<'_> {
        Method::from_name(self.0.into())
    }

    fn version(&self) -> i64 {
        1
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        to.members(Json::parse(self.1).unwrap());
    }
}

#[test]
fn odd_messages_are_told_and_the_sale_goes_on() {
    let terminal = ScriptedTerminal::start(|terminal, event| {
        if let Event::Started(_) = event {
            begin(terminal);
            terminal.send(&Odd("BRAND_NEW_METHOD", "{}")).unwrap();
            terminal
                .send(&Odd(
                    "UI_STATE",
                    r#"{"uiState":"NEW_SCREEN","uiDirection":"SIDEWAYS","x":[]}"#,
                ))
                .unwrap();
            terminal.send(&Odd("TIP_ADDED", "{}")).unwrap();
            terminal
                .send(&Odd("REMOTE_ERROR", r#"{"errorMessage":"made up"}"#))
                .unwrap();
            let state = TxStateMessageDraft {
                tx_state: Some(TxState::Success),
                more: &[],
            };
            terminal.send(&state).unwrap();
            terminal.finish_ok(&paid(1_000)).unwrap();
        }
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let events = ran.events();
    assert_eq!(
        events
            .iter()
            .filter(|event| *event == "unsolicited")
            .count(),
        2,
        "{events:?}"
    );
    assert!(events.contains(&"error".to_owned()));
}

/// A terminal made of a bare WebSocket, which sends what it likes before it pairs and sells.
fn raw_terminal(garbage: Vec<tungstenite::Message>) -> (String, std::thread::JoinHandle<()>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/remote_pay", server.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut garbage = Some(garbage);
        // The point of sale comes back when the garbage was too much for the link.
        while let Ok((guest, _)) = server.accept() {
            let Ok(mut socket) = tungstenite::accept(guest) else {
                return;
            };
            while let Ok(message) = socket.read() {
                let Ok(text) = message.to_text() else {
                    continue;
                };
                let Ok(envelope) = serde_json::from_str::<serde_json::Value>(text) else {
                    continue;
                };
                let say = |method: &str, payload: serde_json::Value| {
                    let payload = payload.to_string();
                    let message = serde_json::json!({"id": "1", "type": "COMMAND", "method": method, "payload": payload});
                    tungstenite::Message::text(message.to_string())
                };
                let answers = match envelope["method"].as_str() {
                    Some("PAIRING_REQUEST") => vec![say(
                        "PAIRING_RESPONSE",
                        serde_json::json!({"pairingState": "PAIRED", "authenticationToken": "RAW-TOKEN"}),
                    )],
                    Some("DISCOVERY_REQUEST") => vec![say(
                        "DISCOVERY_RESPONSE",
                        serde_json::json!({"ready": true, "merchantId": "SIMULATOR", "serial": "SIMRAW"}),
                    )],
                    Some("TX_START") => {
                        let payload: serde_json::Value =
                            serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
                        let id = &payload["payIntent"]["externalPaymentId"];
                        let payment = serde_json::json!({"id": "SIMRAW1", "amount": 1000, "result": "SUCCESS", "externalPaymentId": id});
                        let mut all = garbage.take().unwrap_or_default();
                        all.push(say("FINISH_OK", serde_json::json!({"payment": payment.to_string(), "requestInfo": "SALE"})));
                        all
                    }
                    _ => vec![],
                };
                for answer in answers {
                    if socket.send(answer).is_err() {
                        break;
                    }
                }
            }
            if garbage.is_none() {
                return;
            }
        }
    });
    (url, thread)
}

/// A screen whose text has so many bytes.
fn screen_of(len: usize) -> tungstenite::Message {
    let payload =
        serde_json::json!({"uiState": "START", "uiDirection": "ENTER", "uiText": "x".repeat(len)});
    let message = serde_json::json!({"method": "UI_STATE", "payload": payload.to_string()});
    tungstenite::Message::text(message.to_string())
}

#[test]
fn garbage_on_the_link_is_told_and_the_sale_goes_on() {
    let text = |text: &str| tungstenite::Message::text(text.to_owned());
    let (url, thread) = raw_terminal(vec![
        text("hello"),
        text("{"),
        text("[]"),
        text(r#"{"method":"FINISH_OK","payload":"{\"payment\":"}"#),
        text(r#"{"type":"COMMAND","payload":"{}"}"#),
        tungstenite::Message::binary(vec![1, 2, 3]),
        // Far longer than the receive buffer is at first.
        screen_of(3 * 1024 * 1024),
        tungstenite::Message::Ping(Default::default()),
    ]);
    let tokens = Tokens::new();
    let ran = run(&sale_args(&url, &tokens.path(), &[]));
    thread.join().unwrap();
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let unreadable: Vec<_> = ran
        .lines()
        .into_iter()
        .filter(|line| line["event"] == "unreadable")
        .collect();
    assert_eq!(unreadable.len(), 4, "{unreadable:?}");
    assert_eq!(unreadable[3]["method"], "FINISH_OK");
    let screen = ran
        .lines()
        .into_iter()
        .find(|line| line["event"] == "activity_start")
        .unwrap();
    assert_eq!(screen["text"].as_str().unwrap().len(), 3 * 1024 * 1024);
}

#[test]
fn a_message_over_the_limit_closes_the_link_with_a_reason() {
    let huge = tungstenite::Message::text("x".repeat(5 * 1024 * 1024));
    let (url, thread) = raw_terminal(vec![huge]);
    let tokens = Tokens::new();
    let mut sale = Running::start(&sale_args(&url, &tokens.path(), &[]));
    let line = sale.line("disconnected");
    assert!(line.contains("over the limit"), "{line}");
    drop(sale);
    thread.join().unwrap();
}

#[test]
#[cfg(unix)]
fn the_first_interrupt_cancels_and_waits_for_the_outcome() {
    let terminal = ScriptedTerminal::start(|terminal, event| match event {
        Event::Started(_) => begin(terminal),
        Event::KeyPressed(KeyPress::Esc) => terminal.finish_cancel().unwrap(),
        _ => {}
    });
    let tokens = Tokens::new();
    let mut sale = Running::start(&sale_args(&terminal.url, &tokens.path(), &[]));
    sale.line("activity_start");
    sale.interrupt();
    let ran = sale.end();
    assert_eq!(ran.status, Some(12), "{ran:?}");
    assert_eq!(ran.outcome()["cause"], "cancelled_pos");
}

#[test]
#[cfg(unix)]
fn the_second_interrupt_gives_up_with_the_id_to_ask_for() {
    let (pressed, keys) = std::sync::mpsc::channel();
    let terminal = ScriptedTerminal::start(move |terminal, event| match event {
        Event::Started(_) => begin(terminal),
        Event::KeyPressed(_) => pressed.send(()).unwrap(),
        _ => {}
    });
    let tokens = Tokens::new();
    let mut sale = Running::start(&sale_args(
        &terminal.url,
        &tokens.path(),
        &["--external-id", "ASK-ME"],
    ));
    sale.line("activity_start");
    sale.interrupt();
    keys.recv_timeout(crate::support::PATIENCE).unwrap();
    sale.interrupt();
    let ran = sale.end();
    assert_eq!(ran.status, Some(14), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["certainty"], "unknown");
    assert_eq!(outcome["external_id"], "ASK-ME");
}

#[test]
fn at_the_deadline_the_sale_is_cancelled() {
    let terminal = ScriptedTerminal::start(|terminal, event| match event {
        Event::Started(_) => begin(terminal),
        Event::KeyPressed(KeyPress::Esc) => terminal.finish_cancel().unwrap(),
        _ => {}
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(
        &terminal.url,
        &tokens.path(),
        &["--deadline", "1"],
    ));
    assert_eq!(ran.status, Some(12), "{ran:?}");
    assert_eq!(ran.outcome()["cause"], "timed_out");
}
