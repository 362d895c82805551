//! The driver on real threads and sockets, against the simulated terminal.

#[path = "command_line/scripted.rs"]
mod scripted;

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use host_demo::sim::{Pairing, Seen, SimulatorOptions, SimulatorThread};
use proto_core::driver::{
    Builder, Config, Connector, Outcome, Park, PendingQuestion, ThreadPark, Ticket, TokenKey,
    Tokens,
};
use proto_core::link::{Link, LinkInfo, LinkKind, Step};
use proto_core::model::VaultedCardDraft;
use proto_core::pos::{Answer, AnsweredBy, Cause, Deadlines, Event, QuestionKind, Refusal, Sale};
use proto_core::redact::Secret;
use proto_core::terminal::{self, Identity};
use scripted::{DUPLICATE, OFFLINE, ScriptedTerminal, asks};
use transport_ws::{ClientOptions, WsClient, WsPark, parse_address};

/// Long enough for a machine that does something else; a failure takes this long, a success never.
const PATIENCE: Duration = Duration::from_secs(20);

fn simulator() -> (SimulatorThread, Receiver<Seen>) {
    let (seen, received) = channel();
    let options = SimulatorOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        pairing: Pairing::Auto,
        script: Vec::new().into(),
        allow_network: false,
    };
    let look = move |what: &Seen| {
        let _ = seen.send(what.clone());
    };
    (SimulatorThread::start(options, look).unwrap(), received)
}

fn config() -> Config {
    Config::new("com.example.test:1.0").accept_simulator(true)
}

fn connect(simulator: &SimulatorThread) -> Connector {
    let till = transport_ws::open(&simulator.url(), config())
        .unwrap()
        .on_question(|question| question.reject())
        .unwrap();
    till.ready(PATIENCE).unwrap();
    till
}

fn pay(till: &Connector, id: &str) -> Outcome {
    till.sale(Sale::new(1_000).external_id(id)).unwrap().wait()
}

#[test]
fn a_request_from_any_thread_wakes_the_loop_and_one_at_a_time_is_taken() {
    let (simulator, _seen) = simulator();
    let till = connect(&simulator);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let till = &till;
                scope.spawn(move || {
                    let id = format!("THREAD-{n}");
                    till.sale(Sale::new(1_000).external_id(&id))
                        .map(|ticket| ticket.wait())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let paid = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(paid >= 1);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.why, Refusal::Busy);
    }
}

#[test]
fn sales_follow_each_other_on_one_connection() {
    let (simulator, _seen) = simulator();
    let till = connect(&simulator);
    for n in 0..20 {
        let outcome = pay(&till, &format!("SALE-{n}"));
        let Outcome::Made {
            payment,
            remaining,
            summary,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert!(payment.id().starts_with("SIM"));
        assert_eq!(
            (remaining, summary.approved, summary.simulated),
            (0, 1_000, true)
        );
    }
}

#[test]
fn a_screen_that_is_due_is_sent_before_the_goodbye() {
    let (simulator, seen) = simulator();
    let till = connect(&simulator);
    let _ = pay(&till, "DUE");
    till.shutdown();
    let mut screens = Vec::new();
    loop {
        match seen.recv_timeout(PATIENCE).unwrap() {
            Seen::Disconnected(why) => {
                assert!(why.contains("closed"), "{why}");
                break;
            }
            screen @ (Seen::ThankYou | Seen::Welcome) => screens.push(screen),
            _ => {}
        }
    }
    assert_eq!(screens, [Seen::ThankYou, Seen::Welcome]);
}

/// What left and what was stored, in the order in which it happened.
type Order = Arc<Mutex<Vec<String>>>;

struct Watched(WsClient, Order);

impl Link for Watched {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        let step = self.0.step(out, buf).await;
        if let (Step::Sent, Some(out)) = (&step, out) {
            let method = proto_core::wire::name_in_head(out).unwrap().to_string();
            self.1.lock().unwrap().push(method);
        }
        step
    }

    fn close(&mut self) -> impl Future<Output = ()> {
        self.0.close()
    }
}

struct WatchedTokens(Order);

impl Tokens for WatchedTokens {
    fn load(&mut self, _key: TokenKey<'_>) -> std::io::Result<Option<String>> {
        Ok(None)
    }

    fn store(&mut self, _key: TokenKey<'_>, _token: &str) -> std::io::Result<()> {
        self.0.lock().unwrap().push("token stored".to_owned());
        Ok(())
    }

