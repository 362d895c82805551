//! Outcomes without a question.

use proto_core::pos::Sale;
use proto_core::wire::names::TipMode;
use serde_json::json;

use crate::shop::{NOTHING, Shop, YES, has, ten};

#[test]
fn approved() {
    let mut shop = Shop::new(&["approve"]);
    let sale = Sale {
        card_entry_methods: Some(4),
        external_reference_id: Some("INVOICE-7"),
        tax_amount: Some(80),
        ..ten("X")
    };
    let (end, payment) = shop.sell(&sale, NOTHING);
    assert_eq!(end, "made approved");
    shop.wait(5_000);
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE SUCCESS
         terminal: TX_STATE START
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE PROCESSING_GO_ONLINE ENTER
         terminal: TX_STATE SUCCESS
         terminal: UI_STATE PROCESSING_GO_ONLINE EXIT
         terminal: UI_STATE APPROVED ENTER
         terminal: UI_STATE APPROVED EXIT
         terminal: FINISH_OK
         outcome: made approved",
    );
    shop.expect(
        "pos: SHOW_THANK_YOU_SCREEN
         terminal: UI_STATE RECEIPT_OPTIONS ENTER [BUTTON_1] [BUTTON_2] [BUTTON_3] [BUTTON_4]
         terminal: UI_STATE RECEIPT_OPTIONS EXIT
         pos: SHOW_WELCOME_SCREEN",
    );
    has(
        &payment,
        json!({
            "amount": 1000, "tipAmount": 0, "taxAmount": 80, "externalPaymentId": "X", "offline": false,
            "externalReferenceId": "INVOICE-7", "result": "SUCCESS",
        }),
    );
    let card = &payment["cardTransaction"];
    has(
        card,
        json!({"entryType": "EMV_CONTACTLESS", "type": "AUTH", "state": "CLOSED"}),
    );
    for (id, len) in [
        (&payment["id"], 13),
        (&payment["order"]["id"], 13),
        (&card["last4"], 4),
        (&card["first6"], 6),
        (&card["authCode"], 6),
    ] {
        assert_eq!(id.as_str().unwrap().len(), len, "{payment}");
    }
    assert!(payment["id"].as_str().unwrap().starts_with("SIM"));
}

#[test]
fn declined_and_nobody_tries_another_card() {
    let mut shop = Shop::new(&["decline"]);
    let sale = Sale {
        card_entry_methods: Some(4),
        ..ten("X")
    };
    let (end, payment) = shop.sell(&sale, NOTHING);
    assert_eq!(
        (end.as_str(), payment.is_null()),
        ("not_made declined", true)
    );
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE SUCCESS
         terminal: TX_STATE START
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE PROCESSING_GO_ONLINE ENTER
         terminal: UI_STATE PROCESSING_GO_ONLINE EXIT
         terminal: UI_STATE DECLINED ENTER
         terminal: UI_STATE DECLINED EXIT
         terminal: UI_STATE TRY_AGAIN ENTER [ESC]
         terminal: UI_STATE TRY_AGAIN EXIT
         terminal: TX_STATE FAIL
         terminal: FINISH_CANCEL
         outcome: not_made declined",
    );
    let sale = Sale {
        disable_restart_on_failure: Some(true),
        ..ten("Y")
    };
    assert_eq!(shop.sell(&sale, NOTHING).0, "not_made declined");
    let said = shop.transcript().join("\n");
    assert!(!said.contains("TRY_AGAIN"), "{said}");
}

#[test]
fn cancelled_by_the_customer() {
    let mut shop = Shop::new(&["cancel"]);
    assert_eq!(
        shop.sell(&ten("X"), NOTHING).0,
        "not_made cancelled_customer"
    );
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE SUCCESS
         terminal: TX_STATE START
         terminal: UI_STATE START ENTER [ESC]
         terminal: UI_STATE START EXIT
         terminal: UI_STATE CANCELED ENTER
         terminal: UI_STATE CANCELED EXIT
         terminal: FINISH_CANCEL
         outcome: not_made cancelled_customer",
    );
}

#[test]
fn one_outcome_applies_after_the_other_and_the_last_to_all_that_follow() {
    let mut shop = Shop::new(&["cancel", "tip:1.50+approve", "decline"]);
    let ends: Vec<_> = ["A", "B", "C", "D"]
        .into_iter()
        .map(|id| shop.sell(&ten(id), YES).0)
        .collect();
    assert_eq!(
        ends,
        [
            "not_made cancelled_customer",
            "made approved",
            "not_made declined",
            "not_made declined"
        ]
    );
}

