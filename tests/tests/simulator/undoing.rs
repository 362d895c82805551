//! Payments that are given back or voided (`protocol/connector.md` §5.8, §5.10, §9.10).

use host_demo::sim::Plan;
use proto_core::message::{
    BreakDraft, DiscoveryRequestDraft, MessageDraft, RefundRequestDraft, TxStartDraft,
    VoidPaymentDraft,
};
use proto_core::model::{PayIntentDraft, PaymentDraft};
use proto_core::pos::{Auth, PreAuth, RefundPayment, Sale, VoidPayment};
use proto_core::terminal::Identity;
use proto_core::time::Duration;
use proto_core::wire::Nested;
use proto_core::wire::names::{KeyPress, VoidReason};
use serde_json::{Value, json};

use crate::shop::{NOTHING, Shop, YES, has, ten};

/// A shop that has sold something under the id SOLD, and the payment.
fn sold(outcomes: &[&str]) -> (Shop, Value) {
    slowly(outcomes, Plan::STEP)
}

/// The same with a terminal that takes its time for everything.
fn slowly(outcomes: &[&str], step: Duration) -> (Shop, Value) {
    let plan = |text: &&str| Plan {
        step,
        ..text.parse().unwrap()
    };
    let mut shop = Shop::with_plans(outcomes.iter().map(plan).collect(), 1);
    let (end, payment) = shop.sell(&ten("SOLD"), YES);
    assert_eq!(end, "made approved");
    shop.wait(10_000);
    shop.transcript();
    (shop, payment)
}

fn id(payment: &Value) -> &str {
    payment["id"].as_str().unwrap()
}

/// What was given back of the payment.
fn refunds(shop: &Shop, payment: &Value) -> Vec<i64> {
    let booked = shop.sim.books().payment(id(payment)).unwrap();
    booked.refunds.iter().map(|refund| refund.amount).collect()
}

#[test]
fn a_part_of_a_payment_is_given_back() {
    let (mut shop, payment) = sold(&["approve"]);
    let (end, refund) = shop.sell(
        &RefundPayment::partial(id(&payment), 400).external_id("R"),
        NOTHING,
    );
    assert_eq!(end, "made approved");
    shop.expect(
        "pos: REFUND_REQUEST
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE PROCESSING_CREDIT ENTER
         terminal: REFUND_RESPONSE SUCCESS
         terminal: UI_STATE PROCESSING_CREDIT EXIT
         terminal: UI_STATE RECEIPT_OPTIONS ENTER [BUTTON_1] [BUTTON_2] [BUTTON_3] [BUTTON_4]
         terminal: UI_STATE RECEIPT_OPTIONS EXIT
         terminal: FINISH_OK
         outcome: made approved",
    );
    has(
        &refund,
        json!({"amount": 400, "payment": {"id": payment["id"]}, "orderRef": payment["order"]}),
    );
    let held = &shop.told("REFUND_RESPONSE")[0];
    assert_eq!(
        (&held["paymentId"], &held["refund"]["id"]),
        (&payment["id"], &refund["id"])
    );
    assert_eq!(shop.told("FINISH_OK")[1]["requestInfo"], "REFUND");
    assert_eq!(refunds(&shop, &payment), [400]);
}

#[test]
fn a_whole_payment_is_given_back_with_its_tip() {
    let (mut shop, payment) = sold(&["tip:1.50", "approve"]);
    let (end, refund) = shop.sell(&RefundPayment::full(id(&payment)).external_id("R"), NOTHING);
    assert_eq!(
        (end.as_str(), &refund["amount"]),
        ("made approved", &json!(1_150))
    );
    assert_eq!(refunds(&shop, &payment), [1_150]);
}

#[test]
fn the_largest_payment_there_can_be_is_given_back_with_its_tip() {
    let mut shop = Shop::new(&["tip:1.50", "approve"]);
    let (_, payment) = shop.sell(&Sale::new(i64::MAX).external_id("SOLD"), YES);
    let (end, refund) = shop.sell(&RefundPayment::full(id(&payment)).external_id("R"), NOTHING);
    assert_eq!(
        (end.as_str(), &refund["amount"]),
        ("made approved", &json!(i64::MAX))
    );
}

