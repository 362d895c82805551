//! What became of refunds, voids and manual refunds (`design.md` "Money" 9).

use proto_core::pos::{ManualRefund, Missing, RefundPayment, ResultCode, Sale, VoidPayment};
use proto_core::terminal::Identity;
use proto_core::time::Duration;
use proto_core::wire::names::{UiState, VoidReason};
use serde_json::{Value, json};
use system_tests::{Device, UNIX_MS, World, begin, test_config};

const HOUR: u64 = 3_600_000;

fn sale(id: &str) -> Sale<'_> {
    Sale::new(1_000).external_id(id)
}

fn payment(id: &str, result: &str) -> Value {
    json!({"id": "PAY1", "externalPaymentId": id, "amount": 1000, "result": result})
}

// Refunds

fn refund() -> RefundPayment<'static> {
    RefundPayment::partial("PAY1", 400)
        .external_id("R")
        .original("X")
}

#[test]
fn a_refund_is_made_by_its_response_and_told_with_its_end() {
    let mut world = World::ready();
    world.ask(&refund());
    world.inject_command(
        "REFUND_RESPONSE",
        &json!({"code": "SUCCESS", "paymentId": "PAY1", "refund": json!({"id": "REF1", "amount": 400}).to_string()}),
    );
    assert!(world.outcomes.is_empty());
    world.inject_command(
        "FINISH_OK",
        &json!({"refund": json!({"id": "REF1", "amount": 400, "payment": {"id": "PAY1"}}).to_string()}),
    );
    assert_eq!(world.told(), ("made", "approved", "finish_ok"));
    let summary = world.outcome();
    assert_eq!(
        (summary.approved, summary.payment_id.as_deref()),
        (400, Some("REF1"))
    );
}

#[test]
fn the_response_of_a_refund_is_proof_although_its_end_is_lost() {
    for cut in [false, true] {
        let mut world = World::ready();
        world.ask(&refund());
        world.inject_command(
            "REFUND_RESPONSE",
            &json!({"code": "SUCCESS", "paymentId": "PAY1", "refund": {"id": "REF1", "amount": 400}}),
        );
        if cut {
            world.cut();
        } else {
            world.wait(4_999);
            assert!(world.outcomes.is_empty());
            world.wait(1);
        }
        assert_eq!(world.told(), ("made", "approved", "refund_response"));
    }
}

#[test]
fn a_refund_that_was_made_stays_made_whatever_is_said_next() {
    for next in ["the time is over", "a failure"] {
        let mut world = World::ready();
        world.ask(&refund());
        if next == "the time is over" {
            world.wait(58_000);
        }
        world.inject_command(
            "REFUND_RESPONSE",
            &json!({"code": "SUCCESS", "paymentId": "PAY1", "refund": {"id": "REF1", "amount": 400}}),
        );
        if next == "a failure" {
            world.inject_command(
                "REFUND_RESPONSE",
                &json!({"code": "FAIL", "paymentId": "PAY1"}),
            );
        }
        world.wait(5_000);
        assert_eq!(world.told(), ("made", "approved", "refund_response"));
    }
}

#[test]
fn a_response_that_says_neither_yes_nor_no_ends_nothing() {
    let mut world = World::ready();
    world.ask(&refund());
    world.inject_command("REFUND_RESPONSE", &json!({"paymentId": "PAY1"}));
    world.wait(10_000);
    assert!(world.outcomes.is_empty());

    let mut world = World::ready();
    world.ask(&void());
    world.inject_command("VOID_PAYMENT_RESPONSE", &json!({"payment": {"id": "PAY1"}}));
    assert!(world.outcomes.is_empty());
    world.inject_command(
        "VOID_PAYMENT_RESPONSE",
        &json!({"payment": {"id": "PAY1", "amount": 1000, "result": "VOIDED"}}),
    );
    assert_eq!(world.told().0, "made");
}

