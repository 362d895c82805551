//! TX_START, field by field, read by another JSON reader (`protocol/connector.md` §5.1, `protocol/model.md` §2).

use proto_core::model::{TipSuggestionDraft, VaultedCardDraft};
use proto_core::pos::Sale;
use proto_core::redact::Secret;
use proto_core::wire::names::{DataEntryLocation, TipMode};
use serde_json::{Value, json};
use system_tests::World;

fn tx_start(sale: &Sale<'_>) -> (Value, Value) {
    let mut world = World::ready();
    world.ask(sale);
    let (_, text) = world
        .wire
        .iter()
        .find(|(_, text)| text.contains("\"TX_START\""))
        .unwrap();
    let envelope: Value = serde_json::from_str(text).unwrap();
    let payload = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
    (envelope, payload)
}

#[test]
fn what_absence_would_change_is_always_written() {
    let (envelope, payload) = tx_start(&Sale::new(1_000).external_id("X"));
    assert_eq!(
        payload,
        json!({
            "method": "TX_START",
            "version": 2,
            "requestInfo": "SALE",
            "payIntent": {
                "transactionType": "PAYMENT",
                "amount": 1000,
                "tipAmount": 0,
                "externalPaymentId": "X",
                "isCardNotPresent": false,
                "requiresRemoteConfirmation": true,
                "allowPartialAuth": true,
                "isTesting": false,
                "transactionSettings": {"cardEntryMethods": 34567},
            },
        })
    );
    assert_eq!(envelope["type"], "COMMAND");
    assert_eq!(envelope["version"], 1);
    let sdk = envelope["remoteSourceSDK"].as_str().unwrap();
    assert!(sdk.contains(':'), "{sdk}");
}

#[test]
fn every_option_is_written_where_the_reference_writes_it() {
    let suggestions = [TipSuggestionDraft {
        id: Some("1".into()),
        name: Some("Good \"+\"".into()),
        percentage: Some(15),
        is_enabled: Some(true),
        ..TipSuggestionDraft::default()
    }];
    let sale = Sale {
        external_reference_id: Some("PO \"77\""),
        tip_amount: Some(150),
        tax_amount: Some(80),
        tip_mode: Some(TipMode::TipProvided),
        tippable_amount: Some(900),
        tip_suggestions: &suggestions,
        card_entry_methods: Some(36_623),
        vaulted_card: Some(VaultedCardDraft {
            first6: Some("476173".into()),
            last4: Some("4242".into()),
            token: Some(Secret::new("7281340072134242".into())),
            ..VaultedCardDraft::default()
        }),
        card_not_present: true,
        present_qrc_only: true,
        refuse_partial: true,
        disable_printing: Some(true),
        disable_receipt_selection: Some(true),
        disable_cashback: Some(true),
        disable_duplicate_checking: Some(true),
        disable_restart_on_failure: Some(true),
        auto_accept_confirmations: Some(true),
        auto_accept_signature: Some(true),
        signature_threshold: Some(2_500),
        signature_location: Some(DataEntryLocation::OnPaper),
        allow_offline: Some(true),
        approve_offline_without_prompt: Some(true),
        force_offline: Some(false),
        extras: &[("till", "2"), ("naïve", "café")],
        regional_extras: &[("com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY", "1")],
        ..Sale::new(1_000).external_id("  X  ")
    };
    let (_, payload) = tx_start(&sale);
    assert_eq!(
        payload["payIntent"],
        json!({
            "transactionType": "PAYMENT",
            "amount": 1000,
            "tipAmount": 150,
            "taxAmount": 80,
            "externalPaymentId": "X",
            "externalReferenceId": "PO \"77\"",
            "vaultedCard": {"first6": "476173", "last4": "4242", "token": "7281340072134242"},
            "isCardNotPresent": true,
            "isPresentQrcOnly": true,
            "requiresRemoteConfirmation": true,
            "allowPartialAuth": false,
            "isTesting": false,
            "transactionSettings": {
                "cardEntryMethods": 36623,
                "disableCashBack": true,
                "cloverShouldHandleReceipts": false,
                "disableRestartTransactionOnFailure": true,
                "allowOfflinePayment": true,
                "approveOfflinePaymentWithoutPrompt": true,
                "forceOfflinePayment": false,
                "signatureThreshold": 2500,
                "signatureEntryLocation": "ON_PAPER",
                "tipMode": "TIP_PROVIDED",
                "tippableAmount": 900,
                "disableReceiptSelection": true,
                "disableDuplicateCheck": true,
                "autoAcceptPaymentConfirmations": true,
                "autoAcceptSignature": true,
                "tipSuggestions": {"elements": [
                    {"id": "1", "name": "Good \"+\"", "percentage": 15, "isEnabled": true}
                ]},
                "regionalExtras": {"com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY": "1"},
            },
            "passThroughValues": {"till": "2", "naïve": "café"},
        })
    );
}