#[test]
fn no_more_than_what_is_left_is_given_back_and_only_of_a_payment_that_is_there() {
    let (mut shop, payment) = sold(&["approve"]);
    let mut refund = |payment: &str, amount, id: &str| {
        let refund = RefundPayment::partial(payment, amount);
        let (end, _) = shop.sell(&refund.external_id(id), NOTHING);
        let reason = shop.told("REFUND_RESPONSE").pop().unwrap()["reason"].clone();
        (end, reason)
    };
    let made = ("made approved".to_owned(), Value::Null);
    let failed = |why: &str| ("not_made failed".to_owned(), json!(why));
    assert_eq!(refund(id(&payment), 700, "A"), made);
    assert_eq!(refund(id(&payment), 301, "B"), failed("FAIL"));
    assert_eq!(refund(id(&payment), 300, "C"), made);
    assert_eq!(refund(id(&payment), 1, "D"), failed("FAIL"));
    assert_eq!(refund("SIMNOTTHERE01", 1, "E"), failed("PAYMENT_NOT_FOUND"));
    assert_eq!(refunds(&shop, &payment), [700, 300]);
}

#[test]
fn what_is_only_reserved_or_not_sent_yet_is_not_given_back() {
    let mut shop = Shop::new(&["approve", "offline", "approve"]);
    let (_, reserved) = shop.sell(&PreAuth::new(ten("X")), YES);
    let (_, offline) = shop.sell(&ten("Y"), YES);
    for (payment, attempt) in [(reserved, "A"), (offline, "B")] {
        let refund = RefundPayment::partial(id(&payment), 1).external_id(attempt);
        assert_eq!(shop.sell(&refund, NOTHING).0, "not_made failed");
        assert!(refunds(&shop, &payment).is_empty());
    }
}

#[test]
fn a_refund_is_declined_or_cancelled() {
    for (outcome, end, responses) in [
        ("decline", "not_made failed", 1),
        ("cancel", "not_made cancelled_customer", 0),
        ("busy", "not_made busy", 0),
    ] {
        let (mut shop, payment) = sold(&["approve", outcome]);
        let refund = RefundPayment::partial(id(&payment), 400).external_id("R");
        assert_eq!(shop.sell(&refund, NOTHING).0, end);
        assert_eq!(shop.told("REFUND_RESPONSE").len(), responses, "{outcome}");
        let cancelled = usize::from(outcome != "busy");
        assert_eq!(shop.told("FINISH_CANCEL").len(), cancelled, "{outcome}");
        assert!(refunds(&shop, &payment).is_empty());
    }
}

#[test]
fn a_refund_can_be_stopped_until_it_is_made() {
    fn begun(screen: &str) -> (Shop, Value) {
        let (mut shop, payment) = slowly(&["approve"], Duration::from_secs(1));
        shop.ask(&RefundPayment::partial(id(&payment), 400).external_id("R"));
        shop.wait_for(&format!("terminal: UI_STATE {screen} ENTER"));
        (shop, payment)
    }
    let (mut shop, payment) = begun("START");
    shop.press(KeyPress::Esc);
    shop.wait_for_the_end();
    assert_eq!(shop.outcomes[1].0.certainty.name(), "not_made");
    assert!(refunds(&shop, &payment).is_empty());

    for (screen, made) in [
        ("START", false),
        ("PROCESSING_CREDIT", false),
        ("RECEIPT_OPTIONS", true),
    ] {
        let (mut shop, payment) = begun(screen);
        shop.tell(&BreakDraft::default());
        shop.wait(60_000);
        assert_eq!(!refunds(&shop, &payment).is_empty(), made, "{screen}");
        let ends = [
            shop.told("FINISH_OK").len() - 1,
            shop.told("FINISH_CANCEL").len(),
        ];
        assert_eq!(ends, if made { [1, 0] } else { [0, 1] }, "{screen}");
    }
}

