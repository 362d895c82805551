//! What else moves money by a card: auth, pre-auth, manual refund (`protocol/connector.md` §5.2, §5.3, §5.11).

use host_demo::sim::Plan;
use proto_core::message::BreakDraft;
use proto_core::pos::{Auth, Certainty, ExternalId, Finality, ManualRefund, Money, PreAuth, Sale};
use proto_core::terminal::Identity;
use proto_core::time::Duration;
use proto_core::wire::names::TipMode;
use serde_json::json;

use crate::shop::{NOTHING, Shop, YES, has, ten};

/// Everything that can become of a sale, and is not forbidden by another part.
const EVERYTHING: &str = "tip:1.50+cashback:20.00+signature+duplicate";

/// Without a card that is to be removed.
fn tapped(id: &str) -> Sale<'_> {
    Sale {
        card_entry_methods: Some(4),
        ..ten(id)
    }
}

#[test]
fn an_auth_is_charged_and_can_be_adjusted() {
    let mut shop = Shop::new(&["approve"]);
    let (end, payment) = shop.sell(&Auth::new(tapped("X")), NOTHING);
    assert_eq!(end, "made approved");
    let (summary, _) = &shop.outcomes[0];
    assert_eq!(summary.certainty, Certainty::Made(Finality::Adjustable));
    has(
        &payment,
        json!({"amount": 1000, "result": "SUCCESS", "externalPaymentId": "X"}),
    );
    has(
        &payment["cardTransaction"],
        json!({"type": "PREAUTH", "state": "PENDING"}),
    );
    assert_eq!(shop.told("FINISH_OK")[0]["requestInfo"], "AUTH");
}

#[test]
fn a_pre_auth_is_reserved() {
    let mut shop = Shop::new(&["approve"]);
    let (end, payment) = shop.sell(&PreAuth::new(tapped("X")), NOTHING);
    assert_eq!(end, "made approved");
    let (summary, _) = &shop.outcomes[0];
    assert_eq!(summary.certainty, Certainty::Made(Finality::Authorised));
    has(
        &payment,
        json!({"amount": 1000, "result": "AUTH", "externalPaymentId": "X"}),
    );
    has(
        &payment["cardTransaction"],
        json!({"type": "PREAUTH", "state": "PENDING"}),
    );
    assert_eq!(shop.told("FINISH_OK")[0]["requestInfo"], "PREAUTH");
}

#[test]
fn a_manual_refund_brings_a_credit_that_no_look_up_finds() {
    let mut shop = Shop::new(&["approve"]);
    let (end, credit) = shop.sell(&ManualRefund::new(tapped("X")), NOTHING);
    assert_eq!(end, "made approved");
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
    has(&credit, json!({"amount": 1000}));
    has(&credit["cardTransaction"], json!({"type": "NAKEDREFUND"}));
    let told = shop.told("FINISH_OK");
    has(
        &told[0],
        json!({"requestInfo": "CREDIT", "payment": null, "refund": null}),
    );
    let booked: Vec<_> = shop.sim.books().iter().collect();
    assert_eq!(booked.len(), 1);
    assert!(booked[0].credit && credit["id"] == *booked[0].id.as_str());

    let id = ExternalId::new("X").unwrap();
    shop.pos.retrieve_payment(shop.now, &id).unwrap();
    shop.wait(100);
    assert_eq!(
        shop.told("RETRIEVE_PAYMENT_RESPONSE")[0]["queryStatus"],
        "NOT_FOUND"
    );
}

#[test]
fn what_a_kind_does_not_know_does_not_happen_to_it() {
    fn said(money: &impl Money) -> String {
        let mut shop = Shop::new(&[EVERYTHING]);
        assert_eq!(shop.sell(money, YES).0, "made approved");
        shop.transcript().join("\n")
    }
    let sale = said(&ten("X"));
    let auth = said(&Auth::new(ten("X")));
    let pre_auth = said(&PreAuth::new(ten("X")));
    let credit = said(&ManualRefund::new(ten("X")));
    for (screen, known) in [
        ("TIP_ADDED", [true, false, false, false]),
        ("CASHBACK_SELECTED", [true, false, false, false]),
        ("VERIFY_SIGNATURE", [true, true, false, false]),
        ("DUPLICATE_CHALLENGE", [true, true, true, false]),
    ] {
        let there = [&sale, &auth, &pre_auth, &credit].map(|said| said.contains(screen));
        assert_eq!(there, known, "{screen}");
    }
    for text in ["partial:6.00", "offline"] {
        let mut shop = Shop::new(&[text]);
        let (end, credit) = shop.sell(&ManualRefund::new(ten("X")), YES);
        assert_eq!(
            (end.as_str(), &credit["amount"]),
            ("made approved", &json!(1000)),
            "{text}"
        );
        assert!(shop.told("CONFIRM_PAYMENT_MESSAGE").is_empty(), "{text}");
    }
}

