//! What is measured: messages that are read and written, by us and by `serde_json`.
//!
//! Both sides read the same fields into a checksum, and write the same bytes; [`cases`] makes sure of it. The
//! other side is as good as it gets with one `from_str` a level: typed, only the fields that are read, strings
//! borrowed where they have no escapes. On our side the copy of the message into the buffer is counted that is
//! opened in place.
#![forbid(unsafe_code)]

pub mod hostile;
mod ours;
mod theirs;

use std::path::Path;

/// One thing that is measured.
pub struct Case {
    /// What is done.
    pub name: &'static str,
    /// The message that is read, or that comes of it.
    pub message: Vec<u8>,
    ours: fn(&[u8], &mut Vec<u8>) -> u64,
    theirs: fn(&[u8], &mut Vec<u8>) -> u64,
}

impl Case {
    /// Does it with our codec.
    pub fn ours(&self, room: &mut Vec<u8>) -> u64 {
        (self.ours)(&self.message, room)
    }

    /// Does it with `serde_json`.
    pub fn theirs(&self, room: &mut Vec<u8>) -> u64 {
        (self.theirs)(&self.message, room)
    }
}

/// Everything that is measured.
///
/// # Panics
///
/// If the two sides do not do the same.
#[must_use]
pub fn cases() -> Vec<Case> {
    let vector = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/messages");
        let message = std::fs::read(folder.join(name)).unwrap();
        message.trim_ascii().to_vec()
    };
    let written = |write: fn(&[u8], &mut Vec<u8>) -> u64| {
        let mut message = Vec::new();
        write(&[], &mut message);
        message
    };
    let cases = vec![
        Case {
            name: "read_finish_ok",
            message: vector("FINISH_OK-sale-with-signature.json"),
            ours: ours::read_finish_ok,
            theirs: theirs::read_finish_ok,
        },
        Case {
            name: "read_verify_signature",
            message: vector("VERIFY_SIGNATURE-large-1500-points.json"),
            ours: ours::read_verify_signature,
            theirs: theirs::read_verify_signature,
        },
        Case {
            name: "read_ui_state",
            message: vector("UI_STATE-receipt-many-options.json"),
            ours: ours::read_ui_state,
            theirs: theirs::read_ui_state,
        },
        Case {
            name: "read_tx_start",
            message: vector("TX_START-sale-everything.json"),
            ours: ours::read_tx_start,
            theirs: theirs::read_tx_start,
        },
        Case {
            name: "read_closeout_response",
            message: vector("CLOSEOUT_RESPONSE-with-batch.json"),
            ours: ours::read_closeout_response,
            theirs: theirs::read_closeout_response,
        },
        Case {
            name: "write_tx_start",
            message: written(theirs::write_tx_start),
            ours: ours::write_tx_start,
            theirs: theirs::write_tx_start,
        },
        Case {
            name: "write_finish_ok",
            message: written(theirs::write_finish_ok),
            ours: ours::write_finish_ok,
            theirs: theirs::write_finish_ok,
        },
    ];
    for case in &cases {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        assert_eq!(
            case.ours(&mut ours),
            case.theirs(&mut theirs),
            "{}",
            case.name
        );
        if case.name.starts_with("write") {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(text(&ours[..case.message.len()]), text(&theirs));
        }
    }
    cases
}

/// What was read, in a number.
#[derive(Default)]
struct Sum(u64);

impl Sum {
    fn number(&mut self, number: i64) {
        self.0 = self.0.wrapping_mul(31).wrapping_add(number as u64);
    }
}

/// The strokes of the signature that is written.
const POINTS: [[(i64, i64); 40]; 3] = {
    let mut strokes = [[(0, 0); 40]; 3];
    let mut at = 0;
    while at < 120 {
        let n = at as i64;
        strokes[at / 40][at % 40] = (60 + n * 5, 250 + (n * 37) % 200);
        at += 1;
    }
    strokes
};
