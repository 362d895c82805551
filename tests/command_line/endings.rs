//! Everything that can become of a sale: its outcome, cause and exit status, and the line that tells it.

use proto_core::message::{
    CashbackSelectedDraft, FinishCancelDraft, FinishOkDraft, InvalidStateTransitionDraft,
    PartialAuthDraft, TipAddedDraft,
};
use proto_core::model::PaymentDraft;
use proto_core::terminal::{Event, Terminal};
use proto_core::wire::InString;
use proto_core::wire::names::{PaymentResult, TxStartResult, UiDirection, UiState};
use serde_json::{Value, json};

use crate::scripted::{ScriptedTerminal, begin, paid};
use crate::support::{Tokens, run, sale_args};

/// One end of a sale of 10.00.
struct Row {
    name: &'static str,
    /// What the terminal does with the start.
    script: fn(&mut Terminal<'_>),
    status: i32,
    /// Members of the outcome.
    outcome: Value,
    /// A line that must be there, as far as it is given.
    told: Value,
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "an approval for less",
            script: |terminal| {
                begin(terminal);
                let draft = PartialAuthDraft {
                    partial_auth_amount: Some(600),
                    more: &[],
                };
                terminal.send(&draft).unwrap();
                terminal.finish_ok(&paid(600)).unwrap();
            },
            status: 15,
            outcome: json!({"certainty": "made", "cause": "partial", "approved": 600, "remaining": 400}),
            told: json!({"event": "partial_auth", "approved": 600}),
        },
        Row {
            name: "a tip on the screen",
            script: |terminal| {
                begin(terminal);
                let draft = TipAddedDraft {
                    tip_amount: Some(150),
                    more: &[],
                };
                terminal.send(&draft).unwrap();
                let payment = PaymentDraft {
                    tip_amount: Some(150),
                    ..paid(1_000)
                };
                terminal.finish_ok(&payment).unwrap();
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved", "approved": 1_000, "tip": 150}),
            told: json!({"event": "tip_added", "tip": 150}),
        },
        Row {
            name: "cash back",
            script: |terminal| {
                begin(terminal);
                let draft = CashbackSelectedDraft {
                    cashback_amount: Some(2_000),
                    more: &[],
                };
                terminal.send(&draft).unwrap();
                let payment = PaymentDraft {
                    cashback_amount: Some(2_000),
                    ..paid(1_000)
                };
                terminal.finish_ok(&payment).unwrap();
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved", "approved": 1_000}),
            told: json!({"event": "cashback", "amount": 2_000}),
        },
        Row {
            name: "a payment taken offline",
            script: |terminal| {
                begin(terminal);
                let payment = PaymentDraft {
                    offline: Some(true),
                    ..paid(1_000)
                };
                terminal.finish_ok(&payment).unwrap();
            },
            status: 0,
            outcome: json!({"certainty": "made", "finality": "offline", "offline": true}),
            told: json!({"event": "activity_start", "state": "START"}),
        },
        Row {
            name: "a declined card",
            script: |terminal| {
                begin(terminal);
                let none = &[];
                terminal
                    .screen(UiState::Declined, UiDirection::Enter, "Declined", none)
                    .unwrap();
                terminal.finish_cancel().unwrap();
            },
            status: 10,
            outcome: json!({"certainty": "not_made", "result": "CANCEL", "cause": "declined", "evidence": "finish_cancel"}),
            told: json!({"event": "activity_start", "state": "DECLINED", "text": "Declined"}),
        },
        Row {
            name: "a cancel that does not say of what",
            script: |terminal| {
                begin(terminal);
                terminal.send(&FinishCancelDraft::default()).unwrap();
            },
            status: 12,
            outcome: json!({"certainty": "not_made", "result": "CANCEL", "cause": "cancelled_customer"}),
            told: json!({"event": "activity_start"}),
        },
        Row {
            name: "a payment that came back voided",
            script: |terminal| {
                begin(terminal);
                let payment = PaymentDraft {
                    result: Some(PaymentResult::Voided),
                    ..paid(1_000)
                };
                terminal.finish_ok(&payment).unwrap();
            },
            status: 12,
            outcome: json!({"certainty": "not_made", "cause": "failed", "evidence": "voided", "approved": 0}),
            told: json!({"event": "activity_start"}),
        },
        Row {
            name: "an order that was changed",
            script: |terminal| {
                terminal
                    .refuse_start(TxStartResult::OrderModified, "ORDER_MODIFIED")
                    .unwrap();
            },
            status: 10,
            outcome: json!({"certainty": "not_made", "result": "FAIL", "cause": "failed", "reason": "ORDER_MODIFIED", "evidence": "start_refused"}),
            told: json!({"event": "ready"}),
        },
        Row {
            name: "a busy terminal",
            script: |terminal| {
                let draft = InvalidStateTransitionDraft {
                    reason: Some("The terminal prints".into()),
                    requested_transition: Some("TX_START".into()),
                    ..InvalidStateTransitionDraft::default()
                };
                terminal.send(&draft).unwrap();
            },
            status: 10,
            outcome: json!({"certainty": "not_made", "result": "CANCEL", "cause": "busy", "reason": "The terminal prints", "evidence": "state_refused"}),
            told: json!({"event": "ready"}),
        },
        Row {
            name: "an approval that is told twice",
            script: |terminal| {
                begin(terminal);
                finish_with(terminal, None, "SIMSCRIPTED01");
                finish_with(terminal, None, "SIMSCRIPTED01");
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved", "approved": 1_000}),
            told: json!({"event": "activity_start"}),
        },
        Row {
            name: "somebody else's approval before ours",
            script: |terminal| {
                begin(terminal);
                finish_with(terminal, Some("SOMEBODY-ELSE"), "SIMOTHER00001");
                terminal.finish_ok(&paid(1_000)).unwrap();
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved"}),
            told: json!({"event": "unsolicited", "kind": "payment", "detail": "SIMOTHER00001"}),
        },
        Row {
            name: "an approval without our id",
            script: |terminal| {
                begin(terminal);
                finish_with(terminal, Some(""), "SIMSCRIPTED01");
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved"}),
            told: json!({"event": "activity_start"}),
        },
        Row {
            name: "a screen that nobody knows",
            script: |terminal| {
                begin(terminal);
                let state = UiState::from_name("SENSORY_EXPERIENCE_2".into());
                terminal
                    .screen(state, UiDirection::Enter, "Listen!", &[])
                    .unwrap();
                terminal.finish_ok(&paid(1_000)).unwrap();
            },
            status: 0,
            outcome: json!({"certainty": "made", "cause": "approved"}),
            told: json!({"event": "activity_start", "state": "SENSORY_EXPERIENCE_2", "text": "Listen!"}),
        },
    ]
}

/// FINISH_OK of 10.00 without requestInfo, with this external id, ours, or none if it is empty.
fn finish_with(terminal: &mut Terminal<'_>, external_id: Option<&str>, payment_id: &str) {
    let ours = terminal.running().unwrap().to_owned();
    let id = external_id.unwrap_or(&ours);
    let payment = PaymentDraft {
        id: Some(payment_id.into()),
        external_payment_id: (!id.is_empty()).then(|| id.into()),
        ..paid(1_000)
    };
    let draft = FinishOkDraft {
        payment: Some(InString::Draft(&payment)),
        ..FinishOkDraft::default()
    };
    terminal.send(&draft).unwrap();
}

/// Whether the line has all these members.
fn has(line: &Value, members: &Value) -> bool {
    let members = members.as_object().unwrap();
    members.iter().all(|(name, value)| line[name] == *value)
}

#[test]
fn every_end_has_its_outcome_its_exit_status_and_its_line() {
    for row in rows() {
        let script = row.script;
        let terminal = ScriptedTerminal::start(move |terminal, event| {
            if let Event::Started(_) = event {
                script(terminal);
            }
        });
        let tokens = Tokens::new();
        let ran = run(&sale_args(&terminal.url, &tokens.path(), &[]));
        assert_eq!(ran.status, Some(row.status), "{}: {ran:?}", row.name);
        assert!(
            has(&ran.outcome(), &row.outcome),
            "{}: {} is not {}",
            row.name,
            ran.outcome(),
            row.outcome
        );
        let told = ran.lines().iter().any(|line| has(line, &row.told));
        assert!(told, "{}: {} was not told: {ran:?}", row.name, row.told);
    }
}

#[test]
fn an_id_that_the_terminal_has_seen_is_not_charged_again() {
    let terminal = ScriptedTerminal::start(|terminal, event| {
        if let Event::Started(_) = event {
            terminal
                .refuse_start(TxStartResult::Duplicate, "DUPLICATE")
                .unwrap();
        }
    });
    let tokens = Tokens::new();
    let ran = run(&sale_args(
        &terminal.url,
        &tokens.path(),
        &["--external-id", "SEEN"],
    ));
    // This attempt was not charged, but an earlier one under the id may have been.
    assert_eq!(ran.status, Some(14), "{ran:?}");
    let outcome = ran.outcome();
    assert_eq!(outcome["certainty"], "unknown");
    assert_eq!(outcome["result"], "CANCEL");
    assert_eq!(outcome["cause"], "duplicate");
    let message = outcome["message"].as_str().unwrap();
    assert!(message.contains("SEEN"), "{message}");
}
