//! Requests that start a transaction: sale, auth, pre-auth and manual refund.

use super::sealed::Sealed;
use super::{Asked, ExternalId, Refused, RequestKind, checked_id, first_broken};
use crate::message::{MessageDraft, TxStartDraft};
use crate::model::{
    CARD_ENTRY_DEFAULT, PayIntentDraft, TipSuggestionDraft, TransactionSettingsDraft,
    VaultedCardDraft,
};
use crate::time::Duration;
use crate::wire::Nested;
use crate::wire::json::Text;
use crate::wire::names::{DataEntryLocation, RequestInfo, TipMode, TransactionType};

/// A sale (`protocol/connector.md` §5.1): charge an amount now.
///
/// What is `None` is the merchant's setting.
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "SaleRequest")]
pub struct Sale<'a> {
    /// The total in minor units, without the tip. Above zero.
    #[doc(alias = "Amount")]
    pub amount: i64,
    /// The id of this attempt, 1 to 32 characters.
    #[doc(alias = "ExternalId")]
    pub external_id: &'a str,
    /// A second id, e.g. the invoice number.
    pub external_reference_id: Option<&'a str>,
    /// The tip in minor units, if it is known already; needs [`TipMode::TipProvided`] or no tip mode.
    pub tip_amount: Option<i64>,
    /// The tax in minor units, part of the amount.
    pub tax_amount: Option<i64>,
    /// Where the tip comes from.
    pub tip_mode: Option<TipMode<'a>>,
    /// What tips in percent are counted on, in minor units.
    pub tippable_amount: Option<i64>,
    /// Tips to offer, at most four.
    pub tip_suggestions: &'a [TipSuggestionDraft<'a>],
    /// Ways to read a card; see [`CARD_ENTRY_DEFAULT`].
    pub card_entry_methods: Option<i64>,
    /// A card token to charge; the terminal must support it.
    pub vaulted_card: Option<VaultedCardDraft<'a>>,
    /// The card is not there.
    pub card_not_present: bool,
    /// Offer a QR code only.
    pub present_qrc_only: bool,
    /// Refuse an approval for less.
    pub refuse_partial: bool,
    /// The terminal does not print; the application is told what to print.
    pub disable_printing: Option<bool>,
    /// Skip the receipt screen.
    pub disable_receipt_selection: Option<bool>,
    /// No question about cash back.
    pub disable_cashback: Option<bool>,
    /// No question about possible duplicates.
    #[doc(alias = "DisableDuplicateChecking")]
    pub disable_duplicate_checking: Option<bool>,
    /// End after a failed card.
    pub disable_restart_on_failure: Option<bool>,
    /// The terminal accepts challenges by itself.
    pub auto_accept_confirmations: Option<bool>,
    /// The terminal accepts signatures by itself.
    #[doc(alias = "AutoAcceptSignature")]
    pub auto_accept_signature: Option<bool>,
    /// A signature is asked for from this amount in minor units.
    pub signature_threshold: Option<i64>,
    /// Where the signature is given.
    pub signature_location: Option<DataEntryLocation<'a>>,
    /// Whether it may be taken offline.
    pub allow_offline: Option<bool>,
    /// Take it offline without asking.
    pub approve_offline_without_prompt: Option<bool>,
    /// Take it offline even when online.
    pub force_offline: Option<bool>,
    /// Texts that are passed through.
    pub extras: &'a [(&'a str, &'a str)],
    /// Texts for one region's rules.
    pub regional_extras: &'a [(&'a str, &'a str)],
    /// How long to wait for the outcome, if not as long as usual.
    pub deadline: Option<Duration>,
    /// Ask again under an external id that was sent before: the terminal may answer that it knows it.
    pub retry: bool,
}

impl<'a> Sale<'a> {
    /// A sale of `amount` minor units. It needs an [`external_id`](Self::external_id).
    #[must_use]
    pub fn new(amount: i64) -> Self {
        Self {
            amount,
            ..Self::default()
        }
    }

    /// Sets the id of this attempt.
    #[must_use]
    pub fn external_id(mut self, id: &'a str) -> Self {
        self.external_id = id;
        self
    }
}

