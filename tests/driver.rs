//! The driver on real threads and sockets, against the simulated terminal.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use host_demo::sim::{Pairing, Seen, SimulatorOptions, SimulatorThread};
use proto_core::driver::{Builder, Config, Connector, Outcome, Park, ThreadPark, TokenKey, Tokens};
use proto_core::link::{Link, LinkInfo, LinkKind, Step};
use proto_core::pos::{Refusal, Sale};
use transport_ws::{ClientOptions, WsClient, WsPark, parse_address};

/// Long enough for a machine that does something else; a failure takes this long, a success never.
const PATIENCE: Duration = Duration::from_secs(20);

fn simulator() -> (SimulatorThread, Receiver<Seen>) {
    let (seen, received) = channel();
    let options = SimulatorOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        pairing: Pairing::Auto,
        outcomes: Vec::new(),
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
