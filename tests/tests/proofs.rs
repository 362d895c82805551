//! The table of proofs, row by row: each fact is made to happen between a point of sale and a terminal, for every
//! kind of request that the row is about, and the outcome must be what the row says (`design.md` "Money" 6, 7, 9).

use proto_core::pos::proof::{Fact, PROOFS, Proof, Said, Verdict};
use proto_core::pos::{
    Auth, Certainty, ManualRefund, PreAuth, RefundPayment, RequestKind, Sale, VoidPayment,
};
use proto_core::wire::names::{UiState, VoidReason};
use serde_json::{Value, json};
use system_tests::{Device, JournalAnswer, UNIX_MS, World, screen};

macro_rules! rows {
    ($($name:ident: $kind:ident $fact:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(row(RequestKind::$kind, $fact));
            }
        )*

        #[test]
        fn every_row_has_a_test() {
            let tested = [$((RequestKind::$kind, $fact)),*];
            for proof in PROOFS {
                let tests = tested.iter().filter(|(kind, fact)| {
                    *fact == proof.fact && proof.kinds.contains(kind)
                });
                assert_eq!(tests.count(), 1, "{proof:?}");
            }
            assert_eq!(tested.len(), PROOFS.len());
        }
    };
}

rows! {
    a_payment_in_finish_ok_is_made: Sale Fact::Finished(Said::Charged);
    a_reserved_payment_in_finish_ok_is_made: Sale Fact::Finished(Said::Reserved);
    a_failed_payment_in_finish_ok_is_not_made: Sale Fact::Finished(Said::Failed);
    a_voided_payment_in_finish_ok_is_not_made: Sale Fact::Finished(Said::Voided);
    a_pending_payment_in_finish_ok_is_not_the_end: Sale Fact::Finished(Said::Running);
    a_payment_without_a_result_in_finish_ok_is_made: Sale Fact::Finished(Said::Nothing);
    a_payment_that_is_looked_up_is_made: Sale Fact::LookedUp(Said::Charged);
    a_reserved_payment_that_is_looked_up_is_made: Sale Fact::LookedUp(Said::Reserved);
    a_failed_payment_that_is_looked_up_is_not_made: Sale Fact::LookedUp(Said::Failed);
    a_voided_payment_that_is_looked_up_is_not_made: Sale Fact::LookedUp(Said::Voided);
    a_pending_payment_that_is_looked_up_is_not_the_end: Sale Fact::LookedUp(Said::Running);
    a_payment_without_a_result_that_is_looked_up_is_unknown: Sale Fact::LookedUp(Said::Nothing);
    finish_cancel_is_not_made: Sale Fact::FinishedWithout;
    a_refused_start_is_not_made: Sale Fact::StartRefused;
    a_duplicate_is_unknown: Sale Fact::Duplicate;
    a_refusal_for_the_state_is_not_made: Sale Fact::StateRefused;
    what_was_not_sent_is_not_made: Sale Fact::NotSent;
    a_charge_that_is_not_found_is_not_made: Sale Fact::NotFound;
    a_manual_refund_that_is_not_found_is_unknown: ManualRefund Fact::NotFound;
    a_refund_whose_payment_is_not_found_is_unknown: Refund Fact::NotFound;
    a_void_whose_payment_is_not_found_is_unknown: Void Fact::NotFound;
    money_given_back_in_finish_ok_is_made: Refund Fact::GivenBack;
    refund_response_success_is_made: Refund Fact::RefundDone;
    refund_response_fail_is_not_made: Refund Fact::RefundFailed;
    a_refund_that_its_payment_lists_is_made: Refund Fact::RefundListed;
    a_refund_that_its_payment_does_not_list_is_unknown: Refund Fact::RefundNotListed;
    void_payment_response_success_is_made: Void Fact::VoidDone;
    void_payment_response_fail_is_not_made: Void Fact::VoidFailed;
    a_payment_that_is_voided_when_looked_up_proves_the_void: Void Fact::LookedUp(Said::Voided);
    a_payment_that_is_voiding_when_looked_up_is_not_the_end: Void Fact::LookedUp(Said::Running);
    a_payment_that_is_charged_when_looked_up_proves_no_void: Void Fact::LookedUp(Said::Charged);
    a_payment_that_is_reserved_when_looked_up_proves_no_void: Void Fact::LookedUp(Said::Reserved);
    a_payment_that_failed_when_looked_up_proves_no_void: Void Fact::LookedUp(Said::Failed);
    a_payment_without_a_result_when_looked_up_proves_no_void: Void Fact::LookedUp(Said::Nothing);
    an_acknowledged_void_is_unknown: Void Fact::Acknowledged;
    a_reset_proves_nothing: Sale Fact::Reset;
}

