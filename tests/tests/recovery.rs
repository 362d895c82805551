//! What became of a request when its answer is lost (`design.md` "Money" 7 to 9, 12).

use proto_core::pos::{
    Certainty, Config, Env, Evidence, ExternalId, Finality, Missing, Refusal, Sale,
};
use proto_core::terminal::Identity;
use proto_core::time::Duration;
use serde_json::{Value, json};
use system_tests::{Device, JournalAnswer, UNIX_MS, World, begin, paid, test_config};

const HOUR: u64 = 3_600_000;

fn sale(id: &str) -> Sale<'_> {
    Sale::new(1_000).external_id(id)
}

fn payment(id: &str, result: &str) -> Value {
    json!({"id": "PAY1", "externalPaymentId": id, "amount": 1000, "result": result})
}

/// A sale that the terminal has begun, and then the link is lost.
fn lost() -> (World, Device) {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.forget();
    (world, device)
}

#[test]
fn the_answer_that_was_missed_is_asked_for_again() {
    let (mut world, device) = lost();
    device.said_last(
        "FINISH_OK",
        json!({"payment": payment("X", "SUCCESS").to_string(), "requestInfo": "SALE"}),
    );
    world.join();
    let lines = world.transcript();
    let from = lines
        .iter()
        .position(|line| line.contains("Ready"))
        .unwrap();
    assert_eq!(
        lines[from + 1..],
        [
            "event: Recovering",
            "pos: RETRIEVE_DEVICE_STATUS_REQUEST true",
            "terminal: RETRIEVE_DEVICE_STATUS_RESPONSE IDLE SUCCESS",
            "terminal: FINISH_OK SALE",
            "terminal: ACK",
            "outcome: made SUCCESS approved finish_ok",
            "journal: X Outcome",
            "pos: SHOW_THANK_YOU_SCREEN",
            "terminal: ACK",
        ]
    );
}

#[test]
fn a_payment_that_the_terminal_has_is_looked_up() {
    let (mut world, device) = lost();
    device.has(payment("X", "SUCCESS"));
    world.join();
    world.wait(2_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
    assert_eq!(world.outcome().approved, 1_000);
}

#[test]
fn a_payment_that_is_not_there_is_asked_for_twice_and_not_made() {
    let (mut world, _device) = lost();
    world.join();
    world.forget();
    world.wait(10_000);
    world.expect(
        "pos: RETRIEVE_PAYMENT_REQUEST
         terminal: RETRIEVE_PAYMENT_RESPONSE NOT_FOUND
         terminal: ACK
         pos: RETRIEVE_PAYMENT_REQUEST
         terminal: RETRIEVE_PAYMENT_RESPONSE NOT_FOUND
         pos: RETRIEVE_PENDING_PAYMENTS
         terminal: RETRIEVE_PENDING_PAYMENTS_RESPONSE SUCCESS
         terminal: ACK
         pos: RETRIEVE_DEVICE_STATUS_REQUEST false
         terminal: RETRIEVE_DEVICE_STATUS_RESPONSE IDLE SUCCESS
         terminal: ACK
         terminal: ACK
         journal: X Outcome
         outcome: not_made FAIL link_lost not_found
         pos: SHOW_WELCOME_SCREEN
         terminal: ACK",
    );
    world.sale("Y");
}

#[test]
fn two_look_ups_are_three_seconds_apart() {
    let (mut world, _device) = lost();
    world.join();
    world.wait(2_000 + 2_999);
    assert!(world.outcomes.is_empty());
    world.wait(1);
    assert_eq!(world.told(), ("not_made", "link_lost", "not_found"));
}

#[test]
fn a_link_that_is_lost_between_two_look_ups_begins_anew() {
    let (mut world, _device) = lost();
    world.join();
    world.wait(4_000);
    world.cut();
    world.join();
    world.wait(4_999);
    assert!(world.outcomes.is_empty());
    world.wait(1);
    assert_eq!(world.told(), ("not_made", "link_lost", "not_found"));
}

/// Waits until the outcome is unknown, and says what was missing.
fn unknown_for(world: &mut World) -> Option<Missing> {
    world.join();
    world.wait(60_000);
    let (summary, ..) = &world.outcomes[0];
    assert_eq!(summary.certainty, Certainty::Unknown, "{summary:?}");
    assert_eq!(summary.evidence, Evidence::None);
    summary.missing
}

#[test]
fn a_payment_that_is_not_found_proves_nothing_on_a_terminal_that_is_not_idle() {
    let (mut world, device) = lost();
    device.is_doing("BUSY", None);
    assert_eq!(unknown_for(&mut world), Some(Missing::Idle));
}

#[test]
fn a_payment_that_is_not_found_proves_nothing_if_it_may_wait_offline() {
    let (mut world, device) = lost();
    device.pending(vec![
        json!({"paymentId": "PAY1", "externalPaymentId": "X", "amount": 1000}),
    ]);
    assert_eq!(unknown_for(&mut world), Some(Missing::Pending));
}

#[test]
fn a_payment_that_waits_offline_without_a_name_of_ours_can_be_ours() {
    let (mut world, device) = lost();
    device.pending(vec![json!({"paymentId": "P9", "amount": 1000})]);
    assert_eq!(unknown_for(&mut world), Some(Missing::Pending));
}

#[test]
fn a_payment_that_is_not_found_proves_nothing_without_a_clock() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(begin);
    let sale = sale("X");
    world.pos.sale(world.now, &sale, Env::default()).unwrap();
    world.settle();
    world.cut();
    assert_eq!(unknown_for(&mut world), Some(Missing::Clock));
}

