//! Questions of the terminal: both at once, answered, timed out, withdrawn (`design.md` "Money" 10).

use proto_core::message::{ConfirmPaymentDraft, VerifySignatureDraft};
use proto_core::model::{ChallengeDraft, PaymentDraft, SignatureDraft};
use proto_core::pos::{Answer, Refusal};
use proto_core::terminal::Terminal;
use proto_core::wire::json::Json;
use proto_core::wire::names::{ChallengeType, VoidReason};
use proto_core::wire::{InString, Nested};
use serde_json::{Value, json};
use system_tests::{World, begin, paid};

/// A payment as a terminal sends it, with a field that nobody knows.
const PAYMENT: &str = r#"{"id":"PAY1","externalPaymentId":"X","amount":1000,"note":"\"q\" \\ ä😀","unknownField":{"a":[1,null]}}"#;

fn challenge(terminal: &mut Terminal<'_>) {
    let challenges = [ChallengeDraft {
        message: Some("Duplicate?".into()),
        kind: Some(ChallengeType::DuplicateChallenge),
        reason: Some(VoidReason::RejectDuplicate),
        more: &[],
    }];
    terminal
        .send(&ConfirmPaymentDraft {
            payment: Some(InString::Text(Json::parse(PAYMENT).unwrap())),
            challenges: Some(Nested::Draft(&challenges)),
            more: &[],
        })
        .unwrap();
}

fn signature(terminal: &mut Terminal<'_>) {
    let payment = PaymentDraft {
        external_payment_id: Some("X".into()),
        ..paid("PAY1", 1_000)
    };
    terminal
        .send(&VerifySignatureDraft {
            payment: Some(InString::Draft(&payment)),
            signature: Some(SignatureDraft {
                width: Some(10),
                ..SignatureDraft::default()
            }),
            more: &[],
        })
        .unwrap();
}

fn asked(ask: impl Fn(&mut Terminal<'_>) + 'static) -> World {
    let mut world = World::ready();
    world.on_start(move |terminal| {
        begin(terminal);
        ask(terminal);
    });
    world.sale("X");
    world.forget();
    world
}

#[test]
fn the_payment_goes_back_as_it_was_received() {
    let mut world = asked(challenge);
    let question = world.questions[0];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
    world.settle();
    world.expect("event: Answered\npos: PAYMENT_CONFIRMED\nterminal: ACK");
    let (_, text) = &world.wire[world.wire.len() - 2];
    let envelope: Value = serde_json::from_str(text).unwrap();
    let payload: Value = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["payment"].as_str(), Some(PAYMENT), "byte for byte");
}

