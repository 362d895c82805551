//! A sale: its course, what answers it, and its one outcome (`design.md` "Money" 1, 4 to 6).

use proto_core::message::{
    CashbackSelectedDraft, FinishCancelDraft, FinishOkDraft, InvalidStateTransitionDraft,
    PartialAuthDraft, RemoteErrorDraft, TipAddedDraft, TxStartResponseDraft,
};
use proto_core::model::{DeviceStateDataDraft, PaymentDraft};
use proto_core::pos::{Certainty, Env, Finality, Refusal, ResultCode, Sale};
use proto_core::wire::InString;
use proto_core::wire::names::{
    PaymentResult, RequestInfo, TipMode, TxStartResult, TxState, UiState,
};
use system_tests::{World, begin, paid, screen, tell_state};

#[test]
fn the_happy_path_reads_like_the_sequence_diagram() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        screen(terminal, UiState::Processing);
        tell_state(terminal, TxState::Success);
        terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    });
    world.sale("X");
    world.expect(
        "journal: X Intent
         pos: TX_START SALE
         terminal: ACK
         terminal: TX_START_RESPONSE SUCCESS SALE
         terminal: TX_STATE START
         event: TxState
         terminal: UI_STATE START ENTER
         event: ScreenShown
         terminal: UI_STATE PROCESSING ENTER
         event: ScreenShown
         terminal: UI_STATE PROCESSING EXIT
         event: ScreenGone
         terminal: TX_STATE SUCCESS
         event: TxState
         terminal: FINISH_OK SALE
         outcome: made SUCCESS approved finish_ok
         journal: X Outcome
         pos: SHOW_THANK_YOU_SCREEN
         terminal: ACK",
    );
    world.wait(3_000);
    world.expect("pos: SHOW_WELCOME_SCREEN\nterminal: ACK");
    let summary = world.outcome();
    assert_eq!(summary.certainty, Certainty::Made(Finality::Final));
    assert_eq!(
        (summary.approved, summary.remaining(), summary.simulated),
        (1_000, 0, true)
    );
}

#[test]
fn a_declined_card_ends_with_cancel_on_the_wire_and_declined_as_its_cause() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        screen(terminal, UiState::Declined);
        terminal.finish_cancel().unwrap();
    });
    world.sale("X");
    let (summary, reason, message, payment) = &world.outcomes[0];
    assert_eq!(summary.certainty, Certainty::NotMade);
    assert_eq!(
        (summary.result, summary.cause.name()),
        (ResultCode::Cancel, "declined")
    );
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("Request Cancelled", "Sale Request cancelled by user")
    );
    assert_eq!(*payment, None);
}

#[test]
fn a_cancel_by_the_customer_is_told_apart_from_a_decline() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_cancel().unwrap();
    });
    world.sale("X");
    assert_eq!(world.outcome().cause.name(), "cancelled_customer");
    world.wait(0);
    assert!(
        world
            .wire
            .iter()
            .any(|(_, text)| text.contains("SHOW_WELCOME_SCREEN"))
    );
}

#[test]
fn a_payment_is_judged_by_its_own_result() {
    use PaymentResult::*;
    for (result, certainty) in [
        (Some(Success), Some("made")),
        (Some(Auth), Some("made")),
        (Some(AuthCompleted), Some("made")),
        (Some(VoidFailed), Some("made")),
        (None, Some("made")),
        (Some(Unlisted("NEW".into())), Some("made")),
        (Some(Fail), Some("not_made")),
        (Some(Voided), Some("not_made")),
        (Some(Initiated), None),
        (Some(Pending), None),
        (Some(Voiding), None),
        (Some(OfflineRetrying), None),
    ] {
        let mut world = World::ready();
        world.on_start(move |terminal| {
            begin(terminal);
            let payment = PaymentDraft {
                result,
                ..paid("PAY1", 1_000)
            };
            terminal.finish_ok(&payment).unwrap();
        });
        world.sale("X");
        let told = world
            .outcomes
            .first()
            .map(|(summary, ..)| summary.certainty.name());
        assert_eq!(told, certainty, "{result:?}");
        assert_eq!(
            world.pos.open_request().is_none(),
            certainty.is_some(),
            "{result:?}"
        );
        if result == Some(Voided) {
            assert_eq!(world.outcome().evidence.name(), "voided");
        }
    }
}

