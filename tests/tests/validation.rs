//! The checks of a sale (`protocol/connector.md` §5.1) as data: each with its exact words, and nothing changes when
//! one fails.
//!
//! Row 2 of the table, the request that is not there, cannot be written down in this language.

use proto_core::Role as _;
use proto_core::model::VaultedCardDraft;
use proto_core::pos::{Env, Refusal, ResultCode, Sale};
use proto_core::redact::Secret;
use proto_core::wire::names::TipMode;
use serde_json::json;
use system_tests::{World, begin, paid};

/// One row: what is wrong, and how it is refused.
struct Row {
    /// The number in the table, or where the rule comes from.
    rule: &'static str,
    wrong: fn(Sale<'static>) -> Sale<'static>,
    why: Refusal,
    result: ResultCode,
    reason: &'static str,
    message: &'static str,
}

/// A value that is wrong.
const fn invalid(
    rule: &'static str,
    wrong: fn(Sale<'static>) -> Sale<'static>,
    message: &'static str,
) -> Row {
    Row {
        rule,
        wrong,
        why: Refusal::Invalid,
        result: ResultCode::Fail,
        reason: INVALID,
        message,
    }
}

const INVALID: &str = "Request Validation Error";
const BLANK: &str = "In Sale : SaleRequest - The request ExternalId cannot be null or blank.";
const ZERO: &str = "In Sale : SaleRequest - The request amount cannot be zero.";
const TIP_MODE: &str = "In Sale : SaleRequest - TipMode must be null or TIP_PROVIDED when TipAmount is greater than zero.";
const LONG: &str = "123456789012345678901234567890123";

/// In the order in which they are checked.
const ROWS: [Row; 12] = [
    invalid("3: no external id", |sale| sale.external_id(""), BLANK),
    invalid(
        "3: an external id of blanks",
        |sale| sale.external_id(" \t "),
        BLANK,
    ),
    invalid(
        "Do: external id of 33 characters",
        |sale| sale.external_id(LONG),
        "In Sale : SaleRequest - The request ExternalId cannot be longer than 32 characters.",
    ),
    invalid("4: amount zero", |sale| Sale { amount: 0, ..sale }, ZERO),
    invalid(
        "4: amount below zero",
        |sale| Sale { amount: -1, ..sale },
        ZERO,
    ),
    invalid(
        "5: tip below zero",
        |sale| Sale {
            tip_amount: Some(-1),
            ..sale
        },
        "In Sale : SaleRequest - The request tip amount cannot be less than zero.",
    ),
    invalid(
        "J: a tip without a place for it",
        |sale| with_tip(sale, TipMode::NoTip),
        TIP_MODE,
    ),
    invalid(
        "J: a tip that the customer chooses too",
        |sale| with_tip(sale, TipMode::OnScreenBeforePayment),
        TIP_MODE,
    ),
    invalid(
        "J: a tip with a mode that is not known here",
        |sale| with_tip(sale, TipMode::from_name(NEW_MODE.into())),
        TIP_MODE,
    ),
    invalid(
        "J: a tip that should be provided and is not",
        |sale| Sale {
            tip_mode: Some(TipMode::TipProvided),
            ..sale
        },
        "In Sale : SaleRequest - TipAmount must be given when TipMode is TIP_PROVIDED.",
    ),
    Row {
        rule: "6: a vaulted card",
        wrong: |sale| Sale {
            vaulted_card: Some(VaultedCardDraft {
                token: Some(Secret::new(TOKEN.into())),
                ..VaultedCardDraft::default()
            }),
            ..sale
        },
        why: Refusal::Unsupported,
        result: ResultCode::Unsupported,
        reason: "Merchant Configuration Validation Error",
        message: "In Sale : SaleRequest - Vault Card support is not offered by the merchant configured gateway.",
    },
    Row {
        rule: "design: an id that was sent before",
        wrong: |sale| sale.external_id("SENT"),
        why: Refusal::IdUsed,
        result: ResultCode::Fail,
        reason: INVALID,
        message: "The external id was sent before; a new attempt takes a fresh one.",
    },
];

const NEW_MODE: &str = "ON_THE_MOON";
const TOKEN: &str = "7281340072134242";

fn with_tip(sale: Sale<'static>, mode: TipMode<'static>) -> Sale<'static> {
    Sale {
        tip_amount: Some(150),
        tip_mode: Some(mode),
        ..sale
    }
}

fn good() -> Sale<'static> {
    Sale::new(1_000).external_id("X")
}

