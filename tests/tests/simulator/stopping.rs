//! What stops a sale, and what does not; and the receipt screen after it.

use host_demo::sim::Plan;
use proto_core::message::{BreakDraft, ShowWelcomeScreenDraft};
use proto_core::pos::Sale;
use proto_core::time::Duration;
use proto_core::wire::names::KeyPress;

use crate::shop::{NOTHING, Shop, YES, ten};

/// A shop whose terminal takes a second for each step.
fn slow(outcome: &str) -> Shop {
    let plan = Plan {
        step: Duration::from_secs(1),
        ..outcome.parse().unwrap()
    };
    Shop::with_plans(vec![plan], 1)
}

/// The screens that a sale goes through to its end, with their keys.
fn screens(shop: &mut Shop) -> Vec<String> {
    let said = shop.transcript();
    let shown = |line: &String| {
        let (state, keys) = line
            .strip_prefix("terminal: UI_STATE ")?
            .split_once(" ENTER")?;
        Some(format!("{state}{keys}"))
    };
    said.iter()
        .take_while(|line| !line.starts_with("outcome"))
        .filter_map(shown)
        .collect()
}

const EVERYTHING: &str = "tip:1.50+partial:6.00+signature+late";

#[test]
fn the_cancel_key_is_offered_until_the_card_is_with_the_bank() {
    let mut shop = slow("tip:1.50+cashback:20.00+signature");
    let typed = Sale {
        card_entry_methods: Some(8),
        ..ten("X")
    };
    shop.sell(&typed, YES);
    assert_eq!(
        screens(&mut shop),
        [
            "ADD_TIP [ESC]",
            "MANUAL_CARD_NUMBER [ESC]",
            "MANUAL_CARD_EXPIRATION [ESC]",
            "MANUAL_CARD_CVV [ESC]",
            "CASHBACK_SELECT [ESC]",
            "PROCESSING_GO_ONLINE",
            "ADD_SIGNATURE",
            "VERIFY_SIGNATURE_ON_SCREEN",
            "APPROVED",
        ]
    );
}

#[test]
fn the_cancel_key_ends_the_sale_where_it_is_offered_and_is_too_late_elsewhere() {
    let all = {
        let mut shop = slow(EVERYTHING);
        shop.sell(&ten("X"), YES);
        screens(&mut shop)
    };
    assert!(all.len() > 8, "{all:?}");
    let mut cancelled = 0;
    for screen in &all {
        let mut shop = slow(EVERYTHING);
        shop.says = YES;
        shop.ask(&ten("X"));
        let (state, keys) = screen.split_once(' ').unwrap_or((screen, ""));
        shop.wait_for(&format!("terminal: UI_STATE {state} ENTER"));
        shop.press(KeyPress::Esc);
        shop.wait_for_the_end();
        let is_made = shop.outcomes[0].0.certainty.name() == "made";
        assert_eq!(is_made, !keys.contains("[ESC]"), "{screen}");
        if !is_made {
            cancelled += 1;
            assert_eq!(shop.told("FINISH_CANCEL").len(), 1, "{screen}");
            // What the bank has approved is voided.
            let voided = shop.told("PAYMENT_VOIDED").len();
            assert_eq!(voided, usize::from(state == "CONFIRM_PARTIAL_AUTH"));
        }
    }
    assert!(cancelled >= 3);
}

#[test]
fn the_cancel_of_the_point_of_sale_presses_the_key() {
    let mut shop = slow("approve");
    let request = shop.ask(&ten("X"));
    shop.wait_for("terminal: UI_STATE START ENTER");
    shop.transcript();
    shop.pos.cancel(shop.now, request).unwrap();
    shop.wait_for_the_end();
    shop.expect(
        "pos: KEY_PRESS ESC
         terminal: UI_STATE START EXIT
         terminal: UI_STATE CANCELED ENTER
         terminal: UI_STATE CANCELED EXIT
         terminal: FINISH_CANCEL
         outcome: not_made cancelled_pos",
    );
}

