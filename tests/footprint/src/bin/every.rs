//! Every message both ways: whatever comes is read field by field, and written anew.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use proto_core::message::declared;
use proto_core::wire::json::Writer;
use proto_core::wire::open;

#[entry]
fn main() -> ! {
    footprint::exchange(|came, told| {
        let Ok(message) = open(came) else { return 0 };
        let Some(declared) = message.method.and_then(declared) else {
            return 0;
        };
        let mut to = Writer::new(told);
        to.object(|to| declared.shape.rewrite(message.payload, to));
        to.finish().unwrap_or(0)
    })
}
