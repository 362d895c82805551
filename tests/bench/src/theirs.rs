//! The other side: `serde_json` with typed structs, one `from_slice` or `from_str` a level.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Deserialize as Read, Serialize};

use crate::{POINTS, Sum};

/// A string that is borrowed where it has no escapes.
#[derive(Debug, Clone, Serialize)]
struct Str<'m>(Cow<'m, str>);

impl<'de: 'm, 'm> Deserialize<'de> for Str<'m> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(AnyStr)
    }
}

struct AnyStr;

impl<'de> Visitor<'de> for AnyStr {
    type Value = Str<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Str(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Str(Cow::Owned(text.to_owned())))
    }
}

/// Objects with the fields that are read or written here, in the order in which we write them.
macro_rules! objects {
    ($($name:ident { $($field:ident: $kind:ty = $wire:literal;)* })*) => {$(
        #[derive(Default, Read, Serialize)]
        #[serde(bound(deserialize = "'de: 'm"))]
        struct $name<'m> {
            $(
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                $field: Option<$kind>,
            )*
            #[serde(skip)]
            of: std::marker::PhantomData<&'m ()>,
        }
    )*};
}

objects! {
    Envelope {
        id: Str<'m> = "id";
        kind: Str<'m> = "type";
        package_name: Str<'m> = "packageName";
        method: Str<'m> = "method";
        payload: Str<'m> = "payload";
        application_id: Str<'m> = "remoteApplicationID";
        version: i64 = "version";
    }

    FinishOk {
        method: Str<'m> = "method";
        version: i64 = "version";
        payment: Str<'m> = "payment";
        signature: Signature<'m> = "signature";
        request_info: Str<'m> = "requestInfo";
    }

    Payment {
        id: Str<'m> = "id";
        order: Reference<'m> = "order";
        device: Reference<'m> = "device";
        tender: Tender<'m> = "tender";
        amount: i64 = "amount";
        tip_amount: i64 = "tipAmount";
        tax_amount: i64 = "taxAmount";
        cashback_amount: i64 = "cashbackAmount";
        external_payment_id: Str<'m> = "externalPaymentId";
        employee: Reference<'m> = "employee";
        created_time: i64 = "createdTime";
        offline: bool = "offline";
        result: Str<'m> = "result";
        card_transaction: CardTransaction<'m> = "cardTransaction";
    }

    Reference {
        id: Str<'m> = "id";
    }

    Tender {
        id: Str<'m> = "id";
        label_key: Str<'m> = "labelKey";
        label: Str<'m> = "label";
    }

    CardTransaction {
        card_type: Str<'m> = "cardType";
        entry_type: Str<'m> = "entryType";
        first6: Str<'m> = "first6";
        last4: Str<'m> = "last4";
        kind: Str<'m> = "type";
        auth_code: Str<'m> = "authCode";
        reference_id: Str<'m> = "referenceId";
        state: Str<'m> = "state";
        extra: Written<Pairs> = "extra";
        cardholder_name: Str<'m> = "cardholderName";
    }

    Signature {
        width: i64 = "width";
        height: i64 = "height";
        strokes: Vec<Stroke<'m>> = "strokes";
    }

    Stroke {
        points: Vec<Point<'m>> = "points";
    }

    Point {
        x: i64 = "x";
        y: i64 = "y";
    }

    UiState {
        ui_state: Str<'m> = "uiState";
        ui_text: Str<'m> = "uiText";
        ui_direction: Str<'m> = "uiDirection";
        input_options: Vec<InputOption<'m>> = "inputOptions";
    }

    InputOption {
        key_press: Str<'m> = "keyPress";
        description: Str<'m> = "description";
    }

    TxStart {
        method: Str<'m> = "method";
        version: i64 = "version";
        pay_intent: PayIntent<'m> = "payIntent";
        request_info: Str<'m> = "requestInfo";
        suppress_on_screen_tips: Written<bool> = "suppressOnScreenTips";
    }

    PayIntent {
        transaction_type: Str<'m> = "transactionType";
        amount: i64 = "amount";
        tip_amount: i64 = "tipAmount";
        tax_amount: i64 = "taxAmount";
        taxable_amount_rate_list: Vec<OneOf<'m, TaxableAmountRate<'m>>> = "taxableAmountRateList";
        service_charge_amount: OneOf<'m, ServiceChargeAmount<'m>> = "serviceChargeAmount";
        is_disable_cash_back: Written<bool> = "isDisableCashBack";
        is_testing: Written<bool> = "isTesting";
        card_entry_methods: i64 = "cardEntryMethods";
        is_card_not_present: Written<bool> = "isCardNotPresent";
        remote_print: Written<bool> = "remotePrint";
        is_force_swipe_pin_entry: Written<bool> = "isForceSwipePinEntry";
        disable_restart_transaction_when_failed: Written<bool> = "disableRestartTransactionWhenFailed";
        external_payment_id: Str<'m> = "externalPaymentId";
        external_reference_id: Str<'m> = "externalReferenceId";
        vaulted_card: OneOf<'m, VaultedCard<'m>> = "vaultedCard";
        requires_remote_confirmation: bool = "requiresRemoteConfirmation";
        allow_partial_auth: bool = "allowPartialAuth";
        use_last_swipe: Written<bool> = "useLastSwipe";
        transaction_settings: OneOf<'m, TransactionSettings<'m>> = "transactionSettings";
        pass_through_values: Written<Pairs> = "passThroughValues";
        is_present_qrc_only: Written<bool> = "isPresentQrcOnly";
    }

    TaxableAmountRate {
        id: Written<&'static str> = "id";
        name: Str<'m> = "name";
        taxable_amount: i64 = "taxableAmount";
        rate: i64 = "rate";
    }

    ServiceChargeAmount {
        id: Written<&'static str> = "id";
        name: Str<'m> = "name";
        amount: i64 = "amount";
    }

    VaultedCard {
        first6: Str<'m> = "first6";
        last4: Str<'m> = "last4";
        expiration_date: Written<&'static str> = "expirationDate";
        token: Str<'m> = "token";
    }

    TransactionSettings {
        card_entry_methods: i64 = "cardEntryMethods";
        disable_cash_back: bool = "disableCashBack";
        clover_should_handle_receipts: bool = "cloverShouldHandleReceipts";
        disable_restart_transaction_on_failure: Written<bool> = "disableRestartTransactionOnFailure";
        allow_offline_payment: bool = "allowOfflinePayment";
        approve_offline_payment_without_prompt: Written<bool> = "approveOfflinePaymentWithoutPrompt";
        force_offline_payment: Written<bool> = "forceOfflinePayment";
        signature_threshold: i64 = "signatureThreshold";
        signature_entry_location: Str<'m> = "signatureEntryLocation";
        tip_mode: Str<'m> = "tipMode";
        tippable_amount: i64 = "tippableAmount";
        disable_receipt_selection: bool = "disableReceiptSelection";
        disable_duplicate_check: bool = "disableDuplicateCheck";
        auto_accept_payment_confirmations: bool = "autoAcceptPaymentConfirmations";
        auto_accept_signature: bool = "autoAcceptSignature";
        tip_suggestions: Elements<TipSuggestion<'m>> = "tipSuggestions";
    }

    TipSuggestion {
        id: Written<&'static str> = "id";
        name: Str<'m> = "name";
        percentage: i64 = "percentage";
        amount: i64 = "amount";
        is_enabled: Written<bool> = "isEnabled";
    }

    CloseoutResponse {
        status: Str<'m> = "status";
        batch: Str<'m> = "batch";
    }

    Batch {
        id: Str<'m> = "id";
        tx_count: i64 = "txCount";
        total_batch_amount: i64 = "totalBatchAmount";
        devices: Str<'m> = "devices";
        state: Str<'m> = "state";
        created_time: i64 = "createdTime";
        batch_details: BatchDetail<'m> = "batchDetails";
    }

    BatchDetail {
        batch_totals: Stats<'m> = "batchTotals";
        server_totals: Elements<Stats<'m>> = "serverTotals";
        card_totals: Elements<CardTotal<'m>> = "cardTotals";
        open_tips: i64 = "openTips";
        open_tabs: i64 = "openTabs";
    }

    Stats {
        employee_id: Str<'m> = "employeeId";
        employee_name: Str<'m> = "employeeName";
        sales: Total<'m> = "sales";
        refunds: Total<'m> = "refunds";
        net: Total<'m> = "net";
        gift_card_loads: Total<'m> = "giftCardLoads";
        gift_card_cash_outs: Total<'m> = "giftCardCashOuts";
        tax: Total<'m> = "tax";
        tips: Total<'m> = "tips";
    }

    Total {
        count: i64 = "count";
        total: i64 = "total";
    }

    CardTotal {
        card_type: Str<'m> = "cardType";
        count: i64 = "count";
        total: i64 = "total";
    }
}