#[test]
fn a_payment_is_voided() {
    let (mut shop, payment) = sold(&["approve"]);
    let void = VoidPayment::new(id(&payment), VoidReason::UserCancel).external_id("V");
    let (end, voided) = shop.sell(&void, NOTHING);
    assert_eq!(end, "made approved");
    shop.expect(
        "pos: VOID_PAYMENT USER_CANCEL
         terminal: UI_STATE PROCESSING ENTER
         terminal: UI_STATE PROCESSING EXIT
         terminal: UI_STATE VOIDED ENTER
         terminal: UI_STATE VOIDED EXIT
         terminal: VOID_PAYMENT_RESPONSE SUCCESS USER_CANCEL
         outcome: made approved",
    );
    has(
        &voided,
        json!({"id": payment["id"], "result": "VOIDED", "voidReason": "USER_CANCEL"}),
    );
    shop.ask(&VoidPayment::new(id(&payment), VoidReason::UserCancel).external_id("W"));
    shop.wait(1_000);
    let again = shop.told("VOID_PAYMENT_RESPONSE").pop().unwrap();
    has(&again, json!({"status": "FAIL", "reason": "FAIL"}));
    let nowhere = VoidPayment::new("SIMNOTTHERE01", VoidReason::UserCancel).external_id("N");
    assert_eq!(shop.sell(&nowhere, NOTHING).0, "not_made failed");
    let answer = shop.told("VOID_PAYMENT_RESPONSE").pop().unwrap();
    has(
        &answer,
        json!({"status": "FAIL", "success": false, "reason": "PAYMENT_NOT_FOUND"}),
    );
}

#[test]
fn every_kind_of_payment_is_voided_and_a_void_fails_when_it_is_to() {
    for (outcome, end) in [
        ("approve", "made approved"),
        ("decline", "not_made failed"),
        ("busy", "not_made busy"),
    ] {
        let mut shop = Shop::new(&["approve", "approve", outcome]);
        let (_, auth) = shop.sell(&Auth::new(ten("X")), YES);
        let (_, pre_auth) = shop.sell(&PreAuth::new(ten("Y")), YES);
        for (payment, attempt) in [(auth, "A"), (pre_auth, "B")] {
            let void = VoidPayment::new(id(&payment), VoidReason::UserCancel);
            assert_eq!(shop.sell(&void.external_id(attempt), NOTHING).0, end);
            let booked = shop.sim.books().payment(id(&payment)).unwrap();
            assert_eq!(
                booked.void_reason().is_some(),
                outcome == "approve",
                "{outcome}"
            );
        }
    }
}

#[test]
fn an_older_terminal_answers_a_void_with_a_receipt_only() {
    let identity = Identity {
        void_payment_response: false,
        ..Identity::SIMULATOR
    };
    let mut shop = Shop::with_identity(identity, vec![Plan::default()], 1);
    let (_, payment) = shop.sell(&ten("SOLD"), YES);
    shop.ask(&VoidPayment::new(id(&payment), VoidReason::UserCancel).external_id("V"));
    shop.wait(10_000);
    assert!(shop.told("VOID_PAYMENT_RESPONSE").is_empty());
    let booked = shop.sim.books().payment(id(&payment)).unwrap();
    assert_eq!(booked.void_reason(), Some(VoidReason::UserCancel));
}

