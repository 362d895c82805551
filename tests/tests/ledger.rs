//! What a terminal says when it is asked what happened: the truth of its books (`protocol/connector.md` §5.18 to
//! §5.20).

use proto_core::Role as _;
use proto_core::link::{LinkInfo, LinkKind};
use proto_core::model::PaymentDraft;
use proto_core::terminal::{
    Booked, BookedRefund, Event, Identity, LOOK_UP, Ledger, Memory, Terminal,
};
use proto_core::time::{Duration, Instant};
use proto_core::wire::names::{PaymentResult, VoidReason};
use serde_json::{Value, json};
use system_tests::paid;

/// A terminal with a point of sale, which asks it things.
struct Asked {
    terminal: Terminal<'static>,
    now: Instant,
}

impl Asked {
    fn new() -> Self {
        Self::with_books(4)
    }

    fn with_books(places: usize) -> Self {
        let books: Vec<Option<Booked>> = vec![None; places];
        let memory = Memory {
            send: Box::leak(Box::new([0; 16_384])),
            last: Box::leak(Box::new([0; 4_096])),
            books: Ledger::new(Box::leak(books.into_boxed_slice())),
        };
        let identity = Identity {
            ping: None,
            acknowledges: false,
            ..Identity::SIMULATOR
        };
        let mut terminal = Terminal::new(identity, memory);
        let now = Instant::from_millis(1_000);
        terminal.handle_link_up(now, LinkInfo::new(LinkKind::Usb, "pos"));
        while terminal.poll_event().is_some() {}
        Self { terminal, now }
    }

    /// Sends a command, and returns what comes back: method and payload each.
    fn ask(&mut self, method: &str, payload: &Value) -> Vec<(String, Value)> {
        let message =
            json!({"id": "1", "type": "COMMAND", "method": method, "payload": payload.to_string()});
        let mut message = message.to_string().into_bytes();
        if let Some(Event::Started(_)) = self.terminal.handle_message(self.now, &mut message) {
            self.terminal.accept_start().unwrap();
        }
        self.sent()
    }

    fn sent(&mut self) -> Vec<(String, Value)> {
        let mut answers = Vec::new();
        while let Some(text) = self.terminal.transmit() {
            let envelope: Value = serde_json::from_slice(text).unwrap();
            let payload = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
            answers.push((envelope["method"].as_str().unwrap().to_owned(), payload));
            self.terminal.transmitted(self.now);
        }
        answers
    }

    fn start(&mut self, id: &str) {
        let intent =
            json!({"payIntent": {"amount": 1000, "externalPaymentId": id}, "requestInfo": "SALE"});
        self.ask("TX_START", &intent);
    }

    fn pay(&mut self, id: &str, payment: &'static str) {
        self.start(id);
        let draft = PaymentDraft {
            external_payment_id: Some(id.into()),
            ..paid(payment, 1_000)
        };
        self.terminal.books_mut().book(self.now, &draft);
        self.terminal.finish_ok(&draft).unwrap();
        self.sent();
    }

    fn look_up(&mut self, id: &str) -> (String, Value) {
        let answers = self.ask(
            "RETRIEVE_PAYMENT_REQUEST",
            &json!({"externalPaymentId": id}),
        );
        let [(method, answer)] = &answers[..] else {
            panic!("one answer, not {answers:?}");
        };
        assert_eq!(method, "RETRIEVE_PAYMENT_RESPONSE");
        assert_eq!(answer["externalPaymentId"], id);
        let payment = answer["payment"]
            .as_str()
            .map(|text| serde_json::from_str(text).unwrap());
        (
            answer["queryStatus"].as_str().unwrap().to_owned(),
            payment.unwrap_or(Value::Null),
        )
    }
}

#[test]
fn a_payment_is_found_for_24_hours() {
    let mut asked = Asked::new();
    asked.pay("X", "PAY1");
    let (status, payment) = asked.look_up("X");
    assert_eq!(status, "FOUND");
    assert_eq!(
        (&payment["id"], &payment["result"]),
        (&json!("PAY1"), &json!("SUCCESS"))
    );
    assert_eq!(asked.look_up("Y").0, "NOT_FOUND");
    asked.now = asked
        .now
        .after(Duration::from_millis(LOOK_UP.as_millis() - 1));
    assert_eq!(asked.look_up("X").0, "FOUND");
    asked.now = asked.now.after(Duration::from_millis(1));
    assert_eq!(asked.look_up("X").0, "NOT_FOUND");
}