#[test]
fn a_payment_that_is_not_found_proves_nothing_twenty_hours_later() {
    for (hours, proves) in [(19, true), (20, false)] {
        let mut world = World::ready();
        let _device = Device::answers(&mut world);
        world.on_start(begin);
        world.sale("X");
        world.restart_pos(test_config());
        let record = world.stored[0].clone();
        let env = Env {
            unix_ms: Some(UNIX_MS + hours * HOUR + 2_000),
        };
        world.pos.resume(world.now, &record, env).unwrap();
        world.join();
        world.wait(30_000);
        if proves {
            assert_eq!(world.told(), ("not_made", "link_lost", "not_found"));
        } else {
            assert_eq!(world.told(), ("unknown", "link_lost", "none"));
            assert_eq!(world.missing(), Some(Missing::Age));
        }
    }
}

#[test]
fn a_clock_that_went_back_proves_nothing() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    world.restart_pos(test_config());
    let record = world.stored[0].clone();
    let env = Env {
        unix_ms: Some(UNIX_MS - HOUR),
    };
    world.pos.resume(world.now, &record, env).unwrap();
    world.join();
    world.wait(30_000);
    assert_eq!(world.missing(), Some(Missing::Clock));
}

#[test]
fn a_terminal_of_another_merchant_proves_nothing() {
    let (mut world, _device) = lost();
    world.replace_terminal(Identity {
        merchant_id: "ANOTHER",
        model: "SIMULATOR",
        ..Identity::SIMULATOR
    });
    assert_eq!(unknown_for(&mut world), Some(Missing::Merchant));
}

#[test]
fn another_terminal_is_not_asked_and_the_right_one_is_named() {
    let (mut world, device) = lost();
    device.has(payment("X", "SUCCESS"));
    world.replace_terminal(Identity {
        serial: "SIM0000000002",
        ..Identity::SIMULATOR
    });
    world.join();
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
    let (_, _, message, _) = &world.outcomes[0];
    assert!(message.contains("SIM0000000001"), "{message}");
    // That terminal is free for another sale, but not under this id.
    let env = world.env();
    let again = Sale {
        retry: true,
        ..sale("X")
    };
    let refused = world.pos.sale(world.now, &again, env).unwrap_err();
    assert!(matches!(refused.why, Refusal::Unresolved(_)), "{refused:?}");
    world.pos.sale(world.now, &sale("Y"), env).unwrap();
}