#[test]
fn a_payment_that_does_not_fit_goes_back_by_its_id() {
    let mut world = World::with_memory(system_tests::test_config(), [4_096, 4_096, 16]);
    world.join();
    world.on_start(|terminal| {
        begin(terminal);
        challenge(terminal);
    });
    world.sale("X");
    let question = world.questions[0];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
    world.settle();
    assert!(
        world
            .wire
            .iter()
            .any(|(_, text)| text.contains(r#"\"payment\":\"{\\\"id\\\":\\\"PAY1\\\"}\""#))
    );
}

#[test]
fn a_rejected_challenge_is_the_cause_of_the_end() {
    let mut world = asked(challenge);
    let reject = Answer::Reject(Some(VoidReason::RejectDuplicate));
    world
        .pos
        .answer(world.now, world.questions[0], reject)
        .unwrap();
    world.settle();
    world.expect("event: Answered\npos: PAYMENT_REJECTED REJECT_DUPLICATE\nterminal: ACK");
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert_eq!(world.outcome().cause.name(), "rejected_challenge");
}

#[test]
fn a_rejected_signature_is_the_cause_of_the_end() {
    let mut world = asked(signature);
    world
        .pos
        .answer(world.now, world.questions[0], Answer::Reject(None))
        .unwrap();
    world.settle();
    world.expect("event: Answered\npos: SIGNATURE_VERIFIED false\nterminal: ACK");
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert_eq!(world.outcome().cause.name(), "rejected_signature");
}

#[test]
fn the_answer_to_the_signature_waits_for_the_answer_to_the_confirmation() {
    let both = |terminal: &mut Terminal<'_>| {
        challenge(terminal);
        signature(terminal);
    };
    let mut world = asked(both);
    let (confirm, sign) = (world.questions[0], world.questions[1]);
    world.pos.answer(world.now, sign, Answer::Accept).unwrap();
    world.settle();
    world.expect("event: Answered");
    world
        .pos
        .answer(world.now, confirm, Answer::Accept)
        .unwrap();
    world.settle();
    world.expect(
        "event: Answered
         pos: PAYMENT_CONFIRMED
         pos: SIGNATURE_VERIFIED true
         terminal: ACK
         terminal: ACK",
    );

    let mut world = asked(both);
    let (confirm, sign) = (world.questions[0], world.questions[1]);
    world.pos.answer(world.now, sign, Answer::Accept).unwrap();
    world
        .pos
        .answer(world.now, confirm, Answer::Reject(None))
        .unwrap();
    world.settle();
    world.expect(
        "event: Answered
         event: Withdrawn
         event: Answered
         pos: PAYMENT_REJECTED NOT_APPROVED
         terminal: ACK",
    );
    assert_eq!(
        world
            .pos
            .answer(world.now, sign, Answer::Accept)
            .unwrap_err()
            .why,
        Refusal::Stale
    );
}

#[test]
fn a_question_that_nobody_answers_is_rejected_at_its_deadline() {
    for (ask, sent) in [
        (
            challenge as fn(&mut Terminal<'_>),
            "pos: PAYMENT_REJECTED NOT_APPROVED",
        ),
        (signature, "pos: SIGNATURE_VERIFIED false"),
    ] {
        let mut world = asked(ask);
        world.wait(59_999);
        world.forget();
        world.wait(1);
        // The half minute without progress falls on the same moment.
        world.forget();
        let (_, last) = world
            .wire
            .iter()
            .rev()
            .find(|(from, _)| *from == "pos")
            .unwrap();
        let method = sent.split(' ').nth(1).unwrap();
        assert!(last.contains(method), "{last}");
    }
}

#[test]
fn a_lost_link_withdraws_the_question_and_its_old_answer_is_stale() {
    let mut world = asked(challenge);
    let old = world.questions[0];
    world.cut();
    world.expect("event: Disconnected\nevent: Withdrawn");
    assert_eq!(
        world
            .pos
            .answer(world.now, old, Answer::Accept)
            .unwrap_err()
            .why,
        Refusal::Stale
    );
    world.join();
    challenge(&mut world.terminal);
    world.settle();
    let new = world.questions[1];
    assert_ne!(old, new);
    assert_eq!(
        world
            .pos
            .answer(world.now, old, Answer::Accept)
            .unwrap_err()
            .why,
        Refusal::Stale
    );
    world.pos.answer(world.now, new, Answer::Accept).unwrap();
}

#[test]
fn what_is_asked_again_counts_in_place_of_what_was_asked_before() {
    let mut world = asked(challenge);
    // While it is open,
    challenge(&mut world.terminal);
    world.settle();
    world.expect("terminal: CONFIRM_PAYMENT_MESSAGE\nevent: Confirm repeated");
    let [old, new] = world.questions[..] else {
        panic!("{:?}", world.questions);
    };
    let stale = world.pos.answer(world.now, old, Answer::Accept);
    assert_eq!(stale.unwrap_err().why, Refusal::Stale);
    world.pos.answer(world.now, new, Answer::Accept).unwrap();
    world.settle();
    world.expect("event: Answered\npos: PAYMENT_CONFIRMED\nterminal: ACK");
    // and after it was answered.
    challenge(&mut world.terminal);
    world.settle();
    world.expect("terminal: CONFIRM_PAYMENT_MESSAGE\nevent: Confirm repeated");
    let question = world.questions[2];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
    world.settle();
    world.expect("event: Answered\npos: PAYMENT_CONFIRMED\nterminal: ACK");
}

#[test]
fn a_signature_for_the_same_payment_is_not_a_repeated_challenge() {
    let mut world = asked(signature);
    challenge(&mut world.terminal);
    signature(&mut world.terminal);
    world.settle();
    world.expect(
        "terminal: CONFIRM_PAYMENT_MESSAGE
         event: Confirm
         terminal: VERIFY_SIGNATURE
         event: Signature repeated",
    );
}

#[test]
fn a_question_about_another_payment_is_no_repetition() {
    let mut world = asked(challenge);
    let payment = r#"{"id":"PAY2","externalPaymentId":"X"}"#;
    world.inject_command("CONFIRM_PAYMENT_MESSAGE", &json!({"payment": payment}));
    world.expect("event: Confirm");
    world.inject_command("CONFIRM_PAYMENT_MESSAGE", &json!({"payment": payment}));
    world.expect("event: Confirm repeated");
}

#[test]
fn each_repetition_starts_the_time_for_an_answer_anew() {
    let mut world = asked(challenge);
    world.wait(50_000);
    challenge(&mut world.terminal);
    world.wait(59_999);
    let question = world.questions[1];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
}

#[test]
fn while_a_question_is_open_it_is_not_the_terminal_that_makes_no_progress() {
    let mut world = asked(challenge);
    world.wait(45_000);
    world.expect("");
    let question = world.questions[0];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
    world.settle();
    world.forget();
    world.wait(29_999);
    world.expect("");
    world.wait(1);
    assert_eq!(world.transcript()[0], "event: NoProgress");
}

#[test]
fn an_answer_counts_once() {
    let mut world = asked(challenge);
    let question = world.questions[0];
    world
        .pos
        .answer(world.now, question, Answer::Accept)
        .unwrap();
    assert_eq!(
        world
            .pos
            .answer(world.now, question, Answer::Accept)
            .unwrap_err()
            .why,
        Refusal::Stale
    );
}

#[test]
fn a_cancel_rejects_the_open_question() {
    let mut world = asked(challenge);
    let request = world.pos.open_request().unwrap();
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    world.expect("event: Answered\npos: PAYMENT_REJECTED NOT_APPROVED\nterminal: ACK");
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert_eq!(world.outcome().cause.name(), "cancelled_pos");
}

#[test]
fn a_question_about_another_payment_is_not_ours() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("Y");
    world.forget();
    challenge(&mut world.terminal);
    world.settle();
    world.expect(
        "terminal: CONFIRM_PAYMENT_MESSAGE\nevent: Unsolicited Message ConfirmPaymentMessage",
    );
}

#[test]
fn the_end_of_the_transaction_withdraws_what_is_open() {
    let mut world = asked(challenge);
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.outcome().certainty.name(), "made");
    assert_eq!(
        world
            .pos
            .answer(world.now, world.questions[0], Answer::Accept)
            .unwrap_err()
            .why,
        Refusal::Stale
    );
}