#[test]
fn less_than_asked_is_partial_and_says_what_remains() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal
            .send(&PartialAuthDraft {
                partial_auth_amount: Some(600),
                more: &[],
            })
            .unwrap();
        terminal.finish_ok(&paid("PAY1", 600)).unwrap();
    });
    world.sale("X");
    let summary = world.outcome();
    assert_eq!(summary.cause.name(), "partial");
    assert_eq!((summary.approved, summary.remaining()), (600, 400));
}

#[test]
fn tip_cash_back_and_offline_are_told_and_in_the_outcome() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal
            .send(&TipAddedDraft {
                tip_amount: Some(150),
                more: &[],
            })
            .unwrap();
        terminal
            .send(&CashbackSelectedDraft {
                cashback_amount: Some(500),
                more: &[],
            })
            .unwrap();
        let payment = PaymentDraft {
            tip_amount: Some(150),
            offline: Some(true),
            ..paid("PAY1", 1_000)
        };
        terminal.finish_ok(&payment).unwrap();
    });
    world.sale("X");
    let summary = world.outcome();
    assert_eq!((summary.tip, summary.offline), (150, true));
    assert_eq!(summary.certainty, Certainty::Made(Finality::Offline));
}

#[test]
fn a_payment_under_another_id_is_unsolicited_and_ends_nothing() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    let other = PaymentDraft {
        external_payment_id: Some("Y".into()),
        ..paid("PAY1", 1_000)
    };
    world.tell(&FinishOkDraft {
        payment: Some(InString::Draft(&other)),
        request_info: Some(RequestInfo::Sale),
        ..FinishOkDraft::default()
    });
    world.expect("terminal: FINISH_OK SALE\nevent: Unsolicited Payment Payment");
    assert!(world.pos.open_request().is_some());
    world.terminal.finish_ok(&paid("PAY2", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.outcomes[0].3.as_deref(), Some("PAY2"));
}

/// FINISH_OK without an external id, as old terminals send it.
fn nameless(world: &mut World, id: &'static str, amount: i64) {
    let payment = paid(id, amount);
    world.tell(&FinishOkDraft {
        payment: Some(InString::Draft(&payment)),
        ..FinishOkDraft::default()
    });
}

#[test]
fn a_payment_without_an_id_answers_only_on_the_session_that_asked() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    nameless(&mut world, "PAY1", 1_000);
    assert_eq!(world.outcome().certainty.name(), "made");

    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.join();
    nameless(&mut world, "PAY1", 1_000);
    assert!(world.outcomes.is_empty() && world.pos.open_request().is_some());
}

#[test]
fn a_payment_without_an_id_answers_only_if_it_is_new_and_not_above_what_was_asked() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    });
    world.sale("X");
    world.on_start(begin);
    world.sale("Y");
    nameless(&mut world, "PAY1", 1_000);
    nameless(&mut world, "PAY2", 1_001);
    assert_eq!(world.outcomes.len(), 1);
    nameless(&mut world, "PAY3", 900);
    assert_eq!(world.outcomes.len(), 2);
}

#[test]
fn a_payment_that_comes_before_the_request_has_left_is_not_its_answer() {
    let mut world = World::ready();
    world.journal = system_tests::JournalAnswer::Silence;
    world.sale("X");
    nameless(&mut world, "PAY1", 1_000);
    assert!(world.outcomes.is_empty());
}

