//! The same two messages with `serde` and derive, for any reader and writer of JSON: the same fields are read into the
//! same sum, and the same bytes are written. `S` is a text that is owned, `L` a long one: one that holds JSON.

use serde::{Deserialize, Serialize};

use crate::sample::{APPLICATION, EXTERNAL_ID, PACKAGE, Sum};

/// What is read of a message.
#[derive(Deserialize)]
pub struct Envelope<L> {
    /// JSON in a string.
    pub payload: L,
}

/// What is read of a FINISH_OK.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinishOk<S, L> {
    /// JSON in a string.
    pub payment: L,
    /// The kind of request.
    pub request_info: Option<S>,
}

/// What is read of a payment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment<S> {
    id: Option<S>,
    order: Option<Reference<S>>,
    device: Option<Reference<S>>,
    tender: Option<Tender<S>>,
    amount: Option<i64>,
    tip_amount: Option<i64>,
    tax_amount: Option<i64>,
    cashback_amount: Option<i64>,
    external_payment_id: Option<S>,
    employee: Option<Reference<S>>,
    created_time: Option<i64>,
    offline: Option<bool>,
    result: Option<S>,
    card_transaction: Option<CardTransaction<S>>,
}

#[derive(Deserialize)]
struct Reference<S> {
    id: Option<S>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tender<S> {
    id: Option<S>,
    label_key: Option<S>,
    label: Option<S>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardTransaction<S> {
    card_type: Option<S>,
    entry_type: Option<S>,
    first6: Option<S>,
    last4: Option<S>,
    #[serde(rename = "type")]
    kind: Option<S>,
    auth_code: Option<S>,
    reference_id: Option<S>,
    state: Option<S>,
    cardholder_name: Option<S>,
}

impl Sum {
    fn str<S: AsRef<str>>(&mut self, text: &Option<S>) {
        let Some(text) = text.as_ref().map(AsRef::as_ref) else {
            return;
        };
        self.number(text.chars().count() as i64);
        self.number(text.chars().next().map_or(0, u32::from).into());
    }

    fn i64(&mut self, int: Option<i64>) {
        if let Some(int) = int {
            self.number(int);
        }
    }

    /// What was read of both.
    pub fn of<S: AsRef<str>, L>(finish: &FinishOk<S, L>, payment: &Payment<S>) -> Self {
        let mut sum = Self::default();
        sum.str(&payment.id);
        for reference in [&payment.order, &payment.device].into_iter().flatten() {
            sum.str(&reference.id);
        }
        if let Some(tender) = &payment.tender {
            sum.str(&tender.id);
            sum.str(&tender.label_key);
            sum.str(&tender.label);
        }
        sum.i64(payment.amount);
        sum.i64(payment.tip_amount);
        sum.i64(payment.tax_amount);
        sum.i64(payment.cashback_amount);
        sum.str(&payment.external_payment_id);
        if let Some(employee) = &payment.employee {
            sum.str(&employee.id);
        }
        sum.i64(payment.created_time);
        sum.i64(payment.offline.map(i64::from));
        sum.str(&payment.result);
        if let Some(card) = &payment.card_transaction {
            sum.str(&card.card_type);
            sum.str(&card.entry_type);
            sum.str(&card.first6);
            sum.str(&card.last4);
            sum.str(&card.kind);
            sum.str(&card.auth_code);
            sum.str(&card.reference_id);
            sum.str(&card.state);
            sum.str(&card.cardholder_name);
        }
        sum.str(&finish.request_info);
        sum
    }
}

/// A message as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Written<'p> {
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    package_name: &'static str,
    method: &'static str,
    payload: &'p str,
    #[serde(rename = "remoteApplicationID")]
    application_id: &'static str,
    version: i64,
}

impl<'p> Written<'p> {
    /// A TX_START with this payload.
    #[must_use]
    pub const fn new(payload: &'p str) -> Self {
        Self {
            id: "7",
            kind: "COMMAND",
            package_name: PACKAGE,
            method: "TX_START",
            payload,
            application_id: APPLICATION,
            version: 1,
        }
    }
}

/// The payload of a TX_START.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TxStart {
    method: &'static str,
    version: i64,
    pay_intent: PayIntent,
    request_info: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayIntent {
    transaction_type: &'static str,
    amount: i64,
    tip_amount: i64,
    external_payment_id: &'static str,
    requires_remote_confirmation: bool,
    allow_partial_auth: bool,
    transaction_settings: TransactionSettings,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionSettings {
    card_entry_methods: i64,
    signature_threshold: i64,
    tip_mode: &'static str,
}

impl TxStart {
    /// A sale of this amount.
    #[must_use]
    pub const fn sale(amount: i64) -> Self {
        Self {
            method: "TX_START",
            version: 2,
            pay_intent: PayIntent {
                transaction_type: "PAYMENT",
                amount,
                tip_amount: 0,
                external_payment_id: EXTERNAL_ID,
                requires_remote_confirmation: true,
                allow_partial_auth: true,
                transaction_settings: TransactionSettings {
                    card_entry_methods: 34_567,
                    signature_threshold: 2_500,
                    tip_mode: "NO_TIP",
                },
            },
            request_info: "SALE",
        }
    }
}

/// `serde-json-core`: texts of at most 64 bytes; what holds JSON is unescaped into rooms for that.
pub mod without_heap {
    use serde_json_core::str::{EscapedStr, EscapedStringFragment};

    use super::{Envelope, FinishOk, Payment, TxStart, Written};
    use crate::ROOM;
    use crate::sample::Sum;

    type Short = heapless::String<64>;

    /// Reads a FINISH_OK.
    #[inline(never)]
    pub fn read_finish_ok(message: &[u8], rooms: &mut [[u8; ROOM]; 2]) -> Option<Sum> {
        let [one, other] = rooms;
        // Room to unescape the longest string that is owned.
        let mut scratch = [0; 256];
        let (envelope, _): (Envelope<EscapedStr<'_>>, _) =
            serde_json_core::from_slice(message).ok()?;
        let payload = unescaped(envelope.payload, one)?;
        let (finish, _): (FinishOk<Short, EscapedStr<'_>>, _) =
            serde_json_core::from_str_escaped(payload, &mut scratch).ok()?;
        let payment = unescaped(finish.payment, other)?;
        let (payment, _): (Payment<Short>, _) =
            serde_json_core::from_str_escaped(payment, &mut scratch).ok()?;
        Some(Sum::of(&finish, &payment))
    }

    fn unescaped<'r>(text: EscapedStr<'_>, room: &'r mut [u8]) -> Option<&'r str> {
        let mut len = 0;
        for fragment in text.fragments() {
            match fragment.ok()? {
                EscapedStringFragment::NotEscaped(plain) => {
                    let slot = room.get_mut(len..len + plain.len())?;
                    slot.copy_from_slice(plain.as_bytes());
                    len += plain.len();
                }
                EscapedStringFragment::Escaped(c) => {
                    len += c.encode_utf8(room.get_mut(len..len + c.len_utf8())?).len();
                }
            }
        }
        core::str::from_utf8(room.get(..len)?).ok()
    }

    /// Writes a TX_START for a sale of this amount.
    #[inline(never)]
    pub fn write_tx_start(room: &mut [u8], amount: i64) -> usize {
        let mut payload = [0; 1_024];
        let written = serde_json_core::to_slice(&TxStart::sale(amount), &mut payload);
        let payload = written.ok().and_then(|len| payload.get(..len));
        let payload = payload.and_then(|text| core::str::from_utf8(text).ok());
        serde_json_core::to_slice(&Written::new(payload.unwrap_or_default()), room).unwrap_or(0)
    }
}

/// `serde_json` with a heap.
pub mod with_heap {
    extern crate alloc;

    use alloc::string::String;

    use embedded_alloc::LlffHeap;

    use super::{Envelope, FinishOk, Payment, TxStart, Written};
    use crate::sample::Sum;

    #[global_allocator]
    static HEAP: LlffHeap = LlffHeap::empty();

    /// Lends the heap its memory, before anything else and once.
    pub fn begin() {
        // SAFETY: it is called once, and the macro's memory is nobody else's.
        unsafe {
            embedded_alloc::init!(HEAP, 16_384);
        }
    }

    /// Reads a FINISH_OK.
    #[inline(never)]
    pub fn read_finish_ok(message: &[u8]) -> Option<Sum> {
        let envelope: Envelope<String> = serde_json::from_slice(message).ok()?;
        let finish: FinishOk<String, String> = serde_json::from_str(&envelope.payload).ok()?;
        let payment: Payment<String> = serde_json::from_str(&finish.payment).ok()?;
        Some(Sum::of(&finish, &payment))
    }

    /// Writes a TX_START for a sale of this amount.
    #[inline(never)]
    pub fn write_tx_start(room: &mut [u8], amount: i64) -> usize {
        let payload = serde_json::to_string(&TxStart::sale(amount)).unwrap_or_default();
        let message = serde_json::to_string(&Written::new(&payload)).unwrap_or_default();
        match room.get_mut(..message.len()) {
            Some(slot) => {
                slot.copy_from_slice(message.as_bytes());
                message.len()
            }
            None => 0,
        }
    }
}
