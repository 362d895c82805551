//! Cards that a customer may have. Their numbers are never made: nobody sees more than the ends of one.

use proto_core::wire::names::{CardEntryType, CardType};

use super::asked::{CHIP, CONTACTLESS, MANUAL, SWIPE, Tender};
use super::random::Random;

/// What was read of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) brand: Brand,
    pub(super) first6: String,
    pub(super) last4: String,
    pub(super) name: Option<String>,
    pub(super) entry: CardEntryType<'static>,
}

/// A network, with the first digits that its test cards have in public documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brand {
    pub(super) card_type: CardType<'static>,
    first6: &'static [&'static str],
    /// The application on its chip (EMV AID), and its name there.
    pub(super) application: &'static str,
    pub(super) label: &'static str,
}

impl Card {
    /// The card that this customer presents.
    pub(super) fn present(tender: &Tender, random: &mut Random) -> Self {
        if let Tender::Vaulted {
            first6,
            last4,
            name,
        } = tender
        {
            // The first digit tells these networks apart.
            let known = BRANDS.into_iter().find(|brand| {
                brand
                    .first6
                    .iter()
                    .any(|own| own.get(..1) == first6.get(..1))
            });
            return Self {
                brand: known.unwrap_or(VISA),
                first6: first6.clone(),
                last4: last4.clone(),
                name: name.clone(),
                entry: CardEntryType::Vaulted,
            };
        }
        let entry = match tender {
            Tender::QrCode => CardEntryType::QrCode,
            Tender::Card(ways) => read(*ways, random),
            Tender::Vaulted { .. } => CardEntryType::Vaulted,
        };
        let brand = random.one_of(&BRANDS).unwrap_or(VISA);
        let first6 = random.one_of(brand.first6).unwrap_or_default();
        Self {
            brand,
            first6: first6.to_owned(),
            last4: random.digits(4),
            name: random.one_of(&NAMES).map(str::to_owned),
            entry,
        }
    }
}

/// One of the ways that the sale allows.
fn read(ways: i64, random: &mut Random) -> CardEntryType<'static> {
    let all = [
        (CONTACTLESS, CardEntryType::EmvContactless),
        (CHIP, CardEntryType::EmvContact),
        (SWIPE, CardEntryType::Swiped),
        (MANUAL, CardEntryType::Keyed),
    ];
    let allowed: Vec<_> = all
        .into_iter()
        .filter(|(way, _)| ways & way != 0)
        .map(|(_, entry)| entry)
        .collect();
    random
        .one_of(&allowed)
        .unwrap_or(CardEntryType::EmvContactless)
}

const VISA: Brand = Brand {
    card_type: CardType::Visa,
    first6: &["411111", "401288", "476173"],
    application: "A0000000031010",
    label: "VISA CREDIT",
};

const BRANDS: [Brand; 4] = [
    VISA,
    Brand {
        card_type: CardType::Mc,
        first6: &["555555", "510510", "222300"],
        application: "A0000000041010",
        label: "MASTERCARD",
    },
    Brand {
        card_type: CardType::Amex,
        first6: &["378282", "371449"],
        application: "A00000002501",
        label: "AMERICAN EXPRESS",
    },
    Brand {
        card_type: CardType::Discover,
        first6: &["601111", "601100"],
        application: "A0000001523010",
        label: "DISCOVER",
    },
];

const NAMES: [&str; 4] = ["DOE/JANE Q", "ROE/RICHARD", "SMITH/ALEX", "GARCÍA/MARÍA"];
