//! Ends that come from this side: journal, cancel, deadlines, lost links (`design.md` "Money" 2, 8, 11).

use proto_core::Role;
use proto_core::journal::JournalFailed;
use proto_core::pos::{Config, Deadlines, Env, Refusal, Sale};
use proto_core::time::Duration;
use proto_core::wire::names::UiState;
use serde_json::json;
use system_tests::{JournalAnswer, World, begin, paid, screen, test_config};

fn sent(world: &World, method: &str) -> usize {
    let method = format!("\"method\":\"{method}\"");
    world
        .wire
        .iter()
        .filter(|(from, text)| *from == "pos" && text.contains(&method))
        .count()
}

#[test]
fn nothing_leaves_before_the_journal_has_said_yes() {
    let mut world = World::ready();
    world.on_start(begin);
    world.journal = JournalAnswer::Silence;
    world.sale("X");
    world.inject(r#"{"type":"PING"}"#);
    // A PING is answered meanwhile; the request waits.
    world.expect("journal: X Intent\npos: PONG");
    world.answer_journal(Ok(()));
    assert_eq!(sent(&world, "TX_START"), 1);
}

#[test]
fn a_journal_that_fails_or_is_silent_sends_nothing() {
    let mut world = World::ready();
    world.journal = JournalAnswer::No;
    world.sale("X");
    world.expect("journal: X Intent\noutcome: not_made ERROR failed journal_failed");
    assert_eq!(sent(&world, "TX_START"), 0);

    let mut world = World::ready();
    world.journal = JournalAnswer::Silence;
    world.sale("X");
    world.wait(4_999);
    world.expect("journal: X Intent");
    world.wait(1);
    // The journal may have stored the intent all the same, so it gets the end too.
    world.expect("journal: X Outcome\noutcome: not_made ERROR failed journal_failed");
    world.answer_journal(Ok(()));
    world.wait(1_000);
    assert_eq!(sent(&world, "TX_START"), 0);
}

#[test]
fn a_link_lost_before_the_commit_sends_nothing_not_even_with_a_late_commit() {
    let mut world = World::ready();
    world.journal = JournalAnswer::Silence;
    world.sale("X");
    world.cut();
    world.expect(
        "journal: X Intent
         event: Disconnected
         outcome: not_made ERROR link_lost not_sent",
    );
    world.answer_journal(Err(JournalFailed));
    world.join();
    world.wait(60_000);
    assert_eq!(sent(&world, "TX_START"), 0);
}

#[test]
fn a_journal_that_fails_late_says_nothing_about_the_next_request() {
    let mut world = World::ready();
    world.journal = JournalAnswer::Silence;
    let first = world.sale("X");
    world.pos.cancel(world.now, first).unwrap();
    world.settle();
    assert_eq!(world.told(), ("not_made", "cancelled_pos", "not_sent"));
    world.sale("Y");
    world.journal = JournalAnswer::Yes;
    world.answer_journal(Err(JournalFailed));
    assert_eq!(world.outcomes.len(), 1);
    assert_eq!(sent(&world, "TX_START"), 1);
}

#[test]
fn a_reset_before_the_request_has_left_is_not_made_either() {
    let mut world = World::ready();
    world.journal = JournalAnswer::Silence;
    world.sale("X");
    world.pos.reset_terminal(world.now).unwrap();
    world.settle();
    assert_eq!(world.told(), ("not_made", "cancelled_pos", "not_sent"));
    world.answer_journal(Ok(()));
    assert_eq!(sent(&world, "TX_START"), 0);
}

#[test]
fn a_cancel_that_may_be_lost_with_the_link_is_pressed_again() {
    let mut world = World::ready();
    world.on_start(begin);
    let request = world.sale("X");
    world.pos.cancel(world.now, request).unwrap();
    world.cut();
    world.join();
    assert_eq!(sent(&world, "KEY_PRESS"), 0, "the key was lost");
    begin_again(&mut world);
    assert_eq!(sent(&world, "KEY_PRESS"), 1);
}

#[test]
fn a_cancel_before_the_request_has_left_is_not_made() {
    let mut world = World::ready();
    world.journal = JournalAnswer::Silence;
    let request = world.sale("X");
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    world.expect("journal: X Intent\noutcome: not_made CANCEL cancelled_pos not_sent");
    assert_eq!(
        world.pos.cancel(world.now, request).unwrap_err().why,
        Refusal::Unknown
    );
}

#[test]
fn a_cancel_presses_the_key_that_the_screen_offers_and_may_win() {
    let mut world = World::ready();
    world.on_start(begin);
    let request = world.sale("X");
    world.forget();
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    world.expect("pos: KEY_PRESS ESC\nterminal: ACK");
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert_eq!(world.outcome().cause.name(), "cancelled_pos");
}

#[test]
fn a_cancel_may_come_too_late() {
    let mut world = World::ready();
    world.on_start(begin);
    let request = world.sale("X");
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.outcome().certainty.name(), "made");
}