#[test]
fn finish_cancel_ends_only_a_started_request_of_its_kind_on_its_session() {
    let cancel = |info| FinishCancelDraft {
        request_info: info,
        more: &[],
    };
    // Not started: unsolicited.
    let mut world = World::ready();
    world.on_start(|_| ());
    world.sale("X");
    world.tell(&cancel(Some(RequestInfo::Sale)));
    assert!(world.outcomes.is_empty());
    // Started, but of another kind.
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.tell(&cancel(Some(RequestInfo::Refund)));
    assert!(world.outcomes.is_empty());
    // Without a kind it ends it.
    world.tell(&cancel(None));
    assert_eq!(world.outcome().evidence.name(), "finish_cancel");
    // On another session it does not.
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.join();
    world.tell(&cancel(Some(RequestInfo::Sale)));
    assert!(world.outcomes.is_empty());
}

#[test]
fn a_refused_start_is_not_made_and_a_duplicate_is_not_known() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        terminal
            .refuse_start(TxStartResult::Fail, "no way")
            .unwrap();
    });
    world.sale("X");
    let (summary, reason, ..) = &world.outcomes[0];
    assert_eq!(
        (summary.certainty.name(), summary.result),
        ("not_made", ResultCode::Fail)
    );
    assert_eq!(
        (summary.evidence.name(), reason.as_str()),
        ("start_refused", "no way")
    );

    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_cancel().unwrap();
    });
    world.sale("X");
    world.ask(&Sale {
        retry: true,
        ..Sale::new(1_000).external_id("X")
    });
    let (summary, _, message, _) = &world.outcomes[1];
    assert_eq!(
        (summary.certainty.name(), summary.cause.name()),
        ("unknown", "duplicate")
    );
    assert_eq!(
        message,
        "The provided transaction id of X has already been processed and cannot be resubmitted."
    );
}

#[test]
fn the_oldest_start_responses_have_success_only() {
    let mut world = World::ready();
    world.on_start(|_| ());
    world.sale("X");
    world.tell(&TxStartResponseDraft {
        success: Some(true),
        ..TxStartResponseDraft::default()
    });
    world.tell(&FinishCancelDraft::default());
    assert_eq!(world.outcome().cause.name(), "cancelled_customer");

    let mut world = World::ready();
    world.on_start(|_| ());
    world.sale("X");
    world.tell(&TxStartResponseDraft {
        success: Some(false),
        ..TxStartResponseDraft::default()
    });
    assert_eq!(world.outcome().evidence.name(), "start_refused");
}

#[test]
fn a_start_response_for_another_id_is_not_ours() {
    let mut world = World::ready();
    world.on_start(|_| ());
    world.sale("X");
    world.tell(&TxStartResponseDraft {
        success: Some(false),
        external_payment_id: Some("Y".into()),
        ..TxStartResponseDraft::default()
    });
    assert!(world.outcomes.is_empty());
}

#[test]
fn invalid_state_transition_ends_what_it_can_only_be_about() {
    let refusal =
        |transition: Option<&'static str>, id: Option<&'static str>| InvalidStateTransitionDraft {
            reason: Some("Device is busy".into()),
            requested_transition: transition.map(Into::into),
            data: Some(DeviceStateDataDraft {
                external_payment_id: id.map(Into::into),
                ..DeviceStateDataDraft::default()
            }),
            ..InvalidStateTransitionDraft::default()
        };
    for (started, transition, id, ends) in [
        (false, Some("TX_START"), Some("OTHER"), true),
        (false, None, None, true),
        (true, None, None, false),
        // What was taken was not refused: that is about a second copy, or another start.
        (true, Some("TX_START"), Some("OTHER"), false),
        // It is busy with ours: that is no refusal of ours.
        (false, Some("TX_START"), Some("X"), false),
        (true, Some("SHOW_WELCOME_SCREEN"), None, false),
    ] {
        let mut world = World::ready();
        if started {
            world.on_start(begin);
        }
        world.sale("X");
        world.tell(&refusal(transition, id));
        assert_eq!(
            !world.outcomes.is_empty(),
            ends,
            "{started} {transition:?} {id:?}"
        );
        if ends {
            let (summary, reason, ..) = &world.outcomes[0];
            assert_eq!(
                (summary.cause.name(), reason.as_str()),
                ("busy", "Device is busy")
            );
        }
    }
}

