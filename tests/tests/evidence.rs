//! No outcome without evidence: what must not be taken for an answer, and what an unknown outcome holds back.

use proto_core::Role;
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::message::{
    FinishCancelDraft, FinishOkDraft, InvalidStateTransitionDraft, TxStartResponseDraft,
};
use proto_core::model::PaymentDraft;
use proto_core::pos::{Config, Env, Event, ExternalId, Refusal, Sale, Unsolicited};
use proto_core::wire::InString;
use proto_core::wire::names::{PaymentResult, TxStartResult};
use serde_json::json;
use system_tests::{Pairs, World, begin, paid, test_config};

#[test]
fn a_refusal_that_may_be_about_another_command_ends_nothing() {
    let refusal = |transition: Option<&'static str>| InvalidStateTransitionDraft {
        requested_transition: transition.map(Into::into),
        ..InvalidStateTransitionDraft::default()
    };
    // It names another command.
    let mut world = World::ready();
    world.sale("X");
    world.tell(&refusal(Some("SHOW_WELCOME_SCREEN")));
    assert!(world.outcomes.is_empty());
    // It names nothing, and a screen was shown just before.
    let mut world = World::ready();
    world.pos.show_message(world.now, "hello").unwrap();
    world.sale("X");
    world.tell(&refusal(None));
    assert!(world.outcomes.is_empty());
    // Long after that screen it can only be about the sale.
    world.wait(10_000);
    world.tell(&refusal(None));
    assert_eq!(world.outcome().cause.name(), "busy");
}

#[test]
fn an_unknown_start_result_follows_success_and_a_late_refusal_ends_nothing() {
    let mut world = World::ready();
    world.sale("X");
    world.tell(&TxStartResponseDraft {
        success: Some(true),
        result: Some(TxStartResult::Unlisted("QUEUED".into())),
        external_payment_id: Some("X".into()),
        ..TxStartResponseDraft::default()
    });
    assert!(world.outcomes.is_empty());

    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.tell(&TxStartResponseDraft {
        success: Some(false),
        ..TxStartResponseDraft::default()
    });
    assert!(world.outcomes.is_empty(), "the card is being read");
}

#[test]
fn a_payment_that_does_not_say_how_much_leaves_it_unknown() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        let payment = PaymentDraft {
            id: Some("PAY1".into()),
            result: Some(PaymentResult::Success),
            ..PaymentDraft::default()
        };
        terminal.finish_ok(&payment).unwrap();
    });
    world.sale("X");
    assert_eq!(world.outcome().certainty.name(), "unknown");

    // Without our id it is no answer at all.
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.inject_command(
        "FINISH_OK",
        &json!({"payment": {"id": "PAY1", "result": "SUCCESS"}}),
    );
    world.inject_command("FINISH_OK", &json!({"payment": {}}));
    assert!(world.outcomes.is_empty() && world.pos.open_request().is_some());
}

#[test]
fn a_payment_that_was_pending_is_recognised_when_it_has_succeeded() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    for (result, outcomes) in [(PaymentResult::Pending, 0), (PaymentResult::Success, 1)] {
        let payment = PaymentDraft {
            result: Some(result),
            ..paid("PAY1", 1_000)
        };
        world.tell(&FinishOkDraft {
            payment: Some(InString::Draft(&payment)),
            ..FinishOkDraft::default()
        });
        assert_eq!(world.outcomes.len(), outcomes);
    }
    assert_eq!(world.outcome().certainty.name(), "made");
}

#[test]
fn a_payment_is_opened_also_where_only_the_payload_names_the_method() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.inject(
        r#"{"type":"COMMAND","payload":"{\"method\":\"FINISH_OK\",\"payment\":\"{\\\"id\\\":\\\"P\\\",\\\"externalPaymentId\\\":\\\"X\\\",\\\"amount\\\":1000,\\\"result\\\":\\\"SUCCESS\\\"}\"}"}"#,
    );
    assert_eq!(world.outcome().certainty.name(), "made");
}

#[test]
fn one_start_per_external_id_unless_a_retry_is_asked_for_by_name() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_cancel().unwrap();
    });
    world.sale("X");
    world.forget();
    let again = Sale::new(1_000).external_id("X");
    let refused = world
        .pos
        .sale(world.now, &again, Env::default())
        .unwrap_err();
    assert_eq!(refused.why, Refusal::IdUsed);
    world.settle();
    world.expect("");
    let retry = Sale {
        retry: true,
        ..again
    };
    world.pos.sale(world.now, &retry, Env::default()).unwrap();
}

#[test]
fn a_request_that_never_left_may_use_its_id_again() {
    let mut world = World::ready();
    world.journal = system_tests::JournalAnswer::No;
    world.sale("X");
    world.journal = system_tests::JournalAnswer::Yes;
    world.sale("X");
}