#[test]
fn each_is_declined_and_cancelled_as_a_sale_is() {
    fn ends(money: &impl Money) -> [String; 2] {
        ["decline", "cancel"].map(|outcome| {
            let mut shop = Shop::new(&[outcome]);
            let (end, brought) = shop.sell(money, NOTHING);
            assert!(brought.is_null());
            assert_eq!(
                shop.sim.books().iter().count(),
                0,
                "nothing is on the books"
            );
            end
        })
    }
    let expected = ["not_made declined", "not_made cancelled_customer"].map(str::to_owned);
    assert_eq!(ends(&Auth::new(ten("X"))), expected);
    assert_eq!(ends(&PreAuth::new(ten("X"))), expected);
    assert_eq!(ends(&ManualRefund::new(ten("X"))), expected);
}

#[test]
fn a_reset_does_not_take_back_what_the_bank_has_given() {
    let plan = Plan {
        step: Duration::from_secs(1),
        ..Plan::default()
    };
    let mut shop = Shop::with_plans(vec![plan], 1);
    shop.ask(&ManualRefund::new(tapped("X")));
    shop.wait_for("terminal: UI_STATE APPROVED ENTER");
    shop.tell(&BreakDraft::default());
    shop.wait_for_the_end();
    let (summary, _) = &shop.outcomes[0];
    assert_eq!(summary.certainty.name(), "made");
    assert_eq!(shop.sim.books().iter().count(), 1);
}

#[test]
fn what_was_taken_offline_is_sent_after_a_while() {
    for (outcome, result) in [("offline", "SUCCESS"), ("offline-declined", "FAIL")] {
        let mut shop = Shop::new(&[outcome]);
        shop.sell(&Auth::new(ten("X")), YES);
        let pending = |shop: &mut Shop| {
            shop.sim
                .books()
                .iter()
                .filter(|booked| booked.pending)
                .count()
        };
        assert_eq!(pending(&mut shop), 1);
        shop.wait(Plan::UPLOAD.as_millis() - 1_000);
        assert_eq!(pending(&mut shop), 1, "not yet");
        shop.wait(2_000);
        assert_eq!(pending(&mut shop), 0);
        let booked = shop.sim.books().iter().next().unwrap();
        assert_eq!(booked.result.to_string(), result);
        assert!(booked.offline, "and that it was offline stays known");
    }
}

#[test]
fn a_payment_that_was_voided_before_it_was_sent_is_never_sent() {
    let mut shop = Shop::new(&["offline"]);
    let (_, payment) = shop.sell(&ten("X"), YES);
    let id = payment["id"].as_str().unwrap();
    let reason = proto_core::wire::names::VoidReason::UserCancel;
    assert!(shop.sim.books_mut().void(id, reason));
    shop.wait(2 * Plan::UPLOAD.as_millis());
    assert_eq!(
        shop.sim.books().payment(id).unwrap().result.to_string(),
        "VOIDED"
    );
}

#[test]
fn an_id_whose_sale_was_cancelled_may_be_used_again_at_some_terminals() {
    for (forgets, end) in [(true, "made approved"), (false, "unknown duplicate")] {
        let identity = Identity {
            forgets_cancelled: forgets,
            ..Identity::SIMULATOR
        };
        let plans = ["cancel", "approve"].map(|text| text.parse().unwrap());
        let mut shop = Shop::with_identity(identity, plans.to_vec(), 1);
        assert_eq!(
            shop.sell(&ten("X"), NOTHING).0,
            "not_made cancelled_customer"
        );
        let again = Sale {
            retry: true,
            ..ten("X")
        };
        shop.says = NOTHING;
        shop.ask(&again);
        shop.wait(500);
        let (summary, _) = shop.outcomes.last().unwrap();
        let told = format!("{} {}", summary.certainty.name(), summary.cause.name());
        assert_eq!(told, end, "forgets: {forgets}");
    }
}

#[test]
fn the_tip_of_an_auth_is_on_paper() {
    let mut shop = Shop::new(&["tip:1.50"]);
    shop.ask(&Auth::new(ten("X")));
    shop.wait_for_the_end();
    let (_, start) = shop
        .wire
        .iter()
        .find(|(_, envelope)| envelope["method"] == "TX_START")
        .unwrap();
    assert!(
        start["payload"]
            .as_str()
            .unwrap()
            .contains(&format!(r#""tipMode":"{}""#, TipMode::OnPaper))
    );
    assert!(
        shop.told("TIP_ADDED").is_empty(),
        "it is written on the slip"
    );
}