impl Sealed for Sale<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::Sale
    }

    /// `protocol/connector.md` §5.1, the connection and the capabilities aside.
    fn check(&self) -> Result<Asked, Refused> {
        let tip = self.tip_amount.unwrap_or(0);
        let provided = self.tip_mode == Some(TipMode::TipProvided);
        let external_id = checked_id(
            self.external_id,
            "In Sale : SaleRequest - The request ExternalId cannot be null or blank.",
            "In Sale : SaleRequest - The request ExternalId cannot be longer than 32 characters.",
        )?;
        first_broken(&[
            (
                self.amount <= 0,
                "In Sale : SaleRequest - The request amount cannot be zero.",
            ),
            (
                tip < 0,
                "In Sale : SaleRequest - The request tip amount cannot be less than zero.",
            ),
            (
                tip > 0 && self.tip_mode.is_some() && !provided,
                "In Sale : SaleRequest - TipMode must be null or TIP_PROVIDED when TipAmount is greater than zero.",
            ),
            (
                provided && self.tip_amount.is_none(),
                "In Sale : SaleRequest - TipAmount must be given when TipMode is TIP_PROVIDED.",
            ),
        ])?;
        Ok(self.asked(RequestKind::Sale, external_id))
    }

    fn with_draft(&self, asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        let tip = Some(self.tip_amount.unwrap_or(0));
        self.with_start(asked, TransactionType::Payment, self.amount, tip, write);
    }
}

impl<'a> Sale<'a> {
    fn asked(&self, kind: RequestKind, external_id: ExternalId) -> Asked {
        let on_screen = !matches!(
            self.signature_location,
            Some(DataEntryLocation::OnPaper | DataEntryLocation::None)
        );
        Asked {
            kind,
            external_id,
            payment: None,
            original: None,
            amount: self.amount,
            tip: self.tip_amount,
            needs_vault: self.vaulted_card.is_some(),
            draws_signature: on_screen && self.auto_accept_signature != Some(true),
            deadline: self.deadline,
            retry: self.retry,
        }
    }

    /// TX_START with everything that is set here (`protocol/connector.md` §5.1).
    fn with_start(
        &self,
        asked: &Asked,
        kind: TransactionType<'_>,
        amount: i64,
        tip: Option<i64>,
        write: &mut dyn FnMut(&dyn MessageDraft),
    ) {
        let settings = TransactionSettingsDraft {
            card_entry_methods: Some(self.card_entry_methods.unwrap_or(CARD_ENTRY_DEFAULT)),
            disable_cash_back: self.disable_cashback,
            clover_should_handle_receipts: self.disable_printing.map(|disable| !disable),
            disable_restart_transaction_on_failure: self.disable_restart_on_failure,
            allow_offline_payment: self.allow_offline,
            approve_offline_payment_without_prompt: self.approve_offline_without_prompt,
            force_offline_payment: self.force_offline,
            signature_threshold: self.signature_threshold,
            signature_entry_location: self.signature_location,
            tip_mode: self.tip_mode,
            tippable_amount: self.tippable_amount,
            disable_receipt_selection: self.disable_receipt_selection,
            disable_duplicate_check: self.disable_duplicate_checking,
            auto_accept_payment_confirmations: self.auto_accept_confirmations,
            auto_accept_signature: self.auto_accept_signature,
            tip_suggestions: (!self.tip_suggestions.is_empty())
                .then_some(Nested::Draft(self.tip_suggestions)),
            regional_extras: (!self.regional_extras.is_empty())
                .then_some(Nested::Draft(self.regional_extras)),
            ..TransactionSettingsDraft::default()
        };
        let info = match asked.kind {
            RequestKind::Auth => RequestInfo::Auth,
            RequestKind::PreAuth => RequestInfo::Preauth,
            RequestKind::ManualRefund => RequestInfo::Credit,
            _ => RequestInfo::Sale,
        };
        write(&TxStartDraft {
            pay_intent: Some(PayIntentDraft {
                transaction_type: Some(kind),
                amount: Some(amount),
                tip_amount: tip,
                tax_amount: self.tax_amount,
                external_payment_id: Some(asked.external_id.as_str().into()),
                external_reference_id: self.external_reference_id.map(Text::from),
                vaulted_card: self.vaulted_card,
                is_card_not_present: Some(self.card_not_present),
                is_present_qrc_only: self.present_qrc_only.then_some(true),
                requires_remote_confirmation: Some(true),
                allow_partial_auth: Some(!self.refuse_partial),
                is_testing: Some(false),
                transaction_settings: Some(settings),
                pass_through_values: (!self.extras.is_empty())
                    .then_some(Nested::Draft(self.extras)),
                ..PayIntentDraft::default()
            }),
            request_info: Some(info),
            ..TxStartDraft::default()
        });
    }
}

/// An authorisation (`protocol/connector.md` §5.2): charge an amount now, the tip is added on paper and
/// adjusted later.
///
/// All options of a sale but those about the tip; what is `None` is the merchant's setting.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[doc(alias = "AuthRequest")]
pub struct Auth<'a>(Sale<'a>);