#[test]
fn a_running_payment_is_in_progress_and_a_cancelled_one_is_not_found() {
    let mut asked = Asked::new();
    asked.start("X");
    assert_eq!(asked.look_up("X").0, "IN_PROGRESS");
    asked.terminal.finish_cancel().unwrap();
    asked.sent();
    assert_eq!(asked.look_up("X").0, "NOT_FOUND");
}

#[test]
fn voids_and_refunds_show_in_the_payment() {
    let mut asked = Asked::new();
    asked.pay("X", "PAY1");
    let refund = |amount| BookedRefund {
        id: "REF1".try_into().unwrap(),
        amount,
        created_ms: Some(5),
    };
    let books = asked.terminal.books_mut();
    assert!(!books.refund("PAY2", refund(400)), "no such payment");
    assert!(books.refund("PAY1", refund(400)));
    assert!(!books.refund("PAY1", refund(601)), "not so much is left");
    let (_, payment) = asked.look_up("X");
    assert_eq!(payment["refunds"]["elements"][0]["amount"], 400);
    assert_eq!(payment["refunds"]["elements"][0]["payment"]["id"], "PAY1");
    let books = asked.terminal.books_mut();
    assert!(books.void("PAY1", VoidReason::UserCancel));
    assert!(!books.void("PAY1", VoidReason::UserCancel), "it is voided");
    assert_eq!(asked.look_up("X").1["result"], "VOIDED");
}

#[test]
fn credits_are_never_found() {
    let mut asked = Asked::new();
    let credit = proto_core::model::CreditDraft {
        id: Some("CRE1".into()),
        amount: Some(500),
        ..proto_core::model::CreditDraft::default()
    };
    asked
        .terminal
        .books_mut()
        .book_credit(asked.now, &credit, "C");
    assert_eq!(asked.terminal.books().iter().count(), 1);
    assert_eq!(asked.look_up("C").0, "NOT_FOUND");
}

#[test]
fn what_was_taken_offline_is_pending_until_it_is_sent() {
    let mut asked = Asked::new();
    let draft = PaymentDraft {
        external_payment_id: Some("X".into()),
        offline: Some(true),
        ..paid("PAY1", 1_000)
    };
    asked.terminal.books_mut().book(asked.now, &draft);
    let pending = |asked: &mut Asked| {
        let answers = asked.ask("RETRIEVE_PENDING_PAYMENTS", &json!({}));
        answers[0].1["pendingPaymentEntries"].clone()
    };
    assert_eq!(
        pending(&mut asked),
        json!([{"paymentId": "PAY1", "amount": 1000, "externalPaymentId": "X"}])
    );
    asked
        .terminal
        .books_mut()
        .send_offline("PAY1", PaymentResult::Fail);
    assert_eq!(pending(&mut asked), json!([]));
    assert_eq!(asked.look_up("X").1["result"], "FAIL");
}

#[test]
fn the_last_message_is_repeated_word_for_word() {
    let mut asked = Asked::new();
    asked.start("X");
    asked.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    let first = asked.terminal.transmit().unwrap().to_vec();
    asked.terminal.transmitted(asked.now);
    let ask = json!({"method": "RETRIEVE_DEVICE_STATUS_REQUEST", "payload": "{\"sendLastMessage\":true}"});
    let mut ask = ask.to_string().into_bytes();
    asked.terminal.handle_message(asked.now, &mut ask);
    let status: Value = serde_json::from_slice(asked.terminal.transmit().unwrap()).unwrap();
    assert!(
        status["payload"]
            .as_str()
            .unwrap()
            .contains(r#""state":"IDLE""#),
        "{status}"
    );
    asked.terminal.transmitted(asked.now);
    assert_eq!(asked.terminal.transmit().unwrap(), first);
}

#[test]
fn full_books_forget_the_oldest() {
    let mut asked = Asked::with_books(2);
    for (id, payment) in [("A", "PAY1"), ("B", "PAY2"), ("C", "PAY3")] {
        asked.now = asked.now.after(Duration::from_secs(1));
        asked.pay(id, payment);
    }
    assert_eq!(asked.look_up("A").0, "NOT_FOUND");
    assert_eq!(asked.look_up("B").0, "FOUND");
    assert_eq!(asked.look_up("C").0, "FOUND");
}