#[test]
fn an_answer_that_waits_for_room_is_sent_when_there_is_some() {
    // Room for one answer at a time.
    let mut world = World::with_memory(system_tests::test_config(), [700, 4_096, 16]);
    world.join();
    world.on_start(|terminal| {
        begin(terminal);
        challenge(terminal);
        signature(terminal);
    });
    world.sale("X");
    world.forget();
    let (confirm, sign) = (world.questions[0], world.questions[1]);
    world.pos.answer(world.now, sign, Answer::Accept).unwrap();
    world
        .pos
        .answer(world.now, confirm, Answer::Accept)
        .unwrap();
    world.settle();
    let sent = |method: &str| {
        let method = format!("\"method\":\"{method}\"");
        world
            .wire
            .iter()
            .filter(|(_, text)| text.contains(&method))
            .count()
    };
    assert_eq!(
        (sent("PAYMENT_CONFIRMED"), sent("SIGNATURE_VERIFIED")),
        (1, 1)
    );
}

#[test]
fn a_payment_whose_answer_can_never_fit_goes_back_by_its_id() {
    let mut world = World::with_memory(system_tests::test_config(), [700, 4_096, 4_096]);
    world.join();
    world.on_start(|terminal| {
        begin(terminal);
        let note = "\"".repeat(400);
        let more = [("note", Json::parse("\"n\"").unwrap())];
        let payment = PaymentDraft {
            external_payment_id: Some("X".into()),
            external_reference_id: Some(note.as_str().into()),
            more: &more,
            ..paid("PAY1", 1_000)
        };
        terminal
            .send(&ConfirmPaymentDraft {
                payment: Some(InString::Draft(&payment)),
                ..ConfirmPaymentDraft::default()
            })
            .unwrap();
    });
    world.sale("X");
    world
        .pos
        .answer(world.now, world.questions[0], Answer::Accept)
        .unwrap();
    world.settle();
    let (_, answer) = world
        .wire
        .iter()
        .find(|(_, text)| text.contains("PAYMENT_CONFIRMED"))
        .unwrap();
    assert!(
        answer.contains("PAY1") && !answer.contains("note"),
        "{answer}"
    );
}