#[test]
fn a_cancel_waits_for_a_screen_that_offers_the_key_and_then_gives_up() {
    let mut world = World::ready();
    world.on_start(|terminal| {
        terminal.accept_start().unwrap();
        screen(terminal, UiState::Processing);
    });
    let request = world.sale("X");
    world.pos.cancel(world.now, request).unwrap();
    world.settle();
    assert_eq!(sent(&world, "KEY_PRESS"), 0);
    begin_again(&mut world);
    assert_eq!(sent(&world, "KEY_PRESS"), 1);

    let mut world = World::ready();
    world.on_start(|terminal| terminal.accept_start().unwrap());
    let request = world.sale("X");
    world.forget();
    world.pos.cancel(world.now, request).unwrap();
    world.wait(15_000);
    world.expect("event: CancelImpossible");
    assert!(world.pos.open_request().is_some());
}

/// A screen with the cancel key, in the middle of the transaction.
fn begin_again(world: &mut World) {
    let options = [proto_core::model::InputOptionDraft {
        key_press: Some(proto_core::wire::names::KeyPress::Esc),
        ..Default::default()
    }];
    let enter = proto_core::wire::names::UiDirection::Enter;
    world
        .terminal
        .screen(UiState::Start, enter, "", &options)
        .unwrap();
    world.settle();
}

#[test]
fn a_reset_cancels_but_proves_nothing() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    world.pos.reset_terminal(world.now).unwrap();
    world.settle();
    world.expect(
        "pos: BREAK
         terminal: RESET_DEVICE_RESPONSE IDLE SUCCESS SUCCESS
         event: Unsolicited Reset ResetDeviceResponse
         terminal: ACK",
    );
    assert!(world.outcomes.is_empty());
    world.terminal.finish_cancel().unwrap();
    world.settle();
    assert_eq!(world.outcome().cause.name(), "cancelled_pos");
}

#[test]
fn at_the_deadline_it_is_cancelled_first_then_asked_about_and_only_then_unknown() {
    let mut world = World::ready();
    world.on_start(begin);
    let deadline = Some(Duration::from_secs(20));
    world.ask(&Sale {
        deadline,
        ..Sale::new(1_000).external_id("X")
    });
    world.wait(19_999);
    assert_eq!(sent(&world, "KEY_PRESS"), 0);
    world.wait(1);
    assert_eq!(sent(&world, "KEY_PRESS"), 1);
    assert_eq!(sent(&world, "RETRIEVE_DEVICE_STATUS_REQUEST"), 1);
    world.wait(29_999);
    assert!(world.outcomes.is_empty());
    world.wait(1);
    let summary = world.outcome();
    assert_eq!(
        (summary.certainty.name(), summary.cause.name()),
        ("unknown", "timed_out")
    );
}

#[test]
fn a_cancel_that_the_deadline_asked_for_has_timed_out_as_its_cause() {
    let mut world = World::ready();
    world.on_start(begin);
    let deadline = Some(Duration::from_secs(20));
    world.ask(&Sale {
        deadline,
        ..Sale::new(1_000).external_id("X")
    });
    world.wait(20_000);
    world.terminal.finish_cancel().unwrap();
    world.settle();
    let summary = world.outcome();
    assert_eq!(
        (summary.certainty.name(), summary.cause.name()),
        ("not_made", "timed_out")
    );
}

#[test]
fn a_terminal_that_falls_silent_is_given_up_after_its_quiet_time() {
    let deadlines = Deadlines {
        quiet: Duration::from_secs(40),
        ..Deadlines::DEFAULT
    };
    let mut world = World::new(Config {
        deadlines,
        ..test_config()
    });
    world.join();
    world.on_start(begin);
    world.sale("X");
    world.wait(30_000);
    screen(&mut world.terminal, UiState::Processing); // a sign of life
    world.wait(39_999);
    assert!(world.outcomes.is_empty());
    world.wait(1 + 30_000);
    assert_eq!(world.outcome().cause.name(), "timed_out");
}

