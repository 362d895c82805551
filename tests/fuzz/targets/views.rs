//! Every declared field of every message, in every form and spelling: read as another reader reads it, and
//! written again.
#![no_main]

use arbitrary::Unstructured;
use fuzz::Made;
use libfuzzer_sys::fuzz_target;
use proto_core::wire::open;
use system_tests::again;

fuzz_target!(|bytes: &[u8]| {
    let Ok(made) = Made::of(&mut Unstructured::new(bytes)) else {
        return;
    };
    let mut buf = made.text.clone().into_bytes();
    let message = open(&mut buf).unwrap_or_else(|error| panic!("{error}: {}", made.text));
    let changes = again::message(made.declared, &message, &made.payload);
    let unread = changes
        .iter()
        .find(|(change, _)| *change == again::Change::Unread);
    assert_eq!(unread, None, "{}", made.text);
});
