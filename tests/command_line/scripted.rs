//! A terminal in this process that does what a test says.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;

use proto_core::driver::{Park as _, StdClock, block_on};
use proto_core::message::{ConfirmPaymentDraft, VerifySignatureDraft};
use proto_core::model::{
    ChallengeDraft, InputOptionDraft, PaymentDraft, PointDraft, SignatureDraft, StrokeDraft,
};
use proto_core::run::{Inbox, NoJournal, Parts, drive};
use proto_core::terminal::{Event, Identity, Terminal};
use proto_core::time::Instant;
use proto_core::wire::names::{KeyPress, PaymentResult, UiDirection, UiState, VoidReason};
use proto_core::wire::{InString, Nested};
use transport_ws::{ServerOptions, WsServer};

/// What a scripted terminal does with an event.
type Act = Box<dyn FnMut(&mut Terminal<'_>, &Event<'_>) + Send>;

/// A terminal that does what a test says: it pairs with everybody by itself.
pub(crate) struct ScriptedTerminal {
    pub(crate) url: String,
    stop: Arc<Stop>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    now: AtomicBool,
}

struct StopInbox(Arc<Stop>);

impl Inbox<Terminal<'_>> for StopInbox {
    fn ready(&mut self) -> impl Future<Output = ()> {
        std::future::poll_fn(|_| {
            if self.0.now.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    fn deliver(&mut self, _now: Instant, _terminal: &mut Terminal<'_>) -> ControlFlow<()> {
        if self.0.now.load(Ordering::SeqCst) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl ScriptedTerminal {
    pub(crate) fn start(act: impl FnMut(&mut Terminal<'_>, &Event<'_>) + Send + 'static) -> Self {
        Self::start_as(Identity::SIMULATOR, act)
    }

    /// A terminal that says this of itself.
    pub(crate) fn start_as(
        identity: Identity<'static>,
        act: impl FnMut(&mut Terminal<'_>, &Event<'_>) + Send + 'static,
    ) -> Self {
        Self::boxed(identity, Box::new(act))
    }

    fn boxed(identity: Identity<'static>, mut act: Act) -> Self {
        let here = ([127, 0, 0, 1], 0).into();
        let (mut link, mut park) = WsServer::bind(here, ServerOptions::default()).unwrap();
        let url = format!("ws://{}/remote_pay", link.local_addr());
        let waker = park.waker();
        let stop = Arc::new(Stop::default());
        let mut inbox = StopInbox(Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut send = vec![0; 65_536];
            let mut terminal = Terminal::new(identity, send.as_mut_slice());
            let clock = StdClock::new();
            let (mut buffer, mut join) = (vec![0; 8_192], Vec::new());
            let parts = Parts {
                role: &mut terminal,
                link: &mut link,
                journal: &mut NoJournal,
                inbox: &mut inbox,
                clock: &clock,
                buffer: &mut buffer,
                join: &mut join,
            };
            let handler = move |_: Instant, terminal: &mut Terminal<'_>, event: Event<'_>| {
                if let Event::PairingRequested(_) = event {
                    terminal.accept_pairing("SCRIPTED-TOKEN", None).unwrap();
                }
                act(terminal, &event);
            };
            let _ = block_on(&mut park, || clock.next_wake(), drive(parts, handler));
        });
        Self {
            url,
            stop,
            waker,
            thread: Some(thread),
        }
    }
}

impl Drop for ScriptedTerminal {
    fn drop(&mut self) {
        self.stop.now.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts a transaction: accepted, and the first screen with a cancel key.
pub(crate) fn begin(terminal: &mut Terminal<'_>) {
    let cancel = [InputOptionDraft {
        key_press: Some(KeyPress::Esc),
        description: Some("Cancel".into()),
        more: &[],
    }];
    terminal.accept_start().unwrap();
    terminal
        .screen(UiState::Start, UiDirection::Enter, "Choosing", &cancel)
        .unwrap();
}

/// A payment of this amount, approved.
pub(crate) fn paid(amount: i64) -> PaymentDraft<'static> {
    PaymentDraft {
        id: Some("SIMSCRIPTED01".into()),
        amount: Some(amount),
        result: Some(PaymentResult::Success),
        ..PaymentDraft::default()
    }
}

/// A challenge with its reason.
pub(crate) type Asked = (&'static str, VoidReason<'static>);

/// A possible duplicate.
pub(crate) const DUPLICATE: Asked = ("Paid twice?", VoidReason::RejectDuplicate);
/// No network.
pub(crate) const OFFLINE: Asked = ("Without a network?", VoidReason::RejectOffline);

/// Asks the merchant to decide on these about the payment of the running transaction.
pub(crate) fn challenge(terminal: &mut Terminal<'_>, asked: &[Asked]) {
    let challenges: Vec<_> = asked
        .iter()
        .map(|(message, reason)| ChallengeDraft {
            message: Some((*message).into()),
            reason: Some(*reason),
            ..ChallengeDraft::default()
        })
        .collect();
    let id = terminal.running().unwrap().to_owned();
    let payment = PaymentDraft {
        external_payment_id: Some(id.as_str().into()),
        ..paid(1_000)
    };
    let draft = ConfirmPaymentDraft {
        payment: Some(InString::Draft(&payment)),
        challenges: Some(Nested::Draft(&challenges)),
        more: &[],
    };
    terminal.send(&draft).unwrap();
}

/// Two lines that cross, and a dot.
pub(crate) const STROKES: [StrokeDraft<'static>; 3] = {
    const fn at(x: i64, y: i64) -> PointDraft<'static> {
        PointDraft {
            x: Some(x),
            y: Some(y),
            more: &[],
        }
    }
    const fn stroke(points: &'static [PointDraft<'static>]) -> StrokeDraft<'static> {
        StrokeDraft {
            points: Some(Nested::Draft(points)),
            more: &[],
        }
    }
    const DOWN: [PointDraft<'static>; 2] = [at(10, 10), at(90, 50)];
    const UP: [PointDraft<'static>; 2] = [at(10, 50), at(90, 10)];
    const DOT: [PointDraft<'static>; 1] = [at(50, 5)];
    [stroke(&DOWN), stroke(&UP), stroke(&DOT)]
};

/// The signature that a scripted customer gives.
pub(crate) fn signature() -> SignatureDraft<'static> {
    SignatureDraft {
        width: Some(100),
        height: Some(60),
        strokes: Some(Nested::Draft(&STROKES)),
        more: &[],
    }
}

/// Asks the merchant to check the signature.
pub(crate) fn ask_for_signature_check(terminal: &mut Terminal<'_>) {
    let id = terminal.running().unwrap().to_owned();
    let payment = PaymentDraft {
        external_payment_id: Some(id.as_str().into()),
        ..paid(1_000)
    };
    let draft = VerifySignatureDraft {
        payment: Some(InString::Draft(&payment)),
        signature: Some(signature()),
        more: &[],
    };
    terminal.send(&draft).unwrap();
}

/// A terminal that asks the merchant to decide on these, or to check a signature if there are none, and ends the
/// transaction as it is answered; with the answers that it gets.
pub(crate) fn asks(
    asked: &'static [Asked],
) -> (
    impl FnMut(&mut Terminal<'_>, &Event<'_>) + Send + 'static,
    Receiver<String>,
) {
    let (answers, received) = channel();
    let act = move |terminal: &mut Terminal<'_>, event: &Event<'_>| {
        let (answer, good) = match event {
            Event::Started(_) => {
                begin(terminal);
                return match asked {
                    [] => ask_for_signature_check(terminal),
                    asked => challenge(terminal, asked),
                };
            }
            Event::Confirmed(_) => ("confirmed".to_owned(), true),
            Event::Rejected(it) => (it.reason().unwrap().to_string(), false),
            Event::SignatureVerified(it) => {
                let verified = it.verified().unwrap();
                (format!("signature {verified}"), verified)
            }
            _ => return,
        };
        let _ = answers.send(answer);
        if good {
            terminal.finish_ok(&paid(1_000)).unwrap();
        } else {
            terminal.finish_cancel().unwrap();
        }
    };
    (act, received)
}