#[test]
fn a_part_is_approved_if_the_sale_takes_one() {
    let mut shop = Shop::new(&["partial:6.00"]);
    let sale = Sale {
        card_entry_methods: Some(4),
        ..ten("X")
    };
    let (end, payment) = shop.sell(&sale, NOTHING);
    assert_eq!(
        (end.as_str(), &payment["amount"]),
        ("made partial", &json!(600))
    );
    let said = shop.transcript().join("\n");
    let asked = "terminal: PARTIAL_AUTH 600\n\
                 terminal: UI_STATE PROCESSING_GO_ONLINE EXIT\n\
                 terminal: UI_STATE CONFIRM_PARTIAL_AUTH ENTER [ENTER] [ESC]\n\
                 terminal: TX_STATE SUCCESS";
    assert!(said.contains(asked), "{said}");

    let refuses = Sale {
        refuse_partial: true,
        ..ten("Y")
    };
    assert_eq!(shop.sell(&refuses, NOTHING).0, "not_made declined");
    assert!(shop.told("PARTIAL_AUTH").len() == 1, "of the first sale");

    // What is approved is enough.
    let small = Sale {
        amount: 600,
        ..ten("Z")
    };
    assert_eq!(shop.sell(&small, NOTHING).0, "made approved");
    assert!(shop.told("PARTIAL_AUTH").len() == 1);
}

#[test]
fn an_id_that_was_used_before_is_not_charged_again() {
    let mut shop = Shop::new(&["duplicate-id", "approve"]);
    shop.ask(&ten("X"));
    shop.wait(50);
    shop.expect(
        "pos: TX_START
         terminal: TX_START_RESPONSE DUPLICATE DUPLICATE
         outcome: unknown duplicate",
    );
}

#[test]
fn a_busy_terminal_refuses_the_start_and_does_not_remember_its_id() {
    let mut shop = Shop::new(&["busy", "approve"]);
    assert_eq!(shop.sell(&ten("X"), NOTHING).0, "not_made busy");
    shop.expect(
        "pos: TX_START
         terminal: INVALID_STATE_TRANSITION CANCEL TX_START The terminal is busy
         outcome: not_made busy",
    );
    let refused = &shop.told("INVALID_STATE_TRANSITION")[0];
    has(
        refused,
        json!({"requestedTransition": "TX_START", "state": "BUSY", "data": null}),
    );
    let again = Sale {
        retry: true,
        ..ten("X")
    };
    assert_eq!(shop.sell(&again, NOTHING).0, "made approved");
}

#[test]
fn a_tip_is_asked_for_before_the_card_and_is_in_the_payment() {
    let mut shop = Shop::new(&["tip:1.50"]);
    let (end, payment) = shop.sell(&ten("X"), NOTHING);
    assert_eq!(end, "made approved");
    has(&payment, json!({"amount": 1000, "tipAmount": 150}));
    assert_eq!(shop.outcomes[0].0.tip, 150);
    let said = shop.transcript().join("\n");
    let asked = "terminal: TX_STATE START\n\
                 terminal: UI_STATE ADD_TIP ENTER [ESC]\n\
                 terminal: TIP_ADDED 150\n\
                 terminal: UI_STATE ADD_TIP EXIT\n\
                 terminal: UI_STATE START ENTER [ESC]";
    assert!(said.contains(asked), "{said}");
}

#[test]
fn what_the_sale_says_about_the_tip_counts() {
    let tip = |id, tip_mode, tip_amount| Sale {
        tip_mode,
        tip_amount,
        ..ten(id)
    };
    let mut shop = Shop::new(&["tip:1.50"]);
    for (sale, screens, expected) in [
        (tip("A", Some(TipMode::TipProvided), Some(200)), 0, 200),
        (tip("B", None, Some(200)), 0, 200),
        (tip("C", Some(TipMode::NoTip), None), 0, 0),
        (tip("D", Some(TipMode::OnScreenBeforePayment), None), 1, 150),
        (tip("E", Some(TipMode::OnScreenAfterPayment), None), 1, 150),
    ] {
        let (_, payment) = shop.sell(&sale, NOTHING);
        assert_eq!(payment["tipAmount"], expected, "{sale:?}");
        let said = shop.transcript().join("\n");
        let shown = said.matches("UI_STATE ADD_TIP ENTER").count();
        assert_eq!(shown, screens, "{said}");
    }
    // Asked for, but the customer gives none.
    let mut shop = Shop::new(&["approve"]);
    let (_, payment) = shop.sell(
        &tip("F", Some(TipMode::OnScreenBeforePayment), None),
        NOTHING,
    );
    assert_eq!(payment["tipAmount"], 0);
    assert!(shop.told("TIP_ADDED").is_empty());
    assert!(shop.transcript().join("\n").contains("ADD_TIP ENTER"));
}