/// `{"elements":[…]}`.
#[derive(Read, Serialize)]
struct Elements<T> {
    elements: Vec<T>,
}

/// Texts by name, in the order in which they are written.
struct Pairs(&'static [(&'static str, &'static str)]);

impl Serialize for Pairs {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().copied())
    }
}

/// A field that is written; in what is read it is passed over.
#[derive(Serialize)]
#[serde(transparent)]
struct Written<T>(Option<T>);

impl<'de, T> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(from).map(|_| Self(None))
    }
}

/// What comes as JSON in a string, and is written as an object.
enum OneOf<'m, T> {
    String(Str<'m>),
    Object(T),
}

impl<'de: 'm, 'm, T> Deserialize<'de> for OneOf<'m, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Str::deserialize(from).map(Self::String)
    }
}

impl<T: Serialize> Serialize for OneOf<'_, T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(text) => text.serialize(to),
            Self::Object(object) => object.serialize(to),
        }
    }
}

impl<'m, T: Read<'m>> OneOf<'_, T> {
    /// Reads the next level.
    fn inside(&'m self) -> T {
        match self {
            Self::String(text) => inside(text),
            Self::Object(_) => unreachable!("objects are only written here"),
        }
    }
}

/// Reads the next level.
fn inside<'m, T: Read<'m>>(text: &'m Str<'_>) -> T {
    serde_json::from_str(&text.0).unwrap()
}