#[test]
fn a_refund_that_failed_says_why() {
    for finish in [true, false] {
        let mut world = World::ready();
        world.ask(&refund());
        world.inject_command(
            "REFUND_RESPONSE",
            &json!({"code": "FAIL", "reason": "PAYMENT_NOT_FOUND", "paymentId": "PAY1"}),
        );
        if finish {
            world.inject_command("FINISH_CANCEL", &json!({"requestInfo": "REFUND"}));
            let (_, reason, ..) = &world.outcomes[0];
            assert_eq!(reason, "PAYMENT_NOT_FOUND");
        } else {
            world.wait(5_000);
        }
        assert_eq!(world.told(), ("not_made", "failed", "refund_response"));
    }
}

#[test]
fn a_refund_that_the_customer_cancelled_is_a_cancel() {
    let mut world = World::ready();
    world.ask(&refund());
    system_tests::screen(&mut world.terminal, UiState::Processing);
    world.settle();
    world.inject_command("FINISH_CANCEL", &json!({"requestInfo": "REFUND"}));
    assert_eq!(
        world.told(),
        ("not_made", "cancelled_customer", "finish_cancel")
    );
    assert_eq!(world.outcome().result, ResultCode::Cancel);
}

#[test]
fn a_lost_refund_is_made_only_if_the_payment_lists_it() {
    let now = UNIX_MS + 1_000;
    for (refunds, end) in [
        (
            json!([{"id": "REF1", "amount": 400, "createdTime": now}]),
            ("made", "looked_up"),
        ),
        (json!([]), ("unknown", "none")),
        (
            json!([{"id": "REF1", "amount": 300, "createdTime": now}]),
            ("unknown", "none"),
        ),
        (
            json!([{"id": "REF1", "amount": 400, "createdTime": now - HOUR}]),
            ("unknown", "none"),
        ),
        (
            json!([
                {"id": "REF1", "amount": 400, "createdTime": now},
                {"id": "REF2", "amount": 400, "createdTime": now},
            ]),
            ("unknown", "none"),
        ),
    ] {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        world.ask(&refund());
        world.cut();
        let mut payment = payment("X", "SUCCESS");
        payment["refunds"] = json!({"elements": refunds});
        device.has(payment);
        world.join();
        world.wait(60_000);
        let (summary, ..) = &world.outcomes[0];
        assert_eq!(
            (summary.certainty.name(), summary.evidence.name()),
            end,
            "{refunds}"
        );
    }
}

/// Its payment lists these refunds: id, amount and how long after the world began.
fn listed(refunds: &[(&str, i64, u64)]) -> Value {
    let mut payment = payment("X", "SUCCESS");
    payment["tipAmount"] = json!(150);
    let refunds: Vec<_> = refunds
        .iter()
        .map(|(id, amount, at)| json!({"id": id, "amount": amount, "createdTime": UNIX_MS + at}))
        .collect();
    payment["refunds"] = json!({ "elements": refunds });
    payment
}

/// A refund under this id of which nothing was heard before the link was lost.
fn lose(world: &mut World, id: &'static str) {
    world.ask(&refund().external_id(id));
    world.cut();
}

#[test]
fn a_refund_that_is_found_is_told_with_its_own_id_and_amount() {
    for (ask, amount) in [
        (refund(), 400),
        (
            RefundPayment::full("PAY1").external_id("R").original("X"),
            1_150,
        ),
    ] {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        world.ask(&ask);
        world.cut();
        device.has(listed(&[("REF1", amount, 2_000)]));
        world.join();
        world.wait(3_000);
        let summary = world.outcome();
        assert_eq!(
            (summary.approved, summary.tip, summary.payment_id.as_deref()),
            (amount, 0, Some("REF1"))
        );
        assert_eq!(world.told(), ("made", "approved", "looked_up"));
    }
}