#[test]
fn while_something_runs_what_moves_money_is_refused_by_its_name() {
    let (mut shop, payment) = slowly(&["approve"], Duration::from_secs(1));
    let about = PaymentDraft {
        id: Some(id(&payment).into()),
        ..PaymentDraft::default()
    };
    let intent = PayIntentDraft {
        amount: Some(100),
        external_payment_id: Some("OTHER".into()),
        ..PayIntentDraft::default()
    };
    let start = TxStartDraft {
        pay_intent: Some(intent),
        ..TxStartDraft::default()
    };
    let refund = RefundRequestDraft {
        payment_id: Some(id(&payment).into()),
        amount: Some(100),
        ..RefundRequestDraft::default()
    };
    let void = VoidPaymentDraft {
        payment: Some(Nested::Draft(&about)),
        ..VoidPaymentDraft::default()
    };
    let all: [(&dyn MessageDraft, &str); 3] = [
        (&start, "TX_START"),
        (&refund, "REFUND_REQUEST"),
        (&void, "VOID_PAYMENT"),
    ];
    for (first, _) in all {
        let before = shop.told("INVALID_STATE_TRANSITION").len();
        shop.tell(first);
        shop.wait(500);
        // Not the same again: that is a copy.
        let others = all
            .iter()
            .filter(|(draft, _)| draft.method() != first.method());
        for (draft, name) in others {
            shop.tell(*draft);
            let refused = shop.told("INVALID_STATE_TRANSITION").pop().unwrap();
            has(
                &refused,
                json!({"requestedTransition": name, "state": "BUSY"}),
            );
        }
        assert_eq!(shop.told("INVALID_STATE_TRANSITION").len(), before + 2);
        shop.wait(60_000);
    }
}

#[test]
fn a_second_copy_of_a_refund_or_a_void_is_no_second_one() {
    let (mut shop, payment) = sold(&["approve"]);
    let refund = RefundRequestDraft {
        payment_id: Some(id(&payment).into()),
        amount: Some(100),
        ..RefundRequestDraft::default()
    };
    shop.tell_as(7, &refund);
    shop.wait(10_000);
    shop.tell_as(7, &refund);
    shop.wait(10_000);
    assert_eq!(refunds(&shop, &payment), [100]);
}

#[test]
fn a_till_that_was_restarted_can_give_back_under_the_message_id_of_the_run_before() {
    let (mut shop, payment) = sold(&["approve"]);
    let refund = RefundRequestDraft {
        payment_id: Some(id(&payment).into()),
        amount: Some(100),
        ..RefundRequestDraft::default()
    };
    shop.tell_as(7, &refund);
    shop.wait(10_000);
    // A serial line does not go down with the till, which says who it is and counts its messages anew.
    shop.tell_as(1, &DiscoveryRequestDraft::default());
    shop.tell_as(7, &refund);
    shop.wait(10_000);
    assert_eq!(refunds(&shop, &payment), [100, 100]);
}

#[test]
fn what_is_on_the_books_outlives_a_restart_and_what_was_running_does_not() {
    let (mut shop, payment) = slowly(&["approve"], Duration::from_secs(1));
    shop.ask(&RefundPayment::partial(id(&payment), 400).external_id("R"));
    shop.wait_for("terminal: UI_STATE PROCESSING_CREDIT ENTER");
    shop.cut();
    shop.sim.restart();
    shop.wait(60_000);
    assert!(refunds(&shop, &payment).is_empty(), "it was not made yet");
    assert!(shop.sim.books().payment(id(&payment)).is_some());
    shop.join();
    shop.wait(1_000);
    shop.pos.retrieve_device_status(shop.now, true).unwrap();
    shop.wait(1_000);
    assert_eq!(
        shop.told("RETRIEVE_DEVICE_STATUS_RESPONSE").pop().unwrap()["state"],
        "IDLE"
    );
}

#[test]
fn the_point_of_sale_prints_a_refund_if_it_wants_to() {
    let (mut shop, payment) = sold(&["approve"]);
    let refund = RefundPayment {
        disable_printing: Some(true),
        disable_receipt_selection: Some(true),
        ..RefundPayment::partial(id(&payment), 400).external_id("R")
    };
    assert_eq!(shop.sell(&refund, NOTHING).0, "made approved");
    let slip = &shop.told("REFUND_PRINT_PAYMENT")[0];
    assert_eq!(
        (&slip["refund"]["amount"], &slip["payment"]["id"]),
        (&json!(400), &payment["id"])
    );
    assert!(!shop.transcript().join("\n").contains("RECEIPT_OPTIONS"));
}
