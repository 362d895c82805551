//! Our side.

use proto_core::message::{
    CloseoutResponse, FinishOk, FinishOkDraft, MessageDraft, TxStart, TxStartDraft, UiStateMessage,
    VerifySignature,
};
use proto_core::model::{
    BatchTotalStats, BatchTotalType, CardTransactionDraft, PayIntentDraft, Payment, PaymentDraft,
    PointDraft, ReferenceDraft, ServiceChargeAmountDraft, Signature, SignatureDraft, StrokeDraft,
    TaxableAmountRateDraft, TenderDraft, TipSuggestionDraft, TransactionSettingsDraft,
    VaultedCardDraft,
};
use proto_core::redact::Secret;
use proto_core::wire::json::Text;
use proto_core::wire::names::{
    CardEntryType, CardTransactionState, CardTransactionType, CardType, DataEntryLocation,
    PaymentResult, RequestInfo, TipMode, TransactionType,
};
use proto_core::wire::{InString, Message, Nested, Sender, open, write_message};

use crate::{POINTS, Sum};

impl Sum {
    fn text(&mut self, text: Option<Text<'_>>) {
        let Some(text) = text else { return };
        let len = match text.as_str() {
            Some(plain) => plain.len(),
            None => text.chars().map(char::len_utf8).sum(),
        };
        let first = text.chars().next().map_or(0, u32::from);
        self.number(len as i64);
        self.number(first.into());
    }

    fn secret(&mut self, secret: Option<Secret<'_>>) {
        self.text(secret.map(Secret::expose));
    }

    fn int(&mut self, int: Option<i64>) {
        if let Some(int) = int {
            self.number(int);
        }
    }

    fn flag(&mut self, flag: Option<bool>) {
        self.int(flag.map(i64::from));
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
        self.flag(payment.offline());
        self.text(payment.result().map(|result| result.name()));
        if let Some(card) = payment.card_transaction() {
            self.text(card.card_type().map(|kind| kind.name()));
            self.text(card.entry_type().map(|kind| kind.name()));
            self.text(card.first6());
            self.text(card.last4());
            self.text(card.kind().map(|kind| kind.name()));
            self.secret(card.auth_code());
            self.text(card.reference_id());
            self.text(card.state().map(|state| state.name()));
            self.text(card.cardholder_name());
        }
    }

    fn signature(&mut self, signature: Signature<'_>) {
        self.int(signature.width());
        self.int(signature.height());
        for stroke in signature.strokes().into_iter().flatten() {
            for point in stroke.points().into_iter().flatten() {
                self.int(point.x());
                self.int(point.y());
            }
        }
    }

    fn stats(&mut self, stats: BatchTotalStats<'_>) {
        self.totals([
            stats.sales(),
            stats.refunds(),
            stats.net(),
            stats.gift_card_loads(),
            stats.gift_card_cash_outs(),
            stats.tax(),
            stats.tips(),
        ]);
    }

    fn totals(&mut self, totals: [Option<BatchTotalType<'_>>; 7]) {
        for total in totals.into_iter().flatten() {
            self.int(total.count());
            self.int(total.total());
        }
    }
}

/// Copies the message as a transport does, and opens it.
fn opened<'r>(message: &[u8], room: &'r mut Vec<u8>) -> Message<'r> {
    room.clear();
    room.extend_from_slice(message);
    open(room).unwrap()
}

pub(crate) fn read_finish_ok(message: &[u8], room: &mut Vec<u8>) -> u64 {
    let finish = FinishOk::from_message(&opened(message, room)).unwrap();
    let mut sum = Sum::default();
    sum.payment(finish.payment().unwrap());
    sum.signature(finish.signature().unwrap());
    sum.text(finish.request_info().map(|info| info.name()));
    sum.0
}

pub(crate) fn read_verify_signature(message: &[u8], room: &mut Vec<u8>) -> u64 {
    let verify = VerifySignature::from_message(&opened(message, room)).unwrap();
    let mut sum = Sum::default();
    sum.payment(verify.payment().unwrap());
    sum.signature(verify.signature().unwrap());
    sum.0
}

pub(crate) fn read_ui_state(message: &[u8], room: &mut Vec<u8>) -> u64 {
    let screen = UiStateMessage::from_message(&opened(message, room)).unwrap();
    let mut sum = Sum::default();
    sum.text(screen.ui_state().map(|state| state.name()));
    sum.text(screen.ui_text());
    sum.text(screen.ui_direction().map(|direction| direction.name()));
    for option in screen.input_options().unwrap() {
        sum.text(option.key_press().map(|key| key.name()));
        sum.text(option.description());
    }
    sum.0
}