#[test]
fn a_refund_like_the_one_before_is_not_taken_for_it() {
    for restart in [false, true] {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        world.ask(&refund());
        finish(&mut world, "REF1");
        assert_eq!(world.told(), ("made", "approved", "finish_ok"));
        let first = world.outcome().clone();
        world.pos.outcome_stored(&first).unwrap();
        world.settle();
        lose(&mut world, "R2");
        if restart {
            world.restart_pos(test_config());
            let records = [world.stored[2].clone(), world.stored[3].clone()];
            for record in &records {
                let env = world.env();
                world.pos.resume(world.now, record, env).unwrap();
            }
        }
        device.has(listed(&[("REF1", 400, 1_000)]));
        world.join();
        world.wait(60_000);
        assert_eq!(world.told(), ("unknown", "link_lost", "none"));
        device.has(listed(&[("REF1", 400, 1_000), ("REF2", 400, 1_100)]));
        world.wait(60_000);
        let (second, ..) = world.outcomes.last().unwrap();
        assert_eq!(second.payment_id.as_deref(), Some("REF2"));
    }
}

#[test]
fn of_several_refunds_that_are_alike_each_must_be_listed() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.has(listed(&[]));
    lose(&mut world, "R1");
    world.join();
    world.wait(60_000);
    world
        .pos
        .park(&world.outcome().external_id.clone())
        .unwrap();
    lose(&mut world, "R2");
    device.has(listed(&[("REF1", 400, 1_000)]));
    world.join();
    world.wait(120_000);
    assert_eq!(world.outcomes.len(), 2, "one of them is made, but which?");
    device.has(listed(&[("REF2", 400, 65_000), ("REF1", 400, 1_000)]));
    world.wait(120_000);
    let ends: Vec<_> = world.outcomes[2..]
        .iter()
        .map(|(summary, ..)| (summary.external_id.as_str(), summary.payment_id.as_deref()))
        .collect();
    assert_eq!(ends.len(), 2);
    assert!(ends.contains(&("R1", Some("REF1"))), "{ends:?}");
    assert!(ends.contains(&("R2", Some("REF2"))), "{ends:?}");
}

#[test]
fn a_refund_that_is_not_listed_yet_is_looked_up_again() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.has(listed(&[]));
    lose(&mut world, "R");
    world.join();
    world.wait(10_000);
    assert!(world.outcomes.is_empty());
    device.has(listed(&[("REF1", 400, 9_000)]));
    world.wait(10_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
    assert_eq!(world.outcome().approved, 400);
}

/// FINISH_OK with a refund of 4.00.
fn finish(world: &mut World, id: &str) {
    let refund = json!({"id": id, "amount": 400, "payment": {"id": "PAY1"}});
    world.inject_command("FINISH_OK", &json!({"refund": refund.to_string()}));
}

type Late = fn(&mut World);

#[test]
fn a_late_answer_settles_what_was_told_as_unknown() {
    let late: [(Late, &str, &str); 4] = [
        (|world| finish(world, "REF1"), "made", "finish_ok"),
        (
            |world| {
                let refund = json!({"id": "REF1", "amount": 400});
                world.inject_command(
                    "REFUND_RESPONSE",
                    &json!({"code": "SUCCESS", "paymentId": "PAY1", "refund": refund}),
                );
            },
            "made",
            "refund_response",
        ),
        (
            |world| {
                world.inject_command(
                    "REFUND_RESPONSE",
                    &json!({"code": "FAIL", "paymentId": "PAY1"}),
                );
            },
            "not_made",
            "refund_response",
        ),
        (
            |world| world.inject_command("FINISH_CANCEL", &json!({"requestInfo": "REFUND"})),
            "not_made",
            "finish_cancel",
        ),
    ];
    for (answer, certainty, evidence) in late {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        device.has(listed(&[]));
        world.ask(&refund());
        system_tests::screen(&mut world.terminal, UiState::Processing);
        world.wait(100_000);
        assert_eq!(world.told(), ("unknown", "timed_out", "none"));
        answer(&mut world);
        let (name, _, rests_on) = world.told();
        assert_eq!((name, rests_on), (certainty, evidence));
        assert_eq!(world.outcomes.len(), 2);
    }
}