impl Sum {
    fn str(&mut self, text: &Option<Str<'_>>) {
        let Some(Str(text)) = text else { return };
        self.number(text.len() as i64);
        self.number(text.chars().next().map_or(0, u32::from).into());
    }

    fn i64(&mut self, int: Option<i64>) {
        if let Some(int) = int {
            self.number(int);
        }
    }

    fn bool(&mut self, flag: Option<bool>) {
        self.i64(flag.map(i64::from));
    }

    fn typed_payment(&mut self, payment: &Payment<'_>) {
        let id = |sum: &mut Self, reference: &Option<Reference<'_>>| {
            if let Some(reference) = reference {
                sum.str(&reference.id);
            }
        };
        self.str(&payment.id);
        id(self, &payment.order);
        id(self, &payment.device);
        if let Some(tender) = &payment.tender {
            self.str(&tender.id);
            self.str(&tender.label_key);
            self.str(&tender.label);
        }
        self.i64(payment.amount);
        self.i64(payment.tip_amount);
        self.i64(payment.tax_amount);
        self.i64(payment.cashback_amount);
        self.str(&payment.external_payment_id);
        id(self, &payment.employee);
        self.i64(payment.created_time);
        self.bool(payment.offline);
        self.str(&payment.result);
        if let Some(card) = &payment.card_transaction {
            self.str(&card.card_type);
            self.str(&card.entry_type);
            self.str(&card.first6);
            self.str(&card.last4);
            self.str(&card.kind);
            self.str(&card.auth_code);
            self.str(&card.reference_id);
            self.str(&card.state);
            self.str(&card.cardholder_name);
        }
    }

    fn typed_signature(&mut self, signature: &Signature<'_>) {
        self.i64(signature.width);
        self.i64(signature.height);
        for stroke in signature.strokes.iter().flatten() {
            for point in stroke.points.iter().flatten() {
                self.i64(point.x);
                self.i64(point.y);
            }
        }
    }

    fn typed_stats(&mut self, stats: &Stats<'_>) {
        let totals = [
            &stats.sales,
            &stats.refunds,
            &stats.net,
            &stats.gift_card_loads,
            &stats.gift_card_cash_outs,
            &stats.tax,
            &stats.tips,
        ];
        for total in totals.into_iter().flatten() {
            self.i64(total.count);
            self.i64(total.total);
        }
    }
}

