//! What goes wrong in a schedule, and when.

use std::collections::VecDeque;

use host_demo::sim::script;

use crate::random::Random;

/// What goes wrong in a schedule: what a script says, and crashes of the point of sale.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// What happens, and at the how manieth message, in their order.
    drawn: VecDeque<(u32, What)>,
    script: script::Faults,
    /// Messages on the wire, over both directions.
    messages: u32,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Something that a script can say.
    Link(script::What),
    /// The point of sale fails and starts again after so many milliseconds.
    PosCrashes(u64),
}

impl Faults {
    /// What a script says.
    pub(crate) fn of(script: script::Faults) -> Self {
        Self {
            script,
            ..Self::default()
        }
    }

    /// What goes wrong with a message that passes.
    pub(crate) fn passes(&mut self, message: &[u8]) -> Option<What> {
        self.messages += 1;
        let messages = self.messages;
        let is_due = |fault: &&(u32, What)| fault.0 <= messages;
        let due = self.drawn.front().filter(is_due).is_some();
        let due = due.then(|| self.drawn.pop_front()).flatten();
        let drawn = due.map(|(_, what)| what);
        drawn.or_else(|| self.script.passes(message).map(What::Link))
    }

    /// Nothing goes wrong any more.
    pub(crate) fn end(&mut self) {
        self.drawn.clear();
        self.script = script::Faults::default();
    }
}

/// The faults of a schedule.
pub(crate) fn draw(random: &mut Random) -> Faults {
    let count = match random.below(10) {
        0 => 0,
        1..6 => 1,
        6..9 => 2,
        _ => 4,
    };
    let mut faults: Vec<_> = (0..count)
        .map(|_| {
            let at = u32::try_from(random.below(70)).unwrap_or(0);
            (at, draw_one(random))
        })
        .collect();
    faults.sort_by_key(|(at, _)| *at);
    Faults {
        drawn: faults.into(),
        ..Faults::default()
    }
}

fn draw_one(random: &mut Random) -> What {
    let down = match random.below(4) {
        0 => random.below(500),
        1 => random.between(1_000, 10_000),
        2 => random.between(10_000, 40_000),
        _ => random.between(40_000, 200_000),
    };
    What::Link(match random.below(16) {
        0..3 => script::What::Cut {
            arrives: random.percent(50),
            down,
        },
        3 => script::What::Stall(random.between(1_000, 100_000)),
        4 => script::What::Delay(random.between(100, 60_000)),
        5 => script::What::Duplicate,
        6 => script::What::Lose,
        7 => script::What::Garble,
        8..10 => script::What::Reorder(down),
        10..12 => script::What::Restart(down),
        12..14 => return What::PosCrashes(down),
        14 => script::What::OtherTerminal(random.between(20_000, 200_000)),
        _ => script::What::Unasked(crate::unasked(random)),
    })
}
