//! Outcomes that ask the point of sale.

use proto_core::message::{PaymentConfirmedDraft, PaymentRejectedDraft};
use proto_core::model::PaymentDraft;
use proto_core::pos::{Answer, QuestionKind, Sale};
use proto_core::wire::InString;
use proto_core::wire::names::{DataEntryLocation, VoidReason};
use serde_json::json;

use crate::shop::{NO, NOTHING, Shop, YES, has, ten};

/// A sale whose card is held to the terminal: fewer screens.
fn tap(id: &str) -> Sale<'_> {
    Sale {
        card_entry_methods: Some(4),
        ..ten(id)
    }
}

#[test]
fn a_possible_duplicate_is_confirmed() {
    let mut shop = Shop::new(&["duplicate"]);
    let (end, payment) = shop.sell(&tap("X"), YES);
    assert_eq!(end, "made approved");
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE SUCCESS
         terminal: TX_STATE START
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE PROCESSING_GO_ONLINE ENTER
         terminal: UI_STATE PROCESSING_GO_ONLINE EXIT
         terminal: CONFIRM_PAYMENT_MESSAGE DUPLICATE_CHALLENGE
         pos: PAYMENT_CONFIRMED
         terminal: TX_STATE SUCCESS
         terminal: UI_STATE APPROVED ENTER
         terminal: UI_STATE APPROVED EXIT
         terminal: FINISH_OK
         outcome: made approved",
    );
    let asked = &shop.told("CONFIRM_PAYMENT_MESSAGE")[0];
    assert_eq!(asked["payment"]["id"], payment["id"]);
    has(
        &asked["challenges"][0],
        json!({"type": "DUPLICATE_CHALLENGE", "reason": "REJECT_DUPLICATE"}),
    );
}

#[test]
fn a_possible_duplicate_that_is_rejected_is_voided() {
    let mut shop = Shop::new(&["duplicate"]);
    shop.ask(&tap("X"));
    shop.wait_for("terminal: CONFIRM_PAYMENT_MESSAGE");
    shop.transcript();
    let reject = Answer::Reject(Some(VoidReason::RejectDuplicate));
    shop.answer(QuestionKind::Confirm, reject);
    shop.wait_for_the_end();
    shop.expect(
        "pos: PAYMENT_REJECTED REJECT_DUPLICATE
         terminal: TX_STATE FAIL
         terminal: PAYMENT_VOIDED REJECT_DUPLICATE
         terminal: UI_STATE VOIDED ENTER
         terminal: UI_STATE VOIDED EXIT
         terminal: FINISH_CANCEL
         outcome: not_made rejected_challenge",
    );
    has(
        &shop.told("PAYMENT_VOIDED")[0]["payment"],
        json!({"result": "VOIDED", "voidReason": "REJECT_DUPLICATE"}),
    );
}

#[test]
fn a_duplicate_is_not_asked_about_if_the_sale_does_not_want_it() {
    let mut shop = Shop::new(&["duplicate"]);
    for sale in [
        Sale {
            disable_duplicate_checking: Some(true),
            ..ten("A")
        },
        Sale {
            auto_accept_confirmations: Some(true),
            ..ten("B")
        },
    ] {
        assert_eq!(shop.sell(&sale, NOTHING).0, "made approved");
    }
    assert!(shop.told("CONFIRM_PAYMENT_MESSAGE").is_empty());
}

#[test]
fn an_offline_payment_is_asked_about_and_says_that_it_is_one() {
    let mut shop = Shop::new(&["offline"]);
    let (end, payment) = shop.sell(&ten("X"), YES);
    assert_eq!(end, "made approved");
    assert!(shop.outcomes[0].0.offline);
    has(&payment, json!({"offline": true, "result": "SUCCESS"}));
    assert!(payment["cardTransaction"]["authCode"].is_null());
    assert_eq!(shop.sell(&ten("Y"), NO).0, "not_made rejected_challenge");
    assert_eq!(shop.told("CONFIRM_PAYMENT_MESSAGE").len(), 2);
}

#[test]
fn what_the_sale_says_about_offline_counts() {
    let mut shop = Shop::new(&["offline", "offline", "offline", "approve"]);
    let unasked = Sale {
        approve_offline_without_prompt: Some(true),
        ..ten("A")
    };
    let (end, payment) = shop.sell(&unasked, NOTHING);
    assert_eq!(
        (end.as_str(), &payment["offline"]),
        ("made approved", &json!(true))
    );
    let auto = Sale {
        auto_accept_confirmations: Some(true),
        ..ten("B")
    };
    assert_eq!(shop.sell(&auto, NOTHING).1["offline"], true);
    let forbidden = Sale {
        allow_offline: Some(false),
        ..ten("C")
    };
    assert_eq!(shop.sell(&forbidden, NOTHING).0, "not_made declined");
    // The bank could be reached, but is not asked.
    let forced = Sale {
        force_offline: Some(true),
        approve_offline_without_prompt: Some(true),
        ..ten("D")
    };
    assert_eq!(shop.sell(&forced, NOTHING).1["offline"], true);
    assert!(shop.told("CONFIRM_PAYMENT_MESSAGE").is_empty());
}