#[test]
fn cash_back_is_offered_unless_the_sale_forbids_it() {
    let mut shop = Shop::new(&["cashback:20.00"]);
    let (end, payment) = shop.sell(&ten("X"), NOTHING);
    assert_eq!(end, "made approved");
    has(&payment, json!({"amount": 1000, "cashbackAmount": 2000}));
    let said = shop.transcript().join("\n");
    assert!(
        said.contains("UI_STATE CASHBACK_SELECT ENTER [ESC]\nterminal: CASHBACK_SELECTED 2000"),
        "{said}"
    );
    let without = Sale {
        disable_cashback: Some(true),
        ..ten("Y")
    };
    let (_, payment) = shop.sell(&without, NOTHING);
    assert!(payment["cashbackAmount"].is_null());
    let said = shop.transcript().join("\n");
    assert!(!said.contains("CASHBACK"), "{said}");
}

#[test]
fn a_late_bank_takes_half_a_minute_with_screens() {
    let mut shop = Shop::new(&["late"]);
    let began = shop.now;
    assert_eq!(shop.sell(&ten("X"), NOTHING).0, "made approved");
    let took = shop.now.since(began).as_millis();
    assert!((30_000..31_000).contains(&took), "{took}");
    let said = shop.transcript().join("\n");
    let screens = said.matches("UI_STATE PROCESSING").count() / 2;
    assert!(screens >= 6, "one every five seconds: {said}");
}

#[test]
fn an_end_that_is_told_twice_is_one_payment() {
    let mut shop = Shop::new(&["twice"]);
    assert_eq!(shop.sell(&ten("X"), NOTHING).0, "made approved");
    let told = shop.told("FINISH_OK");
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);
    shop.wait(10_000);
    assert_eq!(shop.outcomes.len(), 1);
}

#[test]
fn somebody_elses_payment_is_not_taken_for_this_one() {
    let mut shop = Shop::new(&["wrong-id"]);
    shop.ask(&ten("X"));
    shop.wait_for_the_end();
    assert_eq!(shop.unsolicited.len(), 1);
    let theirs = shop.unsolicited[0].clone();
    assert_ne!(theirs["externalPaymentId"], "X");
    // The terminal has ours on its books; the point of sale asks.
    let (summary, payment) = &shop.outcomes[0];
    assert_eq!(summary.evidence.name(), "looked_up");
    assert_eq!(payment["externalPaymentId"], "X");
    assert_ne!(payment["id"], theirs["id"]);
}

#[test]
fn a_point_of_sale_that_prints_itself_is_told_what() {
    let mut shop = Shop::new(&["approve", "decline"]);
    let prints = |id| Sale {
        disable_printing: Some(true),
        ..ten(id)
    };
    let (_, payment) = shop.sell(&prints("X"), NOTHING);
    let receipt = &shop.told("PRINT_PAYMENT")[0];
    assert_eq!(receipt["payment"], payment);
    assert_eq!(receipt["order"]["id"], payment["order"]["id"]);
    shop.wait(100);
    let said = shop.transcript().join("\n");
    assert!(
        said.contains("terminal: PRINT_PAYMENT\nterminal: FINISH_OK"),
        "{said}"
    );
    assert!(
        said.contains("RECEIPT_OPTIONS ENTER [BUTTON_2] [BUTTON_3] [BUTTON_4]"),
        "the terminal does not offer to print: {said}"
    );

    shop.sell(&prints("Y"), NOTHING);
    let slip = &shop.told("PRINT_PAYMENT_DECLINE")[0];
    has(slip, json!({"reason": "DECLINED"}));
    has(
        &slip["payment"],
        json!({"result": "FAIL", "externalPaymentId": "Y"}),
    );

    assert!(shop.told("PRINT_PAYMENT_MERCHANT_COPY").is_empty());
    let mut shop = Shop::new(&["approve", "decline"]);
    shop.sell(&ten("X"), NOTHING);
    shop.sell(&ten("Y"), NOTHING);
    let said = shop.transcript().join("\n");
    assert!(!said.contains("PRINT"), "{said}");
}