/// A pre-authorisation (`protocol/connector.md` §5.3): reserve an amount, to be captured later. No signature
/// and no tip.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[doc(alias = "PreAuthRequest")]
pub struct PreAuth<'a>(Sale<'a>);

/// A refund without a payment (`protocol/connector.md` §5.11). The amount is positive, as what goes back.
#[cfg(feature = "refund")]
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[doc(alias = "ManualRefundRequest")]
pub struct ManualRefund<'a>(Sale<'a>);

impl<'a> Auth<'a> {
    /// An authorisation with the amount, external id and options of this sale. Its tip options have no
    /// meaning here and are not sent.
    #[must_use]
    pub const fn new(like: Sale<'a>) -> Self {
        Self(Sale {
            tip_amount: None,
            tip_mode: Some(TipMode::OnPaper),
            tip_suggestions: &[],
            ..like
        })
    }
}

impl<'a> PreAuth<'a> {
    /// A pre-authorisation with the amount, external id and options of this sale. Its tip and signature
    /// options have no meaning here and are not sent.
    #[must_use]
    pub const fn new(like: Sale<'a>) -> Self {
        Self(Sale {
            tip_amount: None,
            tip_mode: Some(TipMode::NoTip),
            tippable_amount: None,
            tip_suggestions: &[],
            auto_accept_signature: None,
            signature_threshold: None,
            signature_location: None,
            ..like
        })
    }
}

#[cfg(feature = "refund")]
impl<'a> ManualRefund<'a> {
    /// A manual refund with the amount, external id and options of this sale. Its tip options have no meaning
    /// here and are not sent.
    #[must_use]
    pub const fn new(like: Sale<'a>) -> Self {
        Self(Sale {
            tip_amount: None,
            tip_mode: Some(TipMode::NoTip),
            tippable_amount: None,
            tip_suggestions: &[],
            ..like
        })
    }
}

impl Sealed for Auth<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::Auth
    }

    fn check(&self) -> Result<Asked, Refused> {
        let external_id = checked_id(
            self.0.external_id,
            "In Auth : AuthRequest - The request ExternalId cannot be null or blank.",
            "In Auth : AuthRequest - The request ExternalId cannot be longer than 32 characters.",
        )?;
        first_broken(&[(
            self.0.amount <= 0,
            "In Auth : AuthRequest - The request amount cannot be zero.",
        )])?;
        Ok(self.0.asked(RequestKind::Auth, external_id))
    }

    fn with_draft(&self, asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        let sale = &self.0;
        sale.with_start(asked, TransactionType::Payment, sale.amount, None, write);
    }
}

impl Sealed for PreAuth<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::PreAuth
    }

    fn check(&self) -> Result<Asked, Refused> {
        let external_id = checked_id(
            self.0.external_id,
            "In PreAuth : PreAuthRequest - The request ExternalId cannot be null or blank.",
            "In PreAuth : PreAuthRequest - The request ExternalId cannot be longer than 32 characters.",
        )?;
        first_broken(&[(
            self.0.amount <= 0,
            "In PreAuth : PreAuthRequest - The request amount cannot be zero.",
        )])?;
        Ok(Asked {
            // A pre-authorisation asks for no signature (`protocol/connector.md` §9.3).
            draws_signature: false,
            ..self.0.asked(RequestKind::PreAuth, external_id)
        })
    }

    fn with_draft(&self, asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        let sale = &self.0;
        sale.with_start(asked, TransactionType::Auth, sale.amount, None, write);
    }
}

#[cfg(feature = "refund")]
impl Sealed for ManualRefund<'_> {
    fn kind(&self) -> RequestKind {
        RequestKind::ManualRefund
    }

    fn check(&self) -> Result<Asked, Refused> {
        let external_id = checked_id(
            self.0.external_id,
            "In ManualRefund : ManualRefundRequest - The request ExternalId cannot be null or blank.",
            "In ManualRefund : ManualRefundRequest - The request ExternalId cannot be longer than 32 characters.",
        )?;
        first_broken(&[(
            self.0.amount <= 0,
            "In ManualRefund : ManualRefundRequest Amount must be greater than zero.",
        )])?;
        Ok(self.0.asked(RequestKind::ManualRefund, external_id))
    }

    fn with_draft(&self, asked: &Asked, write: &mut dyn FnMut(&dyn MessageDraft)) {
        let sale = &self.0;
        // Negative on the wire.
        let amount = sale.amount.saturating_neg();
        sale.with_start(asked, TransactionType::Credit, amount, None, write);
    }
}
