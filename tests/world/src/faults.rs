//! What goes wrong in a schedule, and when.

use crate::random::Random;

/// One fault: what happens, and at the how manieth message on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// At which message, counted over both directions from the first one on.
    pub(crate) at: u32,
    /// What happens.
    pub(crate) what: What,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The link is lost; the message too, or not.
    Cut {
        /// Whether the message still arrives.
        arrives: bool,
        /// How long the link stays down, in milliseconds.
        down: u64,
    },
    /// Nothing passes for so many milliseconds.
    Stall(u64),
    /// The message arrives so many milliseconds later than it should, and all behind it.
    Late(u64),
    /// The message arrives twice.
    Twice,
    /// The message is lost in the terminal or in the point of sale: a buffer too small, a bug.
    Swallowed,
    /// The message arrives cut: it cannot be read.
    Garbled,
    /// The link is lost, and the message arrives first thing on the next session.
    AfterReconnect(u64),
    /// The terminal fails and starts again after so many milliseconds.
    TerminalRestarts(u64),
    /// The point of sale fails and starts again after so many milliseconds.
    PosCrashes(u64),
    /// The link is lost, and another terminal stands at the address for so many milliseconds.
    OtherTerminal(u64),
    /// The terminal says something that nobody asked for.
    Unasked,
}

/// The faults of a schedule.
pub(crate) fn draw(random: &mut Random) -> Vec<Fault> {
    let count = match random.below(10) {
        0 => 0,
        1..6 => 1,
        6..9 => 2,
        _ => 4,
    };
    let mut faults: Vec<_> = (0..count)
        .map(|_| Fault {
            at: u32::try_from(random.below(70)).unwrap_or(0),
            what: draw_one(random),
        })
        .collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}

fn draw_one(random: &mut Random) -> What {
    let down = match random.below(4) {
        0 => random.below(500),
        1 => random.between(1_000, 10_000),
        2 => random.between(10_000, 40_000),
        _ => random.between(40_000, 200_000),
    };
    match random.below(16) {
        0..3 => What::Cut {
            arrives: random.percent(50),
            down,
        },
        3 => What::Stall(random.between(1_000, 100_000)),
        4 => What::Late(random.between(100, 60_000)),
        5 => What::Twice,
        6 => What::Swallowed,
        7 => What::Garbled,
        8..10 => What::AfterReconnect(down),
        10..12 => What::TerminalRestarts(down),
        12..14 => What::PosCrashes(down),
        14 => What::OtherTerminal(random.between(20_000, 200_000)),
        _ => What::Unasked,
    }
}
