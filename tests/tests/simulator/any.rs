//! Any plan, any sale, any answers, any moment to cancel, reset or lose the link: always one outcome, and the
//! truth.

use host_demo::sim::{End, Plan};
use proto_core::pos::{ExternalId, QuestionKind, Sale};
use proto_core::wire::names::{DataEntryLocation, KeyPress, TipMode};

use crate::shop::{Says, Shop, ten};

/// A generator that repeats with its seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % limit
    }

    /// True once in so many.
    fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn maybe(&mut self) -> Option<bool> {
        [None, Some(true), Some(false)][self.below(3) as usize]
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn plan(dice: &mut Dice) -> Plan {
    loop {
        let end = dice.one_of(&[
            End::Approve,
            End::Approve,
            End::Approve,
            End::Decline,
            End::Cancel,
            End::Busy,
        ]);
        let plan = Plan {
            end,
            tip: dice.once_in(3).then_some(150),
            cashback: dice.once_in(4).then_some(2_000),
            partial: dice.once_in(4).then_some(600),
            offline: dice.once_in(5),
            duplicate: dice.once_in(3),
            signature: dice.once_in(2),
            bank: if dice.once_in(4) {
                Plan::LATE
            } else {
                Plan::default().bank
            },
            twice: dice.once_in(5),
            wrong_id: dice.once_in(8),
            ..Plan::default()
        };
        if plan.check().is_ok() {
            return plan;
        }
    }
}

fn sale<'a>(dice: &mut Dice, id: &'a str) -> Sale<'a> {
    Sale {
        amount: dice.one_of(&[1, 600, 1_000]),
        tip_mode: dice.one_of(&[
            None,
            None,
            Some(TipMode::NoTip),
            Some(TipMode::OnScreenBeforePayment),
        ]),
        card_entry_methods: dice.one_of(&[None, Some(36_623), Some(34_824)]),
        present_qrc_only: dice.once_in(6),
        refuse_partial: dice.once_in(3),
        disable_printing: dice.maybe(),
        disable_receipt_selection: dice.maybe(),
        disable_cashback: dice.maybe(),
        disable_duplicate_checking: dice.maybe(),
        disable_restart_on_failure: dice.maybe(),
        auto_accept_confirmations: dice.maybe(),
        auto_accept_signature: dice.maybe(),
        signature_threshold: dice.one_of(&[None, Some(601)]),
        signature_location: dice.one_of(&[
            None,
            Some(DataEntryLocation::OnScreen),
            Some(DataEntryLocation::OnPaper),
            Some(DataEntryLocation::None),
        ]),
        allow_offline: dice.maybe(),
        approve_offline_without_prompt: dice.maybe(),
        force_offline: dice.once_in(6).then_some(true),
        ..ten(id)
    }
}

const ANSWERS: [Says; 5] = [
    |_| Some(true),
    |_| Some(true),
    |_| Some(false),
    |kind| Some(kind == QuestionKind::Confirm),
    |_| None,
];

/// Something that happens while the sale runs.
fn disturb(dice: &mut Dice, shop: &mut Shop) {
    match dice.below(8) {
        0 => shop.press(KeyPress::Esc),
        1 => {
            let _ = shop.pos.reset_terminal(shop.now);
        }
        2 => {
            if let Some(request) = shop.pos.open_request() {
                let _ = shop.pos.cancel(shop.now, request);
            }
        }
        3 => {
            shop.cut();
            shop.wait(dice.below(20_000));
            shop.join();
        }
        _ => {}
    }
}

fn play(seed: u64) {
    let mut dice = Dice(seed);
    let plan = plan(&mut dice);
    let mut shop = Shop::with_plans(vec![plan.clone()], seed);
    let sale = sale(&mut dice, "ANY");
    shop.says = dice.one_of(&ANSWERS);
    let request = shop.ask(&sale);
    shop.wait(dice.below(150));
    disturb(&mut dice, &mut shop);
    shop.wait(600_000);
    let about = format!("seed {seed}, {plan:?}, {sale:?}");
    assert_eq!(shop.outcomes.len(), 1, "{about}");
    let (summary, _) = &shop.outcomes[0];
    assert_eq!(summary.request, request, "{about}");
    // What was taken offline has been sent by now.
    let summary = shop.resolved.last().unwrap_or(summary);
    // The terminal tells the truth when it is asked, and that is what the point of sale has said.
    shop.pos.outcome_stored(summary).unwrap();
    let certainty = summary.certainty.name();
    let approved = summary.approved;
    let id = ExternalId::new("ANY").unwrap();
    shop.pos.retrieve_payment(shop.now, &id).unwrap();
    shop.wait(1_000);
    let booked = shop.told("RETRIEVE_PAYMENT_RESPONSE").pop().unwrap();
    let result = &booked["payment"]["result"];
    match certainty {
        "made" => {
            assert_eq!(result, "SUCCESS", "{about}");
            assert_eq!(booked["payment"]["amount"], approved, "{about}");
        }
        "not_made" => assert!(result.is_null() || result == "VOIDED", "{about}: {booked}"),
        other => panic!("{other}: {about}\n{}", shop.transcript().join("\n")),
    }
}

#[test]
fn there_is_always_one_outcome_and_it_is_what_the_books_say() {
    for seed in 0..200 {
        play(seed);
    }
}
