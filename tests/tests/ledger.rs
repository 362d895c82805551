//! What a terminal says when it is asked what happened: the truth of its books (`protocol/connector.md` §5.18 to
//! §5.20).

use proto_core::Role as _;
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::model::PaymentDraft;
use proto_core::terminal::{
    Booked, BookedRefund, Event, Identity, LOOK_UP, Ledger, Memory, REFUNDS, Terminal, Unsent,
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
        Self::with_identity(Identity::SIMULATOR, places)
    }

    fn with_identity(identity: Identity<'static>, places: usize) -> Self {
        let books: Vec<Option<Booked>> = vec![None; places];
        let memory = Memory {
            send: Box::leak(Box::new([0; 16_384])),
            last: Box::leak(Box::new([0; 4_096])),
            books: Ledger::new(Box::leak(books.into_boxed_slice())),
        };
        let identity = Identity {
            ping: None,
            acknowledges: false,
            ..identity
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

fn refund(amount: i64) -> BookedRefund {
    BookedRefund {
        id: "REF1".try_into().unwrap(),
        amount,
        created_ms: Some(5),
    }
}

#[test]
fn voids_and_refunds_show_in_the_payment() {
    let mut asked = Asked::new();
    asked.pay("X", "PAY1");
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
fn a_payment_is_given_back_in_parts_up_to_all_of_it_with_its_tip() {
    let mut asked = Asked::new();
    let draft = PaymentDraft {
        external_payment_id: Some("X".into()),
        tip_amount: Some(150),
        ..paid("PAY1", 1_000)
    };
    asked.terminal.books_mut().book(asked.now, &draft);
    for (amount, done) in [
        (0, false),
        (-1, false),
        (1_000, true),
        (151, false),
        (150, true),
    ] {
        let books = asked.terminal.books_mut();
        assert_eq!(books.refund("PAY1", refund(amount)), done, "{amount}");
    }
    let (_, payment) = asked.look_up("X");
    let listed = payment["refunds"]["elements"].as_array().unwrap();
    let amounts: Vec<_> = listed.iter().map(|refund| &refund["amount"]).collect();
    assert_eq!(amounts, [1_000, 150]);
    // What is new of the payment leaves its refunds.
    asked.terminal.books_mut().book(asked.now, &draft);
    let booked = asked.terminal.books().payment("PAY1").unwrap();
    assert_eq!((booked.refunds.len(), booked.refunded()), (2, 1_150));
}

#[test]
fn a_payment_takes_as_many_refunds_as_it_has_places_for() {
    let mut asked = Asked::new();
    asked.pay("X", "PAY1");
    let books = asked.terminal.books_mut();
    for _ in 0..REFUNDS {
        assert!(books.refund("PAY1", refund(1)));
    }
    assert!(!books.refund("PAY1", refund(1)));
}

#[test]
fn only_what_is_charged_is_given_back_and_only_what_is_charged_or_reserved_is_voided() {
    for (result, offline, refunded, voided) in [
        (PaymentResult::Success, false, true, true),
        (PaymentResult::Success, true, false, true),
        (PaymentResult::Auth, false, false, true),
        (PaymentResult::AuthCompleted, false, true, true),
        (PaymentResult::Fail, false, false, false),
        (PaymentResult::Voided, false, false, false),
    ] {
        let mut asked = Asked::new();
        let draft = PaymentDraft {
            result: Some(result),
            offline: Some(offline),
            ..paid("PAY1", 1_000)
        };
        let books = asked.terminal.books_mut();
        books.book(asked.now, &draft);
        assert_eq!(
            books.refund("PAY1", refund(1)),
            refunded,
            "{result} {offline}"
        );
        assert_eq!(
            books.void("PAY1", VoidReason::UserCancel),
            voided,
            "{result}"
        );
    }
}

#[test]
fn a_payment_that_was_voided_does_not_wait_to_be_sent() {
    let mut asked = Asked::new();
    let draft = PaymentDraft {
        external_payment_id: Some("X".into()),
        offline: Some(true),
        ..paid("PAY1", 1_000)
    };
    let books = asked.terminal.books_mut();
    books.book(asked.now, &draft);
    assert!(books.void("PAY1", VoidReason::UserCancel));
    books.send_offline("PAY1", PaymentResult::Success);
    assert_eq!(asked.look_up("X").1["result"], "VOIDED");
}

#[test]
fn an_older_terminal_does_not_say_what_is_running() {
    let identity = Identity {
        names_running: false,
        ..Identity::SIMULATOR
    };
    let mut asked = Asked::with_identity(identity, 4);
    asked.start("X");
    assert_eq!(asked.look_up("X").0, "NOT_FOUND");
    let status = asked.ask("RETRIEVE_DEVICE_STATUS_REQUEST", &json!({}));
    assert_eq!(status[0].1["state"], "BUSY");
    assert!(status[0].1["data"].is_null());
    // It is on the books before it has ended, and may still be voided.
    let draft = PaymentDraft {
        external_payment_id: Some("X".into()),
        ..paid("PAY1", 1_000)
    };
    asked.terminal.books_mut().book(asked.now, &draft);
    assert_eq!(asked.look_up("X").0, "FOUND");
}

#[test]
fn the_id_of_a_cancelled_transaction_counts_as_used_at_some_terminals() {
    for forgets in [false, true] {
        let identity = Identity {
            forgets_cancelled: forgets,
            ..Identity::SIMULATOR
        };
        let mut asked = Asked::with_identity(identity, 4);
        let start =
            json!({"payIntent": {"amount": 1000, "externalPaymentId": "X"}, "requestInfo": "SALE"});
        let again = |asked: &mut Asked| asked.ask("TX_START", &start)[0].1["result"].clone();
        assert_eq!(again(&mut asked), "SUCCESS");
        asked.terminal.finish_cancel().unwrap();
        asked.sent();
        let second = if forgets { "SUCCESS" } else { "DUPLICATE" };
        assert_eq!(again(&mut asked), second);
        // Of one that was paid it counts everywhere.
        let _ = asked.terminal.finish_ok(&paid("PAY1", 1_000));
        asked.sent();
        assert_eq!(again(&mut asked), "DUPLICATE");
    }
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

/// What a point of sale hears that asks for the last message.
fn last(asked: &mut Asked) -> Vec<String> {
    let heard = asked.ask(
        "RETRIEVE_DEVICE_STATUS_REQUEST",
        &json!({"sendLastMessage": true}),
    );
    heard
        .into_iter()
        .skip(1)
        .map(|(method, _)| method)
        .collect()
}

#[test]
fn an_end_that_nobody_heard_is_told_on_request() {
    let mut asked = Asked::new();
    assert!(last(&mut asked).is_empty(), "there was none yet");
    asked.start("X");
    assert_eq!(last(&mut asked), ["TX_START_RESPONSE"]);
    let down = Down::new(DownReason::Lost, "");
    asked.terminal.handle_link_down(asked.now, &down);
    let unsent = asked.terminal.finish_ok(&paid("PAY1", 1_000));
    assert_eq!(unsent, Err(Unsent::NotConnected));
    let info = LinkInfo::new(LinkKind::Usb, "pos");
    asked.terminal.handle_link_up(asked.now, info.clone());
    assert!(asked.sent().is_empty(), "not by itself");
    assert_eq!(last(&mut asked), ["FINISH_OK"]);
    assert_eq!(
        last(&mut asked),
        ["FINISH_OK"],
        "as often as it is asked for"
    );

    asked.terminal.restart();
    asked.terminal.handle_link_up(asked.now, info);
    assert!(last(&mut asked).is_empty(), "a restart forgets it");
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