#[test]
fn what_is_found_on_a_terminal_at_work_may_still_be_refused_there() {
    let (mut world, device) = lost();
    device.is_doing("WAITING_FOR_POS", None);
    device.has(payment("X", "SUCCESS"));
    assert_eq!(unknown_for(&mut world), Some(Missing::Idle));
    device.is_doing("IDLE", None);
    world.wait(60_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn what_is_found_is_believed_to_a_terminal_that_does_not_say_what_it_is_doing() {
    let (mut world, device) = lost();
    device.says_no_state();
    device.has(payment("X", "SUCCESS"));
    world.join();
    world.wait(2_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn what_is_found_under_another_id_is_not_ours() {
    let (mut world, device) = lost();
    device.has_under("X", payment("Y", "SUCCESS"));
    world.join();
    world.wait(60_000);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
}

#[test]
fn a_look_up_that_does_not_say_of_what_answers_the_application() {
    let (mut world, device) = lost();
    world.join();
    device.silent(true);
    world.wait(2_000);
    // The look-up of the sale is under way, and one of the application.
    let id = ExternalId::new("OLD").unwrap();
    world.pos.retrieve_payment(world.now, &id).unwrap();
    world.forget();
    let mut paid = payment("X", "SUCCESS");
    paid.as_object_mut().unwrap().remove("externalPaymentId");
    world.inject_command(
        "RETRIEVE_PAYMENT_RESPONSE",
        &json!({"queryStatus": "FOUND", "payment": paid.to_string()}),
    );
    let lines = world.transcript();
    assert!(lines.contains(&"event: PaymentRetrieved".to_owned()));
    assert!(world.outcomes.is_empty(), "{:?}", world.outcomes);
}

#[test]
fn another_terminal_behind_the_same_link_is_another_terminal() {
    let (mut world, device) = lost();
    device.is_doing("BUSY", None);
    world.join();
    world.wait(3_000);
    assert!(world.outcomes.is_empty());
    world.inject_command(
        "DISCOVERY_RESPONSE",
        &json!({"ready": true, "serial": "C2", "merchantId": "M2"}),
    );
    assert_eq!(world.missing(), Some(Missing::Terminal));
}

#[test]
fn a_look_up_in_progress_is_asked_again() {
    let (mut world, device) = lost();
    device.in_progress(true);
    world.join();
    world.wait(5_000);
    assert!(world.outcomes.is_empty());
    device.has(payment("X", "SUCCESS"));
    world.wait(10_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn what_is_found_is_judged_by_its_own_result() {
    for (result, outcome) in [
        ("SUCCESS", ("made", "approved", "looked_up")),
        ("AUTH", ("made", "approved", "looked_up")),
        ("AUTH_COMPLETED", ("made", "approved", "looked_up")),
        ("VOID_FAILED", ("made", "approved", "looked_up")),
        ("FAIL", ("not_made", "declined", "looked_up")),
        ("VOIDED", ("not_made", "link_lost", "voided")),
        ("PENDING", ("unknown", "link_lost", "none")),
        ("VOIDING", ("unknown", "link_lost", "none")),
        ("SOMETHING_NEW", ("unknown", "link_lost", "none")),
    ] {
        let (mut world, device) = lost();
        device.has(payment("X", result));
        world.join();
        world.wait(60_000);
        let (first, ..) = &world.outcomes[0];
        assert_eq!(
            (
                first.certainty.name(),
                first.cause.name(),
                first.evidence.name()
            ),
            outcome,
            "{result}"
        );
        assert_eq!(world.outcomes.len(), 1, "{result}");
    }
}

#[test]
fn while_the_terminal_works_on_it_it_stays_open() {
    let (mut world, device) = lost();
    device.is_doing("WAITING_FOR_CUSTOMER", Some("X"));
    world.join();
    world.wait(120_000);
    assert!(world.outcomes.is_empty());
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.told(), ("made", "approved", "finish_ok"));
}

#[test]
fn a_cancel_on_another_session_is_no_proof_but_a_reason_to_ask() {
    let (mut world, device) = lost();
    device.is_doing("WAITING_FOR_CUSTOMER", Some("X"));
    world.join();
    world.wait(20_000);
    device.is_doing("IDLE", None);
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert!(world.outcomes.is_empty());
    world.wait(5_000);
    assert_eq!(world.told(), ("not_made", "link_lost", "not_found"));
}

#[test]
fn a_cancel_is_no_proof_after_a_payment_that_may_be_ours_under_a_wrong_id() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    world.forget();
    let finish = json!({"payment": payment("SOMEBODY", "SUCCESS").to_string()});
    world.inject_command("FINISH_OK", &finish);
    world.expect("event: Unsolicited Payment Payment");
    device.has(payment("X", "SUCCESS"));
    world.terminal.finish_cancel().unwrap();
    world.settle();
    world.wait(5_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn not_to_be_found_is_no_proof_after_a_payment_that_may_be_ours_under_a_wrong_id() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    let finish = json!({"payment": payment("SOMEBODY", "SUCCESS").to_string()});
    world.inject_command("FINISH_OK", &finish);
    world.terminal.finish_cancel().unwrap();
    world.settle();
    world.cut();
    assert_eq!(unknown_for(&mut world), Some(Missing::Proof));
    let record = world.stored.last().unwrap().clone();
    assert!(record.other_paid, "{record:?}");

    // After a restart neither.
    world.restart_pos(test_config());
    world.outcomes.clear();
    let env = world.env();
    world.pos.resume(world.now, &record, env).unwrap();
    world.join();
    world.wait(120_000);
    assert_eq!(world.told().0, "unknown");
    assert_eq!(world.missing(), Some(Missing::Proof));
}

#[test]
fn a_question_is_asked_again_after_the_link_was_lost() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    let question = json!({
        "payment": payment("X", "PENDING").to_string(),
        "challenges": [{"type": "DUPLICATE_CHALLENGE", "reason": "REJECT_DUPLICATE", "message": "?"}],
    });
    world.inject_command("CONFIRM_PAYMENT_MESSAGE", &question);
    world.cut();
    device.is_doing("WAITING_FOR_POS", Some("X"));
    device.said_last("CONFIRM_PAYMENT_MESSAGE", question);
    world.join();
    assert_eq!(world.questions.len(), 2);
    let old = world.pos.answer(
        world.now,
        world.questions[0],
        proto_core::pos::Answer::Accept,
    );
    assert_eq!(old.unwrap_err().why, Refusal::Stale);
    world
        .pos
        .answer(
            world.now,
            world.questions[1],
            proto_core::pos::Answer::Accept,
        )
        .unwrap();
}

#[test]
fn an_answer_that_cannot_be_read_is_asked_for() {
    for broken in [
        r#"{"method":"FINISH_OK","payload":"{\"payment\":\"\\ud800\"}"}"#,
        r#"{"method":"FINISH_OK","payload":"{\"payment\":"}"#,
        r#"{"method":"REMOTE_ERROR","payload":"{\"errorMessage\":\"no\"}"}"#,
    ] {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        world.on_start(begin);
        world.sale("X");
        device.has(payment("X", "SUCCESS"));
        world.inject(broken);
        assert!(world.outcomes.is_empty(), "{broken}");
        world.wait(3_000);
        assert_eq!(world.told(), ("made", "approved", "looked_up"), "{broken}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_looked_up() {
    use proto_core::Role as _;
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    device.has(payment("X", "SUCCESS"));
    world
        .pos
        .handle_oversize(world.now, br#"{"method":"FINISH_OK","payload":""#, 40_960);
    world.wait(3_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn a_terminal_that_has_forgotten_the_start_is_noticed() {
    let mut world = World::ready();
    let _device = Device::answers(&mut world);
    world.on_start(|_| ()); // it never answers TX_START
    world.sale("X");
    world.wait(40_000);
    assert_eq!(world.told(), ("not_made", "failed", "not_found"));
}

#[test]
fn a_machine_that_was_asleep_asks() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    device.has(payment("X", "SUCCESS"));
    world.sleep(40_000);
    world.wait(3_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn a_machine_that_was_asleep_asks_also_if_a_message_wakes_it() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    device.has(payment("X", "SUCCESS"));
    world.now = world.now.after(Duration::from_millis(70_000));
    world.inject_command("TX_STATE", &json!({"txState": "START"}));
    world.wait(3_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn an_unknown_outcome_is_resolved_later_and_holds_the_till_until_then() {
    let (mut world, device) = lost();
    world.wait(30_000);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
    device.silent(true);
    world.join();
    let env = world.env();
    let refused = world.pos.sale(world.now, &sale("Y"), env).unwrap_err();
    assert!(matches!(refused.why, Refusal::Unresolved(_)), "{refused:?}");
    world.forget();
    device.silent(false);
    device.has(payment("X", "SUCCESS"));
    world.wait(20_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
    let lines = world.transcript();
    let resolved = |line: &String| line == "resolved: made SUCCESS approved looked_up";
    assert_eq!(
        lines.iter().filter(|line| resolved(line)).count(),
        1,
        "{lines:?}"
    );
    world.sale("Y");
}

#[test]
fn a_parked_request_releases_the_till_and_is_resolved_all_the_same() {
    let (mut world, device) = lost();
    world.wait(30_000);
    device.silent(true);
    world.join();
    world.terminal.finish_cancel().unwrap(); // for the terminal it is over
    world.settle();
    world.pos.park(&ExternalId::new("X").unwrap()).unwrap();
    world.settle();
    assert!(world.stored.last().unwrap().ending.as_ref().unwrap().parked);
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY2", 1_000)).unwrap();
    });
    world.sale("Y");
    assert_eq!(world.told(), ("made", "approved", "finish_ok"));
    device.silent(false);
    device.has(payment("X", "SUCCESS"));
    world.wait(120_000);
    let (summary, ..) = world.outcomes.last().unwrap();
    assert_eq!(summary.external_id.as_str(), "X");
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn a_restart_takes_up_what_was_open() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    let request = world.sale("X");
    world.restart_pos(test_config());
    device.has(payment("X", "SUCCESS"));
    let record = world.stored[0].clone();
    assert!(record.is_open());
    let env = world.env();
    world.pos.resume(world.now, &record, env).unwrap();
    world.join();
    world.wait(2_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
    let (summary, ..) = world.outcomes[0].clone();
    assert_eq!((summary.request, summary.redelivered), (request, true));
    world.pos.outcome_stored(&summary).unwrap();
    world.settle();
    let last = world.stored.last().unwrap();
    assert!(!last.is_open(), "{last:?}");
    // Its number and its id are used up.
    assert_ne!(world.ask(&sale("Y")), request);
}

#[test]
fn an_outcome_is_told_again_until_it_is_stored() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    });
    world.sale("X");
    let record = world.stored.last().unwrap().clone();
    for _ in 0..2 {
        world.restart_pos(test_config());
        world.outcomes.clear();
        let env = world.env();
        world.pos.resume(world.now, &record, env).unwrap();
        world.settle();
        assert_eq!(world.told(), ("made", "approved", "finish_ok"));
        let (summary, ..) = &world.outcomes[0];
        assert!(summary.redelivered);
        assert_eq!(summary.payment_id.as_deref(), Some("PAY1"));
    }
}

#[test]
fn a_restart_without_a_terminal_tells_the_unknown_and_resolves_it_when_it_is_there() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    world.restart_pos(test_config());
    let record = world.stored[0].clone();
    let env = world.env();
    world.pos.resume(world.now, &record, env).unwrap();
    world.wait(30_000);
    assert_eq!(world.told(), ("unknown", "link_lost", "none"));
    device.has(payment("X", "FAIL"));
    world.join();
    world.wait(3_000);
    assert_eq!(world.told(), ("not_made", "declined", "looked_up"));
}

#[test]
fn an_end_that_changes_while_it_is_written_is_written_again() {
    let (mut world, device) = lost();
    device.is_doing("BUSY", None);
    world.join();
    world.journal = JournalAnswer::Silence;
    world.wait(40_000);
    assert_eq!(world.told().0, "unknown");
    assert!(world.asks_journal());
    device.is_doing("IDLE", None);
    device.has(payment("X", "SUCCESS"));
    world.wait(60_000);
    assert_eq!(world.told().0, "made");
    world.journal = JournalAnswer::Yes;
    world.answer_journal(Ok(()));
    let ending = world.stored.last().unwrap().ending.clone().unwrap();
    assert_eq!(ending.certainty, Certainty::Made(Finality::Final));
}

#[test]
fn only_the_last_news_of_a_request_can_be_stored() {
    let (mut world, device) = lost();
    device.is_doing("BUSY", None);
    world.join();
    world.wait(40_000);
    let unknown = world.outcome().clone();
    device.is_doing("IDLE", None);
    device.has(payment("X", "SUCCESS"));
    world.wait(60_000);
    let refused = world.pos.outcome_stored(&unknown).unwrap_err();
    assert_eq!(refused.why, Refusal::Stale);
    world.settle();
    assert!(world.stored.last().unwrap().is_open());
    let (made, ..) = world.outcomes.last().cloned().unwrap();
    world.pos.outcome_stored(&made).unwrap();
    world.settle();
    assert!(!world.stored.last().unwrap().is_open());
}

#[test]
fn requests_are_numbered_on_from_the_journal() {
    let mut world = World::new(Config {
        last_request: 41,
        ..test_config()
    });
    world.join();
    assert_eq!(world.sale("X").number(), 42);
}

#[test]
fn a_start_that_is_a_duplicate_is_looked_up() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    device.has(payment("X", "SUCCESS"));
    world.on_start(|terminal| {
        terminal
            .refuse_start(
                proto_core::wire::names::TxStartResult::Duplicate,
                "DUPLICATE",
            )
            .unwrap();
    });
    world.sale("X");
    assert_eq!(world.told(), ("unknown", "duplicate", "start_refused"));
    world.wait(5_000);
    assert_eq!(world.told(), ("made", "approved", "looked_up"));
}

#[test]
fn a_payment_after_a_not_made_is_contradicted_loudly() {
    let (mut world, _device) = lost();
    world.join();
    world.wait(10_000);
    assert_eq!(world.told(), ("not_made", "link_lost", "not_found"));
    world.forget();
    let late = json!({"payment": payment("X", "SUCCESS").to_string()});
    world.inject_command("FINISH_OK", &late);
    world.expect("event: Contradicted");
    // A second payment under an id that was paid is loud too; the same one again is not.
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY0", 1_000)).unwrap();
    });
    world.sale("X");
    world.forget();
    world.inject_command("FINISH_OK", &late);
    world.expect("event: Contradicted");
    let again = json!({"payment": {"id": "PAY0", "externalPaymentId": "X", "amount": 1000, "result": "SUCCESS"}});
    world.inject_command("FINISH_OK", &again);
    world.expect("event: Unsolicited Payment Payment");
}

#[test]
fn a_payment_taken_offline_is_watched_until_its_result_is_known() {
    for (result, end) in [
        ("SUCCESS", ("made", "approved", "looked_up")),
        ("FAIL", ("not_made", "declined", "looked_up")),
    ] {
        let mut world = World::ready();
        let device = Device::answers(&mut world);
        world.on_start(|terminal| {
            begin(terminal);
            let payment = proto_core::model::PaymentDraft {
                offline: Some(true),
                ..paid("PAY1", 1_000)
            };
            terminal.finish_ok(&payment).unwrap();
        });
        world.sale("X");
        let (summary, ..) = world.outcomes[0].clone();
        assert_eq!(summary.certainty, Certainty::Made(Finality::Offline));
        device.pending(vec![json!({"paymentId": "PAY1", "amount": 1000})]);
        world.pos.outcome_stored(&summary).unwrap();
        world.wait(20 * 60_000);
        assert_eq!(world.outcomes.len(), 1, "it still waits");
        assert!(world.stored.last().unwrap().is_open());
        device.pending(Vec::new());
        let mut paid = payment("X", result);
        paid["offline"] = json!(true);
        device.has(paid);
        world.wait(20 * 60_000);
        assert_eq!(world.told(), end);
        // Meanwhile the till was free.
        assert_eq!(world.outcomes.len(), 2);
        // That it was taken is repeated, as the last message: nothing new. Another one is.
        let mut taken = payment("X", "SUCCESS");
        taken["offline"] = json!(true);
        for (id, told) in [
            ("PAY1", "event: Unsolicited Payment Payment"),
            ("PAY2", "event: Contradicted"),
        ] {
            taken["id"] = json!(id);
            world.forget();
            world.inject_command("FINISH_OK", &json!({"payment": taken.to_string()}));
            world.expect(told);
        }
    }
}

// Queries of the application

#[test]
fn queries_are_answered_also_while_a_sale_is_open_and_end_when_nobody_answers() {
    let mut world = World::ready();
    let device = Device::answers(&mut world);
    world.on_start(begin);
    world.sale("X");
    world.forget();
    let id = ExternalId::new("OLD").unwrap();
    world.pos.retrieve_payment(world.now, &id).unwrap();
    world.pos.retrieve_device_status(world.now, false).unwrap();
    let refused = world.pos.retrieve_device_status(world.now, false);
    assert_eq!(refused.unwrap_err().why, Refusal::Busy);
    let refused = world.pos.retrieve_pending_payments(world.now);
    assert_eq!(refused.unwrap_err().why, Refusal::Busy);
    world.settle();
    let lines = world.transcript();
    assert!(
        lines.contains(&"event: PaymentRetrieved".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"event: DeviceStatus".to_owned()),
        "{lines:?}"
    );
    assert!(world.outcomes.is_empty());

    device.silent(true);
    world.forget();
    world.pos.retrieve_payment(world.now, &id).unwrap();
    world.wait(10_000);
    assert!(world.transcript().contains(&"event: Unanswered".to_owned()));
    assert!(world.outcomes.is_empty());
}
