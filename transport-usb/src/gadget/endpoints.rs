//! The two threads of the bulk endpoints, and what they share with the link.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// What the link and the threads share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Counts how often the host has configured the endpoints.
    session: u64,
    enabled: bool,
    stop: bool,
    /// What the host sent.
    came: VecDeque<Vec<u8>>,
    /// What is to be sent.
    jobs: VecDeque<Job>,
    /// A job is being done.
    busy: bool,
    halt_output: bool,
    /// It could not be plugged in.
    failed: Option<String>,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Job {
    Transfer(Vec<u8>),
    Halt,
}

impl Shared {
    /// The session that has begun, if one has.
    pub(super) fn begun(&self, waker: &Waker) -> Option<u64> {
        let mut state = self.lock();
        state.waker = Some(waker.clone());
        state.enabled.then_some(state.session)
    }

    /// It could not be plugged in.
    pub(super) fn fail(&self, what: String) {
        self.change(|state| state.failed = Some(what));
    }

    /// Why it could not be plugged in, once.
    pub(super) fn failed(&self) -> Option<String> {
        self.lock().failed.take()
    }

    /// Gives transfers to the writer.
    pub(super) fn give(&self, session: u64, transfers: Vec<Vec<u8>>) {
        let mut state = self.lock();
        if state.is(session) {
            state.jobs.extend(transfers.into_iter().map(Job::Transfer));
            self.changed.notify_all();
        }
    }

    /// Whether everything that was given has left.
    pub(super) fn has_left(&self, session: u64) -> bool {
        let state = self.lock();
        state.is(session) && state.jobs.is_empty() && !state.busy
    }

    /// What the host sent next; `None` if the session is over.
    pub(super) fn take(&self, session: u64, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        let mut state = self.lock();
        if !state.is(session) {
            return Poll::Ready(None);
        }
        let piece = state.came.pop_front();
        match piece {
            Some(piece) => {
                self.changed.notify_all();
                Poll::Ready(Some(piece))
            }
            None => {
                state.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }

    /// The host has configured the endpoints, or not any more.
    pub(super) fn enable(&self, enabled: bool) {
        self.change(|state| {
            if enabled {
                state.session += 1;
            }
            state.enabled = enabled;
            state.came.clear();
            state.jobs.clear();
        });
    }

    /// A transfer out of order.
    pub(super) fn inject(&self, transfer: Vec<u8>) {
        self.change(|state| state.jobs.push_back(Job::Transfer(transfer)));
    }

    /// Halts the endpoint to the host, after what is to be sent.
    pub(super) fn halt_input(&self) {
        self.change(|state| state.jobs.push_back(Job::Halt));
    }

    /// Halts the endpoint from the host, after the next transfer.
    pub(super) fn halt_output(&self) {
        self.change(|state| state.halt_output = true);
    }

    pub(super) fn stop(&self) {
        self.change(|state| state.stop = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.changed.notify_all();
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a session other than `ended`; `None` to stop.
    fn session(&self, ended: u64) -> Option<u64> {
        let state = self.lock();
        let waits = |state: &mut State| !(state.stop || state.enabled && state.session != ended);
        let state = self.changed.wait_while(state, waits);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        (!state.stop).then_some(state.session)
    }

    /// Waits until what the host sends has a place. Whether the session goes on.
    fn await_place(&self, session: u64) -> bool {
        let state = self.lock();
        let waits =
            |state: &mut State| !state.stop && state.is(session) && state.came.len() >= PLACES;
        let state = self.changed.wait_while(state, waits);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        !state.stop && state.is(session)
    }

    /// Waits for something to do; `None` if the session is over.
    fn job(&self, session: u64) -> Option<Job> {
        let state = self.lock();
        let waits = |state: &mut State| !state.stop && state.is(session) && state.jobs.is_empty();
        let state = self.changed.wait_while(state, waits);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.stop || !state.is(session) {
            return None;
        }
        state.busy = true;
        state.jobs.pop_front()
    }
}

impl State {
    fn is(&self, session: u64) -> bool {
        self.enabled && self.session == session
    }
}

/// The thread of the endpoint from the host.
pub(super) fn read(shared: &Shared, file: File) {
    let mut file = file;
    let mut ended = 0;
    let mut buffer = vec![0; TRANSFER];
    while let Some(session) = shared.session(ended) {
        while shared.await_place(session) {
            if std::mem::take(&mut shared.lock().halt_output) {
                // Output on an endpoint of input halts it.
                let _ = file.write(&[0]);
            }
            match file.read(&mut buffer) {
                Ok(count) => {
                    let piece = buffer.get(..count).unwrap_or_default().to_vec();
                    shared.change(|state| {
                        if state.is(session) && !piece.is_empty() {
                            state.came.push_back(piece);
                        }
                    });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        ended = session;
    }
}

/// The thread of the endpoint to the host.
pub(super) fn write(shared: &Shared, file: File) {
    let mut file = file;
    let mut ended = 0;
    while let Some(session) = shared.session(ended) {
        while let Some(job) = shared.job(session) {
            let done = match job {
                Job::Transfer(transfer) => write_whole(&mut file, &transfer),
                Job::Halt => {
                    // Input on an endpoint of output halts it.
                    let _ = file.read(&mut [0]);
                    Ok(())
                }
            };
            shared.change(|state| state.busy = false);
            if done.is_err() {
                break;
            }
        }
        ended = session;
    }
}

fn write_whole(file: &mut File, transfer: &[u8]) -> io::Result<()> {
    loop {
        match file.write(transfer) {
            Ok(count) if count == transfer.len() => return Ok(()),
            Ok(_) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// As much as an Android terminal reads at a time.
const TRANSFER: usize = 16_384;

/// Transfers from the host that are held until the link takes them; then the host has to wait.
const PLACES: usize = 4;
