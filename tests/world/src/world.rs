//! One schedule: a shop from its opening until everything is found out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use host_demo::sim::{Script, script};
use proto_core::Role;
use proto_core::journal::{JournalFailed, RecordId};
use proto_core::link::{Down, DownReason, LinkInfo, LinkKind};
use proto_core::pos::{Case, Config, Env, Event, Memory, Pos};
use proto_core::time::{Duration, Instant};

use crate::clerk::Clerk;
use crate::device::{Device, DeviceMemory};
use crate::disk::{Disk, Write};
use crate::faults::{self, Faults, What};
use crate::random::Random;
use crate::rule::Rule;

/// When the shops open: milliseconds since 1970.
pub(crate) const UNIX_MS: u64 = 1_700_000_000_000;
/// How long a shop is open before everything is mended, in milliseconds.
const OPEN_MS: u64 = 400_000;
/// How long it may take to find everything out after that, with each terminal.
const SETTLE_MS: u64 = 3_600_000;

/// The memory of a world, used again for the next one.
pub struct Room {
    send: Vec<u8>,
    withheld: Vec<u8>,
    hold: Vec<u8>,
    cases: Vec<Case>,
    devices: [DeviceMemory; 2],
}

impl Default for Room {
    fn default() -> Self {
        Self {
            send: vec![0; 4_096],
            withheld: vec![0; 4_096],
            hold: vec![0; 4_096],
            cases: vec![Case::EMPTY; 16],
            devices: [DeviceMemory::default(), DeviceMemory::default()],
        }
    }
}

/// How a schedule went.
#[derive(Debug, Default)]
pub struct Report {
    /// The rules that were broken.
    pub broken: Vec<(Rule, String)>,
    /// What happened, if it was asked for.
    pub transcript: Vec<String>,
    /// Attempts of the clerk.
    pub attempts: usize,
    /// Outcomes that were unknown first.
    pub unknowns: usize,
    /// Messages on the wire.
    pub messages: usize,
}

/// Runs the schedule of this seed.
#[must_use]
pub fn run(seed: u64, room: &mut Room, transcript: bool) -> Report {
    begin(seed, None, room, transcript)
}

/// Runs what a script says, with the shop of this seed, in which nothing else goes wrong.
#[must_use]
pub fn run_script(script: &Script, seed: u64, room: &mut Room, transcript: bool) -> Report {
    begin(seed, Some(script), room, transcript)
}

fn begin(seed: u64, script: Option<&Script>, room: &mut Room, transcript: bool) -> Report {
    let mut random = Random::new(seed);
    let Room {
        send,
        withheld,
        hold,
        cases,
        devices: [first, second],
    } = room;
    let kind = if random.percent(50) {
        LinkKind::Network
    } else {
        LinkKind::Usb
    };
    let drawn = random.number();
    let device = |memory, number, drawn| match script {
        Some(script) => Device::with_plans(memory, number, script.plans.clone(), drawn),
        None => Device::new(memory, number, drawn),
    };
    let devices = [
        device(first, 0, drawn),
        device(second, 1, drawn.rotate_left(7)),
    ];
    let faults = match script {
        Some(script) => Faults::of(script.faults.clone()),
        None => faults::draw(&mut random),
    };
    let mut world = World {
        faults,
        clerk: Clerk::new(Random::new(random.number())),
        disk: Disk::default(),
        devices,
        at: 0,
        used: BTreeSet::from([0]),
        kind,
        now: Instant::from_millis(1_000),
        queue: BinaryHeap::new(),
        texts: BTreeMap::new(),
        order: 0,
        session: 0,
        up: false,
        sending: [false, false],
        arrives: [Instant::ZERO, Instant::ZERO],
        held: VecDeque::new(),
        messages: 0,
        steps: 0,
        crash_at: (script.is_none() && random.percent(30)).then(|| random.below(600)),
        starts: BTreeMap::new(),
        report: Report::default(),
        transcript,
        settling: false,
        random,
    };
    world.at(100, Due::LinkUp);
    world.at(500, Due::Clerk);
    world.at(OPEN_MS, Due::Mended(0));
    loop {
        let config = Config {
            accept_simulator: true,
            last_request: world.disk.last_request(),
            ..Config::new("com.example.world:1.0")
        };
        cases.fill(Case::EMPTY);
        let mut pos = Pos::new(
            config,
            Memory {
                send,
                withheld,
                hold,
                cases,
                receive: 65_536,
            },
        );
        match world.live(&mut pos) {
            Some(down) => world.pos_failed(down),
            None => break,
        }
    }
    world.judge();
    world.report
}

