//! The loop uses the joiner.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use proto_core::link::{Link, LinkInfo, LinkKind, Step};
use proto_core::run::{Clock, Inbox, NoJournal, Parts, drive};
use proto_core::time::Instant;

use crate::{NOW, Notes, lines, note, told};

/// A link that brings these messages and then nothing more.
struct Script {
    up: bool,
    messages: VecDeque<String>,
    done: Rc<Cell<bool>>,
}

impl Link for Script {
    async fn step<'b>(&mut self, _: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        if !std::mem::replace(&mut self.up, true) {
            return Step::Up(LinkInfo::new(LinkKind::Usb, "script"));
        }
        let Some(message) = self.messages.pop_front() else {
            return std::future::pending().await;
        };
        self.done.set(self.messages.is_empty());
        let message = message.as_bytes();
        buf[..message.len()].copy_from_slice(message);
        Step::Message(&mut buf[..message.len()])
    }

    async fn close(&mut self) {}
}

struct UntilDone(Rc<Cell<bool>>);

impl<R> Inbox<R> for UntilDone {
    fn ready(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    fn deliver(&mut self, _: Instant, _: &mut R) -> ControlFlow<()> {
        if self.0.get() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        NOW
    }

    fn sleep_until(&self, _: Option<Instant>) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

#[test]
fn the_loop_joins_before_the_role_sees_anything() {
    let done = Rc::new(Cell::new(false));
    let mut notes = Notes::default();
    let parts = Parts {
        role: &mut notes,
        link: &mut Script {
            up: false,
            messages: lines("print-02-fragments-BASE64.FRAGMENT.jsonl").into(),
            done: Rc::clone(&done),
        },
        journal: &mut NoJournal,
        inbox: &mut UntilDone(done),
        clock: &Still,
        buffer: &mut vec![0; 4_096],
        join: &mut Vec::new(),
    };
    {
        let mut running = pin!(drive(parts, note));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(running.as_mut().poll(&mut context), Poll::Ready(()));
    }
    let fragments = lines("print-02-fragments-BASE64.FRAGMENT.jsonl");
    assert_eq!(notes.0, told(fragments));
    assert_eq!(notes.0.len(), 1);
}