#[test]
fn a_late_credit_settles_a_manual_refund() {
    let credit = json!({"credit": json!({"id": "CRE1", "amount": 1000}).to_string()});
    for (method, payload, certainty) in [
        ("FINISH_OK", credit, "made"),
        (
            "FINISH_CANCEL",
            json!({"requestInfo": "CREDIT"}),
            "not_made",
        ),
    ] {
        let mut world = World::ready();
        let _device = Device::answers(&mut world);
        world.on_start(begin);
        world.ask(&ManualRefund::new(sale("C")));
        world.wait(3_600_000);
        assert_eq!(world.told().0, "unknown");
        world.inject_command(method, &payload);
        assert_eq!(world.told().0, certainty);
    }
}

#[test]
fn a_credit_that_comes_before_the_next_one_was_taken_is_of_the_one_before() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(begin);
    world.ask(&ManualRefund::new(sale("C1")));
    world.wait(3_600_000);
    world
        .pos
        .park(&world.outcome().external_id.clone())
        .unwrap();
    // A terminal that says nothing to the second one: neither taken nor refused.
    world.replace_terminal(Identity::SIMULATOR);
    let second = world.ask(&ManualRefund::new(sale("C2")));
    assert_eq!(world.pos.open_request(), Some(second));
    let credit = json!({"id": "CRE1", "amount": 1000});
    world.inject_command("FINISH_OK", &json!({"credit": credit.to_string()}));
    let (summary, ..) = world.outcomes.last().unwrap();
    assert_eq!(
        (summary.external_id.as_str(), summary.certainty.name()),
        ("C1", "made")
    );
    assert_eq!(world.pos.open_request(), Some(second));
}

#[test]
fn an_answer_that_can_be_of_two_refunds_ends_neither() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.has(listed(&[]));
    world.ask(&refund().external_id("R1"));
    world.wait(100_000);
    assert_eq!(world.told(), ("unknown", "timed_out", "none"));
    world
        .pos
        .park(&world.outcome().external_id.clone())
        .unwrap();
    world.ask(&refund().external_id("R2"));
    world.forget();
    finish(&mut world, "REF1");
    assert_eq!(world.outcomes.len(), 1);
    let lines = world.transcript();
    assert!(
        lines.contains(&"event: Unsolicited Refund Refund".to_owned()),
        "{lines:?}"
    );
    // When both are made, the payment lists both.
    device.has(listed(&[("REF1", 400, 99_000), ("REF2", 400, 101_000)]));
    world.wait(120_000);
    let ids: Vec<_> = world.outcomes[1..]
        .iter()
        .map(|(summary, ..)| (summary.external_id.as_str(), summary.payment_id.as_deref()))
        .collect();
    assert!(
        ids.contains(&("R1", Some("REF1"))) && ids.contains(&("R2", Some("REF2"))),
        "{ids:?}"
    );
}

#[test]
fn an_end_that_is_repeated_on_another_session_does_not_hide_the_refund() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    lose(&mut world, "R");
    device.has(listed(&[("REF1", 400, 2_000)]));
    let refund = json!({"id": "REF1", "amount": 400, "payment": {"id": "PAY1"}});
    device.said_last("FINISH_OK", json!({"refund": refund.to_string()}));
    world.join();
    world.wait(3_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn a_refund_is_waited_for_as_long_as_its_own_deadline_says() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.has(listed(&[]));
    world.ask(&RefundPayment {
        deadline: Some(Duration::from_secs(120)),
        ..refund()
    });
    world.wait(149_999);
    assert!(world.outcomes.is_empty());
    // It was looked up for half a minute.
    world.wait(1);
    assert_eq!(world.told(), ("unknown", "timed_out", "none"));
}

#[test]
fn a_response_on_another_session_ends_nothing() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.ask(&refund());
    world.cut();
    world.join();
    world.wait(1_000);
    world.inject_command(
        "REFUND_RESPONSE",
        &json!({"code": "SUCCESS", "paymentId": "PAY1", "refund": {"id": "REF1", "amount": 400}}),
    );
    world.wait(60_000);
    assert_eq!(world.outcomes.len(), 1);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
}

