//! A clerk at the point of sale: sells baskets, retries, answers questions, and keeps books of what the point of
//! sale says happened to the money.

use std::collections::{BTreeMap, BTreeSet};

use proto_core::journal::{Record, RecordState};
use proto_core::pos::{
    Answer, Auth, Certainty, Env, Event, ExternalId, ManualRefund, Missing, Money, Pos, PreAuth,
    Question, RefundPayment, Refusal, RequestId, RequestKind, Sale, Summary, Unsolicited,
    VoidPayment,
};
use proto_core::time::Instant;
use proto_core::wire::names::VoidReason;

use crate::random::Random;
use crate::rule::Rule;

/// What the clerk believes of one attempt to move money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Belief {
    /// Nothing was said yet.
    Open,
    /// It was made.
    Made {
        /// What was charged or given back.
        amount: i64,
        /// The tip.
        tip: i64,
        /// The terminal's id.
        payment: String,
    },
    /// It was not made.
    NotMade,
    /// It is unknown, and this is missing.
    Unknown(Option<Missing>),
}

/// One attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// What was asked for.
    pub(crate) kind: RequestKind,
    /// What it is for.
    pub(crate) basket: usize,
    /// How much was asked for.
    pub(crate) amount: i64,
    /// The payment that a refund or a void is about.
    pub(crate) payment: Option<String>,
    /// The external id of that payment, if the point of sale was told it: the key to look it up.
    pub(crate) original: Option<String>,
    /// The terminal that was asked.
    pub(crate) terminal: String,
    /// What the clerk believes.
    pub(crate) belief: Belief,
    /// An outcome that was told was contradicted later.
    pub(crate) contradicted: bool,
    /// The till was released although it was unknown.
    pub(crate) parked: bool,
    /// Somebody else's payment was told while it was open: it may be this one under a wrong name.
    pub(crate) other_paid: bool,
}

impl Attempt {
    fn new(
        pos: &Pos<'_>,
        kind: RequestKind,
        basket: usize,
        amount: i64,
        payment: Option<String>,
    ) -> Self {
        Self {
            kind,
            basket,
            amount,
            payment,
            original: None,
            terminal: pos.terminal().serial.to_string(),
            belief: Belief::Open,
            contradicted: false,
            parked: false,
            other_paid: false,
        }
    }
}

/// What a customer wants to pay.
#[derive(Debug, Clone)]
struct Basket {
    price: i64,
    kind: RequestKind,
    /// Nobody tries any more.
    over: bool,
}

/// The reason of voids that the clerk asks for. No terminal voids for it by itself.
pub(crate) const BY_REQUEST: VoidReason<'static> = VoidReason::ReopenOrder;

/// What customers come for: mostly to buy.
const KINDS: [RequestKind; 6] = [
    RequestKind::Sale,
    RequestKind::Sale,
    RequestKind::Sale,
    RequestKind::Auth,
    RequestKind::PreAuth,
    RequestKind::ManualRefund,
];

/// The clerk and the books; they outlive the point of sale's process.
#[derive(Debug)]
pub(crate) struct Clerk {
    /// Every attempt by its external id.
    pub(crate) books: BTreeMap<String, Attempt>,
    /// Requests whose end could not be written.
    pub(crate) unwritten: BTreeSet<RequestId>,
    /// Rules that were broken.
    pub(crate) broken: Vec<(Rule, String)>,
    baskets: Vec<Basket>,
    random: Random,
    next_id: u32,
    /// The outcomes of this life of the process.
    told: BTreeMap<RequestId, u32>,
    /// The requests whose outcome this life owes: those of the lives before that were not stored.
    owed: BTreeSet<RequestId>,
    /// The request that was accepted in this life, and is open.
    open: Option<(RequestId, String)>,
    /// Nothing new is begun.
    pub(crate) closing: bool,
    /// What is still to be stored.
    store: Vec<Summary>,
    /// Questions that are void.
    void: Vec<Question>,
}

impl Clerk {
    /// A clerk with some baskets to sell.
    #[must_use]
    pub(crate) fn new(mut random: Random) -> Self {
        let baskets = (0..random.between(1, 4))
            .map(|_| Basket {
                price: i64::try_from(random.between(1, 40) * 50).unwrap_or(50),
                kind: *random.pick(&KINDS),
                over: false,
            })
            .collect();
        Self {
            books: BTreeMap::new(),
            unwritten: BTreeSet::new(),
            broken: Vec::new(),
            baskets,
            random,
            next_id: 0,
            told: BTreeMap::new(),
            owed: BTreeSet::new(),
            open: None,
            closing: false,
            store: Vec::new(),
            void: Vec::new(),
        }
    }

    /// The process of the point of sale was restarted: what it had in memory is gone.
    pub(crate) fn restarted(&mut self) {
        self.told.clear();
        self.owed.clear();
        self.open = None;
        self.store.clear();
        self.void.clear();
    }

    /// The new life has taken up this record of the one before.
    pub(crate) fn takes_up(&mut self, record: &Record) {
        if record.state != RecordState::Delivered {
            self.owed.insert(record.request);
        }
    }