#[test]
fn no_progress_is_told_while_it_lasts() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    world.wait(30_000);
    // The terminal is asked how it stands, at first and then again after 10 s without an answer.
    world.expect(
        "event: NoProgress
         event: Recovering
         pos: RETRIEVE_DEVICE_STATUS_REQUEST false
         terminal: ACK",
    );
    world.on_message(|method, _| match method {
        "RETRIEVE_DEVICE_STATUS_REQUEST" => vec![(
            "RETRIEVE_DEVICE_STATUS_RESPONSE",
            json!({"state": "WAITING_FOR_CUSTOMER", "data": {"externalPaymentId": "X"}}),
        )],
        _ => Vec::new(),
    });
    world.wait(11_000);
    world.expect(
        "pos: RETRIEVE_DEVICE_STATUS_REQUEST false
         terminal: RETRIEVE_DEVICE_STATUS_RESPONSE WAITING_FOR_CUSTOMER
         terminal: ACK",
    );
    world.wait(29_999);
    world.expect("");
    world.wait(1);
    world.expect(
        "event: NoProgress
         event: Recovering
         pos: RETRIEVE_DEVICE_STATUS_REQUEST false
         terminal: RETRIEVE_DEVICE_STATUS_RESPONSE WAITING_FOR_CUSTOMER
         terminal: ACK",
    );
}

#[test]
fn a_lost_link_is_no_outcome_until_its_time_is_up() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.forget();
    world.cut();
    world.expect("event: Disconnected");
    world.wait(29_999);
    assert!(world.outcomes.is_empty());
    world.wait(1);
    let summary = world.outcome();
    assert_eq!(
        (summary.certainty.name(), summary.cause.name()),
        ("unknown", "link_lost")
    );
    assert_eq!(summary.remaining(), 1_000);
}

#[test]
fn a_link_that_flaps_puts_the_end_off_no_further() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    for _ in 0..3 {
        world.cut();
        world.wait(9_000);
        world.join();
    }
    world.wait(2_999);
    assert!(world.outcomes.is_empty());
    world.wait(1);
    assert_eq!(world.outcome().cause.name(), "link_lost");
}

#[test]
fn a_payment_after_the_reconnect_still_ends_it_by_its_id() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.wait(5_000);
    world.join();
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.outcome().certainty.name(), "made");
    world.wait(60_000);
    assert_eq!(world.outcomes.len(), 1);
}

#[test]
fn a_payment_after_the_unknown_outcome_resolves_it() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.wait(30_000);
    world.join();
    world.forget();
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    world.expect(
        "terminal: FINISH_OK SALE
         resolved: made SUCCESS approved finish_ok
         journal: X Outcome",
    );
}

#[test]
fn nothing_is_sent_again_after_a_reconnect() {
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("X");
    world.cut();
    world.join();
    world.wait(10_000);
    assert_eq!(sent(&world, "TX_START"), 1);
}

/// A point of sale whose start is handed out to a link that is slow to take it.
fn handed_out(world: &mut World) -> Vec<u8> {
    let sale = Sale::new(1_000).external_id("X");
    world.pos.sale(world.now, &sale, Env::default()).unwrap();
    let id = world.pos.poll_journal().unwrap().0;
    world.pos.journal_done(world.now, id, Ok(()));
    world.pos.transmit().unwrap().to_vec()
}

#[test]
fn what_is_handed_out_stays_the_same_until_it_has_left_whatever_comes() {
    let mut world = World::ready();
    let start = handed_out(&mut world);
    world.pos.show_welcome(world.now).unwrap_err();
    let mut answer = br#"{"method":"FINISH_OK","payload":{"payment":{"id":"P","externalPaymentId":"X","amount":1000,"result":"SUCCESS"}}}"#.to_vec();
    let event = world.pos.handle_message(world.now, &mut answer).unwrap();
    assert!(
        matches!(event, proto_core::pos::Event::Outcome(_)),
        "{event:?}"
    );
    assert_eq!(world.pos.transmit().unwrap(), start);
    // The place is free only when the link is done with the old start.
    let next = Sale::new(500).external_id("Y");
    let refused = world
        .pos
        .sale(world.now, &next, Env::default())
        .unwrap_err();
    assert_eq!(refused.why, Refusal::Busy);
    assert_eq!(world.pos.transmit().unwrap(), start);
    world.pos.transmitted(world.now);
    world.settle();
    world.pos.sale(world.now, &next, Env::default()).unwrap();
}

#[test]
fn from_the_first_look_on_it_counts_as_possibly_sent() {
    let mut world = World::ready();
    handed_out(&mut world);
    world.cut();
    assert!(world.outcomes.is_empty());
    world.wait(30_000);
    assert_eq!(world.outcome().certainty.name(), "unknown");
}