#[test]
fn an_id_under_which_nothing_can_be_looked_up_is_refused() {
    let mut world = World::ready();
    let long = "123456789012345678901234567890123";
    let env = world.env();
    let asked = RefundPayment::full("PAY1").external_id("R").original(long);
    let refused = world
        .pos
        .refund_payment(world.now, &asked, env)
        .unwrap_err();
    assert!(refused.message.contains("Original"), "{refused}");
    let asked = void().original(long);
    let refused = world.pos.void_payment(world.now, &asked, env).unwrap_err();
    assert!(refused.message.contains("Original"), "{refused}");
}

#[test]
fn nothing_is_sent_again_and_a_refund_without_the_original_id_is_unknown() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.ask(&RefundPayment::full("PAY1").external_id("R"));
    world.cut();
    world.join();
    world.wait(3_000);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
    assert_eq!(world.missing(), Some(Missing::Proof));
    let requests = |(_, text): &&(&str, String)| text.contains("REFUND_REQUEST");
    assert_eq!(world.wire.iter().filter(requests).count(), 1);
}

#[test]
fn a_manual_refund_is_never_not_made_by_a_look_up() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(begin);
    world.ask(&ManualRefund::new(sale("C")));
    world.cut();
    world.join();
    world.wait(3_000);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
    assert_eq!(world.missing(), Some(Missing::Proof));
}

#[test]
fn a_manual_refund_ends_with_its_credit() {
    let mut world = World::ready();
    world.on_start(begin);
    world.ask(&ManualRefund::new(sale("C")));
    let credit = json!({"id": "CRE1", "amount": 1000});
    world.inject_command(
        "FINISH_OK",
        &json!({"credit": credit.to_string(), "requestInfo": "MANUAL_REFUND"}),
    );
    assert_eq!(world.told(), ("made", "approved", "finish_ok"));
    assert_eq!(world.outcome().approved, 1_000);
}

fn void() -> VoidPayment<'static> {
    VoidPayment::new("PAY1", VoidReason::UserCancel)
        .external_id("V")
        .original("X")
}

#[test]
fn a_void_ends_with_its_response() {
    for (status, end) in [
        ("SUCCESS", ("made", "approved", "void_response")),
        ("FAIL", ("not_made", "failed", "void_response")),
    ] {
        let mut world = World::ready();
        world.ask(&void());
        let (_, sent) = world
            .wire
            .iter()
            .find(|(_, text)| text.contains("VOID_PAYMENT"))
            .unwrap();
        assert!(sent.contains(r#"\"version\":3"#), "{sent}");
        world.inject_command(
            "VOID_PAYMENT_RESPONSE",
            &json!({"status": status, "payment": {"id": "PAY1", "amount": 1000}, "reason": "because"}),
        );
        assert_eq!(world.told(), end);
        assert_eq!(world.outcomes[0].1, "because");
    }
}

#[test]
fn a_void_that_is_only_acknowledged_is_unknown() {
    let mut world = World::older();
    let _device = Device::answers(&mut world);
    let void = VoidPayment::new("PAY1", VoidReason::UserCancel).external_id("V");
    world.ask(&void);
    let (_, sent) = world
        .wire
        .iter()
        .find(|(_, text)| text.contains("VOID_PAYMENT"))
        .unwrap();
    assert!(sent.contains(r#"\"version\":1"#), "{sent}");
    world.wait(30_000);
    assert_eq!(world.told(), ("unknown", "unknown", "acknowledged"));
}

#[test]
fn a_void_that_is_only_acknowledged_is_looked_up() {
    let mut world = World::older();
    let device = Device::answers(&mut world);
    world.ask(&void());
    device.has(payment("X", "VOIDED"));
    world.wait(3_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
    // A payment that is still charged proves nothing: the void may be on its way.
    let mut world = World::older();
    let device = Device::answers(&mut world);
    device.has(payment("X", "SUCCESS"));
    world.ask(&void());
    world.wait(30_000);
    assert_eq!(world.told(), ("unknown", "unknown", "acknowledged"));
}
