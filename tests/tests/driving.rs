//! The loop that joins a role with its link (`proto_core::run`), under a clock that jumps.

use std::cell::Cell;
use std::future::{Future, pending};
use std::ops::ControlFlow;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use proto_core::link::{Down, DownReason, Link, LinkInfo, LinkKind, Step};
use proto_core::pos::{Config, Event, Memory, Pos};
use proto_core::run::{Clock, Inbox, NoJournal, Parts, drive};
use proto_core::time::Instant;
use serde_json::json;

/// Time jumps to what is waited for.
struct Jumping(Cell<u64>);

impl Clock for Jumping {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.get())
    }

    async fn sleep_until(&self, at: Option<Instant>) {
        match at {
            Some(at) => self.0.set(self.0.get().max(at.as_millis())),
            None => pending().await,
        }
    }
}

/// Makes no requests, and ends the loop at this time.
struct Until(u64);

impl Inbox<Pos<'_>> for Until {
    async fn ready(&mut self) {
        pending::<()>().await;
    }

    fn deliver(&mut self, now: Instant, _: &mut Pos<'_>) -> ControlFlow<()> {
        if now.as_millis() < self.0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

/// How often the link has messages before it goes down.
const LIVES_THAT_WORK: usize = 3;

/// A link that comes up and goes down again at once; in between it has messages for the point of sale.
struct Flapping {
    up: bool,
    messages: usize,
    waiting: usize,
    attempts: Rc<Cell<usize>>,
}

impl Link for Flapping {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        if !self.up {
            self.attempts.set(self.attempts.get() + 1);
            assert!(self.attempts.get() < 10_000, "it spins");
            self.up = true;
            if self.attempts.get() <= LIVES_THAT_WORK {
                self.waiting = self.messages;
            }
            return Step::Up(LinkInfo::new(LinkKind::Usb, "test"));
        }
        if out.is_some() {
            return Step::Sent;
        }
        if self.waiting > 0 {
            self.waiting -= 1;
            let message = json!({
                "id": "1", "method": "DISCOVERY_RESPONSE", "type": "COMMAND",
                "payload": json!({ "ready": true }).to_string(),
            })
            .to_string();
            let place = &mut buf[..message.len()];
            place.copy_from_slice(message.as_bytes());
            return Step::Message(place);
        }
        self.up = false;
        Step::Down(Down::new(DownReason::Closed, ""))
    }

    async fn close(&mut self) {}
}

fn name(event: &Event<'_>) -> &'static str {
    match event {
        Event::Connected(_) => "Connected",
        Event::Disconnected(_) => "Disconnected",
        Event::BecameReady(_) => "BecameReady",
        _ => "other",
    }
}

/// How often the link was tried in ten minutes, and what was told, with its time.
fn attempts(messages: usize) -> (usize, Vec<String>) {
    let (mut send, mut withheld, mut hold) = ([0; 4_096], [0; 4_096], [0; 4_096]);
    let memory = Memory {
        send: &mut send,
        withheld: &mut withheld,
        hold: &mut hold,
        cases: &mut [proto_core::pos::Case::EMPTY; 2],
        receive: 65_536,
    };
    let mut told = Vec::new();
    let attempts = Rc::new(Cell::new(0));
    let parts = Parts {
        role: &mut Pos::new(Config::new("com.example.pos:1.0"), memory),
        link: &mut Flapping {
            up: false,
            messages,
            waiting: 0,
            attempts: Rc::clone(&attempts),
        },
        journal: &mut NoJournal,
        inbox: &mut Until(600_000),
        clock: &Jumping(Cell::new(0)),
        buffer: &mut [0u8; 65_536][..],
        join: &mut [],
    };
    {
        let mut running = pin!(drive(
            parts,
            |now: Instant, _: &mut Pos<'_>, event: Event<'_>| {
                told.push(format!("{} {}", now.as_millis(), name(&event)));
            }
        ));
        let mut context = Context::from_waker(Waker::noop());
        // Nothing here waits for anything but the clock, which does not wait.
        assert_eq!(running.as_mut().poll(&mut context), Poll::Ready(()));
    }
    (attempts.get(), told)
}

#[test]
fn a_peer_that_accepts_and_closes_is_tried_ever_more_slowly() {
    let (attempts, told) = attempts(0);
    // 0, 0.5, 1, 2, 4, 8, 16, 30, 30, … s apart, a fifth more or less.
    assert!((20..=32).contains(&attempts), "{attempts}");
    let downs = told.iter().filter(|line| line.ends_with(" Disconnected"));
    assert_eq!(downs.count(), attempts);
}

#[test]
fn a_link_that_worked_is_brought_up_again_at_once() {
    let (_, told) = attempts(1);
    let ready = told.iter().filter(|line| line.contains(" BecameReady"));
    assert_eq!(ready.count(), LIVES_THAT_WORK);
    // All of them, and the first attempt after them, in no time.
    let ups = told.iter().filter(|line| *line == "0 Connected");
    assert_eq!(ups.count(), LIVES_THAT_WORK + 1);
}