pub(crate) fn read_tx_start(message: &[u8], room: &mut Vec<u8>) -> u64 {
    let start = TxStart::from_message(&opened(message, room)).unwrap();
    let intent = start.pay_intent().unwrap();
    let mut sum = Sum::default();
    sum.text(intent.transaction_type().map(|kind| kind.name()));
    sum.int(intent.amount());
    sum.int(intent.tip_amount());
    sum.int(intent.tax_amount());
    for rate in intent.taxable_amount_rate_list().into_iter().flatten() {
        sum.text(rate.name());
        sum.int(rate.taxable_amount());
        sum.int(rate.rate());
    }
    if let Some(charge) = intent.service_charge_amount() {
        sum.text(charge.name());
        sum.int(charge.amount());
    }
    sum.int(intent.card_entry_methods());
    sum.text(intent.external_payment_id());
    sum.text(intent.external_reference_id());
    if let Some(card) = intent.vaulted_card() {
        sum.text(card.first6());
        sum.text(card.last4());
        sum.secret(card.token());
    }
    sum.flag(intent.requires_remote_confirmation());
    sum.flag(intent.allow_partial_auth());
    if let Some(settings) = intent.transaction_settings() {
        sum.int(settings.card_entry_methods());
        sum.flag(settings.disable_cash_back());
        sum.flag(settings.clover_should_handle_receipts());
        sum.flag(settings.allow_offline_payment());
        sum.int(settings.signature_threshold());
        sum.text(
            settings
                .signature_entry_location()
                .map(|place| place.name()),
        );
        sum.text(settings.tip_mode().map(|mode| mode.name()));
        sum.int(settings.tippable_amount());
        sum.flag(settings.disable_receipt_selection());
        sum.flag(settings.disable_duplicate_check());
        sum.flag(settings.auto_accept_payment_confirmations());
        sum.flag(settings.auto_accept_signature());
        for tip in settings.tip_suggestions().into_iter().flatten() {
            sum.text(tip.name());
            sum.int(tip.percentage());
            sum.int(tip.amount());
        }
    }
    sum.text(start.request_info().map(|info| info.name()));
    sum.0
}

pub(crate) fn read_closeout_response(message: &[u8], room: &mut Vec<u8>) -> u64 {
    let response = CloseoutResponse::from_message(&opened(message, room)).unwrap();
    let mut sum = Sum::default();
    sum.text(response.status().map(|status| status.name()));
    let batch = response.batch().unwrap();
    sum.text(batch.id());
    sum.int(batch.tx_count());
    sum.int(batch.total_batch_amount());
    sum.text(batch.devices());
    sum.text(batch.state().map(|state| state.name()));
    sum.int(batch.created_time());
    let details = batch.batch_details().unwrap();
    sum.stats(details.batch_totals().unwrap());
    for server in details.server_totals().into_iter().flatten() {
        sum.text(server.employee_id());
        sum.text(server.employee_name());
        sum.totals([
            server.sales(),
            server.refunds(),
            server.net(),
            server.gift_card_loads(),
            server.gift_card_cash_outs(),
            server.tax(),
            server.tips(),
        ]);
    }
    for card in details.card_totals().into_iter().flatten() {
        sum.text(card.card_type().map(|kind| kind.name()));
        sum.int(card.count());
        sum.int(card.total());
    }
    sum.int(details.open_tips());
    sum.int(details.open_tabs());
    sum.0
}

const SENDER: Sender<'_> = Sender {
    package_name: "com.clover.remote_protocol_broadcast.app",
    application_id: Some("com.example.pos:2.4.1"),
    source_sdk: false,
    version: 1,
};

fn write(draft: &dyn MessageDraft, room: &mut Vec<u8>) -> u64 {
    room.resize(ROOM, 0);
    write_message(room, &SENDER, 7, draft).unwrap() as u64
}

/// Enough for everything that is written here.
const ROOM: usize = 16_384;