/// The first level.
fn payload(message: &[u8]) -> Str<'_> {
    let envelope: Envelope<'_> = serde_json::from_slice(message).unwrap();
    envelope.payload.unwrap()
}

pub(crate) fn read_finish_ok(message: &[u8], _: &mut Vec<u8>) -> u64 {
    let payload = payload(message);
    let finish: FinishOk<'_> = inside(&payload);
    let mut sum = Sum::default();
    sum.typed_payment(&inside(finish.payment.as_ref().unwrap()));
    sum.typed_signature(finish.signature.as_ref().unwrap());
    sum.str(&finish.request_info);
    sum.0
}

pub(crate) fn read_verify_signature(message: &[u8], _: &mut Vec<u8>) -> u64 {
    let payload = payload(message);
    let verify: FinishOk<'_> = inside(&payload);
    let mut sum = Sum::default();
    sum.typed_payment(&inside(verify.payment.as_ref().unwrap()));
    sum.typed_signature(verify.signature.as_ref().unwrap());
    sum.0
}

pub(crate) fn read_ui_state(message: &[u8], _: &mut Vec<u8>) -> u64 {
    let payload = payload(message);
    let screen: UiState<'_> = inside(&payload);
    let mut sum = Sum::default();
    sum.str(&screen.ui_state);
    sum.str(&screen.ui_text);
    sum.str(&screen.ui_direction);
    for option in screen.input_options.iter().flatten() {
        sum.str(&option.key_press);
        sum.str(&option.description);
    }
    sum.0
}

pub(crate) fn read_tx_start(message: &[u8], _: &mut Vec<u8>) -> u64 {
    let payload = payload(message);
    let start: TxStart<'_> = inside(&payload);
    let intent = start.pay_intent.as_ref().unwrap();
    let mut sum = Sum::default();
    sum.str(&intent.transaction_type);
    sum.i64(intent.amount);
    sum.i64(intent.tip_amount);
    sum.i64(intent.tax_amount);
    for rate in intent.taxable_amount_rate_list.iter().flatten() {
        let rate = rate.inside();
        sum.str(&rate.name);
        sum.i64(rate.taxable_amount);
        sum.i64(rate.rate);
    }
    if let Some(charge) = &intent.service_charge_amount {
        let charge = charge.inside();
        sum.str(&charge.name);
        sum.i64(charge.amount);
    }
    sum.i64(intent.card_entry_methods);
    sum.str(&intent.external_payment_id);
    sum.str(&intent.external_reference_id);
    if let Some(card) = &intent.vaulted_card {
        let card = card.inside();
        sum.str(&card.first6);
        sum.str(&card.last4);
        sum.str(&card.token);
    }
    sum.bool(intent.requires_remote_confirmation);
    sum.bool(intent.allow_partial_auth);
    if let Some(settings) = &intent.transaction_settings {
        let settings = settings.inside();
        sum.i64(settings.card_entry_methods);
        sum.bool(settings.disable_cash_back);
        sum.bool(settings.clover_should_handle_receipts);
        sum.bool(settings.allow_offline_payment);
        sum.i64(settings.signature_threshold);
        sum.str(&settings.signature_entry_location);
        sum.str(&settings.tip_mode);
        sum.i64(settings.tippable_amount);
        sum.bool(settings.disable_receipt_selection);
        sum.bool(settings.disable_duplicate_check);
        sum.bool(settings.auto_accept_payment_confirmations);
        sum.bool(settings.auto_accept_signature);
        for tip in settings
            .tip_suggestions
            .iter()
            .flat_map(|list| &list.elements)
        {
            sum.str(&tip.name);
            sum.i64(tip.percentage);
            sum.i64(tip.amount);
        }
    }
    sum.str(&start.request_info);
    sum.0
}