    /// The requests of this life that have no outcome yet.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = RequestId> {
        let open = self.open.as_ref().map(|(request, _)| *request);
        self.owed.iter().copied().chain(open)
    }

    /// How many baskets there are.
    #[must_use]
    pub(crate) fn baskets(&self) -> usize {
        self.baskets.len()
    }

    /// The price of a basket.
    #[must_use]
    pub(crate) fn price(&self, basket: usize) -> i64 {
        self.baskets[basket].price
    }

    /// What the point of sale tells.
    pub(crate) fn hears(&mut self, now: Instant, pos: &mut Pos<'_>, event: &Event<'_>) {
        match event {
            Event::Outcome(outcome) => {
                let summary = &outcome.summary;
                self.owed.remove(&summary.request);
                let times = self.told.entry(summary.request).or_default();
                *times += 1;
                if *times > 1 {
                    self.breaks(Rule::OneOutcome, format!("{summary:?}"));
                }
                if self
                    .open
                    .as_ref()
                    .is_some_and(|(id, _)| *id == summary.request)
                {
                    self.open = None;
                }
                self.believes(summary);
            }
            Event::Resolved(outcome) => {
                if !self.told.contains_key(&outcome.summary.request)
                    && !self
                        .books
                        .contains_key(outcome.summary.external_id.as_str())
                {
                    self.breaks(Rule::OneOutcome, format!("resolved: {:?}", outcome.summary));
                }
                self.believes(&outcome.summary);
            }
            Event::Contradicted(payment) => {
                let id = payment
                    .external_payment_id()
                    .unwrap_or_default()
                    .to_string();
                if let Some(attempt) = self.books.get_mut(&id) {
                    attempt.contradicted = true;
                    attempt.belief = Belief::Made {
                        amount: payment.amount().unwrap_or(0),
                        tip: payment.tip_amount().unwrap_or(0),
                        payment: payment.id().unwrap_or_default().to_string(),
                    };
                }
            }
            Event::Unsolicited(Unsolicited::Payment(_)) => {
                if let Some((_, id)) = &self.open
                    && let Some(attempt) = self.books.get_mut(id)
                {
                    attempt.other_paid = true;
                }
            }
            Event::Withdrawn(question) => self.void.push(*question),
            Event::Answered(answered) => self.void.push(answered.question),
            Event::JournalFailed(request) => {
                self.unwritten.insert(*request);
            }
            Event::Confirm(asked) => {
                if let Some(answer) = self.decides() {
                    let answer = match answer {
                        Answer::Accept => asked.accept(),
                        Answer::Reject(_) => asked.reject_first(),
                    };
                    let _ = pos.answer(now, asked.question, answer);
                }
            }
            Event::Signature(asked) => {
                if let Some(answer) = self.decides() {
                    let _ = pos.answer(now, asked.question, answer);
                }
            }
            _ => {}
        }
    }

    fn decides(&mut self) -> Option<Answer<'static>> {
        match self.random.below(100) {
            0..75 => Some(Answer::Accept),
            75..90 => Some(Answer::Reject(None)),
            // The deadline decides.
            _ => None,
        }
    }

    fn believes(&mut self, summary: &Summary) {
        let Some(attempt) = self.books.get_mut(summary.external_id.as_str()) else {
            self.breaks(Rule::OneOutcome, format!("nobody asked for {summary:?}"));
            return;
        };
        attempt.belief = match summary.certainty {
            Certainty::Made(_) => Belief::Made {
                amount: summary.approved,
                tip: summary.tip,
                payment: summary.payment_id.as_deref().unwrap_or_default().to_owned(),
            },
            Certainty::NotMade => Belief::NotMade,
            Certainty::Unknown => Belief::Unknown(summary.missing),
        };
        if !self.random.percent(15) {
            self.store.push(summary.clone());
        }
    }

    /// A moment at the till.
    pub(crate) fn acts(&mut self, now: Instant, unix_ms: u64, pos: &mut Pos<'_>) {
        for told in std::mem::take(&mut self.store) {
            // Given up by the point of sale if it had no room; then it is told again after a restart.
            let _ = pos.outcome_stored(&told);
        }
        let env = Env {
            unix_ms: Some(unix_ms),
        };
        if !self.void.is_empty() && self.random.percent(50) {
            // Somebody answers late.
            let question = *self.random.pick(&self.void);
            if pos.answer(now, question, Answer::Accept).is_ok() {
                self.breaks(Rule::NoStaleAnswer, format!("{question:?}"));
            }
        }
        if let Some((request, _)) = &self.open {
            if self.random.percent(4) {
                let _ = pos.cancel(now, *request);
            }
            return;
        }
        if self.closing || !pos.is_ready() {
            return;
        }
        if self.random.percent(10) {
            self.parks(pos);
        }
        if self.random.percent(15) && self.undoes(now, env, pos) {
            return;
        }
        let Some(basket) = (0..self.baskets.len()).find(|at| !self.baskets[*at].over) else {
            return;
        };
        self.sells(now, env, pos, basket);
    }

    /// Releases the till, and tries that basket no more: it may be paid.
    fn parks(&mut self, pos: &mut Pos<'_>) {
        let Some(id) = pos.unresolved().map(|record| record.external_id.clone()) else {
            return;
        };
        if pos.park(&id).is_ok()
            && let Some(attempt) = self.books.get_mut(id.as_str())
        {
            attempt.parked = true;
            self.baskets[attempt.basket].over = true;
        }
    }

    fn sells(&mut self, now: Instant, env: Env, pos: &mut Pos<'_>, basket: usize) {
        let Basket { price, kind, .. } = self.baskets[basket];
        // What is paid already, and whether somebody said that another terminal must be asked first.
        let (mut paid, mut elsewhere, mut tries) = (0, false, 0);
        for attempt in self
            .books
            .values()
            .filter(|attempt| attempt.basket == basket)
        {
            tries += 1;
            match &attempt.belief {
                Belief::Made { amount, .. } => paid += amount,
                Belief::Unknown(missing) => {
                    elsewhere |= attempt.terminal != pos.terminal().serial.as_str()
                        || *missing == Some(Missing::Terminal);
                }
                Belief::Open => elsewhere |= attempt.terminal != pos.terminal().serial.as_str(),
                Belief::NotMade => {}
            }
        }
        let left = price - paid;
        if left <= 0 || tries >= 6 {
            self.baskets[basket].over = true;
            return;
        }
        if elsewhere {
            return;
        }
        let id = self.fresh_id();
        let sale = Sale {
            allow_offline: Some(true),
            auto_accept_signature: Some(self.random.percent(50)),
            ..Sale::new(left).external_id(&id)
        };
        let asked = match kind {
            RequestKind::Auth => self.asks(pos, now, &Auth::new(sale), env),
            RequestKind::PreAuth => self.asks(pos, now, &PreAuth::new(sale), env),
            RequestKind::ManualRefund => self.asks(pos, now, &ManualRefund::new(sale), env),
            _ => self.asks(pos, now, &sale, env),
        };
        let attempt = Attempt::new(pos, kind, basket, left, None);
        self.noted(asked, id, attempt);
    }

    /// Voids or refunds something that was paid, or reserved; sometimes what was voided already, in vain.
    fn undoes(&mut self, now: Instant, env: Env, pos: &mut Pos<'_>) -> bool {
        let here = pos.terminal().serial.to_string();
        let again = self.random.percent(30);
        let undone = |payment: &str| {
            let mut undoing = self
                .books
                .values()
                .filter(|other| other.payment.as_deref() == Some(payment));
            match again {
                true => undoing.any(|other| {
                    other.kind == RequestKind::Refund || other.belief == Belief::NotMade
                }),
                false => undoing.next().is_some(),
            }
        };
        let found = self.books.iter().find_map(|(id, attempt)| {
            let Belief::Made {
                amount, payment, ..
            } = &attempt.belief
            else {
                return None;
            };
            (attempt.kind.is_charge() && attempt.terminal == here && !undone(payment))
                .then(|| (id.clone(), *amount, payment.clone(), attempt.basket))
        });
        let Some((original, amount, payment, basket)) = found else {
            return false;
        };
        let id = self.fresh_id();
        let original = self.random.percent(70).then_some(original);
        let (kind, part, asked) = if !again && self.random.percent(50) {
            let void = VoidPayment {
                original: original.as_deref(),
                ..VoidPayment::new(&payment, BY_REQUEST).external_id(&id)
            };
            let asked = self.asks(pos, now, &void, env);
            (RequestKind::Void, 0, asked)
        } else {
            let part = (amount / 2).max(1);
            let refund = RefundPayment {
                original: original.as_deref(),
                ..RefundPayment::partial(&payment, part).external_id(&id)
            };
            let asked = self.asks(pos, now, &refund, env);
            (RequestKind::Refund, part, asked)
        };
        self.baskets[basket].over = true;
        let attempt = Attempt {
            original,
            ..Attempt::new(pos, kind, basket, part, Some(payment))
        };
        self.noted(asked, id, attempt);
        true
    }

    fn asks(
        &mut self,
        pos: &mut Pos<'_>,
        now: Instant,
        money: &impl Money,
        env: Env,
    ) -> Option<RequestId> {
        match pos.ask(now, money, env) {
            Ok(request) => Some(request),
            Err(refused) => {
                let fine = matches!(
                    refused.why,
                    Refusal::NotReady | Refusal::Busy | Refusal::Unresolved(_)
                );
                if !fine {
                    self.breaks(Rule::Memory, format!("refused: {refused:?}"));
                }
                None
            }
        }
    }

    /// An attempt that was accepted goes into the books.
    fn noted(&mut self, asked: Option<RequestId>, id: String, attempt: Attempt) {
        if let Some(request) = asked {
            self.open = Some((request, id.clone()));
            self.books.insert(id, attempt);
        }
    }

    fn fresh_id(&mut self) -> String {
        self.next_id += 1;
        let id = ExternalId::new(&format!("ID-{}", self.next_id));
        id.map_or_else(String::new, |id| id.to_string())
    }

    fn breaks(&mut self, rule: Rule, what: String) {
        self.broken.push((rule, what));
    }
}