    fn forget(&mut self, _key: TokenKey<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

/// Tells every limit that it was asked to wait for.
struct WatchedPark(WsPark, Sender<Option<Duration>>);

impl Park for WatchedPark {
    fn park(&mut self, limit: Option<Duration>) -> std::io::Result<()> {
        let _ = self.1.send(limit);
        self.0.park(limit)
    }

    fn waker(&self) -> Waker {
        self.0.waker()
    }
}

#[test]
fn the_token_is_stored_before_anything_else_leaves_and_idle_waits_without_a_limit() {
    let (simulator, _seen) = simulator();
    let address = parse_address(&simulator.url(), false).unwrap();
    let (link, park) = WsClient::new(address, ClientOptions::default()).unwrap();
    let (limits, parked) = channel();
    let order = Order::default();
    let till = Builder::new(
        Watched(link, Arc::clone(&order)),
        WatchedPark(park, limits),
        "test",
        config(),
    )
    .tokens(WatchedTokens(Arc::clone(&order)))
    .on_question(|question| question.reject())
    .unwrap();
    till.ready(PATIENCE).unwrap();
    assert_eq!(
        *order.lock().unwrap(),
        ["PAIRING_REQUEST", "token stored", "DISCOVERY_REQUEST"]
    );
    // With nothing to do there is nothing to wake up for.
    while parked.recv_timeout(PATIENCE).unwrap().is_some() {}
}

/// A link that is up and brings nothing.
struct Quiet(bool);

impl Link for Quiet {
    async fn step<'b>(&mut self, _out: Option<&[u8]>, _buf: &'b mut [u8]) -> Step<'b> {
        if !std::mem::replace(&mut self.0, true) {
            return Step::Up(LinkInfo::new(LinkKind::Usb, "quiet"));
        }
        std::future::pending().await
    }

    async fn close(&mut self) {}
}

#[test]
fn a_closure_that_panics_leaves_nobody_waiting() {
    let till = Builder::new(Quiet(false), ThreadPark::new(), "test", config())
        .on_event(|_| panic!("a mistake of the application, made on purpose"))
        .on_question(|question| question.reject())
        .unwrap();
    assert!(till.ready(PATIENCE).is_err());
    assert_eq!(
        till.show_message("hello").unwrap_err().why,
        Refusal::NotReady
    );
}

/// A till that hands its questions to this thread, and what it is told of them.
struct Asked {
    till: Connector,
    questions: Receiver<PendingQuestion>,
    told: Receiver<String>,
}

fn asked(terminal: &ScriptedTerminal, within_ms: u64) -> Asked {
    let (hand_over, questions) = channel();
    let (tell, told) = channel();
    let config = config().deadlines(Deadlines {
        question: proto_core::time::Duration::from_millis(within_ms),
        ..Deadlines::DEFAULT
    });
    let till = transport_ws::open(&terminal.url, config)
        .unwrap()
        .on_event(move |event| {
            let _ = match event {
                Event::Answered(answered) if answered.by == AnsweredBy::Deadline => {
                    tell.send("rejected at the deadline".to_owned())
                }
                Event::Withdrawn(_) => tell.send("withdrawn".to_owned()),
                _ => return,
            };
        })
        .on_question(move |question| {
            question.later(|pending| {
                let _ = hand_over.send(pending);
            })
        })
        .unwrap();
    till.ready(PATIENCE).unwrap();
    Asked {
        till,
        questions,
        told,
    }
}

impl Asked {
    fn sell(&self) -> Ticket {
        self.till
            .sale(Sale::new(1_000).external_id("ASKED"))
            .unwrap()
    }

    fn question(&self) -> PendingQuestion {
        self.questions.recv_timeout(PATIENCE).unwrap()
    }

    fn told(&self) -> String {
        self.told.recv_timeout(PATIENCE).unwrap()
    }
}

#[test]
fn a_question_is_answered_later_from_another_thread() {
    let (act, answers) = asks(&[DUPLICATE, OFFLINE]);
    let terminal = ScriptedTerminal::start(act);
    let asked = asked(&terminal, 60_000);
    let ticket = asked.sell();
    let pending = asked.question();
    assert_eq!(pending.kind(), QuestionKind::Confirm);
    assert_eq!(pending.payment().amount(), Some(1_000));
    assert!(!pending.repeated() && pending.signature().is_none());
    let left = pending.time_left();
    assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(30));
    let answered = std::thread::spawn(move || {
        let reason = pending.challenges().nth(1).unwrap().reason();
        assert_eq!(reason, Some(OFFLINE.1));
        pending.answer(Answer::Reject(reason))
    });
    assert_eq!(answered.join().unwrap(), Ok(()));
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "REJECT_OFFLINE");
    assert_eq!(ticket.wait().summary().cause, Cause::RejectedChallenge);
}

