//! Two messages, done with the core: what is compared, so [`compared`](crate::compared) has the same fields.

use proto_core::message::{FinishOk, TxStartDraft};
use proto_core::model::{PayIntentDraft, Payment, TransactionSettingsDraft};
use proto_core::wire::json::Text;
use proto_core::wire::names::{RequestInfo, TipMode, TransactionType};
use proto_core::wire::{Sender, open, write_message};

/// A sale that was paid, as it comes from a terminal.
pub const FINISH_OK: &[u8] = include_bytes!("../../vectors/messages/FINISH_OK-sale-unicode.json");

/// What was read, in a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum(u32);

impl Sum {
    /// Another number was read.
    pub fn number(&mut self, number: i64) {
        let [a, b, c, d, ..] = number.to_le_bytes();
        let low = u32::from_le_bytes([a, b, c, d]);
        self.0 = self.0.wrapping_mul(31).wrapping_add(low);
    }

    fn text(&mut self, text: Option<Text<'_>>) {
        let Some(text) = text else { return };
        self.number(text.chars().count() as i64);
        self.number(text.chars().next().map_or(0, u32::from).into());
    }

    fn int(&mut self, int: Option<i64>) {
        if let Some(int) = int {
            self.number(int);
        }
    }

    fn payment(&mut self, payment: Payment<'_>) {
        self.text(payment.id());
        self.text(payment.order().and_then(|order| order.id()));
        self.text(payment.device().and_then(|device| device.id()));
        if let Some(tender) = payment.tender() {
            self.text(tender.id());
            self.text(tender.label_key());
            self.text(tender.label());
        }
        self.int(payment.amount());
        self.int(payment.tip_amount());
        self.int(payment.tax_amount());
        self.int(payment.cashback_amount());
        self.text(payment.external_payment_id());
        self.text(payment.employee().and_then(|employee| employee.id()));
        self.int(payment.created_time());
        self.int(payment.offline().map(i64::from));
        self.text(payment.result().map(|result| result.name()));
        if let Some(card) = payment.card_transaction() {
            self.text(card.card_type().map(|kind| kind.name()));
            self.text(card.entry_type().map(|kind| kind.name()));
            self.text(card.first6());
            self.text(card.last4());
            self.text(card.kind().map(|kind| kind.name()));
            self.text(card.auth_code().map(|code| code.expose()));
            self.text(card.reference_id());
            self.text(card.state().map(|state| state.name()));
            self.text(card.cardholder_name());
        }
    }
}

impl From<Sum> for i64 {
    fn from(sum: Sum) -> Self {
        sum.0.into()
    }
}

/// Reads a FINISH_OK.
#[inline(never)]
pub fn read_finish_ok(message: &mut [u8]) -> Option<Sum> {
    let message = open(message).ok()?;
    let finish = FinishOk::from_message(&message)?;
    let mut sum = Sum::default();
    sum.payment(finish.payment()?);
    sum.text(finish.request_info().map(|info| info.name()));
    Some(sum)
}

/// The name of the link that is told in a message.
pub const PACKAGE: &str = "com.clover.remote.protocol.usb";
/// The point of sale.
pub const APPLICATION: &str = "com.example.firmware:1.0";
/// The attempt.
pub const EXTERNAL_ID: &str = "INV-2024-000123";

/// Writes a TX_START for a sale of this amount.
#[inline(never)]
pub fn write_tx_start(room: &mut [u8], amount: i64) -> usize {
    let sender = Sender {
        package_name: PACKAGE,
        application_id: Some(APPLICATION),
        source_sdk: false,
        version: 1,
    };
    let start = TxStartDraft {
        pay_intent: Some(PayIntentDraft {
            transaction_type: Some(TransactionType::Payment),
            amount: Some(amount),
            tip_amount: Some(0),
            external_payment_id: Some(EXTERNAL_ID.into()),
            requires_remote_confirmation: Some(true),
            allow_partial_auth: Some(true),
            transaction_settings: Some(TransactionSettingsDraft {
                card_entry_methods: Some(34_567),
                signature_threshold: Some(2_500),
                tip_mode: Some(TipMode::NoTip),
                ..TransactionSettingsDraft::default()
            }),
            ..PayIntentDraft::default()
        }),
        request_info: Some(RequestInfo::Sale),
        ..TxStartDraft::default()
    };
    write_message(room, &sender, 7, &start).unwrap_or(0)
}