#[test]
fn a_late_bank_outlives_a_deadline_and_the_payment_is_still_told() {
    let mut shop = Shop::new(&["late"]);
    let sale = Sale {
        deadline: Some(Duration::from_secs(5)),
        ..ten("X")
    };
    let (end, payment) = shop.sell(&sale, NOTHING);
    assert_eq!(end, "made approved");
    assert_eq!(payment["externalPaymentId"], "X");
    let said = shop.transcript().join("\n");
    assert!(!said.contains("KEY_PRESS"), "no key is offered: {said}");
}

#[test]
fn a_part_is_taken_with_a_key_and_refused_with_another() {
    let mut shop = slow("partial:6.00");
    let confirm = "terminal: UI_STATE CONFIRM_PARTIAL_AUTH ENTER";
    shop.ask(&ten("X"));
    shop.wait_for(confirm);
    let before = shop.now;
    shop.transcript();
    shop.press(KeyPress::Enter);
    shop.wait(0);
    assert_eq!(shop.now, before);
    let said = shop.transcript().join("\n");
    assert!(said.contains("CONFIRM_PARTIAL_AUTH EXIT"), "{said}");
    shop.wait_for_the_end();
    assert_eq!(shop.outcomes[0].0.cause.name(), "partial");

    let mut shop = slow("partial:6.00");
    shop.ask(&ten("X"));
    shop.wait_for(confirm);
    shop.press(KeyPress::Button1);
    shop.transcript();
    shop.press(KeyPress::Esc);
    shop.wait_for_the_end();
    shop.expect(
        "pos: KEY_PRESS ESC
         terminal: TX_STATE FAIL
         terminal: PAYMENT_VOIDED REJECT_PARTIAL_AUTH
         terminal: UI_STATE CONFIRM_PARTIAL_AUTH EXIT
         terminal: UI_STATE VOIDED ENTER
         terminal: UI_STATE VOIDED EXIT
         terminal: FINISH_CANCEL
         outcome: not_made cancelled_customer",
    );
}

#[test]
fn a_reset_ends_a_running_sale_without_a_payment() {
    let mut shop = Shop::new(&["late", "approve"]);
    shop.ask(&ten("X"));
    shop.wait_for("terminal: UI_STATE PROCESSING_GO_ONLINE ENTER");
    shop.transcript();
    shop.pos.reset_terminal(shop.now).unwrap();
    shop.wait_for_the_end();
    shop.expect(
        "pos: BREAK
         terminal: RESET_DEVICE_RESPONSE SUCCESS
         terminal: UI_STATE PROCESSING_GO_ONLINE EXIT
         terminal: FINISH_CANCEL
         outcome: not_made cancelled_pos",
    );
    let told = shop.outcomes[0].0.clone();
    shop.pos.outcome_stored(&told).unwrap();
    assert_eq!(shop.sell(&ten("Y"), NOTHING).0, "made approved");
}

#[test]
fn a_reset_at_a_question_voids_what_the_bank_has_approved() {
    let mut shop = Shop::new(&["duplicate"]);
    shop.ask(&ten("X"));
    shop.wait_for("terminal: CONFIRM_PAYMENT_MESSAGE");
    shop.pos.reset_terminal(shop.now).unwrap();
    shop.wait_for_the_end();
    let said = shop.transcript().join("\n");
    assert!(
        said.contains("terminal: PAYMENT_VOIDED USER_CANCEL"),
        "{said}"
    );
    assert_eq!(shop.outcomes[0].0.certainty.name(), "not_made");
}

#[test]
fn a_reset_after_the_approval_is_too_late() {
    let mut shop = slow("approve");
    shop.ask(&ten("X"));
    shop.wait_for("terminal: UI_STATE APPROVED ENTER");
    shop.transcript();
    shop.pos.reset_terminal(shop.now).unwrap();
    shop.wait(0);
    shop.expect(
        "pos: BREAK
         terminal: RESET_DEVICE_RESPONSE SUCCESS
         terminal: UI_STATE APPROVED EXIT
         terminal: FINISH_OK
         outcome: made approved
         pos: SHOW_THANK_YOU_SCREEN",
    );
}