#[test]
fn a_signature_is_accepted_and_is_in_the_end() {
    let mut shop = Shop::new(&["signature"]);
    assert_eq!(shop.sell(&tap("X"), YES).0, "made approved");
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE SUCCESS
         terminal: TX_STATE START
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE PROCESSING_GO_ONLINE ENTER
         terminal: UI_STATE PROCESSING_GO_ONLINE EXIT
         terminal: UI_STATE ADD_SIGNATURE ENTER
         terminal: UI_STATE ADD_SIGNATURE EXIT
         terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN ENTER
         terminal: VERIFY_SIGNATURE
         pos: SIGNATURE_VERIFIED true
         terminal: TX_STATE SUCCESS
         terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN EXIT
         terminal: UI_STATE APPROVED ENTER
         terminal: UI_STATE APPROVED EXIT
         terminal: FINISH_OK
         outcome: made approved",
    );
    let checked = &shop.told("VERIFY_SIGNATURE")[0]["signature"];
    assert_eq!(*checked, shop.told("FINISH_OK")[0]["signature"]);
    let points: usize = checked["strokes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stroke| stroke["points"].as_array().unwrap().len())
        .sum();
    assert!(points > 200, "{points}");
}

#[test]
fn a_signature_that_is_rejected_voids_the_payment() {
    let mut shop = Shop::new(&["signature"]);
    shop.ask(&tap("X"));
    shop.wait_for("terminal: VERIFY_SIGNATURE");
    shop.transcript();
    shop.answer(QuestionKind::Signature, Answer::Reject(None));
    shop.wait_for_the_end();
    shop.expect(
        "pos: SIGNATURE_VERIFIED false
         terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN EXIT
         terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN_CONFIRM_VOID ENTER [ENTER]
         terminal: TX_STATE FAIL
         terminal: PAYMENT_VOIDED REJECT_SIGNATURE
         terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN_CONFIRM_VOID EXIT
         terminal: UI_STATE VOIDED ENTER
         terminal: UI_STATE VOIDED EXIT
         terminal: FINISH_CANCEL
         outcome: not_made rejected_signature",
    );
}

#[test]
fn what_the_sale_says_about_the_signature_counts() {
    // Who checks it, and whether the customer signs on the screen.
    for (sale, verified, drawn) in [
        (
            Sale {
                auto_accept_signature: Some(true),
                ..ten("A")
            },
            0,
            true,
        ),
        (
            Sale {
                signature_threshold: Some(1_001),
                ..ten("B")
            },
            0,
            false,
        ),
        (
            Sale {
                signature_threshold: Some(1_000),
                ..ten("C")
            },
            1,
            true,
        ),
        (
            Sale {
                signature_location: Some(DataEntryLocation::None),
                ..ten("D")
            },
            0,
            false,
        ),
        (
            Sale {
                signature_location: Some(DataEntryLocation::OnPaper),
                ..ten("E")
            },
            0,
            false,
        ),
    ] {
        let mut shop = Shop::new(&["signature"]);
        assert_eq!(shop.sell(&sale, YES).0, "made approved");
        assert_eq!(shop.told("VERIFY_SIGNATURE").len(), verified, "{sale:?}");
        let there = !shop.told("FINISH_OK")[0]["signature"].is_null();
        assert_eq!(there, drawn, "{sale:?}");
        let on_paper = sale.signature_location == Some(DataEntryLocation::OnPaper);
        let said = shop.transcript().join("\n");
        assert_eq!(
            said.contains("VERIFY_SIGNATURE_ON_PAPER"),
            on_paper,
            "{said}"
        );
    }
}

#[test]
fn paper_to_be_signed_is_printed_by_whoever_prints() {
    let mut shop = Shop::new(&["signature"]);
    let sale = Sale {
        signature_location: Some(DataEntryLocation::OnPaper),
        disable_printing: Some(true),
        ..ten("X")
    };
    assert_eq!(shop.sell(&sale, NOTHING).0, "made approved");
    let said = shop.transcript().join("\n");
    let copy = said.find("PRINT_PAYMENT_MERCHANT_COPY").unwrap();
    assert!(copy < said.find("VERIFY_SIGNATURE_ON_PAPER ENTER").unwrap());
}