#[test]
fn a_remote_error_ends_nothing() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    world.tell(&RemoteErrorDraft {
        error_message: Some("oops".into()),
        ..RemoteErrorDraft::default()
    });
    world.expect("terminal: REMOTE_ERROR\nevent: RemoteError");
    assert!(world.pos.open_request().is_some());
}

#[test]
fn a_second_request_is_busy_and_changes_nothing() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    let second = Sale::new(500).external_id("Y");
    let refused = world
        .pos
        .sale(world.now, &second, Env::default())
        .unwrap_err();
    assert_eq!(refused.why, Refusal::Busy);
    assert_eq!(
        world.pos.show_message(world.now, "hello").unwrap_err().why,
        Refusal::Busy
    );
    world.settle();
    world.expect("");
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_sent() {
    let long = "x".repeat(33);
    let sale = |id| Sale::new(1_000).external_id(id);
    let cases = [
        (
            sale(""),
            "In Sale : SaleRequest - The request ExternalId cannot be null or blank.",
        ),
        (
            sale("  "),
            "In Sale : SaleRequest - The request ExternalId cannot be null or blank.",
        ),
        (
            sale(&long),
            "In Sale : SaleRequest - The request ExternalId cannot be longer than 32 characters.",
        ),
        (
            Sale {
                amount: 0,
                ..sale("X")
            },
            "In Sale : SaleRequest - The request amount cannot be zero.",
        ),
        (
            Sale {
                amount: -1,
                ..sale("X")
            },
            "In Sale : SaleRequest - The request amount cannot be zero.",
        ),
        (
            Sale {
                tip_amount: Some(-1),
                ..sale("X")
            },
            "In Sale : SaleRequest - The request tip amount cannot be less than zero.",
        ),
        (
            Sale {
                tip_amount: Some(1),
                tip_mode: Some(TipMode::NoTip),
                ..sale("X")
            },
            "In Sale : SaleRequest - TipMode must be null or TIP_PROVIDED when TipAmount is greater than zero.",
        ),
        (
            Sale {
                tip_mode: Some(TipMode::TipProvided),
                ..sale("X")
            },
            "In Sale : SaleRequest - TipAmount must be given when TipMode is TIP_PROVIDED.",
        ),
    ];
    for (sale, message) in cases {
        let mut world = World::ready();
        let refused = world
            .pos
            .sale(world.now, &sale, Env::default())
            .unwrap_err();
        assert_eq!(
            (refused.why, refused.result),
            (Refusal::Invalid, ResultCode::Fail)
        );
        assert_eq!(
            (refused.reason, refused.message),
            ("Request Validation Error", message)
        );
        world.settle();
        world.expect("");
        world.sale("GOOD");
    }
    let mut world = World::default();
    let refused = world
        .pos
        .sale(world.now, &sale("X"), Env::default())
        .unwrap_err();
    assert_eq!(
        (refused.why, refused.reason),
        (Refusal::NotReady, "Device Connection Error")
    );
    assert_eq!(
        refused.message,
        "In Sale : SaleRequest - The Clover device is not connected."
    );
}

#[test]
fn too_little_memory_is_refused_before_anything_is_sent() {
    let mut world = World::with_memory(system_tests::test_config(), [4_096, 256, 4_096]);
    world.join();
    world.forget();
    let sale = Sale::new(1_000).external_id("X");
    let refused = world
        .pos
        .sale(world.now, &sale, Env::default())
        .unwrap_err();
    assert!(
        matches!(refused.why, Refusal::Full { needed } if needed > 256),
        "{refused:?}"
    );
    world.settle();
    world.expect("");
}

#[test]
fn a_screen_that_is_due_is_dropped_when_something_new_is_asked() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    });
    world.sale("X");
    world.on_start(begin);
    world.sale("Y");
    world.forget();
    world.wait(10_000);
    world.expect("");
}