fn row(kind: RequestKind, fact: Fact) -> &'static Proof {
    PROOFS
        .iter()
        .find(|row| row.fact == fact && row.kinds.contains(&kind))
        .expect("a row of the table")
}

fn check(row: &Proof) {
    for kind in row.kinds {
        let mut world = match row.fact {
            Fact::Acknowledged => World::older(),
            _ => World::ready(),
        };
        happen(&mut world, *kind, row.fact);
        let place = format!("{kind:?} {:?}", row.fact);
        let Some((summary, ..)) = world.outcomes.first() else {
            assert_eq!(row.verdict, Verdict::Running, "{place}: no outcome");
            continue;
        };
        match row.verdict {
            Verdict::Made(evidence) => {
                assert!(
                    matches!(summary.certainty, Certainty::Made(_)),
                    "{place}: {summary:?}"
                );
                assert_eq!(summary.evidence, evidence, "{place}");
            }
            Verdict::NotMade(evidence) => {
                assert_eq!(
                    summary.certainty,
                    Certainty::NotMade,
                    "{place}: {summary:?}"
                );
                assert_eq!(summary.evidence, evidence, "{place}");
            }
            Verdict::Unknown(missing) => {
                assert_eq!(
                    summary.certainty,
                    Certainty::Unknown,
                    "{place}: {summary:?}"
                );
                assert_eq!(summary.missing, Some(missing), "{place}");
            }
            Verdict::Running => panic!("{place}: it is not over, but {summary:?}"),
        }
        assert_eq!(world.outcomes.len(), 1, "{place}");
    }
}

fn ask(world: &mut World, kind: RequestKind) {
    let sale = Sale::new(1_000).external_id("X");
    match kind {
        RequestKind::Sale => world.ask(&sale),
        RequestKind::Auth => world.ask(&Auth::new(sale)),
        RequestKind::PreAuth => world.ask(&PreAuth::new(sale)),
        RequestKind::ManualRefund => world.ask(&ManualRefund::new(sale)),
        RequestKind::Refund => world.ask(
            &RefundPayment::partial("PAY1", 400)
                .external_id("R")
                .original("X"),
        ),
        _ => world.ask(
            &VoidPayment::new("PAY1", VoidReason::UserCancel)
                .external_id("V")
                .original("X"),
        ),
    };
}

