//! How a card is read, and which.

use std::collections::BTreeSet;

use proto_core::model::VaultedCardDraft;
use proto_core::pos::Sale;
use proto_core::redact::Secret;
use serde_json::json;

use crate::shop::{NOTHING, Shop, has, ten};

/// The ways in which cards are read in thirty sales.
fn ways(sale: &Sale<'_>) -> Vec<String> {
    let mut shop = Shop::new(&["approve"]);
    let mut ways = BTreeSet::new();
    for n in 0..30 {
        let id = format!("X{n}");
        let sale = Sale {
            external_id: &id,
            ..*sale
        };
        let (_, payment) = shop.sell(&sale, NOTHING);
        let way = payment["cardTransaction"]["entryType"].as_str().unwrap();
        ways.insert(way.to_owned());
    }
    ways.into_iter().collect()
}

#[test]
fn a_card_is_read_only_as_the_sale_allows() {
    let only = |mask| {
        ways(&Sale {
            card_entry_methods: Some(mask),
            ..ten("X")
        })
    };
    // The numbers of `protocol/model.md` §3.
    assert_eq!(only(33_025), ["SWIPED"]);
    assert_eq!(only(33_282), ["EMV_CONTACT"]);
    assert_eq!(only(33_796), ["EMV_CONTACTLESS"]);
    assert_eq!(only(34_824), ["KEYED"]);
    assert_eq!(
        ways(&ten("X")),
        ["EMV_CONTACT", "EMV_CONTACTLESS", "SWIPED"],
        "a number is not typed by default"
    );
    assert_eq!(
        only(36_623),
        ["EMV_CONTACT", "EMV_CONTACTLESS", "KEYED", "SWIPED"]
    );
    assert_eq!(
        ways(&Sale {
            card_not_present: true,
            ..ten("X")
        }),
        ["KEYED"]
    );
}

#[test]
fn a_qr_code_is_scanned() {
    let mut shop = Shop::new(&["approve"]);
    let sale = Sale {
        present_qrc_only: true,
        ..ten("X")
    };
    let (_, payment) = shop.sell(&sale, NOTHING);
    has(&payment["cardTransaction"], json!({"entryType": "QR_CODE"}));
    let said = shop.transcript().join("\n");
    assert!(
        said.contains("UI_STATE START_QR_CODE_MODE ENTER [ESC]"),
        "{said}"
    );
    assert!(!said.contains("UI_STATE START ENTER"), "{said}");
}

#[test]
fn a_stored_card_is_charged_as_what_it_is() {
    let mut shop = Shop::new(&["approve"]);
    let sale = Sale {
        vaulted_card: Some(VaultedCardDraft {
            first6: Some("555555".into()),
            last4: Some("4444".into()),
            cardholder_name: Some("ROE/RICHARD".into()),
            token: Some(Secret::new("7281340072134242".into())),
            ..VaultedCardDraft::default()
        }),
        ..ten("X")
    };
    let (_, payment) = shop.sell(&sale, NOTHING);
    has(
        &payment["cardTransaction"],
        json!({
            "entryType": "VAULTED", "first6": "555555", "last4": "4444", "cardType": "MC",
            "cardholderName": "ROE/RICHARD",
        }),
    );
    let said = format!("{:?}", shop.told("FINISH_OK"));
    assert!(!said.contains("7281340072134242"), "the token stays");
}

#[test]
fn cards_vary_and_repeat_with_the_seed() {
    let cards = |seed| {
        let mut shop = Shop::with_plans(Vec::new(), seed);
        let ids: Vec<_> = (0..20).map(|n| format!("X{n}")).collect();
        ids.iter()
            .map(|id| shop.sell(&ten(id), NOTHING).1)
            .collect::<Vec<_>>()
    };
    let first = cards(1);
    assert_eq!(first, cards(1));
    assert_ne!(first, cards(2));
    let different = |field: &str| -> BTreeSet<String> {
        first
            .iter()
            .map(|payment| payment["cardTransaction"][field].to_string())
            .collect()
    };
    assert!(different("cardType").len() >= 3);
    assert!(different("last4").len() >= 15);
    let ids: BTreeSet<_> = first
        .iter()
        .map(|payment| payment["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 20);
}