/// What is due at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    LinkUp,
    /// The link has taken a message of this side (0: point of sale) on this session.
    Sent(usize, u32),
    /// A message arrives at this side on this session.
    Arrives(usize, u32, Vec<u8>),
    Journal(u32),
    Clerk,
    TerminalBack,
    /// Everything is mended, and this terminal is there from now on.
    Mended(usize),
    /// The end.
    Closed,
}

struct World<'r> {
    random: Random,
    faults: Faults,
    clerk: Clerk,
    disk: Disk,
    devices: [Device<'r>; 2],
    /// Which terminal is at the address, and which ones were.
    at: usize,
    used: BTreeSet<usize>,
    kind: LinkKind,
    now: Instant,
    queue: BinaryHeap<Reverse<(Instant, u64, Due)>>,
    texts: BTreeMap<u32, RecordId>,
    order: u64,
    session: u32,
    up: bool,
    /// Whether the link is busy with a message of the side.
    sending: [bool; 2],
    /// When the last message towards the side arrives: they arrive in their order.
    arrives: [Instant; 2],
    /// Messages for the start of the next session.
    held: VecDeque<(usize, Vec<u8>)>,
    messages: usize,
    steps: u64,
    crash_at: Option<u64>,
    /// How often a start left, by external id.
    starts: BTreeMap<String, u32>,
    report: Report,
    transcript: bool,
    settling: bool,
}