/// Makes the fact happen to a request of this kind, and lets the time pass that it takes to be told.
fn happen(world: &mut World, kind: RequestKind, fact: Fact) {
    let device = Device::answers(world);
    if fact == Fact::NotSent {
        world.journal = JournalAnswer::Silence;
    }
    ask(world, kind);
    match fact {
        Fact::Finished(said) => {
            let payment = payment(said).to_string();
            world.inject_command("FINISH_OK", &json!({ "payment": payment }));
        }
        Fact::LookedUp(said) => {
            device.has(payment(said));
            lose_and_look(world);
        }
        Fact::GivenBack if kind == RequestKind::ManualRefund => {
            world.inject_command("TX_START_RESPONSE", &json!({"success": true}));
            let credit = json!({"id": "CRE1", "amount": 1000});
            world.inject_command("FINISH_OK", &json!({"credit": credit.to_string()}));
        }
        Fact::GivenBack => {
            let refund = json!({"id": "REF1", "amount": 400, "payment": {"id": "PAY1"}});
            world.inject_command("FINISH_OK", &json!({"refund": refund.to_string()}));
        }
        Fact::FinishedWithout => {
            world.inject_command("TX_START_RESPONSE", &json!({"success": true}));
            screen(&mut world.terminal, UiState::Processing);
            world.settle();
            world.inject_command("FINISH_CANCEL", &json!({}));
        }
        Fact::StartRefused => start_response(world, "FAIL"),
        Fact::Duplicate => {
            device.silent(true);
            start_response(world, "DUPLICATE");
        }
        Fact::StateRefused => {
            let method = match kind {
                RequestKind::Refund => "REFUND_REQUEST",
                RequestKind::Void => "VOID_PAYMENT",
                _ => "TX_START",
            };
            world.inject_command(
                "INVALID_STATE_TRANSITION",
                &json!({"requestedTransition": method}),
            );
        }
        Fact::RefundDone | Fact::RefundFailed => {
            let code = if fact == Fact::RefundDone {
                "SUCCESS"
            } else {
                "FAIL"
            };
            world.inject_command(
                "REFUND_RESPONSE",
                &json!({"code": code, "paymentId": "PAY1"}),
            );
            world.wait(5_000);
        }
        Fact::RefundListed | Fact::RefundNotListed => {
            let mut payment = payment(Said::Charged);
            if fact == Fact::RefundListed {
                let refund = json!({"id": "REF1", "amount": 400, "createdTime": UNIX_MS + 1_000});
                payment["refunds"] = json!({"elements": [refund]});
            }
            device.has(payment);
            lose_and_look(world);
        }
        Fact::VoidDone | Fact::VoidFailed => {
            let status = if fact == Fact::VoidDone {
                "SUCCESS"
            } else {
                "FAIL"
            };
            world.inject_command(
                "VOID_PAYMENT_RESPONSE",
                &json!({"status": status, "payment": {"id": "PAY1"}}),
            );
        }
        Fact::Acknowledged => {
            // The terminal's role has acknowledged it; nothing else comes.
            device.has(payment(Said::Charged));
            world.wait(30_000);
        }
        Fact::NotFound => lose_and_look(world),
        Fact::Reset => {
            device.silent(true);
            world.pos.reset_terminal(world.now).unwrap();
            world.wait(1_000_000);
        }
        Fact::NotSent => world.cut(),
        other => panic!("no way to make {other:?} happen"),
    }
}

fn lose_and_look(world: &mut World) {
    world.cut();
    world.join();
    world.wait(12_000);
    if world.outcomes.is_empty() {
        // Nothing yet: only a running payment may still be open now.
        world.wait(30_000);
        let running = world
            .outcomes
            .first()
            .and_then(|(summary, ..)| summary.missing)
            == Some(proto_core::pos::Missing::End);
        if running {
            world.outcomes.clear();
        }
    }
}

fn start_response(world: &mut World, result: &str) {
    world.inject_command(
        "TX_START_RESPONSE",
        &json!({"result": result, "success": false, "externalPaymentId": "X"}),
    );
}

/// The payment under the external id of the request, or of the payment that it is about.
fn payment(said: Said) -> Value {
    let result = match said {
        Said::Charged => json!("SUCCESS"),
        Said::Reserved => json!("AUTH"),
        Said::Failed => json!("FAIL"),
        Said::Voided => json!("VOIDED"),
        Said::Running => json!("VOIDING"),
        Said::Nothing => Value::Null,
    };
    json!({"id": "PAY1", "externalPaymentId": "X", "amount": 1000, "result": result})
}
