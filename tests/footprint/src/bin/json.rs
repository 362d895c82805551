//! JSON alone: a text is checked, members are looked up, and an object is written.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use proto_core::wire::json::{Object, Writer};

#[entry]
fn main() -> ! {
    footprint::exchange(|came, told| {
        let object = core::str::from_utf8(came).ok().and_then(Object::parse);
        let Some(object) = object else { return 0 };
        let mut to = Writer::new(told);
        to.object(|to| {
            for name in ["id", "amount", "result"] {
                to.optional(name, object.get(name).as_ref());
            }
        });
        to.finish().unwrap_or(0)
    })
}