#[test]
fn a_reset_without_a_sale_is_answered() {
    let mut shop = Shop::new(&["approve"]);
    shop.tell(&BreakDraft::default());
    shop.wait(100);
    shop.expect(
        "pos: BREAK
         terminal: RESET_DEVICE_RESPONSE SUCCESS",
    );
}

const RECEIPT_ENDS: &str = "terminal: UI_STATE RECEIPT_OPTIONS EXIT";

/// A shop with the receipt screen up.
fn at_the_receipt() -> Shop {
    let mut shop = Shop::new(&["approve"]);
    shop.sell(&ten("X"), NOTHING);
    shop.wait(100);
    let said = shop.transcript().join("\n");
    assert!(said.contains("RECEIPT_OPTIONS ENTER"), "{said}");
    assert!(!said.contains(RECEIPT_ENDS), "{said}");
    shop
}

#[test]
fn the_receipt_screen_ends_by_itself() {
    let mut shop = at_the_receipt();
    shop.wait(2_000);
    shop.expect(&format!("{RECEIPT_ENDS}\npos: SHOW_WELCOME_SCREEN"));
}

#[test]
fn the_receipt_screen_ends_with_a_key() {
    let mut shop = at_the_receipt();
    shop.press(KeyPress::Esc);
    shop.wait(0);
    assert_eq!(shop.transcript(), ["pos: KEY_PRESS ESC"], "not offered");
    shop.press(KeyPress::Button4);
    shop.wait(0);
    shop.expect(&format!(
        "pos: KEY_PRESS BUTTON_4\n{RECEIPT_ENDS}\npos: SHOW_WELCOME_SCREEN"
    ));
}

#[test]
fn the_receipt_screen_ends_with_the_welcome_screen() {
    let mut shop = at_the_receipt();
    shop.tell(&ShowWelcomeScreenDraft::default());
    let said = shop.transcript().join("\n");
    assert!(said.starts_with("pos: SHOW_WELCOME_SCREEN\n"), "{said}");
    assert!(said.contains(RECEIPT_ENDS), "{said}");
}

#[test]
fn the_receipt_screen_ends_with_the_next_sale() {
    let mut shop = at_the_receipt();
    assert_eq!(shop.sell(&ten("Y"), NOTHING).0, "made approved");
    let said = shop.transcript().join("\n");
    assert!(
        said.starts_with(&format!("pos: TX_START\n{RECEIPT_ENDS}\n")),
        "{said}"
    );
    assert_eq!(said.matches(RECEIPT_ENDS).count(), 1, "{said}");
}

#[test]
fn there_is_no_receipt_screen_if_the_sale_does_not_want_one() {
    let mut shop = Shop::new(&["approve"]);
    let sale = Sale {
        disable_receipt_selection: Some(true),
        ..ten("X")
    };
    shop.sell(&sale, NOTHING);
    shop.wait(10_000);
    let said = shop.transcript().join("\n");
    assert!(!said.contains("RECEIPT_OPTIONS"), "{said}");
}

#[test]
fn a_point_of_sale_that_pairs_anew_during_a_sale_does_not_end_it() {
    let mut shop = slow("approve");
    shop.ask(&ten("X"));
    shop.wait_for("terminal: UI_STATE START ENTER");
    shop.cut();
    shop.wait(100);
    shop.join();
    shop.wait_for_the_end();
    assert_eq!(shop.outcomes[0].0.certainty.name(), "made");
}

#[test]
fn a_start_that_has_arrived_goes_on_although_the_link_is_lost_before_it_is_answered() {
    let mut shop = slow("approve");
    shop.ask(&ten("X"));
    shop.cut();
    shop.wait(10_000);
    shop.join();
    assert_eq!(shop.outcomes[0].0.certainty.name(), "made");
}