#[test]
fn a_signature_is_looked_at_on_another_thread() {
    let (act, answers) = asks(&[]);
    let terminal = ScriptedTerminal::start(act);
    let asked = asked(&terminal, 60_000);
    let ticket = asked.sell();
    let pending = asked.question();
    let signature = pending.signature().unwrap();
    let points = signature.strokes().unwrap();
    let points = points.flat_map(|stroke| stroke.points().unwrap());
    assert_eq!((points.count(), pending.challenges().count()), (5, 0));
    assert!(pending.is_open());
    pending.answer(Answer::Accept).unwrap();
    // It counts once.
    let again = pending.answer(Answer::Reject(None)).unwrap_err();
    assert_eq!(again.why, Refusal::Stale);
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "signature true");
    assert_eq!(ticket.wait().summary().cause, Cause::Approved);
}

#[test]
fn a_question_that_is_dropped_is_rejected_at_its_deadline() {
    let (act, answers) = asks(&[DUPLICATE]);
    let terminal = ScriptedTerminal::start(act);
    let asked = asked(&terminal, 50);
    let ticket = asked.sell();
    drop(asked.question());
    assert_eq!(asked.told(), "rejected at the deadline");
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "NOT_APPROVED");
    assert_eq!(ticket.wait().summary().cause, Cause::RejectedChallenge);
}

#[test]
fn an_answer_after_the_deadline_is_stale() {
    let (act, answers) = asks(&[DUPLICATE]);
    let terminal = ScriptedTerminal::start(act);
    let asked = asked(&terminal, 50);
    let _ticket = asked.sell();
    let pending = asked.question();
    assert_eq!(asked.told(), "rejected at the deadline");
    assert!(!pending.is_open());
    let late = pending.answer(Answer::Accept).unwrap_err();
    assert_eq!(late.why, Refusal::Stale);
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "NOT_APPROVED");
}

#[test]
fn a_question_is_withdrawn_with_the_link_and_gone_with_the_connector() {
    for link in [true, false] {
        let (act, _answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let asked = asked(&terminal, 60_000);
        let _ticket = asked.sell();
        let pending = asked.question();
        assert!(pending.is_open());
        let why = if link {
            drop(terminal);
            assert_eq!(asked.told(), "withdrawn");
            Refusal::Stale
        } else {
            asked.till.shutdown();
            Refusal::NotReady
        };
        assert!(!pending.is_open());
        assert_eq!(pending.answer(Answer::Accept).unwrap_err().why, why);
    }
}

#[test]
fn an_answer_becomes_a_reply_by_itself() {
    for (answer, told) in [
        (Answer::Accept, "confirmed"),
        (Answer::Reject(None), "NOT_APPROVED"),
        (Answer::Reject(Some(OFFLINE.1)), "REJECT_OFFLINE"),
    ] {
        let (act, answers) = asks(&[DUPLICATE]);
        let terminal = ScriptedTerminal::start(act);
        let till = transport_ws::open(&terminal.url, config())
            .unwrap()
            .on_question(move |_| answer)
            .unwrap();
        till.ready(PATIENCE).unwrap();
        let _ = pay(&till, "REPLY");
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), told);
    }
}

#[test]
fn a_vaulted_card_is_refused_before_anything_is_sent_if_the_merchant_cannot_vault() {
    let identity = Identity {
        vault_card: false,
        ..Identity::SIMULATOR
    };
    let terminal = ScriptedTerminal::start_as(identity, |_, event| {
        assert!(!matches!(event, terminal::Event::Started(_)));
    });
    let asked = asked(&terminal, 60_000);
    let card = VaultedCardDraft {
        token: Some(Secret::new("7281340072134242".into())),
        ..VaultedCardDraft::default()
    };
    let sale = Sale {
        vaulted_card: Some(card),
        ..Sale::new(1_000).external_id("VAULT")
    };
    let refused = asked.till.sale(sale).unwrap_err();
    assert_eq!(refused.why, Refusal::Unsupported);
}

/// Threads and sockets of this process.
#[cfg(target_os = "linux")]
fn held() -> (Vec<String>, usize) {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let names = threads
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect();
    let files = std::fs::read_dir("/proc/self/fd").unwrap();
    let sockets = files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count();
    (names, sockets)
}

/// Runs itself again alone, because the other tests of this process have threads and sockets of their own.
#[test]
#[cfg(target_os = "linux")]
fn a_shutdown_leaves_no_thread_and_no_socket_behind() {
    const ALONE: &str = "REMOTE_PAY_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_shutdown_leaves_no_thread_and_no_socket_behind",
            ])
            .env(ALONE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let (_, sockets_before) = held();
    let (simulator, _seen) = simulator();
    let till = connect(&simulator);
    let _ = pay(&till, "LEAK");
    let (threads, sockets) = held();
    assert!(
        threads.iter().any(|name| name == "remote-pay"),
        "{threads:?}"
    );
    assert!(sockets > sockets_before);
    till.shutdown();
    drop(simulator);
    let (threads, sockets) = held();
    assert!(
        !threads
            .iter()
            .any(|name| name == "remote-pay" || name == "simulator"),
        "{threads:?}"
    );
    assert_eq!(sockets, sockets_before);
}