pub(crate) fn write_tx_start(_: &[u8], room: &mut Vec<u8>) -> u64 {
    let rates = [TaxableAmountRateDraft {
        id: Some("TX1".into()),
        name: Some("USt 19 %".into()),
        taxable_amount: Some(2_400),
        rate: Some(1_900_000),
        ..TaxableAmountRateDraft::default()
    }];
    let charge = ServiceChargeAmountDraft {
        id: Some("SC1".into()),
        name: Some("Service & Couvert".into()),
        amount: Some(150),
        ..ServiceChargeAmountDraft::default()
    };
    let tips = [
        TipSuggestionDraft {
            id: Some("1".into()),
            name: Some("Good".into()),
            percentage: Some(15),
            is_enabled: Some(true),
            ..TipSuggestionDraft::default()
        },
        TipSuggestionDraft {
            id: Some("2".into()),
            name: Some("Gut “+”".into()),
            amount: Some(300),
            is_enabled: Some(true),
            ..TipSuggestionDraft::default()
        },
    ];
    let settings = TransactionSettingsDraft {
        card_entry_methods: Some(34_567),
        disable_cash_back: Some(true),
        clover_should_handle_receipts: Some(false),
        disable_restart_transaction_on_failure: Some(true),
        allow_offline_payment: Some(true),
        approve_offline_payment_without_prompt: Some(false),
        force_offline_payment: Some(false),
        signature_threshold: Some(2_500),
        signature_entry_location: Some(DataEntryLocation::OnScreen),
        tip_mode: Some(TipMode::OnScreenBeforePayment),
        tippable_amount: Some(2_400),
        disable_receipt_selection: Some(true),
        disable_duplicate_check: Some(true),
        auto_accept_payment_confirmations: Some(false),
        auto_accept_signature: Some(false),
        tip_suggestions: Some(Nested::Draft(&tips)),
        ..TransactionSettingsDraft::default()
    };
    let start = TxStartDraft {
        pay_intent: Some(PayIntentDraft {
            transaction_type: Some(TransactionType::Payment),
            amount: Some(2_599),
            tip_amount: Some(0),
            tax_amount: Some(199),
            taxable_amount_rate_list: Some(Nested::Draft(&rates)),
            service_charge_amount: Some(Nested::Draft(&charge)),
            is_disable_cash_back: Some(false),
            is_testing: Some(false),
            card_entry_methods: Some(34_567),
            is_card_not_present: Some(false),
            remote_print: Some(false),
            is_force_swipe_pin_entry: Some(false),
            disable_restart_transaction_when_failed: Some(false),
            external_payment_id: Some("INV-2024-000123".into()),
            external_reference_id: Some("PO \"77/8\"".into()),
            vaulted_card: Some(VaultedCardDraft {
                first6: Some("476173".into()),
                last4: Some("4242".into()),
                expiration_date: Some(Secret::new("1228".into())),
                token: Some(Secret::new("7281340072134242".into())),
                ..VaultedCardDraft::default()
            }),
            requires_remote_confirmation: Some(true),
            allow_partial_auth: Some(true),
            use_last_swipe: Some(false),
            transaction_settings: Some(settings),
            pass_through_values: Some(Nested::Draft(&[("till", "2"), ("naïve", "café \"x\"")])),
            is_present_qrc_only: Some(false),
            ..PayIntentDraft::default()
        }),
        request_info: Some(RequestInfo::Sale),
        suppress_on_screen_tips: Some(false),
        ..TxStartDraft::default()
    };
    write(&start, room)
}

pub(crate) fn write_finish_ok(_: &[u8], room: &mut Vec<u8>) -> u64 {
    let reference = |id: &'static str| {
        Some(ReferenceDraft {
            id: Some(id.into()),
            more: &[],
        })
    };
    let payment = PaymentDraft {
        id: Some("TF4YZTSD3KT9J".into()),
        order: reference("5XMNAJH22G14S"),
        device: reference("c99e4380-7bbc-32ea-f3aa-5bca108bd4be"),
        tender: Some(TenderDraft {
            id: Some("PB00TG1DFNHJC".into()),
            label_key: Some("com.clover.tender.credit_card".into()),
            label: Some("Credit Card".into()),
            ..TenderDraft::default()
        }),
        amount: Some(2_599),
        tax_amount: Some(199),
        external_payment_id: Some("INV-2024-000123".into()),
        employee: reference("DFLTEMPLOYEE"),
        created_time: Some(1_717_761_684_336),
        offline: Some(false),
        result: Some(PaymentResult::Success),
        card_transaction: Some(CardTransactionDraft {
            card_type: Some(CardType::Visa),
            entry_type: Some(CardEntryType::EmvContact),
            first6: Some("476173".into()),
            last4: Some("4242".into()),
            kind: Some(CardTransactionType::Auth),
            auth_code: Some(Secret::new("661748".into())),
            reference_id: Some("1302091809".into()),
            state: Some(CardTransactionState::Closed),
            extra: Some(Nested::Draft(&[
                ("cvmResult", "SIGNATURE"),
                ("applicationIdentifier", "A0000000031010"),
                ("authorizingNetworkName", "VISA"),
            ])),
            cardholder_name: Some("DOE/JANE \"Q\"".into()),
            ..CardTransactionDraft::default()
        }),
        ..PaymentDraft::default()
    };
    let points = POINTS.map(|stroke| {
        stroke.map(|(x, y)| PointDraft {
            x: Some(x),
            y: Some(y),
            more: &[],
        })
    });
    let strokes = points.each_ref().map(|points| StrokeDraft {
        points: Some(Nested::Draft(points)),
        more: &[],
    });
    let finish = FinishOkDraft {
        payment: Some(InString::Draft(&payment)),
        signature: Some(SignatureDraft {
            width: Some(799),
            height: Some(666),
            strokes: Some(Nested::Draft(&strokes)),
            more: &[],
        }),
        request_info: Some(RequestInfo::Sale),
        ..FinishOkDraft::default()
    };
    write(&finish, room)
}
