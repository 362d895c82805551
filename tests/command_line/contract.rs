//! The contract of the lines (`tests/contract.json`): each line has exactly the members that stand there.

use std::sync::OnceLock;

use host_demo::report::{self, Answerer};
use proto_core::Role as _;
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::message::{
    ConfirmPayment, DiscoveryResponse, InvalidStateTransition, RemoteError, ResetDeviceResponse,
    RetrieveDeviceStatusResponse, RetrievePaymentResponse, RetrievePendingPaymentsResponse,
    UiStateMessage,
};
use proto_core::pos::{
    Answer, Config, Env, Event, Memory, Pos, Query, RequestId, Sale, Unsolicited,
};
use proto_core::time::Instant;
use proto_core::wire::json::Object;
use proto_core::wire::names::{Method, PairingState, TxState};
use serde_json::{Map, Value};

fn contract() -> &'static Value {
    static CONTRACT: OnceLock<Value> = OnceLock::new();
    CONTRACT.get_or_init(|| serde_json::from_str(include_str!("../contract.json")).unwrap())
}

/// Reads a line and holds it against the contract.
#[track_caller]
pub(crate) fn check(line: &str) -> Value {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    check_value(&line);
    line
}

#[track_caller]
fn check_value(line: &Value) {
    let mut members = line
        .as_object()
        .unwrap_or_else(|| panic!("no object: {line}"))
        .clone();
    let event = members
        .remove("event")
        .unwrap_or_else(|| panic!("no event: {line}"));
    let event = event.as_str().unwrap();
    let same = contract()["same"][event].as_str();
    let expected = &contract()["events"][same.unwrap_or(event)];
    assert!(
        expected.is_object(),
        "`{event}` is not in the contract: {line}"
    );
    check_members(&members, expected, event);
}

#[track_caller]
fn check_members(members: &Map<String, Value>, expected: &Value, place: &str) {
    let expected = expected.as_object().unwrap();
    let names = |map: &Map<String, Value>| {
        let mut names: Vec<_> = map.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(members), names(expected), "{place}");
    for (name, kinds) in expected {
        let value = &members[name];
        let place = format!("{place}.{name}");
        let fits = kinds
            .as_str()
            .unwrap()
            .split('|')
            .any(|kind| fits(value, kind, &place));
        assert!(fits, "{place} is {value}, not {kinds}");
    }
}

fn fits(value: &Value, kind: &str, place: &str) -> bool {
    match kind.split_once(':') {
        None => match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("the contract knows no {other}"),
        },
        Some(("object", name)) => value.as_object().is_some_and(|object| {
            check_members(object, &contract()["objects"][name], place);
            true
        }),
        Some(("array", name)) => value.as_array().is_some_and(|items| {
            for item in items {
                check_members(
                    item.as_object().unwrap(),
                    &contract()["objects"][name],
                    place,
                );
            }
            true
        }),
        Some(("value", name)) => contract()["values"][name]
            .as_array()
            .unwrap()
            .contains(value),
        Some((other, _)) => panic!("the contract knows no {other}"),
    }
}

/// Every kind of event that can be printed, each with as much and as little in it as there can be.
#[test]
fn every_line_has_the_members_of_the_contract() {
    const PAYMENT: &str = r#"{"id":"P","externalPaymentId":"X","order":{"id":"O"},"amount":1000,
        "tipAmount":1,"taxAmount":2,"offline":false,"result":"SUCCESS","createdTime":5,
        "cardTransaction":{"cardType":"VISA","entryType":"SWIPED","last4":"1111","authCode":"1"}}"#;
    let payload = format!(
        r#"{{"payment":{PAYMENT},"challenges":[{{"message":"?","type":"DUPLICATE_CHALLENGE","reason":"REJECT_DUPLICATE"}},{{}}],
        "signature":{{"strokes":[{{"points":[{{"x":1,"y":2}}]}}]}},"uiState":"START","uiText":"t","uiDirection":"ENTER",
        "state":"IDLE","subState":"X","data":{{"externalPaymentId":"X"}},"queryStatus":"FOUND","externalPaymentId":"X",
        "pendingPaymentEntries":[{{"paymentId":"P","amount":1,"externalPaymentId":"X","tipAmount":2}},{{}}],"inputOptions":[{{"keyPress":"ESC","description":"Cancel"}},{{}}],"merchantId":"M","serial":"S"}}"#
    );
    for text in [payload.as_str(), r#"{"payment":{}}"#] {
        let object = Object::parse(text).unwrap();
        let payment = ConfirmPayment::of(object).payment().unwrap();
        let mut events = vec![
            Event::Connected(LinkInfo::new(LinkKind::Network, "here")),
            Event::Disconnected(Down::new(DownReason::Refused, "detail")),
            Event::PairingCode(proto_core::redact::Secret::new("0427".into())),
            Event::PairingState(PairingState::Authenticating),
            Event::Paired { token: None },
            Event::TokenRefused,
            Event::PairingFailed,
            Event::PairingTimedOut,
            Event::BecameReady(DiscoveryResponse::of(object)),
            Event::NotReady(DiscoveryResponse::of(object)),
            Event::SimulatorRefused,
            Event::ScreenShown(UiStateMessage::of(object)),
            Event::ScreenGone(UiStateMessage::of(object)),
            Event::TipAdded(1),
            Event::PartialAuth(1),
            Event::CashbackSelected(1),
            Event::TxState(TxState::Start),
            Event::CancelImpossible,
            Event::NoProgress,
            Event::RemoteError(RemoteError::of(object)),
            Event::DeviceStatus(RetrieveDeviceStatusResponse::of(object)),
            Event::PaymentRetrieved(RetrievePaymentResponse::of(object)),
            Event::PendingPayments(RetrievePendingPaymentsResponse::of(object)),
            Event::Unanswered(Query::Payment),
            Event::Unsolicited(Unsolicited::Payment(payment)),
            Event::Contradicted(payment),
            Event::Recovering(RequestId::from_number(1)),
            Event::JournalFailed(RequestId::from_number(1)),
            Event::Unsolicited(Unsolicited::Cancel(None)),
            Event::Unsolicited(Unsolicited::StateRefused(InvalidStateTransition::of(
                object,
            ))),
            Event::Unsolicited(Unsolicited::Reset(ResetDeviceResponse::of(object))),
            Event::Unsolicited(Unsolicited::Message(Some(Method::Ack))),
            Event::Oversize {
                method: Default::default(),
                total: 5,
            },
            Event::Garbled(proto_core::wire::FrameError { skipped: 3 }),
        ];
        let mut broken = b"{".to_vec();
        events.push(Event::Unreadable(
            proto_core::wire::open(&mut broken).unwrap_err(),
        ));
        for event in &events {
            check_value(&report::event(event, Answerer::Nobody).0);
        }
    }
    check_value(&report::connecting("sim", None));
    check_value(&report::connecting("sim", Some("X")));
}