/// A ready terminal whose merchant cannot vault, and one sale behind it.
fn world() -> World {
    let mut world = World::ready();
    world.on_start(|terminal| {
        begin(terminal);
        terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    });
    world.sale("SENT");
    world.inject_command(
        "DISCOVERY_RESPONSE",
        &json!({"ready": true, "merchantId": "SIMULATOR", "supportsVaultCard": false}),
    );
    // The thank-you screen is over.
    world.wait(10_000);
    world.forget();
    world
}

#[track_caller]
fn is_refused(world: &mut World, sale: &Sale<'_>, row: &Row) {
    let before = (
        world.pos.poll_timeout(),
        world.wire.len(),
        format!("{:?}", world.pos),
    );
    let refused = world.pos.sale(world.now, sale, Env::default()).unwrap_err();
    assert_eq!(refused.why, row.why, "{}", row.rule);
    assert_eq!(refused.result, row.result, "{}", row.rule);
    assert_eq!(refused.reason, row.reason, "{}", row.rule);
    assert_eq!(refused.message, row.message, "{}", row.rule);
    world.settle();
    world.expect("");
    let after = (
        world.pos.poll_timeout(),
        world.wire.len(),
        format!("{:?}", world.pos),
    );
    assert_eq!(after, before, "{}: something has changed", row.rule);
}

#[test]
fn each_rule_refuses_with_its_own_words_and_changes_nothing() {
    for row in &ROWS {
        let mut world = world();
        let outcomes = world.outcomes.len();
        is_refused(&mut world, &(row.wrong)(good()), row);
        // As if nothing had been asked for.
        world.ask(&good());
        assert_eq!(world.outcomes.len(), outcomes + 1, "{}", row.rule);
    }
}

#[test]
fn of_several_rules_the_first_one_counts() {
    for (at, row) in ROWS.iter().enumerate() {
        for later in &ROWS[at + 1..] {
            let sale = (row.wrong)((later.wrong)(good()));
            // A rule about the same field may have been mended by the one before.
            let mut world = world();
            is_refused(&mut world, &sale, row);
        }
    }
}

#[test]
fn without_a_terminal_that_counts_first() {
    let row = Row {
        rule: "1: not connected",
        wrong: |sale| sale,
        why: Refusal::NotReady,
        result: ResultCode::Error,
        reason: "Device Connection Error",
        message: "In Sale : SaleRequest - The Clover device is not connected.",
    };
    let mut world = World::default();
    is_refused(&mut world, &good(), &row);
    for wrong in &ROWS {
        is_refused(&mut world, &(wrong.wrong)(good()), &row);
    }
    // Connected, but not ready.
    world.join();
    world.inject_command("DISCOVERY_RESPONSE", &json!({"ready": false}));
    world.forget();
    is_refused(&mut world, &good(), &row);
}

#[test]
fn while_a_sale_runs_neither_a_bad_nor_a_good_one_disturbs_it() {
    let busy = Row {
        rule: "design: one at a time",
        wrong: |sale| sale,
        why: Refusal::Busy,
        result: ResultCode::Error,
        reason: "Busy",
        message: "Another request is open; wait for its outcome.",
    };
    let mut world = World::ready();
    world.on_start(begin);
    world.sale("RUNNING");
    world.forget();
    for row in ROWS.iter().filter(|row| row.why == Refusal::Invalid) {
        is_refused(&mut world, &(row.wrong)(good()), row);
    }
    is_refused(&mut world, &good(), &busy);
    world.terminal.finish_ok(&paid("PAY1", 1_000)).unwrap();
    world.settle();
    assert_eq!(world.outcome().external_id.as_str(), "RUNNING");
    assert_eq!(world.outcome().certainty.name(), "made");
}

#[test]
fn what_is_just_allowed_is_taken() {
    let longest = &LONG[..32];
    for sale in [
        good().external_id(longest),
        Sale {
            amount: 1,
            ..good()
        },
        Sale {
            amount: i64::MAX,
            ..good()
        },
        Sale {
            tip_amount: Some(0),
            tip_mode: Some(TipMode::NoTip),
            ..good()
        },
        Sale {
            tip_amount: Some(0),
            tip_mode: Some(TipMode::TipProvided),
            ..good()
        },
        with_tip(good(), TipMode::TipProvided),
        Sale {
            tip_amount: Some(150),
            ..good()
        },
        // The number of characters counts as it is sent, without the blanks around it.
        good().external_id("  X  "),
    ] {
        let mut world = world();
        world.ask(&sale);
    }
}