pub(crate) fn read_closeout_response(message: &[u8], _: &mut Vec<u8>) -> u64 {
    let payload = payload(message);
    let response: CloseoutResponse<'_> = inside(&payload);
    let mut sum = Sum::default();
    sum.str(&response.status);
    let batch: Batch<'_> = inside(response.batch.as_ref().unwrap());
    sum.str(&batch.id);
    sum.i64(batch.tx_count);
    sum.i64(batch.total_batch_amount);
    sum.str(&batch.devices);
    sum.str(&batch.state);
    sum.i64(batch.created_time);
    let details = batch.batch_details.as_ref().unwrap();
    sum.typed_stats(details.batch_totals.as_ref().unwrap());
    for server in details.server_totals.iter().flat_map(|list| &list.elements) {
        sum.str(&server.employee_id);
        sum.str(&server.employee_name);
        sum.typed_stats(server);
    }
    for card in details.card_totals.iter().flat_map(|list| &list.elements) {
        sum.str(&card.card_type);
        sum.i64(card.count);
        sum.i64(card.total);
    }
    sum.i64(details.open_tips);
    sum.i64(details.open_tabs);
    sum.0
}

fn some(text: &'static str) -> Option<Str<'static>> {
    Some(Str(Cow::Borrowed(text)))
}

fn write(method: &'static str, payload: &impl Serialize, room: &mut Vec<u8>) -> u64 {
    room.clear();
    let envelope = Envelope {
        id: some("7"),
        kind: some("COMMAND"),
        package_name: some("com.clover.remote_protocol_broadcast.app"),
        method: some(method),
        payload: Some(Str(serde_json::to_string(payload).unwrap().into())),
        application_id: some("com.example.pos:2.4.1"),
        version: Some(1),
        ..Envelope::default()
    };
    serde_json::to_writer(&mut *room, &envelope).unwrap();
    room.len() as u64
}

#[expect(clippy::unnecessary_wraps, reason = "as the fields want it")]
fn written<T>(value: T) -> Option<Written<T>> {
    Some(Written(Some(value)))
}

pub(crate) fn write_tx_start(_: &[u8], room: &mut Vec<u8>) -> u64 {
    let settings = TransactionSettings {
        card_entry_methods: Some(34_567),
        disable_cash_back: Some(true),
        clover_should_handle_receipts: Some(false),
        disable_restart_transaction_on_failure: written(true),
        allow_offline_payment: Some(true),
        approve_offline_payment_without_prompt: written(false),
        force_offline_payment: written(false),
        signature_threshold: Some(2_500),
        signature_entry_location: some("ON_SCREEN"),
        tip_mode: some("ON_SCREEN_BEFORE_PAYMENT"),
        tippable_amount: Some(2_400),
        disable_receipt_selection: Some(true),
        disable_duplicate_check: Some(true),
        auto_accept_payment_confirmations: Some(false),
        auto_accept_signature: Some(false),
        tip_suggestions: Some(Elements {
            elements: vec![
                TipSuggestion {
                    id: written("1"),
                    name: some("Good"),
                    percentage: Some(15),
                    is_enabled: written(true),
                    ..TipSuggestion::default()
                },
                TipSuggestion {
                    id: written("2"),
                    name: some("Gut “+”"),
                    amount: Some(300),
                    is_enabled: written(true),
                    ..TipSuggestion::default()
                },
            ],
        }),
        ..TransactionSettings::default()
    };
    let start = TxStart {
        method: some("TX_START"),
        version: Some(2),
        pay_intent: Some(PayIntent {
            transaction_type: some("PAYMENT"),
            amount: Some(2_599),
            tip_amount: Some(0),
            tax_amount: Some(199),
            taxable_amount_rate_list: Some(vec![OneOf::Object(TaxableAmountRate {
                id: written("TX1"),
                name: some("USt 19 %"),
                taxable_amount: Some(2_400),
                rate: Some(1_900_000),
                ..TaxableAmountRate::default()
            })]),
            service_charge_amount: Some(OneOf::Object(ServiceChargeAmount {
                id: written("SC1"),
                name: some("Service & Couvert"),
                amount: Some(150),
                ..ServiceChargeAmount::default()
            })),
            is_disable_cash_back: written(false),
            is_testing: written(false),
            card_entry_methods: Some(34_567),
            is_card_not_present: written(false),
            remote_print: written(false),
            is_force_swipe_pin_entry: written(false),
            disable_restart_transaction_when_failed: written(false),
            external_payment_id: some("INV-2024-000123"),
            external_reference_id: some("PO \"77/8\""),
            vaulted_card: Some(OneOf::Object(VaultedCard {
                first6: some("476173"),
                last4: some("4242"),
                expiration_date: written("1228"),
                token: some("7281340072134242"),
                ..VaultedCard::default()
            })),
            requires_remote_confirmation: Some(true),
            allow_partial_auth: Some(true),
            use_last_swipe: written(false),
            transaction_settings: Some(OneOf::Object(settings)),
            pass_through_values: written(Pairs(&[("till", "2"), ("naïve", "café \"x\"")])),
            is_present_qrc_only: written(false),
            ..PayIntent::default()
        }),
        request_info: some("SALE"),
        suppress_on_screen_tips: written(false),
        ..TxStart::default()
    };
    write("TX_START", &start, room)
}

pub(crate) fn write_finish_ok(_: &[u8], room: &mut Vec<u8>) -> u64 {
    let reference = |id: &'static str| {
        Some(Reference {
            id: some(id),
            ..Reference::default()
        })
    };
    let payment = Payment {
        id: some("TF4YZTSD3KT9J"),
        order: reference("5XMNAJH22G14S"),
        device: reference("c99e4380-7bbc-32ea-f3aa-5bca108bd4be"),
        tender: Some(Tender {
            id: some("PB00TG1DFNHJC"),
            label_key: some("com.clover.tender.credit_card"),
            label: some("Credit Card"),
            ..Tender::default()
        }),
        amount: Some(2_599),
        tax_amount: Some(199),
        external_payment_id: some("INV-2024-000123"),
        employee: reference("DFLTEMPLOYEE"),
        created_time: Some(1_717_761_684_336),
        offline: Some(false),
        result: some("SUCCESS"),
        card_transaction: Some(CardTransaction {
            card_type: some("VISA"),
            entry_type: some("EMV_CONTACT"),
            first6: some("476173"),
            last4: some("4242"),
            kind: some("AUTH"),
            auth_code: some("661748"),
            reference_id: some("1302091809"),
            state: some("CLOSED"),
            extra: written(Pairs(&[
                ("cvmResult", "SIGNATURE"),
                ("applicationIdentifier", "A0000000031010"),
                ("authorizingNetworkName", "VISA"),
            ])),
            cardholder_name: some("DOE/JANE \"Q\""),
            ..CardTransaction::default()
        }),
        ..Payment::default()
    };
    let strokes = POINTS.map(|stroke| Stroke {
        points: Some(
            stroke
                .map(|(x, y)| Point {
                    x: Some(x),
                    y: Some(y),
                    ..Point::default()
                })
                .into(),
        ),
        ..Stroke::default()
    });
    let finish = FinishOk {
        method: some("FINISH_OK"),
        version: Some(1),
        payment: Some(Str(serde_json::to_string(&payment).unwrap().into())),
        signature: Some(Signature {
            width: Some(799),
            height: Some(666),
            strokes: Some(strokes.into()),
            ..Signature::default()
        }),
        request_info: some("SALE"),
        ..FinishOk::default()
    };
    write("FINISH_OK", &finish, room)
}