fn unknown() -> World {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.join();
    world.wait(30_000);
    assert_eq!(world.outcome().certainty.name(), "unknown");
    world
}

#[test]
fn after_an_unknown_outcome_no_money_is_asked_for_until_it_is_parked() {
    let mut world = unknown();
    let next = Sale::new(500).external_id("Y");
    let refused = world
        .pos
        .sale(world.now, &next, Env::default())
        .unwrap_err();
    assert!(matches!(refused.why, Refusal::Unresolved(_)), "{refused:?}");
    let (x, y) = (ExternalId::new("X").unwrap(), ExternalId::new("Y").unwrap());
    assert_eq!(
        world.pos.unresolved().map(|record| &record.external_id),
        Some(&x)
    );
    assert_eq!(world.pos.park(&y).unwrap_err().why, Refusal::Unknown);
    world.pos.park(&x).unwrap();
    world.pos.sale(world.now, &next, Env::default()).unwrap();
}

#[test]
fn a_payment_that_comes_late_settles_what_was_unknown() {
    let mut world = unknown();
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.pos.unresolved(), None);
    world
        .pos
        .sale(world.now, &Sale::new(500).external_id("Y"), Env::default())
        .unwrap();
}

#[test]
fn a_screen_and_a_cancel_from_before_the_request_has_left_are_not_about_it() {
    let mut world = World::ready();
    world
        .pos
        .sale(
            world.now,
            &Sale::new(1_000).external_id("X"),
            Env::default(),
        )
        .unwrap();
    let id = world.pos.poll_journal().unwrap().0;
    world.pos.journal_done(world.now, id, Ok(()));
    let _ = world.pos.transmit().unwrap();
    for (method, payload) in [
        (
            "UI_STATE",
            json!({"uiState": "PROCESSING", "uiDirection": "ENTER"}),
        ),
        ("FINISH_CANCEL", json!({"requestInfo": "SALE"})),
    ] {
        let message = json!({"method": method, "payload": payload.to_string()});
        let event = world
            .pos
            .handle_message(world.now, &mut message.to_string().into_bytes())
            .map(|event| matches!(event, Event::Outcome(_)));
        assert_eq!(event, Some(false), "{method}");
    }
}

#[test]
fn a_cancel_presses_no_key_of_a_screen_of_the_sale_before() {
    let mut world = World::ready();
    // Its screen with the cancel key is never taken away.
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_cancel().unwrap();
    });
    world.sale("X");
    world.on_start(|terminal| terminal.accept_start().unwrap());
    let request = world.sale("Y");
    world.forget();
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    world.expect("");
    world.wait(15_000);
    world.expect("event: CancelImpossible");
}

#[test]
fn failed_attempts_to_reconnect_do_not_put_the_unknown_off() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    for _ in 0..2 {
        world.wait(14_000);
        world
            .pos
            .handle_link_down(world.now, &Down::new(DownReason::Refused, ""));
    }
    world.wait(2_000);
    assert_eq!(world.outcome().cause.name(), "link_lost");
}

#[test]
fn a_payment_is_told_also_while_pairing() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.pairs = Pairs::Silently;
    world.join();
    world.inject_command(
        "FINISH_OK",
        &json!({"payment": {"id": "P", "externalPaymentId": "X", "amount": 1000, "result": "SUCCESS"}}),
    );
    assert_eq!(world.outcome().certainty.name(), "made");
}

#[test]
fn nothing_prints_a_secret() {
    let config = Config {
        token: Some("VERY-SECRET"),
        ..test_config()
    };
    let mut world = World::new(config);
    world.over(LinkKind::Network);
    world.pairs = Pairs::Silently;
    world
        .pos
        .handle_link_up(world.now, LinkInfo::new(LinkKind::Network, "terminal"));
    let printed = format!("{config:?} {:?} {:?}", world.pos, world.terminal);
    assert!(!printed.contains("VERY-SECRET"), "{printed}");
    let mut code =
        br#"{"method":"PAIRING_CODE","payload":"{\"pairingCode\":\"VERY-SECRET\"}"}"#.to_vec();
    let event = world.pos.handle_message(world.now, &mut code).unwrap();
    assert!(!format!("{event:?}").contains("VERY-SECRET"));
    let mut paired = br#"{"method":"PAIRING_RESPONSE","payload":"{\"pairingState\":\"PAIRED\",\"authenticationToken\":\"VERY-SECRET\"}"}"#.to_vec();
    let event = world.pos.handle_message(world.now, &mut paired).unwrap();
    assert!(!format!("{event:?}").contains("VERY-SECRET"));
}

#[test]
fn an_unasked_cancel_is_told() {
    let mut world = World::ready();
    world.tell(&FinishCancelDraft::default());
    world.expect("terminal: FINISH_CANCEL\nevent: Unsolicited Cancel None");
    let _ = Unsolicited::Cancel(None);
}