#[test]
fn both_questions_are_open_at_once() {
    let mut shop = Shop::new(&["duplicate+offline+signature"]);
    shop.ask(&tap("X"));
    shop.wait(1_000);
    let said = shop.transcript().join("\n");
    let both = "terminal: CONFIRM_PAYMENT_MESSAGE DUPLICATE_CHALLENGE OFFLINE_CHALLENGE\n\
                terminal: UI_STATE ADD_SIGNATURE ENTER\n\
                terminal: UI_STATE ADD_SIGNATURE EXIT\n\
                terminal: UI_STATE VERIFY_SIGNATURE_ON_SCREEN ENTER\n\
                terminal: VERIFY_SIGNATURE";
    assert!(said.ends_with(both), "{said}");
    shop.answer(QuestionKind::Signature, Answer::Accept);
    shop.answer(QuestionKind::Confirm, Answer::Accept);
    shop.wait_for_the_end();
    assert_eq!(shop.outcomes[0].0.cause.name(), "approved");

    // The payment is voided once, whichever is rejected first.
    let mut shop = Shop::new(&["duplicate+signature"]);
    shop.ask(&tap("Y"));
    shop.wait(1_000);
    shop.answer(QuestionKind::Confirm, Answer::Reject(None));
    shop.wait_for_the_end();
    assert_eq!(shop.told("PAYMENT_VOIDED").len(), 1);
    assert_eq!(shop.told("FINISH_CANCEL").len(), 1);
}

#[test]
fn everything_together_comes_in_the_order_of_a_terminal() {
    let mut shop = Shop::new(&["tip:1.50+partial:6.00+duplicate+signature+twice"]);
    let (end, payment) = shop.sell(&tap("X"), YES);
    assert_eq!(end, "made partial");
    has(&payment, json!({"amount": 600, "tipAmount": 150}));
    let said = shop.transcript();
    let order: Vec<_> = said
        .iter()
        .filter_map(|line| line.strip_prefix("terminal: "))
        .filter(|line| !line.starts_with("UI_STATE") && !line.starts_with("TX_"))
        .collect();
    assert_eq!(
        order,
        [
            "TIP_ADDED 150",
            "PARTIAL_AUTH 600",
            "CONFIRM_PAYMENT_MESSAGE DUPLICATE_CHALLENGE",
            "VERIFY_SIGNATURE",
            "FINISH_OK",
            "FINISH_OK"
        ]
    );
}

#[test]
fn an_answer_about_another_payment_is_none() {
    let mut shop = Shop::new(&["duplicate"]);
    shop.ask(&tap("X"));
    shop.wait_for("terminal: CONFIRM_PAYMENT_MESSAGE");
    let other = PaymentDraft {
        id: Some("SOMEBODYELSES".into()),
        ..PaymentDraft::default()
    };
    shop.tell(&PaymentConfirmedDraft {
        payment: Some(InString::Draft(&other)),
        more: &[],
    });
    shop.tell(&PaymentRejectedDraft {
        payment: None,
        reason: Some(VoidReason::RejectDuplicate),
        more: &[],
    });
    shop.wait(1_000);
    assert!(shop.outcomes.is_empty());
    shop.answer(QuestionKind::Confirm, Answer::Accept);
    shop.wait_for_the_end();
    assert_eq!(shop.outcomes[0].0.cause.name(), "approved");
}

#[test]
fn a_question_that_was_not_heard_is_asked_again_after_the_link_was_lost() {
    for outcome in ["duplicate", "signature"] {
        let mut shop = Shop::new(&[outcome]);
        shop.ask(&tap("X"));
        shop.wait_for("terminal: UI_STATE PROCESSING_GO_ONLINE ENTER");
        shop.cut();
        shop.wait(1_000);
        assert!(shop.questions.is_empty());
        shop.says = YES;
        shop.join();
        shop.wait_for_the_end();
        assert_eq!(shop.questions.len(), 1, "{outcome}");
        assert_eq!(shop.outcomes[0].0.cause.name(), "approved", "{outcome}");
    }
}

#[test]
fn for_a_point_of_sale_that_stays_away_the_merchant_says_no() {
    for (outcome, reason) in [
        ("duplicate", "REJECT_DUPLICATE"),
        ("signature", "REJECT_SIGNATURE"),
    ] {
        let mut shop = Shop::new(&[outcome]);
        shop.ask(&tap("X"));
        shop.wait(1_000);
        shop.cut();
        shop.wait(130_000);
        // The point of sale has given up asking by then, and is told when it comes back.
        shop.transcript();
        shop.join();
        shop.wait(60_000);
        let found = shop.told("RETRIEVE_PAYMENT_RESPONSE");
        has(
            &found.last().unwrap()["payment"],
            json!({"result": "VOIDED", "voidReason": reason}),
        );
    }
}