impl World<'_> {
    fn at(&mut self, after: u64, due: Due) {
        self.order += 1;
        let at = self.now.after(Duration::from_millis(after));
        self.queue.push(Reverse((at, self.order, due)));
    }

    fn log(&mut self, line: impl FnOnce() -> String) {
        if self.transcript {
            let line = format!("{:>9} {}", self.now.as_millis(), line());
            self.report.transcript.push(line);
        }
    }

    fn unix_ms(&self) -> u64 {
        UNIX_MS + self.now.as_millis()
    }

    /// The life of a process. Returns how long it is down if it fails, or nothing at the end of all.
    fn live(&mut self, pos: &mut Pos<'_>) -> Option<u64> {
        let env = Env {
            unix_ms: Some(self.unix_ms()),
        };
        for record in self.disk.open() {
            if let Err(refused) = pos.resume(self.now, &record, env) {
                self.breaks(Rule::Memory, format!("resume: {refused}"));
            }
            self.clerk.takes_up(&record);
        }
        loop {
            if let Some(down) = self.settle(pos) {
                return Some(down);
            }
            let device = &self.devices[self.at];
            let timers = [pos.poll_timeout(), device.poll_timeout()];
            let next = self.queue.peek().map(|Reverse((at, ..))| *at);
            let next = timers.into_iter().chain([next]).flatten().min()?;
            self.now = self.now.max(next);
            let due = self
                .queue
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= self.now);
            if due && let Some(Reverse((_, _, due))) = self.queue.pop() {
                if due == Due::Closed {
                    return None;
                }
                if let Some(down) = self.happens(pos, due) {
                    return Some(down);
                }
            }
            if pos.poll_timeout().is_some_and(|due| due <= self.now) {
                pos.handle_timeout(self.now);
            }
            let device = &mut self.devices[self.at];
            if device.poll_timeout().is_some_and(|due| due <= self.now) {
                device.handle_timeout(self.now);
            }
        }
    }

    /// Whether the process fails at this step.
    fn fails(&mut self) -> Option<u64> {
        self.steps += 1;
        if self.settling || self.crash_at.is_none_or(|at| at > self.steps) {
            return None;
        }
        self.crash_at = None;
        Some(self.random.between(100, 60_000))
    }

    /// Journal, events and messages, as often as one brings the other forth.
    fn settle(&mut self, pos: &mut Pos<'_>) -> Option<u64> {
        loop {
            let mut quiet = true;
            if let Some((id, record)) = pos.poll_journal()
                && let Some(answer) = self.disk.write(id, record, &mut self.random)
            {
                quiet = false;
                let line = format!(
                    "journal {} {:?} {answer:?}",
                    record.external_id, record.state
                );
                self.log(|| line);
                let (Write::Stored(after) | Write::Refused(after)) = answer;
                let key = u32::try_from(self.order).unwrap_or(u32::MAX);
                self.texts.insert(key, id);
                self.at(after, Due::Journal(key));
            }
            while let Some(event) = pos.poll_event() {
                quiet = false;
                self.hears(pos, &event);
            }
            if let Some(down) = self.fails() {
                return Some(down);
            }
            while self.devices[self.at].poll_event().is_some() {
                quiet = false;
            }
            if self.up && !self.sending[0] && pos.transmit().is_some() {
                quiet = false;
                self.sending[0] = true;
                let after = self.random.below(3);
                self.at(after, Due::Sent(0, self.session));
            }
            if self.up && !self.sending[1] && self.devices[self.at].transmit().is_some() {
                quiet = false;
                self.sending[1] = true;
                self.at(0, Due::Sent(1, self.session));
            }
            if quiet {
                return None;
            }
        }
    }

    fn hears(&mut self, pos: &mut Pos<'_>, event: &Event<'_>) {
        self.log(|| match event {
            Event::Outcome(outcome) => format!("OUTCOME {:?}", outcome.summary),
            Event::Resolved(outcome) => format!("RESOLVED {:?}", outcome.summary),
            other => format!("event {other:?}"),
        });
        if let Event::Outcome(outcome) = event
            && outcome.summary.certainty == proto_core::pos::Certainty::Unknown
        {
            self.report.unknowns += 1;
        }
        self.clerk.hears(self.now, pos, event);
    }

    fn happens(&mut self, pos: &mut Pos<'_>, due: Due) -> Option<u64> {
        match due {
            Due::LinkUp => {
                if self.up {
                    return None;
                }
                self.up = true;
                self.session += 1;
                self.sending = [false, false];
                self.log(|| "link up".to_owned());
                pos.handle_link_up(self.now, LinkInfo::new(self.kind, "terminal"));
                self.devices[self.at].handle_link_up(self.now, LinkInfo::new(self.kind, "pos"));
                for (side, text) in std::mem::take(&mut self.held) {
                    self.arrival(side, 0, text);
                }
            }
            Due::Sent(side, session) if session == self.session && self.up => {
                return self.sent(pos, side);
            }
            Due::Arrives(side, session, text) if session == self.session && self.up => {
                self.arrived(pos, side, text);
            }
            Due::Journal(key) => {
                if let Some(id) = self.texts.remove(&key)
                    && let Some(stored) = self.disk.done(id)
                {
                    let done = if stored { Ok(()) } else { Err(JournalFailed) };
                    pos.journal_done(self.now, id, done);
                }
            }
            Due::Clerk => {
                let unix_ms = self.unix_ms();
                self.clerk.acts(self.now, unix_ms, pos);
                let after = self.random.between(300, 4_000);
                if !self.settling {
                    self.at(after, Due::Clerk);
                }
            }
            Due::TerminalBack => {
                if self.at != 0 {
                    self.cut(pos, 500);
                    self.stands(0);
                }
            }
            Due::Mended(terminal) => {
                self.faults.end();
                self.crash_at = None;
                self.clerk.closing = true;
                if self.at != terminal || !self.up {
                    self.cut(pos, 500);
                    self.stands(terminal);
                }
                self.settling = true;
                self.log(|| format!("mended, terminal {terminal}"));
                // What was open is found out; then the other terminal, if there was one.
                let next = self.used.range(terminal + 1..).next().copied();
                match next {
                    Some(next) => self.at(SETTLE_MS, Due::Mended(next)),
                    None => self.at(SETTLE_MS, Due::Closed),
                }
                self.at(1_000, Due::Clerk);
            }
            Due::Sent(..) | Due::Arrives(..) | Due::Closed => {}
        }
        None
    }

    /// This terminal stands at the address from now on. What another one had sent is not on its way any more.
    fn stands(&mut self, terminal: usize) {
        self.at = terminal;
        self.used.insert(terminal);
        self.held.clear();
    }

    /// The link has taken a message of this side.
    fn sent(&mut self, pos: &mut Pos<'_>, side: usize) -> Option<u64> {
        let text = match side {
            0 => pos.transmit().map(<[u8]>::to_vec),
            _ => self.devices[self.at].transmit().map(<[u8]>::to_vec),
        };
        self.sending[side] = false;
        let text = text?;
        if side == 0 {
            self.left(&text);
        }
        self.messages += 1;
        self.report.messages += 1;
        self.log(|| {
            let from = ["pos      ", "terminal "][side];
            format!("{from} {}", crate::words(&text))
        });
        let fault = self.faults.passes(&text);
        if let Some(fault) = &fault {
            self.log(|| format!("FAULT {fault:?}"));
        }
        let done = |world: &mut Self, pos: &mut Pos<'_>| match side {
            0 => pos.transmitted(world.now),
            _ => world.devices[world.at].transmitted(world.now),
        };
        let other = 1 - side;
        match fault {
            None => {
                done(self, pos);
                self.arrival(other, 0, text);
            }
            Some(What::Link(script::What::Cut { arrives, down })) => {
                if self.random.percent(50) {
                    done(self, pos);
                }
                if arrives {
                    self.arrived(pos, other, text);
                }
                self.cut(pos, down);
            }
            Some(What::Link(script::What::Stall(ms))) => {
                done(self, pos);
                let until = self.now.after(Duration::from_millis(ms));
                self.arrives = [until, until];
                self.arrival(other, 0, text);
            }
            Some(What::Link(script::What::Delay(ms))) => {
                done(self, pos);
                self.arrival(other, ms, text);
            }
            Some(What::Link(script::What::Duplicate)) => {
                done(self, pos);
                self.arrival(other, 0, text.clone());
                self.arrival(other, 0, text);
            }
            Some(What::Link(script::What::Lose)) => done(self, pos),
            Some(What::Link(script::What::Garble)) => {
                done(self, pos);
                let cut = text.len() / 2;
                self.arrival(other, 0, text[..cut].to_vec());
            }
            Some(What::Link(script::What::Reorder(down))) => {
                done(self, pos);
                self.held.push_back((other, text));
                self.cut(pos, down);
            }
            Some(What::Link(script::What::Restart(down))) => {
                done(self, pos);
                self.devices[self.at].restart();
                self.cut(pos, down);
            }
            Some(What::PosCrashes(down)) => {
                if self.random.percent(50) {
                    self.arrival(other, 0, text);
                }
                return Some(down);
            }
            Some(What::Link(script::What::OtherTerminal(ms))) => {
                done(self, pos);
                self.cut(pos, 1_000);
                self.stands(1);
                self.at(ms, Due::TerminalBack);
            }
            Some(What::Link(script::What::Unasked(said))) => {
                done(self, pos);
                self.arrival(other, 0, text);
                self.arrival(0, 0, said);
            }
        }
        None
    }

    /// What leaves the point of sale: no start twice, none before its intent is on record.
    fn left(&mut self, text: &[u8]) {
        let Some(id) = crate::start_of(text) else {
            return;
        };
        let times = self.starts.entry(id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            self.breaks(Rule::SentOnce, id.clone());
        }
        let recorded = self
            .disk
            .last()
            .values()
            .any(|record| record.external_id.as_str() == id);
        if !recorded {
            self.breaks(Rule::RecordedFirst, id);
        }
    }

    /// A message arrives at this side, behind those that are on the way.
    fn arrival(&mut self, side: usize, extra: u64, text: Vec<u8>) {
        let latency = self.random.between(1, 5) + extra;
        let at = self.now.after(Duration::from_millis(latency));
        let at = at.max(self.arrives[side]);
        self.arrives[side] = at;
        self.order += 1;
        let due = Due::Arrives(side, self.session, text);
        self.queue.push(Reverse((at, self.order, due)));
    }

    fn arrived(&mut self, pos: &mut Pos<'_>, side: usize, mut text: Vec<u8>) {
        if side == 1 {
            let device = &mut self.devices[self.at];
            device.handle_message(self.now, &mut text);
            return;
        }
        let finished = crate::is_finish(&text);
        let line = finished.then(|| crate::words(&text));
        let event = pos.handle_message(self.now, &mut text);
        if let Some(line) = line
            && event.is_none()
        {
            self.breaks(Rule::NothingDropped, line);
        }
        if let Some(event) = event {
            self.hears(pos, &event);
        }
    }

    fn cut(&mut self, pos: &mut Pos<'_>, down: u64) {
        self.lose(down);
        pos.handle_link_down(self.now, &Down::new(DownReason::Lost, ""));
    }

    /// The link is lost for everybody but the point of sale, which may be gone itself.
    fn lose(&mut self, down: u64) {
        self.log(|| format!("link down for {down} ms"));
        if self.up {
            let lost = Down::new(DownReason::Lost, "");
            self.devices[self.at].handle_link_down(self.now, &lost);
        }
        self.up = false;
        self.sending = [false, false];
        self.arrives = [Instant::ZERO, Instant::ZERO];
        self.at(down.max(1), Due::LinkUp);
    }

    /// The process has failed: what it had in memory is gone.
    fn pos_failed(&mut self, down: u64) {
        self.log(|| format!("POS FAILS for {down} ms"));
        self.lose(down);
        self.disk.crash(&mut self.random);
        self.texts.clear();
        self.clerk.restarted();
        self.now = self
            .now
            .after(Duration::from_millis(down.saturating_sub(1)));
    }

    fn breaks(&mut self, rule: Rule, what: String) {
        self.log(|| format!("BROKEN {rule}: {what}"));
        self.report.broken.push((rule, what));
    }

    /// Everything is found out: do the books agree?
    fn judge(&mut self) {
        let books: Vec<_> = self.devices.iter().flat_map(Device::books).collect();
        self.report.attempts = self.clerk.books.len();
        let mut broken = std::mem::take(&mut self.clerk.broken);
        crate::judge::judge(&self.clerk, &self.disk, &books, &mut broken);
        for (rule, what) in broken {
            self.breaks(rule, what);
        }
    }
}