/// Questions and their answers have no public constructor: a point of sale is asked them.
#[test]
fn questions_and_answers_have_the_members_of_the_contract() {
    let (mut send, mut withheld, mut hold) = ([0; 4_096], [0; 4_096], [0; 4_096]);
    let memory = Memory {
        send: &mut send,
        withheld: &mut withheld,
        hold: &mut hold,
        cases: &mut [proto_core::pos::Case::EMPTY; 2],
        receive: 65_536,
    };
    let config = Config {
        accept_simulator: true,
        ..Config::new("com.example.test:1.0")
    };
    let mut pos = Pos::new(config, memory);
    let now = Instant::ZERO;
    let command = |method: &str, payload: &str| {
        let payload = payload.to_owned();
        serde_json::json!({"method": method, "payload": payload})
            .to_string()
            .into_bytes()
    };
    pos.handle_link_up(now, LinkInfo::new(LinkKind::Usb, ""));
    let mut ready = command(
        "DISCOVERY_RESPONSE",
        r#"{"ready":true,"merchantId":"SIMULATOR"}"#,
    );
    let _ = pos.handle_message(now, &mut ready);
    pos.sale(now, &Sale::new(1_000).external_id("X"), Env::default())
        .unwrap();
    let id = pos.poll_journal().unwrap().0;
    pos.journal_done(now, id, Ok(()));
    while pos.transmit().is_some() {
        pos.transmitted(now);
    }
    let mut told = Vec::new();
    for (method, payload) in [
        (
            "CONFIRM_PAYMENT_MESSAGE",
            r#"{"payment":"{\"id\":\"P\",\"externalPaymentId\":\"X\"}","challenges":[{"message":"?","type":"OFFLINE_CHALLENGE","reason":"REJECT_OFFLINE"},{}]}"#,
        ),
        (
            "VERIFY_SIGNATURE",
            r#"{"payment":"{\"id\":\"P\",\"externalPaymentId\":\"X\"}","signature":{"strokes":[{"points":[]}]}}"#,
        ),
    ] {
        let mut message = command(method, payload);
        let event = pos.handle_message(now, &mut message).unwrap();
        let line = report::event(&event, Answerer::Person).0;
        check_value(&line);
        told.push(line["event"].clone());
        let question = match event {
            Event::Confirm(asked) => asked.question,
            Event::Signature(asked) => asked.question,
            other => panic!("{other:?}"),
        };
        pos.answer(now, question, Answer::Accept).unwrap();
    }
    while let Some(event) = pos.poll_event() {
        let line = report::event(&event, Answerer::Person).0;
        check_value(&line);
        told.push(line["event"].clone());
    }
    for event in ["challenge", "signature", "answered"] {
        assert!(
            told.contains(&event.into()),
            "{event} was not told: {told:?}"
        );
    }
}

#[test]
fn the_contract_has_every_event_name_that_is_fixed() {
    let fixed = "connecting connected pairing_code pairing_state paired ready not_ready disconnected \
        activity_start activity_end tip_added partial_auth cashback tx_state challenge signature answered \
        device_status payment_retrieved pending_payments unsolicited unreadable device error resolved record outcome paid";
    let mut listed: Vec<_> = contract()["events"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    listed.extend(contract()["same"].as_object().unwrap().keys().cloned());
    let mut fixed: Vec<_> = fixed.split_whitespace().map(str::to_owned).collect();
    listed.sort();
    fixed.sort();
    assert_eq!(listed, fixed);
}
